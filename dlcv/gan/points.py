"""Distributions of points on the plane, the distance between two of them, and the modes that one covers."""

import math

import torch

from ..core.errors import InputError

MODES = {"ring of 8": 8, "grid of 25": 25}
SPREAD = 0.03  # standard deviation around a mode or a curve; everything lies in about [-1, 1] x [-1, 1]
DRAWN = 2000  # points that a drawing may have


def modes(name: str) -> torch.Tensor:
    """Centres (M, 2) of the modes of a distribution; (0, 2) for one without modes."""
    if name == "ring of 8":
        angle = torch.arange(8) * (math.pi / 4)
        return 0.8 * torch.stack([angle.cos(), angle.sin()], dim=1)
    if name == "grid of 25":
        return torch.cartesian_prod(*2 * [torch.linspace(-0.8, 0.8, 5)])
    return torch.zeros(0, 2)


def sample(name: str, count: int, generator: torch.Generator, drawn: torch.Tensor | None = None) -> torch.Tensor:
    """Points (N, 2) of "ring of 8", "grid of 25", "moons", "spiral" or "drawn", where `drawn` (P, 2) has the drawing.

    Raises InputError on another name, or on a drawing with no points, too many, or points off the plane.
    """
    noise = SPREAD * torch.randn(count, 2, generator=generator)
    if name in MODES:
        centres = modes(name)
        return centres[torch.randint(len(centres), (count,), generator=generator)] + noise
    along = torch.rand(count, generator=generator)
    if name == "moons":
        angle, second = math.pi * along, torch.rand(count, generator=generator) < 0.5
        upper = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], dim=1)
        return 0.6 * torch.where(second.unsqueeze(1), -upper, upper) + noise
    if name == "spiral":
        radius = 0.15 + 0.75 * along.sqrt()  # as many points on every piece of the curve
        angle = 3 * math.pi * along.sqrt()
        return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1) + noise
    if name != "drawn":
        raise InputError("Choose a ring of 8, a grid of 25, moons, a spiral, or draw your own.")
    if drawn is None or not 0 < len(drawn) <= DRAWN or not (drawn.abs() <= 1.5).all():
        raise InputError("Draw the points first.")
    return drawn[torch.randint(len(drawn), (count,), generator=generator)] + noise


def covered(points: torch.Tensor, name: str) -> int:
    """Number of modes that have at least a quarter of their share of points (N, 2) within four standard deviations."""
    centres = modes(name)
    if not len(centres):
        return 0
    distance, nearest = torch.cdist(points, centres).min(dim=1)
    counts = torch.bincount(nearest[distance < 4 * SPREAD], minlength=len(centres))
    return int((counts >= len(points) / len(centres) / 4).sum())


def wasserstein(first: torch.Tensor, second: torch.Tensor) -> tuple[float, torch.Tensor]:
    """W of two sets of N points each, (N, 2), and the index of every first point's partner in the second set, (N,).

    W = min over matchings of 1/N sum ||x - y||: with as many points on both sides the best plan is a matching.
    """
    from scipy.optimize import linear_sum_assignment

    cost = torch.cdist(first.double(), second.double())
    rows, partners = linear_sum_assignment(cost.numpy())
    return cost[rows, partners].mean().item(), torch.from_numpy(partners)
