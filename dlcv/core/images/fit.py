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


def squares_around(
    picture: torch.Tensor, boxes: torch.Tensor, margin: float, size: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Squares (D, 3, size, size) of a picture (3, H, W) around the middles of boxes (D, 4), XYXY, black outside of the
    picture; their upper left corners (D, 2) and sides (D,) in pixels, `margin` times the longer sides of the boxes."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    side = margin * (boxes[:, 2:] - boxes[:, :2]).amax(1).clamp_min(1)
    corner = middle - side[:, None] / 2
    places = torch.cat([corner, side[:, None]], dim=1).tolist()
    cut = [_square(picture, size, *place) for place in places]
    return torch.cat(cut) if cut else picture.new_zeros(0, 3, size, size), corner, side


def _square(picture: torch.Tensor, size: int, left: float, top: float, side: float) -> torch.Tensor:
    """A square of a picture (3, H, W), black outside of the picture, as (1, 3, size, size)."""
    height, width = picture.shape[1:]
    x0, y0 = round(left), round(top)
    x1, y1 = x0 + max(1, round(side)), y0 + max(1, round(side))
    part = picture[None, :, max(0, y0) : max(0, min(height, y1)), max(0, x0) : max(0, min(width, x1))]
    part = F.pad(part, (max(0, -x0), max(0, x1 - width), max(0, -y0), max(0, y1 - height)))
    return F.interpolate(part, (size, size), mode="bilinear", antialias=True, align_corners=False)
