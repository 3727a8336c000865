"""The evaluator of generated pictures: its classes count modes, its features carry Fréchet distances."""

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

from ..core.training.classifiers import ClassifierConfig, ClassifierOutput, conv_block
from ..core.training.evaluation import classify


class Classifier(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-classification", tags=["mnist"]):
    """Ten classes of pictures (N, 1, 28, 28) in [0, 1]."""

    def __init__(self, config: ClassifierConfig):
        super().__init__()
        self.config = config
        self.features = nn.Sequential(
            conv_block(1, 32),
            nn.MaxPool2d(2),  # (N, 32, 14, 14)
            conv_block(32, 64),
            conv_block(64, 64),
            nn.MaxPool2d(2),  # (N, 64, 7, 7)
            conv_block(64, 128),
            nn.AdaptiveMaxPool2d(2),
            nn.Flatten(),  # (N, 512)
            nn.Dropout(0.3),
            nn.Linear(512, 128),
            nn.ReLU(),
        )
        self.classes = nn.Linear(128, len(config.class_names))
        self.register_buffer("real_distance", torch.zeros(()))  # mean distance of two real pictures' features

    def forward(self, x: torch.Tensor) -> ClassifierOutput:
        """Logits (N, classes) and features (N, 128) of pictures (N, 1, 28, 28) in [0, 1], ink = 1."""
        features = self.features(x).float()  # (N, 128)
        return ClassifierOutput(self.classes(features), features)


def mean_distance(features: torch.Tensor) -> torch.Tensor:
    """Mean distance between the first half of N pictures' features (N, 128) and the second: small without variety."""
    first, second = features.chunk(2)
    return (first - second).norm(dim=1).mean()


def covered(counts: torch.Tensor) -> int:
    """Number of classes that have at least a quarter of their share of the samples, whose counts are (K,)."""
    return int((counts >= counts.sum() / len(counts) / 4).sum())


def misplaced(counts: torch.Tensor) -> float:
    """The part of the samples, whose counts are (K,), that would have to be of other classes for all to be alike.

    The total variation from equal shares: 0 where every class has its share, 1 - 1/K where one class has all.
    """
    share = counts / counts.sum()
    return (share - 1 / len(counts)).abs().sum().item() / 2


def modes_and_kl(model: Classifier, pictures: torch.Tensor) -> tuple[int, float]:
    """Number of the 1,000 stacks of digits that pictures (N, 3, 28, 28) cover, and KL(covered || uniform) in nats."""
    digits = classify(model, pictures.flatten(0, 1).unsqueeze(1)).logits.argmax(1)
    stacks = digits.view(-1, 3) @ torch.tensor([100, 10, 1])
    share = torch.bincount(stacks, minlength=1000).double() / len(stacks)
    found = share[share > 0]
    return len(found), (found * (found * 1000).log()).sum().item()
