"""The smallest model that has everything a checkpoint has."""

from dataclasses import dataclass

from huggingface_hub import PyTorchModelHubMixin
from torch import nn


@dataclass
class TinyConfig:
    """Settings of a `Tiny`."""

    width: int = 3
    classes: int = 2


class Tiny(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-classification", tags=["tiny"]):
    """A line through a normalised point.

    This second paragraph stays out of the card.
    """

    def __init__(self, config: TinyConfig):
        super().__init__()
        self.config = config
        self.norm = nn.BatchNorm1d(config.width)  # has a buffer of integers
        self.linear = nn.Linear(config.width, config.classes)

    def forward(self, x):
        """Scores (N, classes) of points (N, width)."""
        return self.linear(self.norm(x))
