"""Patches of the points of real reconstructions: only points that several photographs agree on are "good" features."""

from typing import NamedTuple

import torch

from ..core.datasets import sfm
from .scale_space import cut, pyramid, scale_of

SIDE = 64  # pixels of a patch with all that the detector may look at: 32 sigma
APART = 16.0  # pixels between a place without a feature and the nearest point


class Bank(NamedTuple):
    """All patches of P points, K of them, sorted by point, and of E places where no point is."""

    patches: torch.Tensor  # (K, 64, 64) uint8, upright
    angle: torch.Tensor  # (K,) radians, of SIFT
    start: torch.Tensor  # (P + 1,): the patches of point p are those from start[p] to start[p + 1]
    empty: torch.Tensor  # (E, 64, 64) uint8


def cut_keypoints(known: sfm.Reconstructions, chosen: torch.Tensor) -> torch.Tensor:
    """Patches (N, 64, 64) uint8, upright, of these keypoints (N,), whose pictures must be there."""
    patches = torch.empty(len(chosen), SIDE, SIDE, dtype=torch.uint8)
    owner = known.picture_of()[chosen]
    numbers = owner.unique().tolist()
    for number, picture in zip(numbers, sfm.pictures(known.names[numbers])):
        rows = (owner == number).nonzero()[:, 0]
        keypoints = chosen[rows]
        patches[rows] = _cut(picture, known.xy[keypoints], scale_of(known.size[keypoints]))
    return patches


def _cut(picture: torch.Tensor, xy: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    levels = pyramid(picture[None, None].float())
    return cut(levels, xy, scale, torch.zeros_like(scale), SIDE)[:, 0].round().to(torch.uint8)


def bank(split: str, generator: torch.Generator, empty: int = 0) -> Bank:
    """The patches of a split: points that two or more of its pictures show, and `empty` places a picture."""
    known = sfm.load()
    owner = known.picture_of()
    kept = torch.from_numpy(known.kept & (known.split == split))
    chosen = (kept[owner] & (known.point >= 0)).nonzero()[:, 0]
    place = torch.from_numpy((known.place[:, None] == known.place[None]).argmax(1))[owner[chosen]]  # its first picture
    point, views = (known.point[chosen] + place * 10**6).unique(return_inverse=True, return_counts=True)[1:]
    several = views[point] > 1
    chosen, point = chosen[several], point[several]
    chosen = chosen[point.argsort(stable=True)]
    counts = views[views > 1]
    start = torch.cat([torch.zeros(1, dtype=torch.long), counts.cumsum(0)])
    return Bank(cut_keypoints(known, chosen), known.angle[chosen], start, _empty(known, kept, empty, generator))


def _empty(known: sfm.Reconstructions, kept: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
    """Patches of random places with no point near, `count` a picture, of scales as the points have them."""
    numbers, found = kept.nonzero()[:, 0].tolist(), [torch.empty(0, SIDE, SIDE, dtype=torch.uint8)]
    for number, picture in zip(numbers, sfm.pictures(known.names[numbers]) if count else []):
        here = slice(known.start[number], known.start[number + 1])
        points = known.xy[here][known.point[here] >= 0]
        size = torch.tensor(picture.shape[::-1])
        xy = torch.rand(4 * count, 2, generator=generator) * (size - 1)
        xy = xy[torch.cdist(xy, points).min(1).values > APART][:count]
        drawn = torch.randint(len(known.size[here]), (len(xy),), generator=generator)
        found.append(_cut(picture, xy, scale_of(known.size[here][drawn])))
    return torch.cat(found)
