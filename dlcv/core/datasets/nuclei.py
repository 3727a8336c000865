"""Cell nuclei of the Data Science Bowl 2018 (BBBC038): microscope pictures with every nucleus outlined."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from . import archive

HOME = "https://data.broadinstitute.org/bbbc/BBBC038/stage1_train.zip"
LONGEST = 360  # pixels of a picture's longer side at most
HELD_OUT = 5  # one in so many pictures is for testing


def load(split: str = "train") -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Pictures (3, H, W) uint8, each with a map (H, W) int64: 0 for the background, k on its k-th nucleus.

    Args:
        split: "train" or "test". The set has none of its own: the hash of a picture's name decides.
    """
    folder = archive.unpacked("nuclei/dsb2018_256.tar", HOME, "stage1_train")
    found = _as_one_map(folder) if (folder / "instances").exists() else _as_published(folder)
    return [(picture, nuclei) for name, picture, nuclei in found if is_test(name) == (split == "test")]


def is_test(name: str) -> bool:
    """Whether the picture of that name is for testing."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % HELD_OUT == 0


def _as_one_map(folder: Path) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    """A picture and a map of its nuclei for each name."""
    for path in sorted((folder / "images").iterdir()):
        with Image.open(folder / "instances" / f"{path.stem}.png") as opened:
            yield path.stem, archive.picture(path), torch.from_numpy(np.array(opened, np.int64))


def _as_published(folder: Path) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    """A folder for each picture, with a file for each of its nuclei."""
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        with Image.open(place / "images" / f"{place.name}.png") as opened:
            small = opened.convert("RGB")
        small.thumbnail((LONGEST, LONGEST))
        nuclei = np.zeros(small.size[::-1], np.int64)
        for number, path in enumerate(sorted((place / "masks").iterdir()), 1):
            with Image.open(path) as opened:
                nuclei[np.array(opened.convert("L").resize(small.size)) > 127] = number
        yield place.name, torch.from_numpy(np.array(small)).permute(2, 0, 1), torch.from_numpy(nuclei)
