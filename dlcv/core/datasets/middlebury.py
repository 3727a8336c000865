"""Middlebury's stereo places (Scharstein, Szeliski, Hirschmüller 2001 to 2014) with dense true disparities, 44 of them.

The folder `middlebury` of DLCV_DATA has MiddEval2, MiddEval3 and MiddEval3GT of github.com/Homay0118/DDL_demo at
69cc478b, and `dataset` of github.com/saqib1707/Stereo-Disparity-Estimation at cba86fd9.
"""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from . import archive, root
from .small_pairs import _pixels, _portable

TEST = re.compile("Laundry|Art|Moebius|Books|Reindeer|Motorcycle|Aloe|Dolls|Lampshade|Playroom|Vintage|poster")
WATCHED = re.compile("Flowerpots|Midd[12]|Shelves|bull")
OTHER_LIGHT = re.compile("PianoL|PlaytableP|ArtL|MotorcycleE")  # a place twice, in other light
# of each kind of folder: its left picture, its disparities, and what of their grey values is a pixel
KINDS = (
    ("MiddEval2/*", "view1.png", "disp1.png", 3),
    ("MiddEval2/*", "imL.png", "disp2.png", 4),
    ("dataset/*", "im2.ppm", "disp2.pgm", 8),
)


class Place(NamedTuple):
    """A left picture and its depth."""

    name: str
    picture: torch.Tensor  # (3, H, W) uint8
    disparity: torch.Tensor  # (H, W): pixels, to which 1 / depth is proportional; 0 where unknown


def load(split: str = "train") -> list[Place]:
    """The places of "train", of "val" or of "test": one place lies on one side, whatever its light."""
    folder = root()[0] / "middlebury"
    if not folder.exists():
        raise FileNotFoundError(f"There is no {folder}: see {__name__} for what it has.")
    found = [
        Place(place.name, archive.picture(place / left), torch.from_numpy(_pixels(place / disparity) / divisor))
        for pattern, left, disparity, divisor in KINDS
        for place in sorted(folder.glob(pattern))
        if (place / left).exists() and (place / disparity).exists()
    ]
    found += [_third(place, folder) for place in sorted(folder.glob("MiddEval3/trainingQ/*"))]
    once = {place.name.lower(): place for place in found if not OTHER_LIGHT.fullmatch(place.name)}
    return [place for place in once.values() if split == _side(place.name)]


def _side(name: str) -> str:
    return "test" if TEST.match(name) else "val" if WATCHED.match(name) else "train"


def _third(place: Path, folder: Path) -> Place:
    """A place of version 3, whose right picture is moved by `doffs`."""
    pixels = _portable(folder / "MiddEval3GT" / "trainingQ" / place.name / "disp0GT.pfm")
    moved = float(re.search(r"doffs=\s*([\d.]+)", (place / "calib.txt").read_text())[1])
    with Image.open(place / "im0.png") as opened:
        picture = torch.from_numpy(np.array(opened.convert("RGB"))).permute(2, 0, 1)
    return Place(place.name, picture, torch.from_numpy(np.where(pixels > 0, pixels + moved, 0).astype(np.float32)))
