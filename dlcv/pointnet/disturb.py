"""What may happen to a cloud before it is seen: fewer points, noise, outliers, a turn, a part that is missing.

The robustness of Qi et al. 2017, section 5.3, as something to try: every disturbance is drawn from a seed, point by
point, so that a little more of it changes little.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch

SIDES = {"left": (0, -1), "right": (0, 1), "front": (1, -1), "back": (1, 1), "bottom": (2, -1), "top": (2, 1)}


@dataclass
class Disturbance:
    """What is done to a cloud, in this order."""

    count: int = 1024  # points that are left, chosen at random
    noise: float = 0.0  # standard deviation of each coordinate; the shape's radius is 1
    cut: float = 0.0  # part of the points that is missing on one side
    side: str = "left"  # which, one of SIDES: the shape looks to the front
    outliers: float = 0.0  # part of the points that is replaced by points anywhere in the unit ball
    turn_x: float = 0.0  # degrees about the axis to the right, then
    turn_y: float = 0.0  # the one to the back, then
    turn_z: float = 0.0  # the one upwards
    seed: int = 0


class Disturbed(NamedTuple):
    """A cloud after that."""

    points: torch.Tensor  # (Q, 3)
    source: torch.Tensor  # (Q,): which point of the cloud it was; -1 for an outlier


def rotation(turn_x: float, turn_y: float, turn_z: float) -> torch.Tensor:
    """R_z R_y R_x, (3, 3), from degrees."""
    matrix = torch.eye(3)
    for axis, degrees in enumerate((turn_x, turn_y, turn_z)):
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn = torch.eye(3)
        turn[i, i], turn[i, j], turn[j, i], turn[j, j] = cos, -sin, sin, cos
        matrix = turn @ matrix
    return matrix


def disturb(points: torch.Tensor, how: Disturbance) -> Disturbed:
    """A cloud (P, 3), z up, radius 1, after `how`; at least 16 points are left of one that has 64 or more."""
    generator = torch.Generator().manual_seed(how.seed)
    order = torch.randperm(len(points), generator=generator)
    noise = torch.randn(len(points), 3, generator=generator)
    outlier = torch.rand(len(points), generator=generator)
    direction = torch.nn.functional.normalize(torch.randn(len(points), 3, generator=generator), dim=1)
    anywhere = direction * torch.rand(len(points), 1, generator=generator) ** (1 / 3)  # evenly in the ball
    left = order[: max(round(how.count), 1)].sort().values
    axis, sign = SIDES[how.side]
    along = sign * points[left, axis]
    left = left[along.argsort(stable=True)[: len(left) - round(how.cut * len(left))].sort().values]
    replaced = outlier[left] < how.outliers
    moved = torch.where(replaced[:, None], anywhere[left], points[left] + how.noise * noise[left])
    return Disturbed(moved @ rotation(how.turn_x, how.turn_y, how.turn_z).T, torch.where(replaced, -1, left))
