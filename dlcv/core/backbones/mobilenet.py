"""MobileNetV2 (Sandler et al. 2018)."""

import os

from torch import nn
from torchvision import models

from . import start


def mobilenet_v2(published: bool = False) -> nn.Module:
    """MobileNetV2: pictures (N, 3, H, W) in [-1, 1] -> scores of ImageNet's classes, (N, 1000).

    With `published` it has its ImageNet weights, from the folder DLCV_START where that is set, else from torchvision's
    server; only the beginning of a training needs them.
    """
    model = models.mobilenet_v2()
    if not published:
        return model
    if os.environ.get("DLCV_START"):
        state = start.weights("mobilenet_v2_imagenet.safetensors")
    else:
        state = models.MobileNet_V2_Weights.IMAGENET1K_V1.get_state_dict(check_hash=True)
    model.load_state_dict(state)
    return model
