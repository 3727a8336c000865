"""Two drives of KITTI's odometry (Geiger et al. 2012): rectified pairs of grey pictures; no depth is known."""

from typing import NamedTuple

import numpy as np
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


class Moved(NamedTuple):
    """Two pictures of the left eye, and how it moved between them: x_second ~ R x_first + t."""

    first: torch.Tensor  # (3, 192, 640) uint8
    second: torch.Tensor
    intrinsics: torch.Tensor  # (3, 3) float64
    rotation: torch.Tensor  # (3, 3)
    translation: torch.Tensor  # (3,), of length 1


SIZES = {"seq1": (1226, 370), "seq2": (1241, 376)}  # of the pictures that calib.txt is for


def moving(starts: range = range(0, 50, 10), gaps: range = range(1, 11)) -> list[Moved]:
    """Pairs of pictures of both drives: from each frame of `starts` to those so many frames later."""
    folder = archive.unpacked("stereo/kitti_odometry_640x192.tar", HOME, "dataset/sequences")
    found = []
    for drive, size in SIZES.items():
        frames = [archive.picture(path) for path in sorted((folder / drive / "left").iterdir())]
        poses = np.loadtxt(folder / drive / "poses.txt").reshape(-1, 3, 4)  # of the camera in the world
        calibration = np.loadtxt(folder / drive / "calib.txt")[0].reshape(3, 4)[:, :3]
        shrunk = np.diag([640 / size[0], 192 / size[1], 1.0])
        intrinsics = torch.from_numpy(shrunk @ calibration)
        for start in starts:
            for end in (start + gap for gap in gaps if start + gap < len(frames)):
                (r1, t1), (r2, t2) = ((pose[:, :3], pose[:, 3]) for pose in poses[[start, end]])
                along = r2.T @ (t1 - t2)
                found.append(
                    Moved(
                        frames[start],
                        frames[end],
                        intrinsics,
                        torch.from_numpy(r2.T @ r1),
                        torch.from_numpy(along / np.linalg.norm(along)),
                    )
                )
    return found
