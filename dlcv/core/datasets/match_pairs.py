"""AdelaideRMF (Wong et al. 2011): eleven pairs of photographs with matches that people labelled, for measuring."""

import io
import tarfile
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from . import root


class Labelled(NamedTuple):
    """The matches of a pair of photographs."""

    name: str
    sizes: tuple[tuple[int, int], tuple[int, int]]  # width and height of both pictures
    first: torch.Tensor  # (P, 2) pixels, float64
    second: torch.Tensor
    right: torch.Tensor  # (P,) bool


def load() -> list[Labelled]:
    """All pairs, in the order of their names. Raises FileNotFoundError where DLCV_DATA has none."""
    path = root()[0] / "match_pairs" / "two_view_labelled.tar"
    if not path.exists():
        raise FileNotFoundError(f"There is no {path}; set DLCV_DATA.")
    found = []
    with tarfile.open(path) as tar:

        def read(name: str) -> io.BytesIO:
            return io.BytesIO(tar.extractfile(name).read())

        for name in sorted(one.removesuffix("_pts.txt") for one in tar.getnames() if one.endswith("_pts.txt")):
            values = torch.from_numpy(np.loadtxt(read(f"{name}_pts.txt")))  # x1 y1 1 x2 y2 1 label
            sizes = tuple(Image.open(read(f"{name}{side}.webp")).size for side in "AB")
            found.append(Labelled(name, sizes, values[:, :2], values[:, 3:5], values[:, 6] > 0))
    return found
