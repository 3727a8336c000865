"""Generator and critic of 28 x 28 pictures, one architecture for all three formulations.

    generator   z ~ N(0, I)  ->  G(z), g_theta(z)        a picture
    critic      x            ->  D(x) before its sigmoid, or f_w(x)

The critic has no normalisation over the batch: the gradient penalty asks for f_w's slope at each picture by itself.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

FORMULATIONS = ("gan", "wgan", "wgan-gp")
REAL = 500  # scores of real pictures that are stored with the weights


@dataclass
class GANConfig:
    """Settings of a `GAN`."""

    formulation: str = "wgan-gp"  # "gan": scores are logits of D(x); "wgan", "wgan-gp": scores are f_w(x)
    latents: int = 64
    channels: int = 1  # of a picture; 3 for stacked digits
    width: int = 32  # feature maps at 28 x 28
    first_norm: bool = True  # batch normalisation of the first layer of the generator


class GANOutput(NamedTuple):
    """Pictures of N latents, and the critic's scores of the pictures."""

    pictures: torch.Tensor  # (N, C, 28, 28) in [0, 1]
    scores: torch.Tensor  # (N,)


class Generator(nn.Sequential):
    """z (N, d) -> pictures (N, C, 28, 28) in [0, 1]. Channels unfold into 2 x 2 neighbourhoods on the way up."""

    def __init__(self, latents: int, channels: int, width: int, first_norm: bool = True):
        super().__init__(
            nn.Linear(latents, 4 * width * 49, bias=False),
            nn.Unflatten(1, (4 * width, 7, 7)),
            nn.BatchNorm2d(4 * width) if first_norm else nn.Identity(),
            nn.ReLU(),
            nn.Conv2d(4 * width, 8 * width, 3, padding=1, bias=False),
            nn.PixelShuffle(2),  # (N, 2 width, 14, 14)
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1, bias=False),
            nn.PixelShuffle(2),  # (N, width / 2, 28, 28)
            nn.BatchNorm2d(width // 2),
            nn.ReLU(),
            nn.Conv2d(width // 2, channels, 3, padding=1),
            nn.Sigmoid(),
        )


class Critic(nn.Sequential):
    """Pictures (N, C, 28, 28) in [0, 1] -> scores (N,)."""

    def __init__(self, channels: int, width: int):
        super().__init__(
            nn.Conv2d(channels, width, 4, stride=2, padding=1),  # (N, width, 14, 14)
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),  # (N, 2 width, 7, 7)
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1),  # (N, 4 width, 4, 4)
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(4 * width * 16, 1),
            nn.Flatten(0),
        )


class GAN(nn.Module, PyTorchModelHubMixin, pipeline_tag="unconditional-image-generation", tags=["gan", "mnist"]):
    """A generator and the discriminator or critic that it was trained against."""

    def __init__(self, config: GANConfig):
        super().__init__()
        self.config = config
        self.generator = Generator(config.latents, config.channels, config.width, config.first_norm)
        self.critic = Critic(config.channels, config.width)
        self.register_buffer("real_scores", torch.zeros(REAL))  # of real pictures outside the training set, sorted

    def forward(self, z: torch.Tensor) -> GANOutput:
        """Pictures of latents z (N, d), and their scores."""
        pictures = self.generator(z)  # (N, C, 28, 28)
        scores = self.critic(pictures).float()  # (N,)
        return GANOutput(pictures, scores)
