"""Putative matches of 1,554 pairs of photographs of 19 places with known cameras: OpenCV's SIFT, nearest neighbours.

Made from public reconstructions with pycolmap; there is no public home of it, so that it is read from DLCV_DATA alone.
Each of the 1,500 keypoints of a first picture has the nearest one of the second, right or wrong: about one in six is
right.
"""

from typing import NamedTuple

import numpy as np
import torch

from . import root

KEYPOINTS = 1500  # of each picture, the strongest


class TwoView(NamedTuple):
    """Q pairs of pictures with P matches each; coordinates have x right, y down, and are normalised by K."""

    first: torch.Tensor  # (Q, P, 2): K^-1 (x, y, 1) of the first picture, float32
    second: torch.Tensor  # (Q, P, 2)
    ratio: torch.Tensor  # (Q, P): distance to the nearest descriptor / to the second nearest
    mutual: torch.Tensor  # (Q, P) bool: whether each is the other's nearest
    scale: torch.Tensor  # (Q, P): log2 of the second keypoint's size / the first one's
    turn: torch.Tensor  # (Q, P): orientation of the second - of the first, radians
    rotation: torch.Tensor  # (Q, 3, 3) and
    translation: torch.Tensor  # (Q, 3) of length 1: x_second ~ R x_first + t
    focal: torch.Tensor  # (Q, 2): of both pictures, pixels
    bench: torch.Tensor  # (Q,) bool: whether scores are told of the pair


def load(split: str = "train") -> TwoView:
    """The pairs of "train" (1,268 of 15 places), "val" (46), "test" (150) or "test_internet" (90).

    Raises FileNotFoundError where DLCV_DATA has none.
    """
    folder, _ = root()
    paths = [folder / "sfm_patches" / "keypoints.npz", folder / "two_view" / "pairs.npz"]
    if not all(path.exists() for path in paths):
        raise FileNotFoundError(f"There are no sfm_patches and two_view in {folder}; set DLCV_DATA.")
    views, pairs = (dict(np.load(path)) for path in paths)
    chosen = np.flatnonzero(pairs["split"] == split)
    points = views["xy"].reshape(-1, KEYPOINTS, 2) / 16  # (pictures, P, 2) pixels
    points = (points - views["K"][:, None, 2:]) / views["K"][:, None, :2]
    size = views["scale"].reshape(-1, KEYPOINTS) / 16  # log2 of the diameter
    angle = np.radians(views["angle"].reshape(-1, KEYPOINTS) * (360 / 256))
    nearest = (pairs["nn_low"] + 256 * pairs["nn_high"].astype(int)).reshape(-1, KEYPOINTS)[chosen]
    mutual = np.unpackbits(pairs["mutual"])[: nearest.size * len(pairs["pair"]) // len(chosen)]
    i, j = pairs["pair"][chosen].astype(int).T
    of_second = j[:, None], nearest

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))

    return TwoView(
        tensor(points[i]),
        tensor(points[of_second]),
        tensor(pairs["ratio"].reshape(-1, KEYPOINTS)[chosen] / 50),
        torch.from_numpy(mutual.reshape(-1, KEYPOINTS)[chosen].astype(bool)),
        tensor(size[of_second] - size[i]),
        tensor(angle[of_second] - angle[i]),
        tensor(pairs["R"][chosen]),
        tensor(pairs["t"][chosen]),
        tensor(views["K"][:, 0][np.stack([i, j], 1)]),
        torch.from_numpy(pairs["bench"][chosen]),
    )
