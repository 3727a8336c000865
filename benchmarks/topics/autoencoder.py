"""The autoencoder tab: the predictor's answers to its endpoints' examples."""

import torch

from demos.frame.pictures import drawn_seven
from dlcv.autoencoder.predictor import AutoencoderPredictor
from dlcv.core.images import digits

BOARD, LABORATORY = "#autoencoder-board [data-model=network]", "#autoencoder-laboratory-board"
ADDED = {"/autoencoder_decode": 15.0}  # ms that the endpoint may take over its bare pass, p50
DRAGS = [
    ("a bar of the code", f"{BOARD} .ae-bars", f"{BOARD} .ae-decoded", 30.0),
    ("the plane", "#autoencoder-plane-board .ae-plane", "#autoencoder-plane-board .ae-at", 30.0),
]
RUNS = [("laboratory", f"{LABORATORY} .ae-lab-play", f"{LABORATORY} .ae-lab-at", 5.0)]


def passes() -> dict:
    """For each endpoint the computation alone."""
    network, x = AutoencoderPredictor("autoencoder-mnist-30d"), digits.from_picture(drawn_seven())
    return {
        "/autoencoder_encode": lambda: network.read(x),
        "/autoencoder_decode": lambda: network.decode(network.code_at(torch.full((1, 30), 0.1))),
        "/autoencoder_walk": lambda: network.walk(x, x, 10),
    }
