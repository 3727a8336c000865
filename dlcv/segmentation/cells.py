"""Cells as instances: from probabilities by a watershed, and tissue drawn by code, whose cells are known."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

SEED_DISTANCE = 3.0  # pixels from the border that the middle of a cell has at least
NECK = 2.0  # pixels by which the way from one cell to the next is nearer to the border than the middle of each
SMALLEST = 20  # pixels of a cell


def instances(cell: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Numbers (H, W) int32 of the cells in a map of probabilities (H, W) of being in one; 0 between them.

    A watershed on the distance to the border, from its maxima: where two cells touch, it parts them at the neck.
    """
    from skimage.morphology import h_maxima
    from skimage.segmentation import watershed

    inside = cell > threshold
    distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(inside), 1.0)
    peaks = h_maxima(distance, NECK) & (distance >= SEED_DISTANCE)
    found = watershed(-distance, ndimage.label(peaks, np.ones((3, 3)))[0], mask=inside)
    sizes = np.bincount(found.ravel())
    kept = np.cumsum(sizes >= SMALLEST) - (sizes[0] >= SMALLEST)  # numbers without gaps
    kept[0] = 0
    return np.where(sizes[found] >= SMALLEST, kept[found], 0).astype(np.int32)


class Tissue(NamedTuple):
    """A slice of tissue that code drew."""

    picture: np.ndarray  # (H, W) uint8, grey
    cells: np.ndarray  # (H, W) int32: k in the k-th cell, 0 on the membranes


def tissue(side: int = 256, count: int = 40, width: float = 5.0, seed: int = 0) -> Tissue:
    """A square of tissue: regions around random points, bent as cells are, with dark membranes `width` pixels wide.

    Dark bodies lie within the cells, which only a network that looks at shapes tells from membranes.
    """
    rng = np.random.default_rng(seed)

    def smooth(deviation: float, size: float) -> np.ndarray:
        noise = ndimage.gaussian_filter(rng.standard_normal((side, side)), deviation, mode="wrap")
        return size * noise / noise.std()

    rows, columns = np.mgrid[:side, :side].astype(float)
    places = np.stack([rows + smooth(12, 6), columns + smooth(12, 6)], -1)
    middles = rng.uniform(-0.1 * side, 1.1 * side, (count, 2))
    away, nearest = cKDTree(middles).query(places, 2)
    between = np.linalg.norm(middles[nearest[..., 0]] - middles[nearest[..., 1]], axis=-1)
    membrane = away[..., 1] ** 2 - away[..., 0] ** 2 < width * between  # the distance to the line halfway < width / 2
    cells, _ = ndimage.label(~membrane)
    grey = 175 + smooth(6, 10) + rng.uniform(-12, 12, count)[nearest[..., 0]]
    depth = ndimage.distance_transform_edt(~membrane)
    bodies = (smooth(4, 1) > 1.9) & (depth > 4)
    dark = np.where(membrane, 95.0, 0) + np.where(bodies, 70.0, 0)
    picture = ndimage.gaussian_filter(grey - dark, 1.0) + rng.normal(0, 14, (side, side))
    return Tissue(picture.clip(0, 255).astype(np.uint8), cells.astype(np.int32))
