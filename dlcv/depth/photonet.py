"""Depth of a photograph: MobileNetV2 with skips to the full size, one picture in, disparity without a unit out."""

from dataclasses import dataclass

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.backbones.mobilenet import mobilenet_v2
from .model import STAGE_CHANNELS, STAGE_ENDS
from .tiefenrausch import TiefenrauschOutput

STEM = 16  # channels that see the picture at its full size, so that edges are edges
DECODER_CHANNELS = (16, 24, 40, 72, 128)  # at strides 1, 2, 4, 8 and 16


@dataclass
class PhotoConfig:
    """Settings of a `PhotoNet`."""

    side: int = 384  # pixels of the longer side that it learned from


def separable(channels_in: int, channels_out: int) -> nn.Sequential:
    """3 x 3 in each channel and 1 x 1 over all of them, with batch normalisation and ReLU6."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_in, 3, padding=1, groups=channels_in, bias=False),
        nn.BatchNorm2d(channels_in),
        nn.ReLU6(True),
        nn.Conv2d(channels_in, channels_out, 1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU6(True),
    )


class PhotoNet(nn.Module, PyTorchModelHubMixin, pipeline_tag="depth-estimation", tags=["monodepth"]):
    """Depth from one photograph, up to a scale and a shift of its inverse."""

    def __init__(self, config: PhotoConfig, published: bool = False):
        super().__init__()
        self.config = config
        layers, begins = mobilenet_v2(published).features[:18], (0, *STAGE_ENDS[:-1])
        self.encoder = nn.ModuleList(layers[begin:end] for begin, end in zip(begins, STAGE_ENDS))
        self.stem = nn.Sequential(nn.Conv2d(3, STEM, 3, padding=1, bias=False), nn.BatchNorm2d(STEM), nn.ReLU6(True))
        coarse = (*DECODER_CHANNELS[1:], STAGE_CHANNELS[-1])  # from the next coarser level
        skips = (STEM, *STAGE_CHANNELS[:-1])
        self.shrink = nn.ModuleList(nn.Conv2d(below, out, 1) for below, out in zip(coarse, DECODER_CHANNELS))
        self.merge = nn.ModuleList(
            nn.Sequential(separable(out + skip, out), separable(out, out)) for out, skip in zip(DECODER_CHANNELS, skips)
        )
        self.head = nn.Conv2d(DECODER_CHANNELS[0], 1, 3, padding=1)

    def forward(self, pictures: torch.Tensor) -> TiefenrauschOutput:
        """Predictions for pictures (N, 3, H, W) in [0, 1], H and W multiples of 32."""
        x = 2 * pictures - 1
        skips = [self.stem(x)]
        for stage in self.encoder:
            x = stage(x)  # (N, 16, H / 2, W / 2), ..., (N, 320, H / 32, W / 32)
            skips.append(x)
        for level in reversed(range(len(DECODER_CHANNELS))):  # strides 16, 8, 4, 2, 1
            x = F.interpolate(self.shrink[level](x), scale_factor=2.0, mode="bilinear")
            x = self.merge[level](torch.cat([x, skips[level]], dim=1))  # (N, out, H / stride, W / stride)
        return TiefenrauschOutput(self.head(x).float().clamp(-12, 12).exp())
