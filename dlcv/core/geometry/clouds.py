"""Clouds of points: from the surface of a mesh, thinned evenly, centred and scaled as the networks know them."""

import torch

from ..errors import InputError

FEWEST = 16  # points that a cloud must have


def normalised(points: torch.Tensor) -> torch.Tensor:
    """A cloud (P, 3) with its mean at the origin and its farthest point at distance 1, float32.

    Raises InputError where it has fewer than 16 points, values that are not finite, or no extent.
    """
    if points.ndim != 2 or points.shape[1] != 3 or len(points) < FEWEST:
        raise InputError(f"A cloud needs at least {FEWEST} points, each with three coordinates.")
    if not torch.isfinite(points).all():
        raise InputError("Some coordinates are not numbers, or are infinite: leave those points out.")
    points = points.double()
    points = points / points.abs().max().clamp_min(1e-300)  # so that no sum or square leaves the range of numbers
    points = points - points.mean(0)
    radius = points.norm(dim=1).max()
    if radius < 1e-12:
        raise InputError("All points are in the same place: there is no shape to look at.")
    return (points / radius).float()


def sample_surface(
    vertices: torch.Tensor, faces: torch.Tensor, count: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Points drawn uniformly from the surface of a mesh.

    trimesh.sample draws other points from a seed, and those of this function are in the scores.

    Args:
        vertices: (V, 3), and faces (F, 3), indices into vertices; some triangle must have an area.

    Returns:
        Points (count, 3), and the index of the triangle that each lies on, (count,).
    """
    corners = vertices.double()[faces]  # (F, 3 corners, 3)
    edges = corners[:, 1:] - corners[:, :1]
    areas = torch.linalg.cross(edges[:, 0], edges[:, 1]).norm(dim=1)
    total = areas.cumsum(0)
    chosen = torch.searchsorted(total, total[-1] * torch.rand(count, dtype=torch.float64, generator=generator))
    chosen = chosen.clamp_max(len(faces) - 1)
    along = torch.rand(count, 2, 1, dtype=torch.float64, generator=generator)
    along = torch.where(along.sum(1, keepdim=True) > 1, 1 - along, along)  # the other half of the parallelogram
    return (corners[chosen, 0] + (along * edges[chosen]).sum(1)).to(vertices.dtype), chosen


def farthest_points(points: torch.Tensor, count: int) -> torch.Tensor:
    """Indices (count,) into a cloud (P, 3) by farthest point sampling: each the farthest from those before it.

    The first is the one farthest from the mean. `count` is at most P; takes count x P distances.
    """
    chosen = torch.empty(count, dtype=torch.long)
    distance = torch.full((len(points),), torch.inf, dtype=points.dtype)
    chosen[0] = (points - points.mean(0)).square().sum(1).argmax()
    for step in range(1, count):
        distance = torch.minimum(distance, (points - points[chosen[step - 1]]).square().sum(1))
        chosen[step] = distance.argmax()
    return chosen
