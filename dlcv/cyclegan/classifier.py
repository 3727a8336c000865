"""The classifiers that judge translations: a painting of Monet or a photograph, and which digit it is."""

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

from ..judging import ClassifierConfig, Judgement


def _block(channels_in: int, channels_out: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.ReLU())


class Classifier(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-classification", tags=["cyclegan"]):
    """Classes of pictures (N, 3, S, S) in [-1, 1]; grey ones may have one channel."""

    def __init__(self, config: ClassifierConfig):
        super().__init__()
        self.config = config
        self.features = nn.Sequential(
            _block(3, 32),
            nn.MaxPool2d(2),
            _block(32, 64),
            _block(64, 64),
            nn.MaxPool2d(2),
            _block(64, 128),
            _block(128, 128),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),  # (N, 512)
        )
        self.classes = nn.Sequential(nn.Dropout(0.3), nn.Linear(512, len(config.class_names)))
        self.register_buffer("mean", torch.zeros(512))  # of the features of the pictures it knows
        self.register_buffer("deviation", torch.ones(512))
        self.register_buffer("strangest", torch.zeros(()))  # of those pictures, but for one in a hundred

    def forward(self, x: torch.Tensor) -> Judgement:
        """Classify pictures (N, 3 or 1, S, S) in [-1, 1]."""
        features = self.features(x.expand(-1, 3, -1, -1)).float()
        return Judgement(self.classes(features), features)

    def strangeness(self, features: torch.Tensor) -> torch.Tensor:
        """How far features (N, 512) are from those of known pictures: mean square in standard deviations, about 1."""
        return ((features - self.mean) / self.deviation).square().mean(1)

    def get_to_know(self, features: torch.Tensor) -> None:
        """Keep with the weights what the features (N, 512) of known pictures are like."""
        self.mean.copy_(features.mean(0))
        self.deviation.copy_(features.std(0).clamp_min(1e-2))
        self.strangest.copy_(self.strangeness(features.to(self.mean.device)).quantile(0.99))
