"""Where a point of one picture is in another one: by a homography, by a map of depth, or by reconstructed points."""

from collections.abc import Callable

import numpy as np
import torch
from scipy.spatial import Delaunay

from ..core.datasets import sfm
from ..core.geometry.grids import homogeneous

Transfer = Callable[[torch.Tensor], torch.Tensor]
"""Takes points (N, 2) of one picture to those of another one, (N, 2); nan where that is not known."""
FLAT, LONGEST = 1.03, 80.0  # of a triangle between three points: farthest over nearest depth, and pixels of a side
FEWEST = 16  # matches that a fundamental matrix is looked for in, and that have to agree with it
WRONG = 3.0  # pixels by which a point may miss where a picture has it


def apart(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Distances in pixels of points (N, 2) to points (M, 2): (N, M). The faster way of `cdist` is off by a quarter."""
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")


def by_homography(matrix: torch.Tensor) -> Transfer:
    """What a homography (3, 3) does with points."""

    def transfer(xy):
        moved = homogeneous(xy.double()) @ matrix.double().T
        return (moved[:, :2] / moved[:, 2:]).float()

    return transfer


def triangulated(known: sfm.Reconstructions, place: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The points of a place, their numbers (P,) and where they are, (P, 3): from all pictures that show them.

    A point X minimises the sum of squares of [x]x (R X + t), x its normalised places. One that some picture has more
    than 3 pixels away is nan.
    """
    frames = torch.from_numpy(np.flatnonzero(known.place == place))
    owner = known.picture_of()
    rows = (torch.isin(owner, frames) & (known.point >= 0)).nonzero()[:, 0]
    numbers, index = known.point[rows].unique(return_inverse=True)
    f = owner[rows]
    x = (torch.linalg.inv(known.calibration[f].double()) @ homogeneous(known.xy[rows].double())[..., None])[..., 0]
    rotation, translation = known.rotation[f].double(), known.translation[f].double()
    equations = torch.stack(
        [x[:, :1] * rotation[:, 2] - rotation[:, 0], x[:, 1:2] * rotation[:, 2] - rotation[:, 1]], 1
    )
    values = translation[:, :2] - x[:, :2] * translation[:, 2:]  # (K, 2)
    normal = torch.zeros(len(numbers), 3, 3, dtype=torch.double).index_add(
        0, index, equations.transpose(1, 2) @ equations
    )
    right = torch.zeros(len(numbers), 3, dtype=torch.double)
    right = right.index_add(0, index, (equations.transpose(1, 2) @ values[..., None])[..., 0])
    points = torch.linalg.solve(normal, right)
    missed = (project(known, f, points[index])[0] - known.xy[rows]).norm(dim=1)
    worst = torch.zeros(len(numbers), dtype=torch.double).index_reduce(0, index, missed.double(), "amax")
    return numbers, torch.where((worst < WRONG)[:, None], points, torch.nan)


def project(known: sfm.Reconstructions, frame: torch.Tensor, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels (N, 2) and depths (N,) of points (N, 3), each in the picture `frame` (N,)."""
    camera = known.rotation[frame].double() @ points[..., None] + known.translation[frame].double()[..., None]
    pixels = (known.calibration[frame].double() @ camera)[..., 0]
    return (pixels[:, :2] / pixels[:, 2:]).float(), camera[:, 2, 0]


def by_points(
    known: sfm.Reconstructions, numbers: torch.Tensor, points: torch.Tensor, one: int, other: int
) -> Transfer:
    """What the points of a reconstruction say between themselves: within a triangle of three that a picture shows
    nearby and about as far away, the surface is taken for flat, that is 1 / depth for linear."""
    here = slice(known.start[one], known.start[one + 1])
    seen = known.point[here] >= 0
    place = points[torch.searchsorted(numbers, known.point[here][seen])]
    good = place.isfinite().all(1)
    xy, place = known.xy[here][seen][good], place[good]
    depth = project(known, torch.full((len(place),), one), place)[1]
    mesh = Delaunay(xy.double().numpy())
    corners = torch.from_numpy(mesh.simplices.astype(np.int64))
    depths, sides = depth[corners], xy[corners] - xy[corners.roll(1, 1)]
    flat = (depths.amax(1) / depths.amin(1) < FLAT) & (sides.norm(dim=2).amax(1) < LONGEST)
    inverse = torch.linalg.inv(known.calibration[one].double())

    def transfer(asked):
        triangle = torch.from_numpy(mesh.find_simplex(asked.double().numpy()).astype(np.int64))
        affine = torch.from_numpy(mesh.transform)[triangle.clamp_min(0)]  # (N, 3, 2)
        first = torch.einsum("nij,nj->ni", affine[:, :2], asked.double() - affine[:, 2])
        weights = torch.cat([first, 1 - first.sum(1, keepdim=True)], 1)
        z = 1 / (weights / depths[triangle.clamp_min(0)]).sum(1)
        camera = homogeneous(asked.double()) @ inverse.T * z[:, None] - known.translation[one].double()
        moved, away = project(known, torch.full((len(asked),), other), camera @ known.rotation[one].double())
        there = (triangle >= 0) & flat[triangle.clamp_min(0)] & (away > 0)
        return torch.where(there[:, None], moved, torch.nan)

    return transfer


def explained(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Which matches (M, 2), (M, 2) of two pictures one fundamental matrix explains, found by OpenCV's USAC_MAGSAC:
    (M,), 1 for those within 1.5 pixels, 0 for the others, -1 for all where there are too few to find one."""
    import cv2

    if len(first) < FEWEST:
        return torch.full((len(first),), -1)
    ends = first.double().numpy(), second.double().numpy()
    matrix, inliers = cv2.findFundamentalMat(*ends, cv2.USAC_MAGSAC, 1.5, 0.9999, 10_000)
    if matrix is None or inliers.sum() < FEWEST:
        return torch.full((len(first),), -1)
    return torch.from_numpy(inliers[:, 0].astype(np.int64))
