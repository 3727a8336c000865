"""What each loss is for, seen on one pair: the disparities themselves go down the gradient, without a network.

A network learns from thousands of pairs, which hides what one term of equation (1) does. Here nothing is learned: two
maps of disparities are free to change, and only the terms that are asked for hold them.
"""

from typing import NamedTuple

import torch
from torch.nn import functional as F

from . import loss
from .predictor import DepthMaps, check_pair, disagreement

HEIGHT, WIDTH = 96, 192
STEPS, RATE = 60, 0.05
COARSENESS = (1, 4, 16)  # sizes of the squares that move together: alone, a pixel finds only what is next to it
SMOOTHNESS = 1.0  # ten times the paper's: there is no network here, which is smooth by itself


class Descended(NamedTuple):
    """Where the disparities of a pair ended."""

    disparity: torch.Tensor  # (2, h, w) of left and right, parts of the width
    disagreement: torch.Tensor  # (2, h, w) in pixels, as `Rebuilt` has it
    roughness: float  # pixels by which the left disparity changes from one pixel to the next


def descend(start: DepthMaps, left: torch.Tensor, right: torch.Tensor, *, smooth: bool, agree: bool) -> Descended:
    """The disparities of a pair (3, H, W) each after STEPS steps from a network's, with appearance and what is asked
    for of smoothness and consistency."""
    check_pair(left, right)
    left, right = (F.interpolate(picture[None], (HEIGHT, WIDTH), mode="area") for picture in (left, right))
    begin = F.interpolate(start.maps[0][None], (HEIGHT, WIDTH), mode="area")  # (1, 2, h, w)
    most = max(0.3, 1.2 * begin.max().item())
    begin = torch.logit((begin / most).clamp(0.01, 0.99))
    moved = [torch.zeros(1, 2, HEIGHT // side, WIDTH // side, requires_grad=True) for side in COARSENESS]
    adam = torch.optim.Adam(moved, lr=RATE)

    def disparities() -> torch.Tensor:
        change = sum(F.interpolate(one, (HEIGHT, WIDTH), mode="bilinear") for one in moved)
        return most * (begin + change).sigmoid()  # (1, 2, h, w)

    with torch.enable_grad():
        for _ in range(STEPS):
            maps = [F.avg_pool2d(disparities(), 2**scale) for scale in range(4)]
            terms = loss.stereo_loss(maps, left, right, SMOOTHNESS * smooth, loss.CONSISTENCY * agree)
            adam.zero_grad()
            terms["loss"].backward()
            adam.step()
    found = disparities().detach()
    of_left, of_right = found.split(1, dim=1)
    roughness = WIDTH * of_left.diff(dim=3).abs().mean().item()
    return Descended(found[0], disagreement(of_left, of_right), roughness)
