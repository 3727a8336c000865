"""monet2photo (Zhu et al. 2017): paintings of Monet and photographs of landscapes, 256 x 256, none with a partner."""

import torch

from . import archive

HOME = "https://people.eecs.berkeley.edu/~taesung_park/CycleGAN/datasets/monet2photo.zip"
FOLDERS = {"monet": "A", "photo": "B"}


def load(kind: str, split: str = "train", side: int = 256) -> torch.Tensor:
    """Pictures (N, 3, side, side) uint8.

    Args:
        kind: "monet" or "photo".
        split: "train" or "test".
        side: pixels, at most 256.
    """
    part = f"{split}{FOLDERS[kind]}"
    found = archive.files("monet2photo/monet2photo.tar", part, HOME, f"monet2photo/{part}")
    return torch.stack([archive.picture(file, side) for _, file in found])
