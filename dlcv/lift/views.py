"""Pairs of pictures whose geometry is known: packaged photographs seen from elsewhere, and a packaged stereo pair."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from ..core.geometry.grids import homography, projective_grid
from .geometry import Transfer, by_homography

GREY = (0.299, 0.587, 0.114)
FALLS = 0.6  # how much of the light is gone at the dark side


class Views(NamedTuple):
    """Two pictures of one place, and where the second one has what the first one shows."""

    first: torch.Tensor  # (3, H, W) in [0, 1]
    second: torch.Tensor
    there: Transfer | None  # None where it is not known


def grey(picture: torch.Tensor) -> torch.Tensor:
    """A picture (3, H, W) as the networks take it, (1, 1, H, W)."""
    return (picture * picture.new_tensor(GREY)[:, None, None]).sum(0)[None, None]


def packaged(name: str) -> torch.Tensor:
    """A photograph of scikit-image in colours, (3, H, W) in [0, 1]."""
    from skimage import data

    picture = torch.from_numpy(np.array(getattr(data, name)()))
    picture = picture if picture.ndim == 3 else picture[:, :, None].expand(-1, -1, 3)
    return picture.permute(2, 0, 1).float() / 255


def moved(picture: torch.Tensor, corners: list[tuple[float, float]], gamma: float) -> Views:
    """A picture, and the same where its corners (top left, top right, bottom right, bottom left) have moved to these
    places, in parts of width and height, in a light that falls from one side; around it is grey."""
    height, width = picture.shape[1:]
    size = torch.tensor([width - 1.0, height - 1.0], dtype=torch.double)
    square = torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 1]], dtype=torch.double)
    matrix = homography(square[None] * size, torch.tensor(corners, dtype=torch.double)[None] * size)[0]
    to_grid = torch.tensor([[2 / size[0], 0, -1], [0, 2 / size[1], -1], [0, 0, 1]], dtype=torch.double)
    back = to_grid @ torch.linalg.inv(matrix) @ torch.linalg.inv(to_grid)
    grid = projective_grid(back[None].float(), height, width)
    lit = picture**gamma * (1 - FALLS * torch.linspace(0, 1, width))
    inside = (grid.abs() <= 1).all(-1)[:, None]
    second = torch.where(inside, F.grid_sample(lit[None], grid, align_corners=True), 0.5)[0]
    return Views(picture, second.clamp(0, 1), by_homography(matrix))


def askew() -> Views:
    """A cup of coffee, seen from aside, darker."""
    return moved(packaged("coffee"), [(0.16, 0.04), (0.86, 0.2), (0.8, 0.82), (0.1, 0.96)], 1.5)


def turned(degrees: float = 40) -> Views:
    """A portrait, turned and smaller, darker."""
    cos, sin = (0.72 * part(math.radians(degrees)) for part in (math.cos, math.sin))
    square = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]
    return moved(packaged("astronaut"), [(0.5 + cos * x - sin * y, 0.5 + sin * x + cos * y) for x, y in square], 1.8)


def motorcycle() -> Views:
    """A garage, seen by the left and the right camera of a measured pair (Scharstein et al. 2014)."""
    from skimage import data

    left, right, disparity = data.stereo_motorcycle()
    known = torch.from_numpy(np.where(np.isfinite(disparity), disparity, np.nan)).float()

    def there(xy):
        column, row = xy.round().long().T
        shift = known[row.clamp(0, known.shape[0] - 1), column.clamp(0, known.shape[1] - 1)]
        return torch.stack([xy[:, 0] - shift, xy[:, 1]], 1)

    pictures = (torch.from_numpy(one.copy()).permute(2, 0, 1).float() / 255 for one in (left, right))
    return Views(*pictures, there)


EXAMPLES: dict[str, Callable[[], Views]] = {"turned": turned, "askew": askew, "motorcycle": motorcycle}
