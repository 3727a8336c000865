"""Pictures scaled to a size."""

import torch
from torch.nn import functional as F


def fit_within(picture: torch.Tensor, longest: float, least: int = 1) -> torch.Tensor:
    """A picture (C, H, W) in [0, 1] scaled down to `longest` pixels on its longer side; never enlarged.

    Sides are rounded down, and have `least` pixels at least.
    """
    sides = picture.shape[1:]
    if max(sides) <= longest:
        return picture
    size = [max(least, int(side * longest / max(sides))) for side in sides]
    return F.interpolate(picture[None], size, mode="bilinear", antialias=True)[0].clamp(0, 1)
