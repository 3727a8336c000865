"""The public endpoints of the VAE tab.

A picture that a model gives is a PNG of 28 x 28 greys in a data URI: as a file it would cost a second request and room
on the server's disk, as rows of numbers half as much time again. Many pictures come as one PNG file.
"""

from typing import Annotated, Any

import gradio as gr

from demos import frame
from demos.frame.pictures import drawn_seven
from demos.frame.questions import Asked
from dlcv.core.errors import InputError
from dlcv.core.images.draw import data_uri, sheet

from . import boards
from .boards import MODELS, predictor

REACH = 10.0  # further out N(0, I) has next to no probability
COUNTS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
PLANE, LARGE = boards.FAMILIES["digits"]

Model, Seed = frame.Choice(MODELS), frame.Whole(0, 999_999)
Latent = Annotated[Any, Asked("a list of numbers, or the name of a class", gr.JSON)]


def latent_of(value, model):
    """A latent that a client sent, (d,): a list of numbers, or the name of a class for the class mean."""
    import torch

    if isinstance(value, (str, int)) and str(value) in model.class_names:
        return model.class_mean(model.class_names.index(str(value)))
    length = model.latents
    if not isinstance(value, list) or len(value) != length:
        names = ", ".join(model.class_names)
        raise InputError(f"A latent of this model is a list of {length} numbers, or the name of a class: {names}.")
    if any(isinstance(v, bool) or not isinstance(v, (int, float)) or not abs(v) <= REACH for v in value):
        raise InputError(f"A latent has finite numbers from {-REACH:g} to {REACH:g}.")
    return torch.tensor(value, dtype=torch.float32)


def picture_for(model: str, picture):
    """A picture that a client sent as one of the model's data set, (1, 1, 28, 28)."""
    if picture is None:
        raise InputError("Send a picture.")
    family = next(family for family in boards.FAMILIES.values() if model in family)
    return boards.read_picture(picture, family)


def vae_decode(z: Latent = [0.5, -1.0], model: Model = PLANE):  # noqa: B006  a default that nothing changes
    """f(z) as a PNG of 28 x 28 greys in a data URI, for a latent z (2 or 40 numbers, or the name of a class)."""
    network = predictor(model)
    return data_uri(sheet(network.decode(latent_of(z, network).unsqueeze(0))))


def vae_encode(picture: frame.Picture = None, model: Model = LARGE):
    """Mean and standard deviation of P(z|X), the reconstruction, the terms of the bound in nats, and the share of the
    test pictures whose bound is lower."""
    network = predictor(model)
    posterior = network.encode(picture_for(model, picture))
    return {
        "mean": posterior.mean.tolist(),
        "std": posterior.std.tolist(),
        "log_likelihood": posterior.log_likelihood,
        "kl": posterior.kl,
        "elbo": posterior.elbo,
        "share_below": round(network.share_below(posterior.elbo), 4),
        "seen": data_uri(sheet(posterior.picture)),
        "reconstruction": data_uri(sheet(posterior.reconstruction)),
    }


def vae_sample(
    model: Model = LARGE, count: frame.Whole(1, 256) = 64, seed: Seed = 0, temperature: frame.Real(0, 2) = 1.0
):
    """Pictures of z ~ N(0, temperature^2 I), eight in a row."""
    return sheet(predictor(model).sample_prior(count, seed, temperature), min(8, count))


def vae_morph(start: Latent, end: Latent, model: Model = LARGE, steps: frame.Whole(2, 100) = 10):
    """Pictures on the way between two latents; start and end are lists of numbers or names of classes."""
    network = predictor(model)
    return sheet(network.morph(latent_of(start, network), latent_of(end, network), steps), steps)


def vae_manifold(model: Model = PLANE, steps: frame.Whole(2, 40) = 10, extent: frame.Real(0.1, REACH) = 3.0):
    """The latent plane of a 2-D model from -extent to extent, decoded on a grid; the first row is the top."""
    return sheet(predictor(model).manifold(steps, extent).pictures, steps)


def vae_forming(query: boards.Moment):
    """The latent plane of a small network at a moment of its training, from the first on: the plane, and the updates
    before, the mean ELBO of the test digits in nats, and the mean of mu(X) of each class."""
    updates, elbo, network = boards.states()[query.state]
    means = [network.class_mean(label).tolist() for label in range(len(network.class_names))]
    plane = sheet(network.manifold(boards.STEPS).pictures, boards.STEPS)
    return plane, {"updates": updates, "elbo": elbo, "class_means": means}


def vae_evidence(
    picture: frame.Picture = None, model: Model = LARGE, samples: frame.Whole(1, COUNTS[-1]) = 1000, seed: Seed = 0
):
    """Estimates of log P(X) in nats from 1, 3, 10, ... samples of z, eight times over: by prior and by encoder. And by
    the encoder's samples of all eight the ELBO, and the gap from there up to log P(X)."""
    counts = [count for count in COUNTS if count <= samples]
    *_, estimates = predictor(model).evidence(picture_for(model, picture), counts, seed=seed)
    return {
        "samples": estimates.counts,
        "prior": estimates.prior.tolist(),
        "encoder": estimates.encoder.tolist(),
        "elbo": estimates.elbo.tolist(),
        "gap": estimates.gap.tolist(),
    }


def vae_gradients(
    picture: frame.Picture = None, model: Model = PLANE, draws: frame.Whole(2, 2000) = 256, seed: Seed = 0
):
    """Mean and standard deviation, latent by latent, of single-sample estimates of d E log P(X|z) / d mu."""
    gradients = predictor(model).gradient_spread(picture_for(model, picture), draws, seed)._asdict()
    return {
        name: {"mean": estimates.mean(0).tolist(), "std": estimates.std(0).tolist()}
        for name, estimates in gradients.items()
    }


def offer() -> None:
    """Make the endpoints."""
    drawing = {"picture": drawn_seven}
    frame.endpoint(vae_decode, ["text"], example={"z": [0.1] * 40, "model": LARGE})
    frame.endpoint(vae_encode, ["json"], example=drawing)
    frame.endpoint(vae_sample, ["png"], example={})
    frame.endpoint(vae_morph, ["png"], example={"start": "3", "end": "8"})
    frame.endpoint(vae_manifold, ["png"], example={"steps": 20})
    frame.endpoint(vae_forming, ["png", "json"], example={"state": 3})
    frame.endpoint(vae_evidence, ["json"], example=drawing | {"samples": 300}, **frame.COMPUTE)
    frame.endpoint(vae_gradients, ["json"], example=drawing, **frame.COMPUTE)
