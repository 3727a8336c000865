"""How well near and far are told apart on photographs that no network was trained on, beside a prior that sees nothing.

The prior, "row alone", says that nearness grows with the row: what is lower in a picture is nearer. It is right about
floors, tables, streets and skies, and knows nothing of what stands on them.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn import functional as F

from ..core.datasets import coco, kitchen, small_pairs
from .metrics import edge_f1, fitted, nearer_than_beside, rank_correlation, within
from .predictor import resized

ROW_ALONE = "Row alone"
EVERY = 5  # frames of the kitchen: neighbours are alike
EDGE_SIDE = 192  # pixels of the longer side at which edges are compared
MIN_PERSON, UPPER, BESIDE = 0.03, 0.75, 0.04  # of the picture; of the person's height; of the width, how far is beside

Ask = Callable[[torch.Tensor], torch.Tensor]
"""What is asked: pictures (3, H, W) in [0, 1] -> disparity (h, w), its scale and shift unknown, at any size."""


class Place(NamedTuple):
    """A picture, and what is known of its depth."""

    picture: torch.Tensor  # (3, H, W) in [0, 1]
    disparity: torch.Tensor  # (H, W): 1 / depth up to a scale, 0 where unknown


def row_alone(picture: torch.Tensor) -> torch.Tensor:
    """Nearness that grows with the row, (H, W)."""
    _, height, width = picture.shape
    return torch.linspace(0.1, 1, height)[:, None].expand(height, width)


def places() -> dict[str, list[Place]]:
    """The held-out places whose depth was measured, or made by code, by what they show."""
    from skimage import data

    left, _, truth = data.stereo_motorcycle()  # disparities of the cropped pair: 31.086 pixels lie between its centres
    truth = torch.from_numpy(truth).nan_to_num(posinf=0)
    motorcycle = Place(torch.from_numpy(left).permute(2, 0, 1) / 255, torch.where(truth > 0, truth + 31.086, 0))
    pairs: dict[str, list[Place]] = {}
    for pair in small_pairs.load():
        known = torch.where(pair.disparity[0] > 0, pair.disparity[0] + pair.cropped, 0)
        pairs.setdefault(pair.name.split("/")[0], []).append(Place(pair.left / 255, known))
    rooms = [
        Place(picture / 255, torch.where(depth[0] > 0, 1 / depth[0].clamp_min(1e-3), 0))
        for picture, depth in kitchen.load("test")[::EVERY]
    ]
    return {
        "Middlebury, six table tops and rooms": [*pairs["middlebury"], motorcycle],
        f"red kitchen, {len(rooms)} of the last frames": rooms,
        "KITTI 2015, a street": pairs["kitti2015"],
        "six rendered scenes": pairs["ntu-synthetic"],
    }


class Person(NamedTuple):
    """A picture with a person's outline."""

    picture: torch.Tensor  # (3, H, W) in [0, 1]
    inside: torch.Tensor  # (H, W) bool: the upper part of the person
    beside: torch.Tensor  # (H, W) bool: what is just beside it, where no other object is marked


def people(split: str = "val") -> list[Person]:
    """The large people of COCO's photographs, outlined by hand: of depth, an order is known alone."""
    found = []
    for photograph, objects, _ in coco.load(split):
        picture = photograph / 255
        height, width = picture.shape[1:]
        masks = [(one, coco.mask_of(one, height, width)) for one in objects]
        for person, mask in masks:
            large = mask.sum() > MIN_PERSON * mask.numel()
            if person["category_id"] != coco.PERSON or person["iscrowd"] or not large:
                continue
            inside, beside = sides(mask, torch.stack([other for _, other in masks]).any(0))
            if (inside.any(1) & beside.any(1)).any():
                found.append(Person(picture, inside, beside))
    return found


def sides(mask: torch.Tensor, others: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of a person's outline (H, W) the upper part, and what is just beside it and no other object (H, W), both bool."""
    height, width = mask.shape
    rows = mask.any(1).nonzero()[:, 0]
    lowest = rows[0] + UPPER * (rows[-1] - rows[0])
    upper = (torch.arange(height) <= lowest)[:, None]
    reach = 2 * round(BESIDE * width) + 1
    wide, gap = _grown(mask, reach), _grown(mask, 5)
    return mask & upper, wide & ~gap & ~others & upper


def _grown(mask: torch.Tensor, size: int) -> torch.Tensor:
    """A mask (H, W), larger by half of a square of `size` pixels: along rows, then along columns, which is faster."""
    across = F.max_pool2d(mask[None].float(), (1, size), 1, (0, size // 2))
    return F.max_pool2d(across, (size, 1), 1, (size // 2, 0))[0].bool()


def rank_of(ask: Ask, of: list[Place]) -> float:
    """The mean rank correlation of what is asked with the true disparities."""
    found = []
    for picture, disparity in of:
        known = disparity > 0
        found.append(rank_correlation(resized(ask(picture), disparity.shape)[known], disparity[known]))
    return sum(found) / len(found)


def delta_1_of(ask: Ask, of: list[Place]) -> float:
    """The percentage of depths within a factor of 1.25, after least squares in disparity, the mean over the places."""
    found = []
    for picture, disparity in of:
        known = disparity > 0
        truth = disparity[known]
        seen = fitted(resized(ask(picture), disparity.shape)[known], truth).clamp_min(0.01 * truth.max())
        found.append(100 * within(1 / seen, 1 / truth))
    return sum(found) / len(found)


def edge_f1_of(ask: Ask, of: list[Place]) -> float:
    """F1 of edges of depth in percent, the mean over the places."""
    found = []
    for picture, disparity in of:
        scale = EDGE_SIDE / max(disparity.shape)
        size = [round(length * scale) for length in disparity.shape]
        small = F.interpolate(disparity[None, None], size, mode="nearest-exact")[0, 0]
        found.append(100 * edge_f1(resized(ask(picture), size), filled(small)))
    return sum(found) / len(found)


def filled(disparity: torch.Tensor) -> torch.Tensor:
    """Disparities (H, W) whose gaps, 0, have the least of what is known around them: gaps are where one thing hides
    another, and show the farther one."""
    while (gaps := disparity == 0).any() and not gaps.all():
        known = torch.where(gaps, torch.inf, disparity)
        around = -F.max_pool2d(-known[None], 3, stride=1, padding=1)[0]
        disparity = torch.where(gaps & around.isfinite(), around, disparity)
    return disparity


def people_of(ask: Ask, of: list[Person]) -> float:
    """The percentage of people who are nearer than what is beside them in most of their rows."""
    found = [
        nearer_than_beside(resized(ask(person.picture), person.inside.shape), person.inside, person.beside)
        for person in of
    ]
    return 100 * sum(1.0 if part > 0.5 else 0.5 if part == 0.5 else 0.0 for part in found) / len(found)


def table(found: dict[str, list[dict]]) -> str:
    """The rows of all side by side, a line a score."""
    lines = [f"{'':90}" + "".join(f"{name:>15}" for name in (ROW_ALONE, *found))]
    for same in zip(*found.values()):
        row = same[0]
        values = [row["beside"][ROW_ALONE], *(one["value"] for one in same)]
        what = f"{row['label']}{', ' + row['unit'] if row['unit'] else ''}: {row['data']}"
        lines.append(f"{what:90}" + "".join(f"{value:>15}" for value in values))
    return "\n".join(lines)
