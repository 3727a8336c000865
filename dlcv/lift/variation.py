"""Patches as other cameras and another light would show them: from elsewhere, shaded, burnt out, noisy, blurred."""

import math

import torch
from torch.nn import functional as F

ZOOM = (0.5, 0.7)  # octaves between the scale of a point and one that is wrong


def normal(like: torch.Tensor, spread: float, generator: torch.Generator, *shape: int) -> torch.Tensor:
    """Normal random numbers (N, *shape) of this deviation, for the N patches `like`."""
    return spread * torch.randn(len(like), *shape, generator=generator, device=like.device)


def seen(patches: torch.Tensor, angle: torch.Tensor, side: int, generator: torch.Generator) -> torch.Tensor:
    """The middle (N, 1, side, side) of patches (N, 1, S, S), its x axis along `angle` (N,), from a little elsewhere: a
    fifth of an octave nearer or farther, stretched by a tenth, 0.7 pixels aside."""
    zoom = torch.exp2(normal(angle, 0.2, generator)) * side / patches.shape[-1]
    stretch = torch.exp(normal(angle, 0.1, generator))
    shift = normal(angle, 0.7 * 2 / patches.shape[-1], generator, 2)
    cos, sin = torch.cos(angle), torch.sin(angle)
    first = torch.stack([cos * zoom * stretch, -sin * zoom / stretch, shift[:, 0]], 1)
    second = torch.stack([sin * zoom * stretch, cos * zoom / stretch, shift[:, 1]], 1)
    grid = F.affine_grid(torch.stack([first, second], 1), [len(patches), 1, side, side], align_corners=False)
    return F.grid_sample(patches, grid, padding_mode="border", align_corners=False)


def lit(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Patches (N, 1, S, S) in [0, 1] in another light, taken by another camera.

    Gamma; a light that falls off to one side, or the soft edge of a shadow; highlights cut off; blur; noise. What only
    adds to a patch or multiplies it is left out: the networks take it away themselves.
    """
    count, size = len(x), x.shape[-1]

    def uniform(low, high):
        return low + (high - low) * torch.rand(count, 1, 1, 1, generator=generator, device=x.device)

    def some(part):
        return (uniform(0, 1) < part).float()

    x = x.clamp(1e-3, 1) ** torch.exp(normal(x, 0.35, generator, 1, 1, 1))
    along = torch.linspace(-1, 1, size, device=x.device)
    turn = uniform(0, 2 * math.pi)
    across = torch.cos(turn) * along + torch.sin(turn) * along[:, None] - uniform(-1, 1)  # (N, 1, S, S)
    edge = torch.sigmoid(across * torch.exp(uniform(0, 3)))
    x = x * (1 - some(0.5) * uniform(0, 0.75) * edge)
    bright, dark = x.amax((2, 3), keepdim=True), x.amin((2, 3), keepdim=True)
    x = torch.minimum(x, bright - some(0.25) * uniform(0, 0.4) * (bright - dark))
    part = some(0.3) * uniform(0, 1)
    x = torch.lerp(x, F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1), part)
    return x + some(0.5) * uniform(0, 0.06) * (bright - dark) * normal(x, 1, generator, *x.shape[1:])


def quarter_turned(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Patches, each a copy or one turned by 90, 180 or 270 degrees."""
    times = torch.randint(4, (len(x), 1, 1, 1), generator=generator, device=x.device)
    turned = [x.rot90(number, (2, 3)) for number in range(4)]
    return sum((times == number) * one for number, one in enumerate(turned))


def at_wrong_scale(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Patches (N, 1, S, S) as they would have been cut at a scale that is too small or too large."""
    low, high = ZOOM
    octaves = low + (high - low) * torch.rand(len(x), generator=generator, device=x.device)
    sign = torch.randint(2, (len(x),), generator=generator, device=x.device) * 2 - 1
    theta = torch.zeros(len(x), 2, 3, device=x.device)
    theta[:, 0, 0] = theta[:, 1, 1] = torch.exp2(sign * octaves)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)
