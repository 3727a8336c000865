"""Twelve rectified pairs with the true disparity of the left picture: five of Middlebury 2005 (Hirschmüller and
Scharstein 2007), one of KITTI 2015 (Menze and Geiger 2015), six rendered ones. For testing alone: too few to learn.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from . import archive

HOME = "https://vision.middlebury.edu/stereo/data/scenes2005/ThirdSize/zip-2views/ALL-2views.zip"
THIRD = 3  # Middlebury's pictures are as small, but their disparities are told for the full size


class SmallPair(NamedTuple):
    """A pair and what is known of it."""

    name: str  # "middlebury/Art"
    left: torch.Tensor  # (3, H, W) uint8
    right: torch.Tensor
    disparity: torch.Tensor  # (1, H, W): pixels, 0 where unknown
    cropped: float  # pixels that both pictures were moved by: depth is proportional to 1 / (disparity + cropped)


def load() -> list[SmallPair]:
    """All of them, in the order of their names."""
    folder = archive.unpacked("stereo/small_pairs.tar", HOME, "ALL-2views")
    return [_pair(path, folder) for path in sorted(folder.glob("*/*")) if path.is_dir()]


def _pair(place: Path, folder: Path) -> SmallPair:
    left, right = (archive.picture(place / f"{eye}.webp") for eye in ("left", "right"))
    dmin, cropped = place / "dmin.txt", 0.0
    if dmin.exists():
        disparity, cropped = _pixels(place / "disp_left_x3.png") / THIRD, float(dmin.read_text()) / THIRD
    elif (rendered := place / "disp_left.pfm").exists():
        disparity = _portable(rendered)
    else:
        disparity = _pixels(place / "disp_occ_left_u16_div256.png") / 256
    return SmallPair(str(place.relative_to(folder)), left, right, torch.from_numpy(disparity)[None], cropped)


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.array(opened).astype(np.float32)


def _portable(path: Path) -> np.ndarray:
    """A portable float map: three lines of text, then rows from the bottom up."""
    with path.open("rb") as file:
        _, size, scale = (file.readline().split() for _ in range(3))
        width, height = map(int, size)
        values = np.fromfile(file, "<f4" if float(scale[0]) < 0 else ">f4").reshape(height, width)
    return np.nan_to_num(values[::-1], posinf=0, neginf=0).astype(np.float32)
