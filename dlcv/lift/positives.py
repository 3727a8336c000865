"""Positive and negative pairs of two pictures whose geometry is known, and the negatives that are hard."""

import math
from typing import NamedTuple

import torch

from .features import Features
from .geometry import WRONG, Transfer, apart

FAR = 12.0  # pixels from where a point should be at which another one surely is a different one
LIKE = 1.5  # times as large or as small as it should be at most, for a patch to show the same


class Pairs(NamedTuple):
    """Pairs of points by their index in the first and in the second picture, and the distance of their descriptors."""

    first: torch.Tensor  # (N,)
    second: torch.Tensor  # (N,)
    distance: torch.Tensor  # (N,)


def scale_there(one: Features, there: Transfer) -> torch.Tensor:
    """The scales that points have in the second picture, (N,); nan where that is not known."""
    steps = one.scale[:, None, None] * torch.eye(2)  # along x and along y
    sides = [(there(one.xy + step) - there(one.xy - step)).norm(dim=1) / 2 for step in steps.unbind(1)]
    return (sides[0] * sides[1]).sqrt()


def pairs(one: Features, other: Features, there: Transfer) -> tuple[Pairs, Pairs, Pairs]:
    """The positive pairs, all negative ones, and the hardest negative one of each point that has a positive.

    Positive are a point and the nearest to where the second picture has it, within 3 pixels and about as large as it is
    there; negative are a point and any that is 12 pixels or more from there, of its patch where these are larger.
    """
    away = apart(there(one.xy), other.xy).nan_to_num(torch.inf)  # (N, M)
    distance = torch.cdist(one.descriptor, other.descriptor)
    scale = scale_there(one, there)[:, None]
    larger = (other.scale / scale).log().abs()
    nearest, index = away.masked_fill(~(larger < math.log(LIKE)), torch.inf).min(1)
    rows = (nearest < WRONG).nonzero()[:, 0]
    known = away.isfinite().all(1)
    different = (away > FAR * scale.clamp_min(1)) & known[:, None]
    first, second = different.nonzero(as_tuple=True)
    hard, hardest = distance.masked_fill(~different, torch.inf)[rows].min(1)
    return (
        Pairs(rows, index[rows], distance[rows, index[rows]]),
        Pairs(first, second, distance[first, second]),
        Pairs(rows, hardest, hard),
    )
