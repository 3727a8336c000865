"""Photographs as MobileNetV2 sees them: centre squares of SIDE pixels."""

from collections.abc import Iterator

import torch
from torchvision.transforms.v2 import functional as T

from ..core.datasets import clothing, coco, mnist_m
from .model import SIDE
from .predictor import squared


def of_everything() -> torch.Tensor:
    """259 photographs (N, 3, SIDE, SIDE) that no network here was trained on: BSDS500's "val", and COCO's."""

    def each() -> Iterator[torch.Tensor]:
        yield from mnist_m.photographs("val")
        for split in ("train", "val"):
            yield from (picture for picture, *_ in coco.load(split))

    return torch.stack([squared(picture.float() / 255) for picture in each()])


def of_garments(count: int) -> torch.Tensor:
    """So many of the free photographs of garments, (count, 3, SIDE, SIDE), in an order that mixes their classes."""
    pictures, _ = clothing.load("train", 128)
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(0))[:count]
    return T.resize(pictures[order].float() / 255, [SIDE, SIDE], antialias=True).clamp(0, 1)
