"""The classifiers that score translations: a painting of Monet or a photograph, and which digit it is."""

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

from ..core.training.classifiers import ClassifierConfig, ClassifierOutput, conv_block

MONET = "judge-monet"  # the checkpoint of the SceneClassifier


class Classifier(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-classification", tags=["cyclegan"]):
    """Classes of pictures (N, 3, S, S) in [-1, 1]; grey ones may have one channel."""

    def __init__(self, config: ClassifierConfig):
        super().__init__()
        self.config = config
        self.features = nn.Sequential(
            conv_block(3, 32),
            nn.MaxPool2d(2),
            conv_block(32, 64),
            conv_block(64, 64),
            nn.MaxPool2d(2),
            conv_block(64, 128),
            conv_block(128, 128),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),  # (N, 512)
        )
        self.classes = nn.Sequential(nn.Dropout(0.3), nn.Linear(512, len(config.class_names)))

    def forward(self, x: torch.Tensor) -> ClassifierOutput:
        """Classify pictures (N, 3 or 1, S, S) in [-1, 1]."""
        features = self.features(x.expand(-1, 3, -1, -1)).float()  # (N, 512)
        return ClassifierOutput(self.classes(features), features)


class SceneClassifier(Classifier):
    """A classifier of pictures that also detects pictures out of its training distribution.

    The features of a picture are the mean and the standard deviation of every map of every layer, (N, 832): colours and
    textures first, things last. Features of training pictures are taken for a Gaussian (Lee et al. 2018).
    """

    SHRINK = 0.1  # of the covariance towards its diagonal: there are fewer pictures than numbers

    def __init__(self, config: ClassifierConfig):
        super().__init__(config)
        size = 2 * sum(layer[0].out_channels for layer in self.features if isinstance(layer, nn.Sequential))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("whiten", torch.eye(size))
        self.register_buffer("bound", torch.ones(()))  # distance that nine in ten held-out pictures are within

    def forward(self, x: torch.Tensor) -> ClassifierOutput:
        """Classify pictures (N, 3, S, S) in [-1, 1]; the features are the means and deviations of all maps."""
        statistics = []  # (N, C) each
        for layer in self.features:
            x = layer(x)  # (N, C, s, s); (N, 512) in the end
            if isinstance(layer, nn.Sequential):
                deviation, mean = torch.std_mean(x.float(), (2, 3))
                statistics += [mean, deviation]
        return ClassifierOutput(self.classes(x.float()), torch.cat(statistics, dim=1))

    def ood_score(self, features: torch.Tensor) -> torch.Tensor:
        """Mahalanobis distances (N,) of features (N, 832) from training pictures; more than 1 is strange."""
        return ((features - self.mean) @ self.whiten).norm(dim=1) / self.bound

    def fit_ood(self, features: torch.Tensor, held_out: torch.Tensor) -> None:
        """Fit the Gaussian to features (N, 832) of training pictures; 1 is the 90th percentile of held-out ones."""
        covariance = features.double().T.cov()
        variance = covariance.diagonal()
        covariance = torch.lerp(covariance, (variance + 1e-3 * variance.mean()).diag(), self.SHRINK)
        values, vectors = torch.linalg.eigh(covariance)
        self.mean.copy_(features.mean(0))
        self.whiten.copy_(vectors * values.rsqrt())
        self.bound.fill_(1).copy_(self.ood_score(held_out).quantile(0.9))
