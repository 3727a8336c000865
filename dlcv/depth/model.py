"""A network that sees depth in one picture, after Godard et al. 2017, on a MobileNetV2.

The encoder makes the picture small and looks at what is there; the decoder makes it large again, and is shown on the
way what the encoder saw at each size. At four sizes it says what it finds: either two disparities, of the left eye and
of the right, both from the left picture alone; or one depth, in metres.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F
from torchvision.transforms import v2

from ..core.backbones import mobilenet_v2

ENDS, CHANNELS = (2, 4, 7, 14, 18), (16, 24, 32, 96, 320)  # of MobileNetV2's layers at strides 2, 4, 8, 16 and 32
WIDTHS = (16, 24, 40, 64, 128)  # of the decoder, at strides 1, 2, 4, 8 and 16
SCALES = 4
LARGEST = 0.15  # disparity at most, of the picture's width; the paper's is 0.3
FIRST = -1.5  # what is said before anything is learned, under a sigmoid: far, for near patterns repeat


@dataclass
class DepthConfig:
    """Settings of a `DepthNet`."""

    stereo: bool = True  # two disparities; else one depth
    nearest: float = 0.4  # metres, of a depth
    farthest: float = 10.0
    height: int = 128  # pixels that pictures are seen at
    width: int = 256


def sized(picture: torch.Tensor, config: DepthConfig) -> torch.Tensor:
    """A picture (3, H, W) as small as the network sees it, whatever its shape: disparities are parts of the width."""
    return v2.functional.resize(picture, [config.height, config.width], antialias=True)


class DepthOutput(NamedTuple):
    """What the network says of N pictures at four sizes, the largest first: stride 1, 2, 4, 8."""

    maps: list[torch.Tensor]  # (N, 2, h, w): disparities of left and right, parts of the width; or (N, 1, h, w): metres


def conv(channels_in: int, channels_out: int) -> nn.Sequential:
    """3 x 3, mirrored at the border, with ELU as in the paper."""
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, 3, padding=1, padding_mode="reflect"), nn.ELU(True))


class DepthNet(nn.Module, PyTorchModelHubMixin, pipeline_tag="depth-estimation", tags=["monodepth", "stereo"]):
    """Depth from one picture."""

    def __init__(self, config: DepthConfig, published: bool = False):
        super().__init__()
        self.config = config
        layers, begins = mobilenet_v2(published).features[:18], (0, *ENDS[:-1])
        self.encoder = nn.ModuleList(layers[begin:end] for begin, end in zip(begins, ENDS))
        below = (*WIDTHS[1:], CHANNELS[-1])  # what comes from the next smaller size
        beside = (0, *CHANNELS[:-1])  # what the encoder saw at the same size
        self.enlarge = nn.ModuleList(conv(b, w) for b, w in zip(below, WIDTHS))
        says = 2 if config.stereo else 1
        told = [says if level < SCALES - 1 else 0 for level in range(len(WIDTHS))]  # by the next smaller size
        self.merge = nn.ModuleList(conv(w + s + t, w) for w, s, t in zip(WIDTHS, beside, told))
        self.say = nn.ModuleList(nn.Conv2d(w, says, 3, padding=1, padding_mode="reflect") for w in WIDTHS[:SCALES])
        for head in self.say:
            nn.init.constant_(head.bias, FIRST)

    def forward(self, pictures: torch.Tensor) -> DepthOutput:
        """Pictures (N, 3, H, W) in [0, 1], H and W multiples of 32."""
        x, seen = 2 * pictures - 1, []
        for part in self.encoder:
            x = part(x)
            seen.append(x)
        maps, said = [], None
        for level in reversed(range(len(WIDTHS))):  # from stride 16 to stride 1
            x = self.enlarge[level](F.interpolate(x, scale_factor=2.0))
            parts = [x] + ([seen[level - 1]] if level else [])
            if said is not None:
                parts.append(F.interpolate(said, scale_factor=2.0, mode="bilinear").to(x.dtype))
            x = self.merge[level](torch.cat(parts, dim=1))
            if level < SCALES:
                with torch.autocast(x.device.type, enabled=False):  # bfloat16 would say disparities to 1 %
                    said = self.say[level](x.float()).sigmoid()
                maps.insert(0, self._in_units(said))
        return DepthOutput(maps)

    def _in_units(self, said: torch.Tensor) -> torch.Tensor:
        """Values in [0, 1] as disparities, or as metres: evenly in 1 / depth, so that what is near is told apart."""
        if self.config.stereo:
            return LARGEST * said
        low, high = 1 / self.config.farthest, 1 / self.config.nearest
        return 1 / (low + (high - low) * said)
