"""Pictures scaled to a size."""

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F


def tensor_of(picture: Image.Image, longest: int | None = None) -> torch.Tensor:
    """A picture in RGB as (3, H, W) in [0, 1], scaled down to `longest` pixels on its longer side at most."""
    scale = min(1.0, longest / max(picture.size)) if longest else 1.0
    if scale < 1:
        size = [max(1, round(length * scale)) for length in picture.size]
        picture = picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float().div_(255)


def fit_within(picture: torch.Tensor, longest: float, least: int = 1) -> torch.Tensor:
    """A picture (C, H, W) in [0, 1] scaled down to `longest` pixels on its longer side; never enlarged.

    Sides are rounded down, and have `least` pixels at least.
    """
    sides = picture.shape[1:]
    if max(sides) <= longest:
        return picture
    size = [max(least, int(side * longest / max(sides))) for side in sides]
    return F.interpolate(picture[None], size, mode="bilinear", antialias=True)[0].clamp(0, 1)
