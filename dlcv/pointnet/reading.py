"""A visitor's file as the network wants it: some 1,024 points, spread evenly, about the origin.

read(path) -> Reading, its axes as in the file; upright(points, up) turns them z up
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ..core.datasets.modelnet import POINTS
from ..core.errors import InputError
from ..core.geometry import clouds
from . import formats

LARGEST = 50_000_000  # bytes of a file
SUFFIXES = [f".{kind}" for kind in formats.READERS]
CANDIDATES = 20_000  # points that the even ones are chosen from
UPRIGHT = {  # the rotation that turns this axis up; of a shape that is y up and looks along z, as in glTF, to our -y
    "z": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "y": [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
    "x": [[0, 0, -1], [0, 1, 0], [1, 0, 0]],
}
CLEAR = 0.5  # by how much another axis must look more like up than the usual one of the format


class Reading(NamedTuple):
    """A cloud out of a file. Times `radius` and moved by `centre`, the points are where the file has them."""

    points: torch.Tensor  # (P, 3), P at most 1,024; mean 0, the farthest at distance 1; axes as in the file
    colours: torch.Tensor | None  # (P, 3) uint8
    up: str  # the axis that seems to point up: "x", "y" or "z"
    mesh: bool  # whether the points were sampled from triangles
    found: int  # points in the file, or triangles
    dropped: int  # points that were not finite
    centre: tuple[float, float, float]
    radius: float
    columns: str = ""  # those of a table that the points are, where they are not named x, y and z


def read(
    path: str | Path,
    progress: Callable[[float, str], None] = lambda *_: None,
    columns: tuple[str, ...] = (),
) -> Reading:
    """Read a file of points or triangles; its name's end says the format, one of SUFFIXES.

    A mesh is sampled by area; of a cloud, 1,024 points that lie evenly are kept. The same file gives the same points.
    `columns` are the three of a table that are x, y and z, by name or by number from 1.

    Raises:
        WhichColumns: a table of which more than one three of columns could be meant.
        InputError: unknown format, too large, broken, fewer than 16 points, no extent; the message says what to do.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind == "laz":
        raise InputError("Compressed LAS (LAZ) is not read here. Save it as LAS.")
    if kind not in formats.READERS:
        raise InputError(f"Files of this kind are not read here. Choose one of {', '.join(SUFFIXES)}.")
    if path.stat().st_size > LARGEST:
        raise InputError(f"This file has more than {LARGEST // 10**6} MB. Thin it first.")
    progress(0.1, "Reading the file")
    data = path.read_bytes()
    kind = formats.kind_of(data, kind)
    found = formats.parse(data, kind, columns)
    progress(0.6, f"Thinning {len(found.points):,} points")
    reading = even(found)
    if kind in ("glb", "gltf"):  # y is up by definition
        return reading._replace(up="y")
    return reading._replace(up=guess_up(reading.points, usual="y" if kind == "obj" else "z"))


def even(found: formats.Found) -> Reading:
    """1,024 points at most that lie evenly on the surface of a mesh, or in a cloud; taken to be z up.

    Raises InputError as `read` does.
    """
    generator = torch.Generator().manual_seed(0)
    points, finite = torch.from_numpy(found.points), torch.from_numpy(np.isfinite(found.points).all(1))
    colours = None if found.colours is None else torch.from_numpy(np.ascontiguousarray(found.colours))
    peak = points[finite].abs().max().item() if finite.any() else 0.0
    points = points / max(peak, 1e-300)  # so that no square leaves the range of numbers
    corners = None if found.faces is None else _surface(points, finite, torch.from_numpy(found.faces).long())
    if corners is None:
        chosen = finite.nonzero()[:, 0]
        if len(chosen) > CANDIDATES:
            chosen = chosen[torch.randperm(len(chosen), generator=generator)[:CANDIDATES]]
        points, colours = points[chosen], None if colours is None else colours[chosen]
    else:
        points, faces = clouds.sample_surface(points, corners, 4 * POINTS, generator)
        colours = None if colours is None else colours[corners[faces]].float().mean(1).to(torch.uint8)
    kept = clouds.farthest_points(clouds.normalised(points), min(POINTS, len(points)))
    points, colours = points[kept], None if colours is None else colours[kept]
    unit, centre = clouds.normalised(points), points.mean(0)
    return Reading(
        unit,
        colours,
        "z",
        corners is not None,
        len(found.points) if corners is None else len(found.faces),
        int((~finite).sum()),
        tuple((peak * centre).tolist()),
        peak * (points - centre).norm(dim=1).max().item(),
        found.columns,
    )


def _surface(points: torch.Tensor, finite: torch.Tensor, faces: torch.Tensor) -> torch.Tensor | None:
    """The triangles (F, 3) whose corners are finite; None where they have no area, and the points are all there is."""
    faces = faces[finite[faces].all(1)]
    corners = points[faces]
    area = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).norm(dim=1).sum()
    return faces if area > 0 else None


def upright(points: torch.Tensor, up: str) -> torch.Tensor:
    """Points (P, 3) turned so that the axis `up` of theirs, one of UPRIGHT, becomes z."""
    return points @ torch.tensor(UPRIGHT[up], dtype=points.dtype).T


def guess_up(points: torch.Tensor, usual: str) -> str:
    """The axis that points up: the usual one of the format, unless another looks much more like it.

    Things stand on a broad base, and are not their own mirror image upside down.
    """
    looks = {axis: _looks_like_up(upright(points, axis).numpy()) for axis in ("z", "y")}
    best = max(looks, key=looks.get)
    return best if looks[best] > looks[usual] + CLEAR else usual


def _looks_like_up(points: np.ndarray) -> float:
    """How much the last axis of points (P, 3) looks like up: base area, and distance to the mirror image."""
    from scipy.spatial import cKDTree

    height = points[:, 2]
    low, high = height.min(), height.max()
    mirrored = points * [1, 1, -1] + [0, 0, low + high]
    asymmetry = cKDTree(points).query(mirrored)[0].mean()
    base, whole = _area(points[height < low + 0.06 * (high - low), :2]), _area(points[:, :2])
    return 3 * asymmetry + (base / whole if whole > 0 else 0)


def _area(points: np.ndarray) -> float:
    """The area of the convex hull of points (P, 2): 0 where they are fewer than three, or on a line."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        return ConvexHull(points).volume if len(points) > 2 else 0.0  # in 2-D: an area
    except QhullError:
        return 0.0
