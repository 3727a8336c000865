"""homogr (Center for Machine Perception, Prague): 15 pairs of photographs that a known homography relates. To measure
by, not to learn from.
"""

import io
import tarfile
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from . import root

ARCHIVE = "match_pairs/homogr.tar"


class Pair(NamedTuple):
    """Two photographs of one plane, or from one place."""

    name: str
    first: torch.Tensor  # (H, W) uint8, grey
    second: torch.Tensor
    homography: torch.Tensor  # (3, 3) float64, from pixels of the first to those of the second


def load() -> list[Pair]:
    """All of them, by name; raises FileNotFoundError where DLCV_DATA does not have them."""
    path = root()[0] / ARCHIVE
    if not path.exists():
        raise FileNotFoundError(f"There is no {path}: set DLCV_DATA to the folder that has it.")
    with tarfile.open(path) as tar:
        names = sorted(name.removesuffix("A.webp") for name in tar.getnames() if name.endswith("A.webp"))
        return [_pair(tar, name) for name in names]


def _pair(tar: tarfile.TarFile, name: str) -> Pair:
    def read(end):
        return io.BytesIO(tar.extractfile(name + end).read())

    pictures = []
    for end in ("A.webp", "B.webp"):
        with Image.open(read(end)) as opened:
            pictures.append(torch.from_numpy(np.array(opened.convert("L"))))
    to_first = np.loadtxt(read("_model.txt"))
    return Pair(name.split("/")[-1], *pictures, torch.from_numpy(np.linalg.inv(to_first)))
