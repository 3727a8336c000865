"""MobileNetV2 (Sandler et al. 2018), and the copy of it that ships."""

import os

import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models

from .. import weights
from . import start

SHIPPED, PREFIX = "mobilenet-photographs", "network."  # the checkpoint that has the published weights, their names


class PaddedAfter(nn.Conv2d):
    """Convolution of stride 2 that pads as TensorFlow does: one pixel after, and one before where the size is odd."""

    def __init__(self, plain: nn.Conv2d):
        super().__init__(
            plain.in_channels, plain.out_channels, plain.kernel_size, plain.stride, groups=plain.groups, bias=False
        )
        self.weight = plain.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        height, width = x.shape[2:]
        return super().forward(F.pad(x, (width % 2, 1, height % 2, 1)))


def mobilenet_v2(published: bool = False, padded_after: bool = False) -> nn.Module:
    """MobileNetV2: pictures (N, 3, H, W) in [-1, 1] -> scores of ImageNet's classes, (N, 1000).

    With `published` it has its ImageNet weights, from the folder DLCV_START where that is set, else from torchvision's
    server; only the beginning of a training needs them. With `padded_after` its borders are those it was trained with.
    """
    model = models.mobilenet_v2()
    if published:
        if os.environ.get("DLCV_START"):
            state = start.weights("mobilenet_v2_imagenet.safetensors")
        else:
            state = models.MobileNet_V2_Weights.IMAGENET1K_V1.get_state_dict(check_hash=True)
        model.load_state_dict(state)
    if padded_after:
        for block in [model.features[0], *(layer.conv[1] for layer in model.features[2:18])]:
            if block[0].stride == (2, 2):
                block[0] = PaddedAfter(block[0])
    return model


def shipped_mobilenet() -> nn.Module:
    """MobileNetV2 with its published weights from the checkpoint that ships, padded as it was trained, in eval mode.

    Raises WeightsError as `weights.load` does.
    """
    from safetensors.torch import load_file

    stored = load_file(weights.folder(SHIPPED) / weights.passport(SHIPPED).file)
    model = mobilenet_v2(padded_after=True)
    model.load_state_dict({key.removeprefix(PREFIX): value for key, value in stored.items()})
    return model.eval()
