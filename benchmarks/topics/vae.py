"""The VAE tab: the predictor's answers to its endpoints' examples."""

import torch

from demos.frame.pictures import drawn_seven
from dlcv.core.images import digits
from dlcv.vae.predictor import VAEPredictor

ADDED = {"/vae_decode": 15.0}  # ms that the endpoint may take over its bare pass, p50
DRAGS = [("the latent plane", "#vae-board .plane", "#vae-board .decoded", 45.0)]


def passes() -> dict:
    """For each endpoint the computation alone."""
    plane, large = VAEPredictor("vae-mnist-2d"), VAEPredictor("vae-mnist-40d")
    x, z = digits.from_picture(drawn_seven()), torch.full((1, 40), 0.1)
    return {
        "/vae_decode": lambda: large.decode(z),
        "/vae_encode": lambda: large.encode(x),
        "/vae_sample": lambda: large.sample_prior(64, 0, 1.0),
        "/vae_morph": lambda: large.morph(large.class_mean(3), large.class_mean(8), 10),
        "/vae_manifold": lambda: plane.manifold(20, 3.0),
        "/vae_evidence": lambda: list(large.evidence(x, (1, 3, 10, 30, 100, 300), seed=0)),
        "/vae_gradients": lambda: plane.gradient_spread(x, 256, 0),
    }
