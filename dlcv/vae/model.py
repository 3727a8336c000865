"""A convolutional variational autoencoder (Kingma and Welling 2014; lecture, equations 3 to 14).

    encoder   X -> mean mu(X), log-variance log diag Sigma(X)      P(z|X; Theta_2) = N(z | mu, Sigma)       (9)
    decoder   z -> f(z)                                           P(X|z; Theta)   = N(X | f(z), sigma^2 I) (7)
                                                                  or, for binarised digits, Bernoulli(f(z))

Both work at 14 x 14 and 7 x 7, reached by folding 2 x 2 neighbourhoods into channels: a picture of 28 x 28 is then
never convolved at its full size, which is what makes this fast on a CPU.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.backbones.residual import Residual


@dataclass
class VAEConfig:
    """Settings of a `VAE`."""

    latents: int = 40
    likelihood: str = "bernoulli"  # or "gaussian": the slide's N(f(z), sigma^2 I), sigma learned
    wide: int = 24  # channels at 14 x 14
    deep: int = 64  # channels at 7 x 7
    hidden: int = 512  # units between the latents and the feature maps
    class_names: list[str] = field(default_factory=lambda: [str(digit) for digit in range(10)])


class VAEOutput(NamedTuple):
    """Tensors of one pass through the network: K samples of z for each of N pictures."""

    logits: torch.Tensor  # (N, K, 1, 28, 28): f(z) before the sigmoid
    mean: torch.Tensor  # (N, d)
    log_variance: torch.Tensor  # (N, d)
    z: torch.Tensor  # (N, K, d)
    log_likelihood: torch.Tensor  # (N, K): log P(X|z), nats

    @property
    def reconstruction(self) -> torch.Tensor:
        """f(z), (N, K, 1, 28, 28) in [0, 1]: each pixel's mean under P(X|z)."""
        return self.logits.sigmoid()


def reparametrise(mean: torch.Tensor, log_variance: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """z = mu(X) + Sigma(X)^(1/2) eps, for noise eps ~ N(0, I); all three broadcast to the shape of z.

    The slide writes Sigma eps. With Sigma the covariance of equation (9), it is the square root that scales eps.
    """
    return mean + (0.5 * log_variance).exp() * noise


class VAE(nn.Module, PyTorchModelHubMixin, pipeline_tag="unconditional-image-generation", tags=["vae", "mnist"]):
    """A convolutional variational autoencoder of 28 x 28 pictures: encoder, decoder and the sample between them."""

    def __init__(self, config: VAEConfig):
        super().__init__()
        self.config = config
        d, wide, deep, hidden = config.latents, config.wide, config.deep, config.hidden
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(2),  # (N, 4, 14, 14)
            nn.Conv2d(4, wide, 3, padding=1),
            Residual(wide),  # (N, wide, 14, 14)
            nn.PixelUnshuffle(2),
            nn.Conv2d(4 * wide, deep, 1),
            Residual(deep),  # (N, deep, 7, 7)
            nn.Flatten(),
            nn.SiLU(),
            nn.Linear(deep * 49, hidden),
            nn.SiLU(),
            nn.Linear(hidden, 2 * d),  # (N, 2d): mean and log-variance
        )
        self.decoder = nn.Sequential(
            nn.Linear(d, hidden),
            nn.SiLU(),
            nn.Linear(hidden, deep * 49),
            nn.Unflatten(1, (deep, 7, 7)),
            Residual(deep),  # (N, deep, 7, 7)
            nn.Conv2d(deep, 4 * wide, 1),
            nn.PixelShuffle(2),
            Residual(wide),  # (N, wide, 14, 14)
            nn.SiLU(),
            nn.Conv2d(wide, 4, 3, padding=1),
            nn.PixelShuffle(2),  # (N, 1, 28, 28)
        )
        self.log_sigma = nn.Parameter(torch.tensor(-2.0), requires_grad=config.likelihood == "gaussian")
        self.register_buffer("class_means", torch.zeros(len(config.class_names), d))  # mean of mu(X) over each class

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log-variance of P(z|X), each (N, d), for pictures (N, 1, 28, 28) in [0, 1] (equation 9)."""
        mean, log_variance = self.encoder(x.contiguous(memory_format=torch.channels_last)).float().chunk(2, dim=1)
        return mean, log_variance.clamp(-14, 6)

    def observed(self, x: torch.Tensor) -> torch.Tensor:
        """X of P(X|z) for a picture (N, 1, 28, 28) of one's own: its greys, or for Bernoulli ink where it is half."""
        return x if self.config.likelihood == "gaussian" else (x >= 0.5).float()

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """f(z) as a picture, (N, 1, 28, 28) in [0, 1], for latents (N, d)."""
        return self.decoder(z).sigmoid()

    def log_likelihood(self, x: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """log P(X|z) in nats, summed over pixels, (N, K), for X (N, 1, 28, 28) and f(z) as logits (N, K, 1, 28, 28).

        The Gaussian is a density over pixel values in [0, 1], so its logarithm may be positive (equation 7).
        """
        x = x.unsqueeze(1).expand_as(logits)  # (N, K, 1, 28, 28), as per_pixel is
        if self.config.likelihood == "bernoulli":
            per_pixel = -F.binary_cross_entropy_with_logits(logits, x, reduction="none")
        else:
            standardised = (x - logits.sigmoid()) * (-self.log_sigma).exp()
            per_pixel = -0.5 * (standardised**2 + torch.log(torch.tensor(2 * torch.pi))) - self.log_sigma
        return per_pixel.flatten(2).sum(2)  # (N, K)

    def forward(self, x: torch.Tensor, samples: int = 1, generator: torch.Generator | None = None) -> VAEOutput:
        """Output for pictures x (N, 1, 28, 28) in [0, 1]: K = `samples` latents of each, decoded and scored."""
        mean, log_variance = self.encode(x)  # (N, d) each
        noise = torch.randn(len(x), samples, mean.shape[1], generator=generator, device=x.device)  # (N, K, d)
        z = reparametrise(mean.unsqueeze(1), log_variance.unsqueeze(1), noise)  # (N, K, d)
        logits = self.decoder(z.flatten(0, 1)).unflatten(0, (len(x), samples)).float()  # (N, K, 1, 28, 28)
        log_likelihood = self.log_likelihood(x, logits)  # (N, K)
        return VAEOutput(logits, mean, log_variance, z, log_likelihood)
