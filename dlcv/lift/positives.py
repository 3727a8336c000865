"""Positive and negative pairs of two pictures whose geometry is known, and the negatives that are hard."""

from typing import NamedTuple

import torch

from .features import Features
from .geometry import WRONG, Transfer, apart

FAR = 12.0  # pixels from where a point should be at which another one surely is a different one


class Pairs(NamedTuple):
    """Pairs of points by their index in the first and in the second picture, and the distance of their descriptors."""

    first: torch.Tensor  # (N,)
    second: torch.Tensor  # (N,)
    distance: torch.Tensor  # (N,)


def pairs(one: Features, other: Features, there: Transfer) -> tuple[Pairs, Pairs, Pairs]:
    """The positive pairs, all negative ones, and the hardest negative one of each point that has a positive.

    Positive are a point and the nearest to where the second picture has it, within 3 pixels; negative are a point and
    any that is 12 pixels or more from there.
    """
    away = apart(there(one.xy), other.xy)  # (N, M), nan where it is not known
    away = away.nan_to_num(torch.inf)
    distance = torch.cdist(one.descriptor, other.descriptor)
    nearest, index = away.min(1)
    rows = (nearest < WRONG).nonzero()[:, 0]
    known = away.isfinite().all(1)
    different = (away > FAR) & known[:, None]
    first, second = different.nonzero(as_tuple=True)
    hard, hardest = distance.masked_fill(~different, torch.inf)[rows].min(1)
    return (
        Pairs(rows, index[rows], distance[rows, index[rows]]),
        Pairs(first, second, distance[first, second]),
        Pairs(rows, hardest, hard),
    )
