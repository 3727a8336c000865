"""Faces as the networks of faces see them, and which people each of those networks has never seen."""

import torch
from torch.nn import functional as F
from torchvision.transforms.v2.functional import horizontal_flip, resize

from .variation import warped

SIZE = (56, 48)
FOLDS, HELD_OUT = 5, 10  # people never seen by a network; two of them by none of two, as there are 40


def held_out(fold: int, people: int = 40) -> torch.Tensor:
    """Which of the people a fold leaves out, (40,) bool: ten in a row, every one in a fold at least."""
    chosen = torch.zeros(people, dtype=torch.bool)
    chosen[(people // FOLDS * fold + torch.arange(HELD_OUT)) % people] = True
    return chosen


def framed(pictures: torch.Tensor) -> torch.Tensor:
    """Grey pictures (..., H, W) uint8 as the networks see them, (..., 1, 56, 48) uint8, of one mean and contrast."""
    small = resize(pictures.flatten(0, -3).unsqueeze(1).float(), list(SIZE), antialias=True)
    mean, spread = small.mean((1, 2, 3), keepdim=True), small.std((1, 2, 3), keepdim=True)
    level = 128 + 55 * (small - mean) / spread.clamp_min(1)
    return level.clamp(0, 255).to(torch.uint8).view(*pictures.shape[:-2], 1, *SIZE)


def varied(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Pictures (N, 1, 56, 48) in [0, 1]: mirrored or not, moved a little, in another light, a part of each covered."""
    count = len(x)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.rand(count, *shape, generator=generator, device=x.device)

    x = torch.where(drawn(1, 1, 1) < 0.5, horizontal_flip(x), x)
    x = warped(x, generator, 0.5)
    lamp = F.interpolate(0.3 * (drawn(1, 2, 2) - 0.5), SIZE, mode="bilinear", align_corners=True)
    x = 0.5 + (x - 0.5) * (0.7 + 0.6 * drawn(1, 1, 1)) + lamp
    cover = F.interpolate((drawn(1, 4, 4) < 0.1).float(), SIZE)
    return torch.where(cover > 0, drawn(1, 1, 1), x).clamp(0, 1)
