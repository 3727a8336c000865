"""A generator on pictures of megapixels, in little memory and without seams.

Cut into tiles, each tile would get the mean and variance of its own from instance norm, and the seams would show. Here
every layer works on the whole picture, as the network means it; only the first and last layers, whose maps are as
large as the picture, go through it in strips: first the convolution, which also gives the sums for mean and variance,
then norm, ReLU and the next convolution. The answer is that of the plain forward pass.
"""

from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn import functional as F

from .model import Generator

STRIP = 2**18  # pixels of a picture that are worked on at once


def _strips(height: int, width: int) -> Iterator[tuple[int, int]]:
    """First and last row of each strip; all but the last of an even number of rows."""
    rows = max(2, STRIP // width // 2 * 2)
    return ((top, min(top + rows, height)) for top in range(0, height, rows))


class _Statistics:
    """Mean and standard deviation of every map, from sums over strips, in float64."""

    def __init__(self, norm: nn.Module):
        self.norm = norm
        self.count, self.sum, self.squares = 0, 0.0, 0.0

    def add(self, strip: torch.Tensor) -> None:
        count = strip[0, 0].numel()
        variance, mean = (value.double() for value in torch.var_mean(strip, (2, 3), correction=0))
        self.count += count
        self.sum, self.squares = self.sum + count * mean, self.squares + count * (variance + mean.square())

    def norm_relu(self, strip: torch.Tensor) -> torch.Tensor:
        """What the norm, if it is one, and ReLU make of a strip (N, C, h, W) of the maps that were added up."""
        if isinstance(self.norm, nn.Identity):
            return strip.relu()
        mean = self.sum / self.count
        scale = (self.squares / self.count - mean.square() + self.norm.eps).rsqrt()
        scale, offset = ((value[..., None, None]).float() for value in (scale, -mean * scale))
        return torch.addcmul(offset, strip, scale).relu_()


def _mirrored(x: torch.Tensor, top: int, bottom: int, pad: int) -> torch.Tensor:
    """Rows top to bottom of x (N, C, H, W) with `pad` more on all four sides, mirrored where the picture ends."""
    height = x.shape[2]
    above, below = max(0, pad - top), max(0, bottom + pad - height)
    rows = F.pad(x[:, :, max(0, top - pad) : bottom + pad], (pad, pad, 0, 0), mode="reflect")
    return F.pad(rows, (0, 0, above, below), mode="reflect") if above or below else rows


@torch.inference_mode()
def translate(
    generator: Generator, x: torch.Tensor, progress: Callable[[float], None] = lambda done: None
) -> torch.Tensor:
    """generator(x) for pictures (N, C, H, W) in [-1, 1]; H and W multiples of 4, at least 8.

    `progress` is told the part of the work that is done, 0 to 1.
    """
    first, norm, down = generator[1], generator[2], generator[4]
    *middle, up, last_norm, _, _, last = list(generator)[5:]
    picture, (height, width) = x, x.shape[2:]
    strips = list(_strips(height, width))

    maps, statistics = x.new_empty(len(x), first.out_channels, height, width), _Statistics(norm)
    for top, bottom in strips:
        maps[:, :, top:bottom] = first(_mirrored(x, top, bottom, 3))
        statistics.add(maps[:, :, top:bottom])
    progress(0.1)
    x = maps.new_empty(len(x), down.out_channels, height // 2, width // 2)
    for top, bottom in strips:  # a row at half the size reads two rows, and the one above them
        strip = statistics.norm_relu(maps[:, :, max(0, top - 1) : bottom])
        strip = F.pad(strip, (1, 1, int(top == 0), 0))  # zeros, as the layer itself pads
        x[:, :, top // 2 : bottom // 2] = F.conv2d(strip, down.weight, down.bias, stride=2)
    del maps

    for index, layer in enumerate(middle):
        x = x.relu_() if isinstance(layer, nn.ReLU) else layer(x)
        progress(0.2 + 0.6 * (index + 1) / len(middle))

    maps, statistics = x.new_empty(len(x), up.out_channels, height, width), _Statistics(last_norm)
    for top, bottom in strips:  # two rows read one at half the size, the one below it and, smooth, the one above it
        above = min(top, 2)
        rows = up(x[:, :, (top - above) // 2 : bottom // 2 + 1])
        maps[:, :, top:bottom] = rows[:, :, above : above + bottom - top]
        statistics.add(maps[:, :, top:bottom])
    progress(0.9)
    found = torch.empty_like(picture)
    for top, bottom in strips:
        strip = last(statistics.norm_relu(_mirrored(maps, top, bottom, 3)))
        found[:, :, top:bottom] = generator.finish(picture[:, :, top:bottom], strip)
    return found
