"""DeepLabV3 for the 21 everyday classes of Pascal VOC, as published: what is in a visitor's photograph."""

from dataclasses import dataclass

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.backbones.deeplab import DeepLab, deeplab

NAME = "deeplab-everyday"
SIDE = 513  # pixels of the square that it looks at
CLASSES = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "dining table",
    "dog", "horse", "motorcycle", "person", "potted plant", "sheep", "sofa", "train", "television",
)  # fmt: skip

COCO_CATEGORIES = (5, 2, 16, 9, 44, 6, 3, 17, 62, 21, 67, 18, 19, 4, 1, 64, 20, 63, 7, 72)
"""The numbers that COCO has for CLASSES but the background."""


@dataclass
class EverydayConfig:
    """Settings of `Everyday`."""

    class_names: tuple[str, ...] = CLASSES


class Everyday(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-segmentation", tags=["deeplab", "pascal-voc"]):
    """The published network, for pictures of any size."""

    def __init__(self, config: EverydayConfig, published: bool = False):
        super().__init__()
        self.config = config
        self.network = deeplab() if published else DeepLab()

    def levels(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """Maps (N, 24 | 32 | 256, h, w) of pictures (N, 3, H, W) in [0, 1] at strides 4, 8 and 16."""
        return list(self.network.levels(2 * pictures - 1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Logits (N, 21, H, W) of pictures (N, 3, H, W) in [0, 1], the longer side of which it sees at SIDE pixels."""
        height, width = pictures.shape[2:]
        scale = SIDE / max(height, width)
        high, wide = max(1, round(scale * height)), max(1, round(scale * width))
        x = F.interpolate(pictures, (high, wide), mode="bilinear", antialias=True)
        x = F.pad(2 * x - 1, (0, SIDE - wide, 0, SIDE - high))  # grey beside it, as it was trained
        logits = self.network(x)[..., :high, :wide]
        return F.interpolate(logits, (height, width), mode="bilinear")
