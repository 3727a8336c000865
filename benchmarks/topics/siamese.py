"""The siamese tab: the predictor's answers to its endpoints' examples."""

import torch

from demos.frame.pictures import drawn_seven
from dlcv.siamese.predictor import predictor

TWIN = "#siamese-halves-board [data-twin=a]"
LABORATORY = "#siamese-laboratory-board"
DRAGS = [("a pen on one half", f"{TWIN} .pad-paper canvas", f"{TWIN} .si-seen", 15.0)]
STROKES = [("the dial after a stroke", "#siamese-board .pad-paper canvas", "#siamese-board .si-dial", 40.0)]
RUNS = [("laboratory", f"{LABORATORY} .si-play", f"{LABORATORY} .si-at", 5.0)]


def passes() -> dict:
    """For each endpoint the computation alone."""
    network, seven = predictor(), predictor().read([drawn_seven()])
    known = torch.tensor([[0.1] * 128, [-0.1] * 128])
    return {
        "/siamese_embed": lambda: network.embed(seven),
        "/siamese_compare": lambda: [network.embed(seven) for _ in range(2)],
        "/siamese_one_shot": lambda: torch.cdist(network.embed(seven), known),
    }
