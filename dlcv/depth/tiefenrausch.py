"""Tiefenrausch, the depth network of One Shot 3D Photography (Kopf et al. 2020), as its authors published it.

A U-Net of inverted residual blocks, found by architecture search for telephones and trained on MegaDepth: photographs
of sights, whose depth was reconstructed from many views. The weights are published in 8 bits: w = scale (q - zero).
So were all maps: what a layer says is limited to the range that its 8 bits had, and the limits are part of the network,
as the authors' ReLUs are; the steps of the 8 bits are not.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

STEM = 48  # channels at stride 1
# (channels, hidden channels of the first block and of the others, how many others) at strides 2, 4, 8, 16, 32
ENCODER = ((40, 48, 40, 2), (56, 160, 224, 2), (80, 280, 400, 2), (64, 720, 576, 2), (96, 576, 864, 5))
# of the skips at strides 16, 8, 4, 2, 1, and of what comes up from below, which is added to them
SKIPS = ((96, 576, 864, 2), (96, 400, 480, 2), (56, 224, 224, 2), (8, 40, 8, 2), (32, 48, 32, 2))
DECODER = ((96, 864, 864, 2), (96, 864, 864, 2), (56, 480, 280, 2), (8, 224, 32, 2), (32, 8, 32, 2))
MULTIPLE = 32  # of both sides of the input, in pixels


@dataclass
class TiefenrauschConfig:
    """Settings of a `Tiefenrausch`."""

    side: int = 384  # pixels of the longer side that it learned from


class TiefenrauschOutput(NamedTuple):
    """Predictions for N pictures."""

    disparity: torch.Tensor  # (N, 1, H, W): 1 / depth, positive, its scale unknown


class Limits(nn.Module):
    """Maps, limited to the range that 8 bits had."""

    def __init__(self):
        super().__init__()
        self.register_buffer("range", torch.tensor([-1.0, 1.0]))
        self.low, self.high = -1.0, 1.0
        self.register_load_state_dict_post_hook(Limits._read)

    def _read(self, _) -> None:
        self.low, self.high = self.range.tolist()  # once: a limit that is a tensor costs a tenth of the pass

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        return x.clamp_(self.low, self.high)


class Convolution(nn.Module):
    """A convolution with weights of 8 bits, and limits."""

    def __init__(self, channels_in: int, channels_out: int, size: int = 1, stride: int = 1, groups: int = 1):
        super().__init__()
        self.settings = {"stride": stride, "padding": size // 2, "groups": groups}
        shape = channels_out, channels_in // groups, size, size
        self.weight = nn.Parameter(torch.zeros(shape, dtype=torch.uint8), requires_grad=False)
        self.register_buffer("zero", torch.tensor(128.0))
        self.register_buffer("scale", torch.tensor(1.0))
        self.bias = nn.Parameter(torch.zeros(channels_out), requires_grad=False)
        self.limits = Limits()
        self.register_buffer("kernel", torch.zeros(shape), persistent=False)
        self.register_load_state_dict_post_hook(Convolution._read)

    def _read(self, _) -> None:
        self.kernel = self.scale * (self.weight - self.zero)  # once

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        return self.limits(F.conv2d(x, self.kernel, self.bias, **self.settings))


class Block(nn.Module):
    """An inverted residual block: (N, in, H, W) -> (N, out, H', W'), where H' is H / stride, or 2 H where enlarged."""

    def __init__(self, channels_in: int, hidden: int, channels_out: int, stride: int = 1, enlarge: bool = False):
        super().__init__()
        self.enlarge = enlarge
        self.expand = Convolution(channels_in, hidden)
        self.depthwise = Convolution(hidden, hidden, 3, stride, groups=hidden)
        self.project = Convolution(hidden, channels_out)
        same = channels_in == channels_out and stride == 1 and not enlarge
        self.sum = Limits() if same else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        inside = self.expand(x)
        inside = F.interpolate(inside, scale_factor=2.0) if self.enlarge else inside
        found = self.project(self.depthwise(inside))
        return self.sum(x + found) if self.sum else found


def _stage(channels_in: int, channels: int, first: int, hidden: int, others: int, **settings) -> nn.Sequential:
    """A block that changes size or channels, and others that keep them."""
    blocks = [Block(channels, hidden, channels) for _ in range(others)]
    return nn.Sequential(Block(channels_in, first, channels, **settings), *blocks)


class Tiefenrausch(nn.Module, PyTorchModelHubMixin, pipeline_tag="depth-estimation", tags=["monodepth"]):
    """Tiefenrausch by Johannes Kopf and co-authors (2020), with the weights that they published, in 8 bits."""

    def __init__(self, config: TiefenrauschConfig):
        super().__init__()
        self.config = config
        self.input = Limits()
        self.stem = Convolution(3, STEM, 3)
        channels = [STEM, *(stage[0] for stage in ENCODER)]  # at strides 1 to 32
        self.encoder = nn.ModuleList(_stage(before, *stage, stride=2) for before, stage in zip(channels, ENCODER))
        self.skips = nn.ModuleList(_stage(before, *stage) for before, stage in zip(reversed(channels[:-1]), SKIPS))
        below = [channels[-1], *(stage[0] for stage in DECODER)]
        self.decoder = nn.ModuleList(_stage(before, *stage, enlarge=True) for before, stage in zip(below, DECODER))
        self.sums = nn.ModuleList(Limits() for _ in DECODER)
        self.head = Convolution(below[-1], 1, 3)

    def forward(self, pictures: torch.Tensor) -> TiefenrauschOutput:
        """Predictions for pictures (N, 3, H, W) in [0, 1], H and W multiples of 32."""
        x = self.stem(self.input(pictures.clone()))  # (N, 48, H, W)
        seen = [x]
        for stage in self.encoder:
            x = stage(x)  # (N, 40, H / 2, W / 2), ..., (N, 96, H / 32, W / 32)
            seen.append(x)
        for up, skip, total, fine in zip(self.decoder, self.skips, self.sums, reversed(seen[:-1])):
            x = total(up(x) + skip(fine))  # (N, 96, H / 16, W / 16), ..., (N, 32, H, W)
        return TiefenrauschOutput(self.head(x).exp())
