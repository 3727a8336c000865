"""USPS: 9,298 digits of 16 x 16 from envelopes, in ten classes (Hull 1994)."""

import numpy as np
import torch
from torchvision import datasets

from . import root


def load(split: str = "train") -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (N, 1, 16, 16) float in [0, 1], ink = 1, and labels (N,) int64.

    Args:
        split: "train" (7,291) or "test" (2,007).
    """
    folder, may_download = root()
    archive = folder / "usps" / "usps_16x16_uint8.npz"
    if archive.exists():
        with np.load(archive) as arrays:
            pictures, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
    else:
        usps = datasets.USPS(folder / "usps", train=split == "train", download=may_download)
        pictures, labels = usps.data, usps.targets
    return torch.from_numpy(pictures).unsqueeze(1).float() / 255, torch.as_tensor(labels).long()
