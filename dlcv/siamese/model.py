"""The network f of the slide, and the one question asked of it: the distance || f(x_1; Theta) - f(x_2; Theta) ||."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.backbones.residual import Residual
from ..core.training.classifiers import conv_block
from .protocols import Trials


@dataclass
class SiameseConfig:
    """Settings of a `Siamese` network."""

    size: tuple[int, int] = (32, 32)  # height and width of a picture
    channels: tuple[int, int, int] = (32, 64, 128)  # at a half, a quarter and an eighth of the size
    units: int = 128  # D, of an embedding
    unit_length: bool = True  # of embeddings: d^2 then is 4 at most, and no loss can be met by a larger scale alone
    views: bool = False  # whether an embedding is the mean over several views of a picture (predictor.embed)
    quantiles: int = 0  # of the evaluation set's distances that are stored with the weights
    classes: int = 0  # of the evaluation set whose mean embeddings are stored with them


@dataclass
class SiameseFoldsConfig(SiameseConfig):
    """Settings of `SiameseFolds`."""

    folds: int = 5


class SiameseOutput(NamedTuple):
    """Tensors of one pass of N pictures."""

    embedding: torch.Tensor  # (N, D)
    strokes: torch.Tensor  # (N, channels[0], H/2, W/2): the first feature maps
    features: torch.Tensor  # (N, channels[2], H/8, W/8): the last ones


class Siamese(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-feature-extraction", tags=["metric-learning"]):
    """One of two twins that share all weights: it gives the embedding of one picture, the other twin the other's."""

    def __init__(self, config: SiameseConfig):
        super().__init__()
        self.config = config
        first, second, third = config.channels
        self.stem = nn.Sequential(
            nn.Conv2d(1, first, 4, stride=2, padding=1, bias=False),  # (N, first, H/2, W/2)
            nn.BatchNorm2d(first),
            nn.ReLU(),
        )
        self.trunk = nn.Sequential(
            conv_block(first, second),
            nn.MaxPool2d(2),
            Residual(second),  # (N, second, H/4, W/4)
            conv_block(second, third),
            nn.MaxPool2d(2),
            Residual(third),  # (N, third, H/8, W/8)
            nn.BatchNorm2d(third),
            nn.ReLU(),
        )
        places = (config.size[0] // 8) * (config.size[1] // 8)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(third * places, config.units))
        if config.quantiles:
            self.register_buffer("distances", torch.zeros(2, 3, config.quantiles))
        if config.classes:
            self.register_buffer("means", torch.zeros(config.classes, config.units))

    @torch.no_grad()
    def keep_distances(self, *trials: Trials) -> None:
        """Store the quantiles of trials with one and with three enrolled samples: same, other, forged."""
        share = torch.linspace(0, 1, self.config.quantiles)
        for kept, found in zip(self.distances, trials, strict=True):
            kept.copy_(torch.stack([torch.quantile(distances, share) for distances in found]))

    def forward(self, x: torch.Tensor) -> SiameseOutput:
        """Embeddings and feature maps of pictures (N, 1, H, W) in [0, 1]."""
        strokes = self.stem(x.contiguous(memory_format=torch.channels_last))
        features = self.trunk(strokes)
        embedding = self.head(features).float()
        if self.config.unit_length:
            embedding = F.normalize(embedding, dim=1)
        return SiameseOutput(embedding, strokes, features)


class SiameseFolds(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-feature-extraction", tags=["metric-learning"]):
    """Several networks, each trained without some of the people, so that every person is new to one of them."""

    def __init__(self, config: SiameseFoldsConfig):
        super().__init__()
        self.config = config
        self.networks = nn.ModuleList(Siamese(config) for _ in range(config.folds))

    def forward(self, x: torch.Tensor, fold: int) -> SiameseOutput:
        """What one of the networks makes of pictures (N, 1, H, W) in [0, 1]."""
        return self.networks[fold](x)
