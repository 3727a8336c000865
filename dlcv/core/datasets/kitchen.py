"""The red kitchen of 7-Scenes (Shotton et al. 2013): colour and depth of one room, 250 frames."""

import numpy as np
import torch
from PIL import Image

from . import archive

HOME = "http://download.microsoft.com/download/2/8/5/28564B23-0828-408F-8631-23B1EFF1DAC8/redkitchen.zip"
UNKNOWN = (0, 65535)  # values of a depth that was not measured
HELD_OUT = 5  # one part in so many, the last frames, for testing


def load(split: str = "train") -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Pictures (3, 240, 320) uint8, each with its depth (1, 240, 320) in metres, 0 where unknown.

    The two cameras lie 2.5 cm apart, and neither is warped to the other.

    Args:
        split: "train" (200 frames) or "test" (the last 50).
    """
    folder = archive.unpacked("rgbd_redkitchen/redkitchen_320x240.tar", HOME, "redkitchen/seq-01")
    folder = folder / "frames" if (folder / "frames").exists() else folder
    pictures = sorted(folder.glob("*.color.*"))
    border = len(pictures) - len(pictures) // HELD_OUT
    return [_frame(path) for path in (pictures[border:] if split == "test" else pictures[:border])]


def _frame(path) -> tuple[torch.Tensor, torch.Tensor]:
    [depth] = path.parent.glob(f"{path.name.split('.')[0]}.depth.*")
    with Image.open(depth) as opened:
        millimetres = np.array(opened).astype(np.float32)
    metres = np.where(np.isin(millimetres, UNKNOWN), 0, millimetres / 1000)
    return archive.picture(path), torch.from_numpy(metres.astype(np.float32))[None]
