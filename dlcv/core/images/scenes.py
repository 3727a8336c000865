"""Pairs of pictures whose geometry is known: a packaged photograph seen from elsewhere, and the packaged Motorcycle
pair (Scharstein et al. 2014)."""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from scipy.spatial.transform import Rotation

from ..geometry.cameras import FOCAL, intrinsics, normalised
from ..geometry.grids import homogeneous


class Scene(NamedTuple):
    """Two pictures and how their cameras stood: x_second ~ R x_first + t."""

    first: torch.Tensor  # (3, H, W) in [0, 1]
    second: torch.Tensor
    intrinsics: tuple[torch.Tensor, torch.Tensor]  # (3, 3) each, float64
    rotation: torch.Tensor | None  # (3, 3); None where the pictures have nothing in common
    translation: torch.Tensor | None  # (3,), of length 1
    homography: torch.Tensor | None = None  # (3, 3) in pixels, where one plane is all that is seen
    depth: torch.Tensor | None = None  # (H, W) of the first picture, 0 where unknown; in units of the baseline

    def transfer(self, points: torch.Tensor) -> torch.Tensor:
        """Where the second picture has what the first one shows at pixels (N, 2), hidden or not: (N, 2) float64, not a
        number where that is not known."""
        height, width = self.first.shape[1:]
        x, y = points.round().long().T
        known = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        if self.homography is not None:
            moved = homogeneous(points.double()) @ self.homography.T
        elif self.depth is not None:
            depth = self.depth[y.clamp(0, height - 1), x.clamp(0, width - 1)].double()
            known &= depth > 0
            space = homogeneous(normalised(points, self.intrinsics[0])) * depth[:, None]
            moved = (space @ self.rotation.T + self.translation) @ self.intrinsics[1].T
        else:
            return torch.full(points.shape, torch.nan, dtype=torch.float64)
        return torch.where(known[:, None], moved[:, :2] / moved[:, 2:], torch.nan)


def packaged(name: str) -> torch.Tensor:
    """A photograph of scikit-image in colours, (3, H, W) in [0, 1]."""
    from skimage import data

    picture = torch.from_numpy(np.array(getattr(data, name)()))
    picture = picture if picture.ndim == 3 else picture[:, :, None].expand(-1, -1, 3)
    return picture.permute(2, 0, 1).float() / 255


def seen(picture: torch.Tensor, turn: tuple[float, float, float], away: float) -> Scene:
    """A picture (3, H, W), and the same as a camera sees it that is turned by Euler angles (x, y, z, degrees) and looks
    at its middle from `away` times as far; around it is dark grey."""
    height, width = picture.shape[1:]
    matrix = intrinsics(FOCAL, (width, height))
    rotation = torch.from_numpy(Rotation.from_euler("xyz", turn, degrees=True).as_matrix())
    normal = torch.tensor([0, 0, 1.0], dtype=torch.float64)  # of the plane z = 1 that the picture is
    translation = away * normal - rotation @ normal
    homography = matrix @ (rotation + torch.outer(translation, normal)) @ torch.linalg.inv(matrix)
    rows = picture.permute(1, 2, 0).numpy()
    second = cv2.warpPerspective(rows, homography.numpy(), (width, height), borderValue=(0.25, 0.25, 0.25))
    there = torch.from_numpy(second).permute(2, 0, 1)
    return Scene(picture, there, (matrix, matrix), rotation, translation / translation.norm(), homography)


def motorcycle() -> Scene:
    """A garage, seen by the left and the right camera of a measured pair, with its true depth."""
    from skimage import data

    left, right, disparity = data.stereo_motorcycle()
    focal, centres, height = 994.978, (311.193, 342.279), 254.877  # scikit-image states them
    matrices = tuple(torch.tensor([[focal, 0, x], [0, focal, height], [0, 0, 1]], dtype=torch.float64) for x in centres)
    disparity = torch.from_numpy(disparity.copy()).double()
    known = disparity.isfinite() & (disparity > 0)
    depth = torch.where(known, focal / (disparity + centres[1] - centres[0]), 0.0)
    pictures = (torch.from_numpy(one.copy()).permute(2, 0, 1).float() / 255 for one in (left, right))
    aside = torch.tensor([-1.0, 0, 0], dtype=torch.float64)
    return Scene(*pictures, matrices, torch.eye(3, dtype=torch.float64), aside, depth=depth)
