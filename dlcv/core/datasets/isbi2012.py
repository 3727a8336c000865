"""The stack of the ISBI 2012 challenge (Cardona et al. 2010): 30 slices of a fly's nerve cord, with cell membranes."""

import numpy as np
import torch
from PIL import Image

from . import archive

HOME = "https://github.com/zhixuhao/unet/archive/refs/heads/master.zip"
CLASSES = ("membrane", "cell")
HELD_OUT = 6  # the last slices: the challenge's own test labels were never public


def load(split: str = "train") -> tuple[torch.Tensor, torch.Tensor]:
    """Slices (N, 1, 512, 512) and labels (N, 512, 512), 0 on membranes and 1 in cells, both uint8, in their order.

    Args:
        split: "train" (the first 24) or "test" (the last 6).
    """
    folder = archive.unpacked("isbi2012/membrane.tar", HOME, "unet-master")
    place = (folder / "data" / "membrane" if (folder / "data").exists() else folder) / "train"
    paths = sorted((place / "image").iterdir(), key=lambda path: int(path.stem))
    chosen = paths[:-HELD_OUT] if split == "train" else paths[-HELD_OUT:]
    slices, labels = (torch.stack([_grey(place / kind / path.name) for path in chosen]) for kind in ("image", "label"))
    return slices.unsqueeze(1), (labels > 127).to(torch.uint8)


def _grey(path) -> torch.Tensor:
    with Image.open(path) as opened:
        return torch.from_numpy(np.array(opened.convert("L")))
