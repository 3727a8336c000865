"""Wasserstein intuition: the optimal matching of two sets of points, and two lines that slide past each other."""

from demos import frame
from dlcv.core.errors import InputError

MOST = 40  # points of a set


def match(query: dict) -> dict:
    """The partner of every point of the first set, and the cost: the mean distance of partners."""
    import torch

    from dlcv.gan import points

    sets = [torch.tensor(frame.points(query, name, 1, MOST, reach=2)) for name in ("real", "fake")]
    if len(sets[0]) != len(sets[1]):
        raise InputError("Both sets need as many points.")
    cost, partners = points.wasserstein(*sets)
    return {"cost": cost, "partners": partners.tolist()}


def slide(query: dict) -> dict:
    """Divergence and distance of two lines at every offset of the plot."""
    from dlcv.gan.predictor import lines_apart

    offsets = [step / 20 for step in range(-20, 21)]
    return {"offsets": offsets, "values": [lines_apart(offset) for offset in offsets]}


def board() -> "frame.gr.HTML":
    """Both on the screen."""
    return frame.Board("gan/transport", server_functions=[match, slide], gpu=False)
