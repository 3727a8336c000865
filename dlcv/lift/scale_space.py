"""The scale space of a picture, and patches cut from it: what a network sees of a point is as large as the point is.

A point has a scale s: so many pixels of the picture are one pixel of its patch, and the sigma of its blob is SIGMA
pixels there. The pyramid has the picture at the scales 2^(k/2); a patch is read from the coarsest one that still has
all of its detail.
"""

from typing import NamedTuple

import torch
from torch.nn import functional as F

SIGMA = 2.0  # pixels of a patch: OpenCV's size of a keypoint is 2 sigma
FINEST, OCTAVE = -2, 2  # the first level is twice as large as the picture; levels to a factor of 2
SMALLEST = 40  # pixels of the shorter side of a level
NEAR = 1.01  # how much finer than its level a patch may be


class Level(NamedTuple):
    """A picture at one scale."""

    picture: torch.Tensor  # (1, 1, H_k, W_k)
    scale: float  # s_k: pixels of the original along one pixel


def pyramid(picture: torch.Tensor) -> list[Level]:
    """The levels of a picture (1, 1, H, W), the finest first; those up to its own size in any case."""
    levels, height, width = [], *picture.shape[2:]
    for number in range(FINEST, 100):
        scale = 2 ** (number / OCTAVE)
        size = round(height / scale), round(width / scale)
        if number > 0 and min(size) < SMALLEST:
            break
        levels.append(Level(F.interpolate(picture, size, mode="bilinear", antialias=True), scale))
    return levels


def scale_of(size: torch.Tensor) -> torch.Tensor:
    """s of keypoints of OpenCV's `size`."""
    return size / (2 * SIGMA)


def cut(levels: list[Level], xy: torch.Tensor, scale: torch.Tensor, angle: torch.Tensor, side: int) -> torch.Tensor:
    """Patches (N, 1, side, side) around points xy (N, 2), turned so that the direction `angle` (N,) becomes the x axis.

    A pixel at the offset o from the centre of the patch shows the picture at xy + s R(angle) o. Beyond the picture, its
    border is repeated.
    """
    along = torch.arange(side, dtype=xy.dtype) - (side - 1) / 2
    offset = torch.stack([along.expand(side, side), along[:, None].expand(side, side)], -1).view(1, -1, 2)
    cos, sin = torch.cos(angle), torch.sin(angle)
    turn = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], 1)  # (N, 2, 2)
    read = xy[:, None] + scale[:, None, None] * (offset @ turn.transpose(1, 2))  # (N, side^2, 2)
    height, width = (side_k * levels[-FINEST].scale for side_k in levels[-FINEST].picture.shape[2:])
    grid = (2 * read + 1) / torch.tensor([width, height], dtype=xy.dtype) - 1
    known = torch.tensor([level.scale for level in levels])
    chosen = (torch.searchsorted(known, scale * NEAR, right=True) - 1).clamp_min(0)
    patches = xy.new_empty(len(xy), 1, side, side)
    for number in chosen.unique().tolist():
        rows = (chosen == number).nonzero()[:, 0]
        found = F.grid_sample(
            levels[number].picture, grid[rows].view(1, -1, side, 2), padding_mode="border", align_corners=False
        )
        patches[rows] = found.view(-1, 1, side, side)
    return patches
