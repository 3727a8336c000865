"""MNIST and Fashion-MNIST as tensors: 60,000 training and 10,000 test pictures of 28 x 28 in ten classes."""

import torch
from torchvision import datasets

from . import root

DIGITS = [str(digit) for digit in range(10)]
GARMENTS = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
CLASSES = {"mnist": DIGITS, "fashion": GARMENTS}


def load(name: str = "mnist", split: str = "train") -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (N, 1, 28, 28) float in [0, 1], ink = 1, and labels (N,) int64.

    Args:
        name: "mnist" or "fashion".
        split: "train" (60,000) or "test" (10,000).
    """
    cls = {"mnist": datasets.MNIST, "fashion": datasets.FashionMNIST}[name]
    folder, may_download = root()
    try:
        pictures = cls(folder, train=split == "train", download=may_download)
    except RuntimeError:  # only the .gz files are there, in a folder that may be read-only: decode them elsewhere
        pictures = _from_archives(cls, folder, split)
    return pictures.data.unsqueeze(1).float() / 255, pictures.targets


def _from_archives(cls, folder, split):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as scratch:
        raw = Path(scratch) / cls.__name__ / "raw"
        raw.mkdir(parents=True)
        for archive in (folder / cls.__name__ / "raw").glob("*.gz"):
            (raw / archive.name).symlink_to(archive)
        # the archives' MD5 is checked and they are unpacked; nothing is fetched, they are all there
        return cls(scratch, train=split == "train", download=True)
