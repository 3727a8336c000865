"""How training pictures of birds are varied, and pictures of anything else."""

import torch

from ..core.datasets import coco, cub, mnist_m
from ..core.geometry import grids

BIRD = 16  # its category in COCO
SMALLEST = 0.75  # part of the width, and of the height, that a crop has at least
LIGHT = 0.25  # how much contrast and, half as much, brightness change at most; colours a tenth: they tell birds apart
TINT = 0.05


def varied(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Pictures (N, 3, S, S) in [0, 1] of pictures uint8 of that shape: cropped, some mirrored, in other light."""

    def drawn(*sides: int) -> torch.Tensor:  # in [-1, 1]
        return 2 * torch.rand(len(pictures), *sides, generator=generator, device=pictures.device) - 1

    scale = 1 - (1 - SMALLEST) * (0.5 + drawn(1, 2) / 2)  # (N, 1, 2): of width and height
    offset = (1 - scale) * drawn(1, 2)  # the crop stays within the picture
    mirrored = torch.cat([drawn(1, 1).sign(), torch.ones_like(scale[..., :1])], dim=2)
    points = grids.target_points(*pictures.shape[2:], scale) * scale * mirrored + offset  # (N, S^2, 2)
    x = grids.warp(pictures.float() / 255, points.view(len(pictures), *pictures.shape[2:], 2))
    x = (x - 0.5) * (1 + LIGHT * drawn(1, 1, 1)) + 0.5 + LIGHT / 2 * drawn(1, 1, 1)
    return (x * (1 + TINT * drawn(3, 1, 1))).clamp(0, 1)


def outsiders() -> dict[str, torch.Tensor]:
    """Pictures (N, 3, S, S) in [0, 1] that show none of the twenty species, squeezed into squares as theirs are.

    Photographs of COCO's "train" and "val" with a bird in them, and all other ones with those of BSDS500's "val".
    """
    found: dict[str, list[torch.Tensor]] = {"photographs with other birds": [], "photographs of other things": []}
    birds, others = found.values()
    for split in ("train", "val"):
        for picture, objects, _ in coco.load(split):
            (birds if any(one["category_id"] == BIRD for one in objects) else others).append(picture)
    others.extend(mnist_m.photographs("val"))
    return {what: torch.stack([cub.squeezed(one) for one in some]).float() / 255 for what, some in found.items()}
