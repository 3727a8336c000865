"""Wasserstein intuition: the optimal matching of two sets of points, and two lines that slide past each other."""

from demos import frame
from dlcv.core.errors import InputError

MOST = 40  # points of a set


class Sets(frame.Query):
    """Two sets of points to be matched."""

    real: frame.Points(1, MOST, reach=2)
    fake: frame.Points(1, MOST, reach=2)


def match(query: Sets) -> dict:
    """Partner of every real point, and the cost of the matching: the mean distance of partners."""
    import torch

    from dlcv.gan import points

    if len(query.real) != len(query.fake):
        raise InputError("Both sets need the same number of points.")
    cost, partners = points.wasserstein(torch.tensor(query.real), torch.tensor(query.fake))
    return {"cost": cost, "partners": partners.tolist()}


def slide(query: dict) -> dict:
    """Divergence and Wasserstein distance of two lines at every offset of the plot."""
    from dlcv.gan.predictor import lines_apart

    offsets = [step / 20 for step in range(-20, 21)]
    return {"offsets": offsets, "values": [lines_apart(offset) for offset in offsets]}


def board() -> None:
    """The board of both, and below it the duality on a line."""
    frame.Board("gan/transport", server_functions=[match, slide], gpu=False)
    frame.Board("gan/duality")
