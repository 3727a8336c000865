"""Photographs of 19 places with known cameras, and the points of their reconstructions: grey, 800 pixels at most.

A keypoint is one of the 1,500 strongest of OpenCV's SIFT in a picture; those of one 3-D point share its number. No
place is in two of the splits "train", "val", "test" and "test_internet", whose photographs are of many cameras.
"""

import io
import tarfile
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from . import root

NEEDED = ("sfm_patches/keypoints.npz", "sfm_patches/images.tar")


class Reconstructions(NamedTuple):
    """Cameras and keypoints of all places: F pictures, K keypoints, in the order of the pictures."""

    names: np.ndarray  # (F,) of the pictures in the archive, "<place>/<number>.webp"
    place: np.ndarray  # (F,) name of the place
    split: np.ndarray  # (F,)
    kept: np.ndarray  # (F,) whether the picture itself is there, not its keypoints alone
    calibration: torch.Tensor  # (F, 3, 3): K, in pixels
    rotation: torch.Tensor  # (F, 3, 3): of x_camera = R X + t, in the scale of the place
    translation: torch.Tensor  # (F, 3)
    start: torch.Tensor  # (F + 1,): the keypoints of picture f are those from start[f] to start[f + 1]
    xy: torch.Tensor  # (K, 2) in pixels
    size: torch.Tensor  # (K,) as OpenCV says it: twice the sigma, in pixels
    angle: torch.Tensor  # (K,) of SIFT, in radians, from x towards y
    point: torch.Tensor  # (K,) number of the 3-D point, -1 for none
    pairs: dict[str, torch.Tensor]  # of "test" and "test_internet": (10000, 2) keypoints, the first half of one point

    def picture_of(self) -> torch.Tensor:
        """The picture of every keypoint, (K,)."""
        return torch.repeat_interleave(torch.arange(len(self.names)), self.start.diff())


def load() -> Reconstructions:
    """What is known of all pictures; raises FileNotFoundError where DLCV_DATA does not have them.

    The pictures come from many homes, each under its own terms, and nobody offers them together.
    """
    with np.load(_folder() / NEEDED[0]) as stored:
        z = dict(stored)
    focal, centre = z["K"][:, :2], z["K"][:, 2:]
    calibration = np.zeros((len(focal), 3, 3), np.float32)
    calibration[:, [0, 1], [0, 1]], calibration[:, :2, 2], calibration[:, 2, 2] = focal, centre, 1
    return Reconstructions(
        z["image_name"],
        z["set_names"][z["image_set"]],
        z["set_split"][z["image_set"]],
        z["has_picture"],
        *(torch.from_numpy(array) for array in (calibration, z["R"], z["t"])),
        torch.from_numpy(z["start"]).long(),
        torch.from_numpy(z["xy"].astype(np.float32) / 16),
        torch.from_numpy(2 ** (z["scale"] / np.float32(16))),
        torch.from_numpy(z["angle"].astype(np.float32) * np.float32(2 * np.pi / 256)),
        torch.from_numpy(z["point"]).long(),
        {split: torch.from_numpy(z[f"fpr95_{split}"]).long() for split in ("test", "test_internet")},
    )


def bench(split: str) -> torch.Tensor:
    """The pairs of pictures of a split for which poses are scored, (Q, 2): 150 of "test", 89 of "test_internet"."""
    path = root()[0] / "two_view" / "pairs.npz"
    if not path.exists():
        raise FileNotFoundError(f"There is no {path}: set DLCV_DATA to the folder that has two_view.")
    with np.load(path) as z:
        return torch.from_numpy(z["pair"][(z["split"] == split) & z["bench"]].astype(np.int64))


def pictures(names: list[str]) -> list[torch.Tensor]:
    """The pictures of these names, each (H, W) uint8, grey."""
    with tarfile.open(_folder() / NEEDED[1]) as tar:
        return [_grey(tar.extractfile(str(name)).read()) for name in names]


def _grey(data: bytes) -> torch.Tensor:
    with Image.open(io.BytesIO(data)) as opened:
        return torch.from_numpy(np.array(opened.convert("L")))


def _folder():
    folder, _ = root()
    for name in NEEDED:
        if not (folder / name).exists():
            raise FileNotFoundError(f"There is no {name} in {folder}: set DLCV_DATA to the folder that has it.")
    return folder
