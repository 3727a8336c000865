"""The classifiers c of min ||r||_2 subject to c(x + r) != c(x): digits, garments and photographs."""

from dataclasses import dataclass

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

from ..core.backbones.mobilenet import mobilenet_v2
from ..core.training.classifiers import ClassifierConfig, ClassifierOutput

SIDE = 224  # pixels of the photographs that MobileNetV2 was trained on


class LeNet(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-classification", tags=["lenet"]):
    """LeNet in the form of DeepFool's paper: two convolutions of 5 x 5, each with a maximum of 2 x 2, two layers."""

    def __init__(self, config: ClassifierConfig):
        super().__init__()
        self.config = config
        self.features = nn.Sequential(
            nn.Conv2d(1, 20, 5),  # (N, 20, 24, 24)
            nn.MaxPool2d(2),
            nn.Conv2d(20, 50, 5),  # (N, 50, 8, 8)
            nn.MaxPool2d(2),
            nn.Flatten(),  # (N, 800)
            nn.Linear(800, 500),
            nn.ReLU(),
        )
        self.last = nn.Linear(500, len(config.class_names))

    def forward(self, x: torch.Tensor) -> ClassifierOutput:
        """Logits and the 500 features of pictures (N, 1, 28, 28) in [0, 1]."""
        features = self.features(x)
        return ClassifierOutput(self.last(features), features)


class FullyConnected(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-classification", tags=["perceptron"]):
    """FC500-150-10 of the same paper: two hidden layers, no convolution."""

    def __init__(self, config: ClassifierConfig):
        super().__init__()
        self.config = config
        self.features = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 500), nn.ReLU(), nn.Linear(500, 150), nn.ReLU()
        )  # (N, 150)
        self.last = nn.Linear(150, len(config.class_names))

    def forward(self, x: torch.Tensor) -> ClassifierOutput:
        """Logits and the 150 features of pictures (N, 1, 28, 28) in [0, 1]."""
        features = self.features(x)
        return ClassifierOutput(self.last(features), features)


class Photographs(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-classification", tags=["mobilenet", "imagenet"]):
    """MobileNetV2 with its published weights for ImageNet's 1,000 classes."""

    def __init__(self, config: ClassifierConfig, published: bool = False):
        super().__init__()
        self.config = config
        self.network = mobilenet_v2(published, padded_after=True)

    def forward(self, x: torch.Tensor) -> ClassifierOutput:
        """Logits and the 1,280 features of pictures (N, 3, 224, 224) in [0, 1]."""
        maps = self.network.features(2 * x.contiguous(memory_format=torch.channels_last) - 1)
        features = maps.mean((2, 3))
        return ClassifierOutput(self.network.classifier(features), features)


@dataclass
class UniversalConfig:
    """Settings of a `Universal` perturbation."""

    of: str  # the checkpoint of the network that it fools
    bound: float  # xi: no pixel changes by more
    size: tuple[int, int, int] = (1, 28, 28)  # colours, height, width


class Universal(nn.Module, PyTorchModelHubMixin, tags=["universal-adversarial-perturbation"]):
    """One perturbation v for all pictures (Moosavi-Dezfooli et al. 2017)."""

    def __init__(self, config: UniversalConfig):
        super().__init__()
        self.config = config
        self.v = nn.Parameter(torch.zeros(config.size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pictures x + v, (N, C, H, W) in [0, 1], of pictures of that shape."""
        return (x + self.v).clamp(0, 1)
