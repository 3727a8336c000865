"""Drawn people, and what a perfect network would say of them; photographs of people as tiles."""

import PIL.Image
import torch

from demos import pose
from dlcv.pose import targets
from dlcv.pose.model import STRIDE
from dlcv.pose.predictor import PoseMaps
from dlcv.pose.skeleton import JOINTS

STANDING = {  # a person of height 1, x to the right of the middle, y from the head top down
    "head top": (0, 0),
    "neck": (0, 0.18),
    "right shoulder": (-0.12, 0.2),
    "right elbow": (-0.16, 0.36),
    "right wrist": (-0.18, 0.5),
    "left shoulder": (0.12, 0.2),
    "left elbow": (0.16, 0.36),
    "left wrist": (0.18, 0.5),
    "right hip": (-0.08, 0.52),
    "right knee": (-0.09, 0.75),
    "right ankle": (-0.1, 0.98),
    "left hip": (0.08, 0.52),
    "left knee": (0.09, 0.75),
    "left ankle": (0.1, 0.98),
}


def person(x: float, y: float, height: float) -> torch.Tensor:
    """(14, 3): somebody whose head top is at x, y."""
    return torch.tensor([[x + height * STANDING[name][0], y + height * STANDING[name][1], 2] for name in JOINTS])


def seen_of(people: torch.Tensor, width: int = 800, height: int = 480) -> PoseMaps:
    """What a perfect network of one stage would say of a picture with people (N, 14, 3), seen at half its size."""
    on_maps = torch.cat([people[..., :2] / (2 * STRIDE), people[..., 2:]], dim=-1)
    size = height // (2 * STRIDE) + 1, width // (2 * STRIDE) + 1
    maps = targets.belief_maps(on_maps, *size), targets.affinity_fields(on_maps, *size)
    return PoseMaps(*(some[None] for some in maps), scale=torch.tensor([2.0 * STRIDE, 2 * STRIDE]))


def mosaic(columns: int, rows: int, side: int = 240) -> PIL.Image.Image:
    """The packaged photographs of people as tiles, every other pair of them mirrored: one person in each."""
    found = PIL.Image.new("RGB", (columns * side, rows * side))
    for tile in range(columns * rows):
        with PIL.Image.open(pose.PHOTOGRAPHS[(tile + tile // columns) % len(pose.PHOTOGRAPHS)]) as opened:
            photograph = opened.convert("RGB").resize((side, side))
        if tile // 2 % 2:
            photograph = photograph.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT)
        found.paste(photograph, (tile % columns * side, tile // columns * side))
    return found


TWO = torch.stack([person(203, 31, 417), person(557, 53, 397)])  # no joint midway between pixels
