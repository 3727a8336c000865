"""The fine-grained tab: the networks alone, on the bird that the endpoints' examples have."""

import torch

from demos.finegrained.birds import drawn
from demos.finegrained.models import USUAL, predictor, square_of

BOARD = "#finegrained-board"
RATIO = {"/finegrained_classify": 1.15}  # to the bare pass, p50
DRAGS = [("window 2", f"{BOARD} .fg-windows div:nth-child(2)", f"{BOARD} .fg-each figure:nth-child(2) canvas", 20.0)]


def passes() -> dict:
    """For each endpoint the network alone."""
    model, x = predictor(USUAL), square_of(drawn("Indigo Bunting"))
    return {
        "/finegrained_classify": lambda: model.answer(x),
        "/finegrained_steer": lambda: model.read(x, 1, torch.zeros(1, 2)),
    }
