"""The smallest model that has everything a checkpoint has, and its passport and scores."""

import json
from dataclasses import dataclass

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

from dlcv.core import weights
from dlcv.core.weights import hub
from dlcv.core.weights.scores import Metric

ABOUT = {"topic": "tiny", "licence": "mit", "source": "Trained on points.", "recipe": {"command": "python -m tiny"}}


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


def tiny(seed: int = 0) -> Tiny:
    """A model whose every parameter and buffer differs from a fresh one's."""
    torch.manual_seed(seed)
    model = Tiny(TinyConfig(width=3, classes=2))
    model(torch.randn(8, 3))  # moves the statistics of the normalisation
    return model


def score(name: str, **changes) -> None:
    """Leave scores beside a checkpoint, as an evaluation does."""
    beside = {"bar": 1.0, "paper": 0.5, "paper_source": "Euclid, Table 1"}
    row = Metric("error", "Classification error", "%", "lower").row("points, all 8", 0.75, **beside)
    content = {"model": name, "topic": "tiny", "command": "python -m tiny.evaluate", "rows": [row]}
    content |= {"weights_sha256": weights.passport(name).sha256, **changes}
    (weights.root() / name / hub.METRICS).write_text(json.dumps(content))
