"""Depth from one picture: an encoder and a decoder with skip connections, after Godard et al. 2017, on MobileNetV2.

At each of four scales a head predicts either two disparities, of the left and of the right eye, both from the left
picture alone; or one depth in metres.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F
from torchvision.transforms import v2

from ..core.backbones.mobilenet import mobilenet_v2

STAGE_ENDS, STAGE_CHANNELS = (2, 4, 7, 14, 18), (16, 24, 32, 96, 320)  # of MobileNetV2, at strides 2, 4, 8, 16, 32
DECODER_CHANNELS = (16, 24, 40, 64, 128)  # at strides 1, 2, 4, 8 and 16
SCALES = 4
MAX_DISPARITY = 0.15  # of the picture's width; the paper's is 0.3
INITIAL_BIAS = -1.5  # of the heads, before the sigmoid: far at first, as near patterns match their repetitions


@dataclass
class DepthConfig:
    """Settings of a `DepthNet`."""

    stereo: bool = True  # two disparities; else one depth
    nearest: float = 0.4  # metres, of a depth
    farthest: float = 10.0
    height: int = 128  # pixels of the input
    width: int = 256


def sized(picture: torch.Tensor, config: DepthConfig) -> torch.Tensor:
    """A picture (3, H, W) at the network's input size, its shape not kept: disparities are parts of the width."""
    return v2.functional.resize(picture, [config.height, config.width], antialias=True)


class DepthOutput(NamedTuple):
    """Predictions for N pictures at four scales, the finest first: strides 1, 2, 4, 8."""

    maps: list[torch.Tensor]  # (N, 2, h, w): disparities of left and right, parts of the width; or (N, 1, h, w): metres


def conv(channels_in: int, channels_out: int) -> nn.Sequential:
    """3 x 3, mirrored at the border, with ELU as in the paper."""
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, 3, padding=1, padding_mode="reflect"), nn.ELU(True))


class DepthNet(nn.Module, PyTorchModelHubMixin, pipeline_tag="depth-estimation", tags=["monodepth", "stereo"]):
    """Depth from one picture."""

    def __init__(self, config: DepthConfig, published: bool = False):
        super().__init__()
        self.config = config
        layers, begins = mobilenet_v2(published).features[:18], (0, *STAGE_ENDS[:-1])
        self.encoder = nn.ModuleList(layers[begin:end] for begin, end in zip(begins, STAGE_ENDS))
        out_channels = DECODER_CHANNELS
        coarse_channels = (*out_channels[1:], STAGE_CHANNELS[-1])  # from the next coarser level
        skip_channels = (0, *STAGE_CHANNELS[:-1])  # from the encoder, at the same stride
        head_channels = 2 if config.stereo else 1
        map_channels = [
            head_channels if level < SCALES - 1 else 0 for level in range(len(out_channels))
        ]  # coarser maps
        merged_channels = zip(out_channels, skip_channels, map_channels)
        # The shipped weights have these three names: upsampling convolutions, merging ones, and the heads.
        self.enlarge = nn.ModuleList(conv(coarse, out) for coarse, out in zip(coarse_channels, out_channels))
        self.merge = nn.ModuleList(conv(out + skip + maps, out) for out, skip, maps in merged_channels)
        self.say = nn.ModuleList(
            nn.Conv2d(out, head_channels, 3, padding=1, padding_mode="reflect") for out in out_channels[:SCALES]
        )
        for head in self.say:
            nn.init.constant_(head.bias, INITIAL_BIAS)

    def forward(self, pictures: torch.Tensor) -> DepthOutput:
        """Predictions for pictures (N, 3, H, W) in [0, 1], H and W multiples of 32."""
        x, skips = 2 * pictures - 1, []
        for stage in self.encoder:
            x = stage(x)  # (N, 16, H / 2, W / 2), ..., (N, 320, H / 32, W / 32)
            skips.append(x)
        maps, values = [], None
        for level in reversed(range(len(DECODER_CHANNELS))):  # strides 16, 8, 4, 2, 1
            x = self.enlarge[level](F.interpolate(x, scale_factor=2.0))  # (N, out, H / stride, W / stride)
            parts = [x] + ([skips[level - 1]] if level else [])
            if values is not None:
                parts.append(F.interpolate(values, scale_factor=2.0, mode="bilinear").to(x.dtype))
            x = self.merge[level](torch.cat(parts, dim=1))  # (N, out, H / stride, W / stride)
            if level < SCALES:
                with torch.autocast(x.device.type, enabled=False):  # bfloat16 has a precision of 1 % only
                    values = self.say[level](x.float()).sigmoid()  # (N, 2 or 1, H / stride, W / stride) in [0, 1]
                maps.insert(0, self._in_units(values))
        return DepthOutput(maps)

    def _in_units(self, values: torch.Tensor) -> torch.Tensor:
        """Disparities of values in [0, 1], or metres: linear in 1 / depth, so that near depths are fine."""
        if self.config.stereo:
            return MAX_DISPARITY * values
        low, high = 1 / self.config.farthest, 1 / self.config.nearest
        return 1 / (low + (high - low) * values)
