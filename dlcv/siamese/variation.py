"""Variation of training pictures: turned, sheared, scaled, bent as another hand would, with another pen."""

import torch
from torch.nn import functional as F

TURN, SHEAR, SCALE, SHIFT = 0.2, 0.25, 0.18, 0.08  # radians; of the side; of 1; of half the side
BEND, KNOTS = 0.05, 5  # of half the side, deviation at each of 5 x 5 knots of an elastic sheet
THICKER, THINNER = 0.5, 0.4  # of the way to the largest, or the smallest, of the 3 x 3 pixels around
SYMMETRIES = 8  # of a square: each makes another class of a character, for training only


def symmetric(x: torch.Tensor, number: torch.Tensor) -> torch.Tensor:
    """Square pictures x (N, ..., S, S), each in one of the 8 symmetries of the square, `number` (N,)."""
    out = torch.empty_like(x)
    for symmetry in range(SYMMETRIES):
        chosen = number == symmetry
        turned = x[chosen].rot90(symmetry % 4, (-2, -1))
        out[chosen] = turned.flip(-1) if symmetry >= 4 else turned
    return out


def warped(x: torch.Tensor, generator: torch.Generator, strength: float = 1.0) -> torch.Tensor:
    """Pictures (N, 1, H, W), each under an affine map and an elastic sheet of its own."""
    count = len(x)

    def drawn(*shape: int) -> torch.Tensor:
        return strength * (2 * torch.rand(count, *shape, generator=generator, device=x.device) - 1)

    turn, shear, shift = TURN * drawn(), SHEAR * drawn(), SHIFT * drawn(2)
    wide, high = (1 + SCALE * drawn(2)).unbind(1)
    first = torch.stack([wide * turn.cos(), shear - high * turn.sin(), shift[:, 0]], 1)
    second = torch.stack([wide * turn.sin(), high * turn.cos(), shift[:, 1]], 1)
    grid = F.affine_grid(torch.stack([first, second], 1), list(x.shape), align_corners=False)  # (N, H, W, 2)
    knots = strength * BEND * torch.randn(count, 2, KNOTS, KNOTS, generator=generator, device=x.device)
    sheet = F.interpolate(knots, x.shape[-2:], mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    return F.grid_sample(x, grid + sheet, align_corners=False)


def with_another_pen(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Pictures (N, 1, H, W) of ink, each with strokes made thicker or thinner by an amount of its own."""
    amount = torch.rand(len(x), 1, 1, 1, generator=generator, device=x.device) * (THICKER + THINNER) - THINNER
    thick, thin = F.max_pool2d(x, 3, 1, 1), -F.max_pool2d(-x, 3, 1, 1)
    return x + amount.clamp_min(0) * (thick - x) + (-amount).clamp_min(0) * (thin - x)
