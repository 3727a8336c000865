"""Pinhole cameras: pixels ~ K (x, y, z), with x right, y down, z forward, and pixel centres at integers."""

import torch

FOCAL = 0.9  # of the longer side, where nothing is known: a field of view of 58 degrees


def intrinsics(focal: float, size: tuple[int, int]) -> torch.Tensor:
    """K (3, 3) float64 of a picture of a size (width, height), for a focal length in parts of the longer side."""
    width, height = size
    f = focal * max(size)
    return torch.tensor([[f, 0, (width - 1) / 2], [0, f, (height - 1) / 2], [0, 0, 1]], dtype=torch.float64)


def normalised(points: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """The first two of K^-1 (x, y, 1) for pixels (P, 2): (P, 2) float64."""
    scale, centre = torch.stack([matrix[0, 0], matrix[1, 1]]), matrix[:2, 2]
    return (points.double() - centre) / scale
