"""Two drives of KITTI's odometry (Geiger et al. 2012): rectified pairs of grey pictures; no depth is known."""

import torch

from . import archive

HOME = "https://s3.eu-central-1.amazonaws.com/avg-kitti/data_odometry_gray.zip"
HELD_OUT = 11  # frames at the end of each drive, for testing


def load(split: str = "train") -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Pairs of left and right pictures, (3, 192, 640) uint8 both, grey.

    Args:
        split: "train" (80 pairs) or "test" (the last 11 of each drive).
    """
    folder = archive.unpacked("stereo/kitti_odometry_640x192.tar", HOME, "dataset/sequences")
    found = []
    for drive in sorted(path for path in folder.iterdir() if (path / "left").exists()):
        names = sorted(path.name for path in (drive / "left").iterdir())
        chosen = names[-HELD_OUT:] if split == "test" else names[:-HELD_OUT]
        found += [tuple(archive.picture(drive / eye / name) for eye in ("left", "right")) for name in chosen]
    return found
