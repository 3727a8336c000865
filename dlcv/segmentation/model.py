"""Encoder-decoder networks that give every pixel a class: hour-glass, SegNet and U-Net, on one encoder.

    encoder   four levels of convolutions, each halved by max-pooling, down to a bottom at a 32nd of the picture's size
    decoder   four levels that double the size again and convolve; they differ in what crosses from the encoder's level
              of the same size:
        "nothing"    hour-glass: bilinear enlargement alone
        "indices"    SegNet (Badrinarayanan et al. 2017): where in its square each maximum was, so that the value is put
                     back there, and zeros around it
        "features"   U-Net (Ronneberger et al. 2015): the maps themselves, copied beside the enlarged ones

Convolutions are padded, where those of U-Net's authors are not, and batch normalisation stands after each.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.backbones.mobilenet import mobilenet_v2
from ..core.training.classifiers import conv_block

CROSSINGS = ("nothing", "indices", "features")
TAPS = {1: 16, 3: 24, 6: 32, 13: 96}  # of MobileNetV2's layers, the last ones at strides 2, 4, 8 and 16; channels
MOBILENET_BOTTOM = 320


@dataclass
class SegmenterConfig:
    """Settings of a `Segmenter`."""

    class_names: tuple[str, ...]
    crossing: str = "features"  # one of CROSSINGS
    encoder: str = "plain"  # or "mobilenet"
    colours: int = 3  # channels of a picture
    stride: int = 2  # of the first level: 1 where a line of one pixel counts
    channels: tuple[int, ...] = (16, 48, 80, 112)  # of the plain encoder's levels, the finest first
    convolutions: tuple[int, ...] = (2, 2, 3, 3)  # of each of these levels
    widths: tuple[int, ...] = (16, 32, 48, 80)  # inside the decoder's levels, the finest first


class Encoded(NamedTuple):
    """What the encoder knows of N pictures; the lists have four levels, the finest first."""

    features: list[torch.Tensor]  # (N, C_k, H_k, W_k): what U-Net copies
    indices: list[torch.Tensor]  # (N, C_k, H_k / 2, W_k / 2): place in its map of each maximum; none of MobileNetV2
    bottom: torch.Tensor  # (N, B, H_4 / 2, W_4 / 2)
    size: tuple[int, int]  # H, W of the pictures


class Decoded(NamedTuple):
    """What the decoder makes of that; the lists have four levels, the finest first."""

    logits: torch.Tensor  # (N, L, H, W)
    enlarged: list[torch.Tensor]  # (N, C, H_k, W_k): unpooled maps; U-Net's have the C_k copied ones first
    decoded: list[torch.Tensor]  # (N, C, H_k, W_k)


class SegmenterOutput(NamedTuple):
    """Tensors of one pass of N pictures."""

    logits: torch.Tensor  # (N, L, H, W)
    crossed: list[torch.Tensor]  # what crossed, the finest level first: `features`, `indices`, or an empty list
    bottom: torch.Tensor  # (N, B, h, w): the narrowest place of the hour-glass


class Encoder(nn.Module):
    """Convolutions and max-pooling, four times, and two convolutions at the bottom."""

    def __init__(self, config: SegmenterConfig):
        super().__init__()
        self.channels, self.bottom_channels = config.channels, config.channels[-1]
        first = config.channels[0]
        self.stem = nn.Sequential(
            nn.Conv2d(config.colours, first, 3, config.stride, padding=1, bias=False), nn.BatchNorm2d(first), nn.ReLU()
        )
        before, self.levels = first, nn.ModuleList()
        for level, (channels, count) in enumerate(zip(config.channels, config.convolutions)):
            count -= level == 0  # the stem is the first level's first
            inputs = [before] + [channels] * (count - 1)
            self.levels.append(nn.Sequential(*(conv_block(inside, channels) for inside in inputs)))
            before = channels
        self.bottom = nn.Sequential(
            conv_block(before, before),
            conv_block(before, before),  # as many as the level above: SegNet puts them where that level's maxima were
            nn.Dropout(0.2),
        )

    def forward(self, x: torch.Tensor) -> Encoded:
        """All levels of pictures (N, colours, H, W) in [0, 1]."""
        size, features, indices = x.shape[2:], [], []
        x = self.stem(2 * x - 1)  # (N, C_1, H / stride, W / stride)
        for level in self.levels:
            features.append(level(x))  # (N, C_k, H_k, W_k)
            # an odd row or column is a maximum of its own, or unpooling would have nothing to put there
            x, where = F.max_pool2d(features[-1], 2, ceil_mode=True, return_indices=True)
            indices.append(where)
        return Encoded(features, indices, self.bottom(x), tuple(size))


class MobileNetEncoder(nn.Module):
    """MobileNetV2, whose strided convolutions stand for the pooling: it has no indices to give."""

    def __init__(self, published: bool = False):
        super().__init__()
        self.channels, self.bottom_channels = tuple(TAPS.values()), MOBILENET_BOTTOM
        self.layers = mobilenet_v2(published).features[:18]

    def forward(self, x: torch.Tensor) -> Encoded:
        """All levels of pictures (N, 3, H, W) in [0, 1]."""
        size, features = x.shape[2:], []
        x = 2 * x - 1
        for number, layer in enumerate(self.layers):
            x = layer(x)
            if number in TAPS:
                features.append(x)
        return Encoded(features, [], x, tuple(size))


class Segmenter(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-segmentation", tags=["unet", "segnet"]):
    """An encoder and a decoder; `config.crossing` says what crosses between them besides the bottom."""

    def __init__(self, config: SegmenterConfig, published: bool = False):
        super().__init__()
        if config.crossing not in CROSSINGS:
            raise ValueError(f"What crosses must be one of {', '.join(CROSSINGS)}, not {config.crossing!r}.")
        self.config = config
        self.encoder = MobileNetEncoder(published) if config.encoder == "mobilenet" else Encoder(config)
        channels = self.encoder.channels
        below = (*channels[1:], self.encoder.bottom_channels)  # what the decoder's level below gives
        if config.encoder == "plain":  # SegNet's level k gives as many maps as the pooling above had
            below = channels
        outputs = (channels[0], *below[:3])
        copied = channels if config.crossing == "features" else (0, 0, 0, 0)
        self.levels = nn.ModuleList(
            nn.Sequential(conv_block(inside + beside, width), conv_block(width, out))
            for inside, beside, width, out in zip(below, copied, config.widths, outputs)
        )
        self.head = nn.Conv2d(outputs[0], len(config.class_names), 1)

    def encode(self, x: torch.Tensor) -> Encoded:
        """All levels of the encoder of pictures (N, colours, H, W) in [0, 1], H and W of 32 or more."""
        return self.encoder(x.contiguous(memory_format=torch.channels_last))

    def enlarge(self, x: torch.Tensor, encoded: Encoded, level: int) -> torch.Tensor:
        """Maps x of the level below at twice the size, with what crosses at this level."""
        size = encoded.features[level].shape[2:]
        if self.config.crossing == "indices":
            return F.max_unpool2d(x, encoded.indices[level], 2, output_size=size)
        x = F.interpolate(x, size, mode="bilinear")
        return torch.cat([encoded.features[level], x], 1) if self.config.crossing == "features" else x

    def decode(self, encoded: Encoded) -> Decoded:
        """Logits and the maps on the way to them. What is changed in `encoded` costs no second pass of the encoder."""
        x, enlarged, decoded = encoded.bottom, [], []
        for level in reversed(range(4)):
            enlarged.insert(0, self.enlarge(x, encoded, level))
            x = self.levels[level](enlarged[0])
            decoded.insert(0, x)
        logits = F.interpolate(self.head(x).float(), encoded.size, mode="bilinear")
        return Decoded(logits, enlarged, decoded)

    def forward(self, x: torch.Tensor) -> SegmenterOutput:
        """Logits f(x; Theta) of every pixel of pictures (N, colours, H, W) in [0, 1], and what crossed."""
        encoded = self.encode(x)
        crossed = {"nothing": [], "indices": encoded.indices, "features": encoded.features}[self.config.crossing]
        return SegmenterOutput(self.decode(encoded).logits, crossed, encoded.bottom)
