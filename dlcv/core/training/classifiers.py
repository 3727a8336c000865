"""Parts that the small classifiers of the topics share: settings, output and convolution block."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn


@dataclass
class ClassifierConfig:
    """Settings of a classifier."""

    class_names: tuple[str, ...] = tuple("0123456789")


class ClassifierOutput(NamedTuple):
    """Logits of N pictures, and the features that the last layer reads."""

    logits: torch.Tensor  # (N, classes)
    features: torch.Tensor  # (N, F)


def conv_block(channels_in: int, channels_out: int) -> nn.Sequential:
    """Convolution of 3 x 3 that keeps the size, batch normalisation, ReLU."""
    convolution = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.ReLU())
