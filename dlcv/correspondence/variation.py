"""Variation of training pairs: fewer matches, turned and mirrored pictures, other focal lengths, nothing but places."""

import math
from typing import NamedTuple

import torch
from torch.nn import functional as F

from .geometry import unit

FEWEST = 256  # matches of a training pair
CLEANER = 0.25  # part of the pairs of which right matches are taken sooner than wrong ones
UNKNOWN = 0.3  # part of the pairs of which only the places of the matches are told
SPOILED, MOST_SPOILED = 0.5, 0.8  # part of those in which more matches are made wrong, up to this part of them
TURN, ZOOM = 0.15, 0.15  # deviation of the angle of a picture, radians, and of the logarithm of its focal length
ANY_ANGLE = 0.15  # part of the pictures that are turned by any angle


class Batch(NamedTuple):
    """Training pairs: N with P matches each."""

    first: torch.Tensor  # (N, P, 2)
    second: torch.Tensor  # (N, P, 2)
    side: torch.Tensor  # (N, P, 6), as `model.side_information` has it
    right: torch.Tensor  # (N, P) bool
    wrong: torch.Tensor  # (N, P) bool
    essential: torch.Tensor  # (N, 3, 3)


def thinned(batch: Batch, generator: torch.Generator) -> Batch:
    """Some of the matches, as many of each pair: all of them at most. Of some pairs right ones come first."""
    pairs, points = batch.right.shape

    def rand(*shape):
        return torch.rand(*shape, generator=generator, device=batch.first.device)

    count = round(FEWEST * (points / FEWEST) ** rand(1).item()) if points > FEWEST else points
    sooner = rand(pairs, 1) * (rand(pairs, 1) < CLEANER)
    order = (rand(pairs, points) - sooner * batch.right).argsort(1)[:, :count]
    rows = torch.arange(pairs, device=order.device)[:, None]
    return Batch(*(part[rows, order] for part in batch[:5]), batch.essential)


def swapped(batch: Batch, chosen: torch.Tensor) -> Batch:
    """The pairs that are `chosen` (N,) with first and second picture the other way round."""
    of_pair = chosen[:, None, None]
    first, second = torch.where(of_pair, batch.second, batch.first), torch.where(of_pair, batch.first, batch.second)
    signs = torch.tensor([1, 1, 1, -1, 1, -1.0], device=chosen.device)  # of scale and turn
    side = torch.where(of_pair, batch.side * signs, batch.side)
    essential = torch.where(of_pair, batch.essential.transpose(1, 2), batch.essential)
    return batch._replace(first=first, second=second, side=side, essential=essential)


def moved(batch: Batch, angles: torch.Tensor, zoom: torch.Tensor, mirror: torch.Tensor) -> Batch:
    """Pairs whose pictures are both mirrored (N,) where -1, then each turned by its angle (N, 2) and zoomed (N, 2)."""
    cos, sin = angles.cos() * zoom, angles.sin() * zoom
    maps = torch.stack([cos * mirror[:, None], -sin, sin * mirror[:, None], cos], 2).unflatten(2, (2, 2))
    first, second = (points @ maps[:, k].transpose(1, 2) for k, points in enumerate(batch[:2]))
    inverse = torch.linalg.inv(F.pad(maps, (0, 1, 0, 1)) + torch.diag(torch.tensor([0, 0, 1.0], device=zoom.device)))
    essential = unit(inverse[:, 1].transpose(1, 2) @ batch.essential @ inverse[:, 0])
    more = (angles[:, 1] - angles[:, 0])[:, None]
    before_cos, before_sin = batch.side[..., 4], mirror[:, None] * batch.side[..., 5]
    turn = [before_cos * more.cos() - before_sin * more.sin(), before_sin * more.cos() + before_cos * more.sin()]
    side = torch.stack([*batch.side.unbind(2)[:4], *turn], 2)
    return batch._replace(first=first, second=second, side=side, essential=essential)


def spoiled(batch: Batch, share: torch.Tensor, generator: torch.Generator) -> Batch:
    """Pairs in which that part (N,) of the matches has its second points exchanged, so that they are wrong."""
    pairs, points = batch.right.shape
    dice = torch.rand(pairs, points, generator=generator, device=share.device)
    bad = dice < share[:, None]
    rows = torch.arange(pairs, device=share.device)[:, None]
    other = torch.rand(pairs, points, generator=generator, device=share.device).argsort(1)
    second = torch.where(bad.unsqueeze(2), batch.second[rows, other], batch.second)
    return batch._replace(second=second, right=batch.right & ~bad, wrong=batch.wrong | bad)


def varied(batch: Batch, generator: torch.Generator) -> Batch:
    """The same pairs in another guise, with the matrices that hold for it."""
    pairs, device = len(batch.first), batch.first.device

    def rand(*shape):
        return torch.rand(pairs, *shape, generator=generator, device=device)

    def normal():
        return torch.randn(pairs, 2, generator=generator, device=device)

    batch = swapped(thinned(batch, generator), rand() < 0.5)
    angles = torch.where(rand(2) < ANY_ANGLE, 2 * math.pi * rand(2), TURN * normal())
    batch = moved(batch, angles, (ZOOM * normal()).exp(), (rand() - 0.5).sign())
    unknown = rand() < UNKNOWN
    batch = batch._replace(side=torch.where(unknown[:, None, None], 0.0, batch.side))
    return spoiled(batch, MOST_SPOILED * rand() * (unknown & (rand() < SPOILED)), generator)
