"""DeepLabV3 (Chen et al. 2017) on MobileNetV2, whose masks of people are labels for trainings here."""

import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models

from . import start

PERSON = 15  # among the classes of Pascal VOC


class DeepLab(nn.Module):
    """Pictures (N, 3, H, W) in [-1, 1] -> scores of Pascal VOC's 21 classes, (N, 21, H, W).

    H and W are of the form 16 k + 1; masks are sharpest at 513 pixels.
    """

    def __init__(self):
        super().__init__()
        self.features = models.mobilenet_v2().features[:18]
        for block in self.features[14:]:  # sees as far at stride 16 as it would at 32
            depthwise = block.conv[1][0]
            depthwise.stride = (1, 1)
            if block is not self.features[14]:
                depthwise.dilation = depthwise.padding = (2, 2)
        self.aspp0, self.image_pool = nn.Conv2d(320, 256, 1), nn.Conv2d(320, 256, 1)
        self.project, self.logits = nn.Conv2d(512, 256, 1), nn.Conv2d(256, 21, 1)

    def levels(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Maps at strides 4, 8 and 16, of 24, 32 and 256 channels; the classes are read off the last one."""
        x, outputs = pictures, []
        for layer in self.features:
            x = layer(x)
            outputs.append(x)
        whole = self.image_pool(x.mean((2, 3), keepdim=True)).relu().expand(-1, -1, *x.shape[2:])
        coarse = self.project(torch.cat([whole, self.aspp0(x).relu()], dim=1)).relu()
        return outputs[3], outputs[6], coarse

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        scores = self.logits(self.levels(pictures)[2])  # (N, 21, h, w) at stride 16
        return F.interpolate(scores, pictures.shape[2:], mode="bilinear", align_corners=True)


def deeplab() -> DeepLab:
    """DeepLab with its published weights, from the folder DLCV_START; FileNotFoundError where they are not there."""
    model = DeepLab()
    model.load_state_dict(start.weights("deeplabv3_mobilenetv2_voc.safetensors"))
    return model.eval()
