"""The orientation that SIFT gives a point: the direction in which most of the gradients around it point (Lowe 2004)."""

import math

import torch
from torch.nn import functional as F

from .scale_space import SIGMA

BINS = 36
SPREAD = 1.5 * SIGMA  # pixels of the window's sigma


def dominant_gradient(patches: torch.Tensor) -> torch.Tensor:
    """Angles (N,) in radians, from x towards y, of patches (N, 1, S, S).

    A histogram of 36 directions, each pixel's gradient weighted by its length and a window of 1.5 sigma, smoothed; its
    highest bin, between bins by a parabola.
    """
    side = patches.shape[-1]
    dx = (patches[..., 1:-1, 2:] - patches[..., 1:-1, :-2])[:, 0]
    dy = (patches[..., 2:, 1:-1] - patches[..., :-2, 1:-1])[:, 0]  # (N, S - 2, S - 2)
    along = torch.arange(side - 2) - (side - 3) / 2
    window = torch.exp(-(along.square() + along.square()[:, None]) / (2 * SPREAD**2))
    window = window * (along.square() + along.square()[:, None] <= (3 * SPREAD) ** 2)
    direction = torch.atan2(dy, dx) / (2 * math.pi) * BINS
    counts = torch.zeros(len(patches), BINS)
    counts.scatter_add_(1, direction.round().long().flatten(1) % BINS, (torch.hypot(dx, dy) * window).flatten(1))
    kernel = torch.tensor([1.0, 4, 6, 4, 1]) / 16
    smooth = F.conv1d(F.pad(counts[:, None], (2, 2), mode="circular"), kernel.view(1, 1, -1))[:, 0]
    best = smooth.argmax(1, keepdim=True)
    before, here, after = (smooth.gather(1, (best + step) % BINS) for step in (-1, 0, 1))
    bend = before - 2 * here + after
    shift = torch.where(bend.abs() > 1e-9, (before - after) / (2 * bend), torch.zeros_like(bend))
    return ((best + shift) * (2 * math.pi / BINS))[:, 0]
