"""What a file of points holds, and the steps that several formats share."""

from typing import NamedTuple

import numpy as np

from ...core.errors import InputError

MOST_POINTS = 5_000_000
MOST_UNPACKED = 200_000_000  # bytes that a compressed file may take


class Found(NamedTuple):
    """What a file holds, as it stands there."""

    points: np.ndarray  # (V, 3) float64
    faces: np.ndarray | None = None  # (F, 3), indices into `points`, where it is a mesh
    colours: np.ndarray | None = None  # (V, 3) uint8
    columns: str = ""  # which columns of a table the points are, where they are not its x, y and z


def check_count(count: int) -> None:
    """InputError where a file has too many points."""
    if count > MOST_POINTS:
        raise InputError(f"This file has more than {MOST_POINTS:,} points. Thin it first.")


def bytes_of(colours: np.ndarray) -> np.ndarray | None:
    """Colours (V, 3) of any range as bytes: parts of 1, bytes as they are, or 16 bits; None where all are 0."""
    whole = colours.dtype.kind in "iu"
    colours = np.nan_to_num(np.asarray(colours, np.float64))
    most = colours.max(initial=0)
    if most <= 0:
        return None
    scale = 255 if most <= 1 and not whole else 1 if most <= 255 else 1 / 257
    return (colours * scale).round().clip(0, 255).astype(np.uint8)


def unpacked(colours: np.ndarray) -> np.ndarray:
    """Colours (V, 3) uint8 out of one number a point: 0xRRGGBB, or a float32 of those bits."""
    if colours.dtype.kind == "f":
        whole = np.all((colours >= 0) & (colours <= 0xFFFFFF) & (colours == np.round(colours))) and colours.max() >= 1
        colours = colours.astype(np.int64) if whole else colours.astype(np.float32).view(np.uint32)
    bits = colours.astype(np.int64)
    return np.stack([bits >> shift & 255 for shift in (16, 8, 0)], 1).astype(np.uint8)


def triangles(corners: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Triangles (F, 3) of polygons that have these many corners each, listed one after the other; fans."""
    count = np.maximum(lengths - 2, 0)
    first = np.repeat(np.cumsum(lengths) - lengths, count)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.stack([corners[first], corners[first + step + 1], corners[first + step + 2]], 1)


def strip(corners: np.ndarray) -> np.ndarray:
    """Triangles (F, 3) of a strip: each further corner makes one with the two before it."""
    return np.stack([corners[:-2], corners[1:-1], corners[2:]], 1)


def with_face_colours(points: np.ndarray, faces: np.ndarray, colours: np.ndarray) -> Found:
    """A mesh whose triangles (F, 3) have a colour (F, 3) each: every triangle gets corners of its own."""
    corners = points[faces].reshape(-1, 3)
    return Found(corners, np.arange(len(corners)).reshape(-1, 3), np.repeat(colours, 3, axis=0))
