"""Published networks to start a training from: a folder named by DLCV_START has their files, else torchvision does."""

import os
from pathlib import Path

from torch import nn
from torchvision import models


def mobilenet_v2(published: bool = False) -> nn.Module:
    """MobileNetV2 (Sandler et al. 2018) for pictures (N, 3, H, W) in [-1, 1] -> ImageNet's classes, (N, 1000).

    With `published`, its ImageNet weights; they are only needed to begin a training.
    """
    model = models.mobilenet_v2()
    if not published:
        return model
    if folder := os.environ.get("DLCV_START"):
        from safetensors.torch import load_file

        state = load_file(Path(folder) / "mobilenet_v2_imagenet.safetensors")
    else:
        state = models.MobileNet_V2_Weights.IMAGENET1K_V1.get_state_dict(check_hash=True)
    model.load_state_dict(
        {name: value.float() if value.is_floating_point() else value for name, value in state.items()}
    )
    return model
