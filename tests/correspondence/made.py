"""Matches of made points, whose geometry is known."""

from typing import NamedTuple

import torch
from scipy.spatial.transform import Rotation

from dlcv.core.geometry.poses import pose_error
from dlcv.correspondence.estimators import Pose
from dlcv.correspondence.geometry import essential_of


class Made(NamedTuple):
    """Matches between normalised points, the right ones first."""

    first: torch.Tensor  # (P, 2) float64
    second: torch.Tensor
    right: torch.Tensor  # (P,) bool
    rotation: torch.Tensor
    translation: torch.Tensor
    essential: torch.Tensor
    points: torch.Tensor  # (right ones, 3), seen by the first camera


def made(right: int = 150, wrong: int = 0, noise: float = 0.0, seed: int = 0) -> Made:
    """So many right matches of points in a room, seen with a noise, and so many wrong ones."""
    generator = torch.Generator().manual_seed(seed)

    def rand(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    rotation = torch.from_numpy(Rotation.from_euler("xyz", (5, -12, 3), degrees=True).as_matrix())
    translation = torch.nn.functional.normalize(torch.tensor([1.0, 0.2, 0.1], dtype=torch.float64), dim=0)
    points = rand(right, 3) * torch.tensor([4.0, 3, 4]) + torch.tensor([-2.0, -1.5, 4])
    moved = points @ rotation.T + translation
    ends = [one[:, :2] / one[:, 2:] for one in (points, moved)]
    ends = [end + noise * torch.randn(end.shape, generator=generator, dtype=torch.float64) for end in ends]
    ends = [torch.cat([end, rand(wrong, 2) - 0.5]) for end in ends]
    known = torch.arange(right + wrong) < right
    return Made(*ends, known, rotation, translation, essential_of(rotation, translation), points)


def apart(one: torch.Tensor, other: torch.Tensor) -> float:
    """Distance of two matrices of unit norm, up to sign."""
    return min((one - other).norm().item(), (one + other).norm().item())


def off(found: Pose, of) -> float:
    """Degrees between a pose and that of a made pair or a scene."""
    return pose_error(*(part.numpy() for part in (*found, of.rotation, of.translation)))
