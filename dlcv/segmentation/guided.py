"""The guided filter (He, Sun and Tang 2010): maps smoothed within the edges of a picture, so that masks end at them."""

import torch
from torch.nn import functional as F

RADIUS, SOFTNESS = 4, 1e-3  # pixels; the variance of grey values below which a window counts as flat


def mean_around(maps: torch.Tensor, radius: int) -> torch.Tensor:
    """Means (N, C, H, W) over the windows of 2 radius + 1 pixels around each, borders repeated."""
    return F.avg_pool2d(F.pad(maps, [radius] * 4, mode="replicate"), 2 * radius + 1, 1)


def refined(
    maps: torch.Tensor, picture: torch.Tensor, radius: int = RADIUS, softness: float = SOFTNESS
) -> torch.Tensor:
    """Maps q = a I + b with, in each window, the a and b that fit the given maps p best; overlapping windows averaged.

        a = cov(I, p) / (var(I) + softness),  b = mean(p) - a mean(I)

    A partition of one, such as probabilities of classes, stays one.

    Args:
        maps: p, (L, H, W).
        picture: (3, H, W); I is its grey.
    """
    grey, p = picture.mean(0)[None, None], maps[None]
    mean_grey, mean_p = mean_around(grey, radius), mean_around(p, radius)
    covariance = mean_around(grey * p, radius) - mean_grey * mean_p
    a = covariance / (mean_around(grey * grey, radius) - mean_grey**2 + softness)
    b = mean_p - a * mean_grey
    return (mean_around(a, radius) * grey + mean_around(b, radius))[0]
