"""The backbones that detectors stand on: feature pyramids of five levels."""

import torch
from torch import nn
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

from ..core.backbones.mobilenet import mobilenet_v2
from ..core.backbones.people import PeopleBody

LAYERS = {3: 24, 6: 32, 13: 96, 17: 320}  # of MobileNetV2 that the pyramid stands on, and their channels


def mobilenet_backbone(fpn_channels: int, published: bool) -> BackboneWithFPN:
    """A pyramid on a MobileNetV2; `published` starts the MobileNetV2 from ImageNet."""
    names = {str(layer): str(number) for number, layer in enumerate(LAYERS)}
    features = mobilenet_v2(published).features[:18]
    return BackboneWithFPN(features, names, list(LAYERS.values()), fpn_channels)  # adds a fifth level, "pool"


class PeopleBackbone(nn.Module):
    """A pyramid on a `PeopleBody`; of its five levels, two are made by convolutions of the third, "p6" and "p7"."""

    def __init__(self, fpn_channels: int, published: bool):
        super().__init__()
        self.out_channels = fpn_channels
        self.body = PeopleBody(published)
        self.fpn = FeaturePyramidNetwork(
            list(PeopleBody.CHANNELS), fpn_channels, LastLevelP6P7(fpn_channels, fpn_channels)
        )

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:  # noqa: D102  its class says it
        maps = self.body(pictures)  # "0" to "2": (N, 120 | 224 | 640, H / stride, W / stride), strides 4, 8 and 16
        return self.fpn(maps)  # "0" to "2", "p6", "p7": (N, C, H / stride, W / stride), strides 4 to 64
