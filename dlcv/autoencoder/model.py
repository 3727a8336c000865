"""Autoencoders of 28 x 28 pictures, and principal component analysis beside them (lecture, equations 1 and 2).

    code <- f(x; Theta_1)        the encoder
    x'   <- g(code; Theta_2)     the decoder

The code layer is linear. PCA has a matrix for f and its transpose for g.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

from ..core.backbones.residual import Residual

PIXELS = 28 * 28


@dataclass
class AutoencoderConfig:
    """Settings of an `Autoencoder`."""

    units: int = 30  # of the code
    hidden: int = 256  # units between the code and the feature maps; 0: the code is feature maps, 7 x 7 each
    wide: int = 32  # channels at 14 x 14
    deep: int = 48  # channels at 7 x 7
    blocks: int = 1  # residual blocks at 7 x 7
    kept: int = 0  # test pictures whose codes are stored with the weights
    class_names: list[str] = field(default_factory=lambda: [str(digit) for digit in range(10)])


@dataclass
class PCAConfig:
    """Settings of a `PCA`."""

    units: int = 30
    kept: int = 0
    class_names: list[str] = field(default_factory=lambda: [str(digit) for digit in range(10)])


class AutoencoderOutput(NamedTuple):
    """Tensors of one pass of N pictures."""

    reconstruction: torch.Tensor  # (N, 1, 28, 28): x'
    code: torch.Tensor  # (N, d)


class Coder(nn.Module):
    """What networks and PCA share: both passes of equation (2), and where the codes of real pictures lie."""

    def __init__(self, config: AutoencoderConfig | PCAConfig):
        super().__init__()
        self.config = config
        units = config.units
        if units < PIXELS:  # of a code as wide as a picture nobody looks at single units
            self.register_buffer("code_mean", torch.zeros(units))  # of the training pictures, as the next three
            self.register_buffer("code_covariance", torch.eye(units))
            self.register_buffer("code_low", torch.zeros(units))
            self.register_buffer("code_high", torch.zeros(units))
        if config.kept:
            self.register_buffer("kept_codes", torch.zeros(config.kept, units))  # of the first test pictures
            self.register_buffer("kept_labels", torch.zeros(config.kept, dtype=torch.uint8))

    @property
    def code_std(self) -> torch.Tensor:
        """Standard deviation of each unit over the training pictures, (d,)."""
        return self.code_covariance.diagonal().sqrt()

    @torch.no_grad()
    def keep_codes(self, codes: torch.Tensor, test_codes: torch.Tensor, test_labels: torch.Tensor) -> None:
        """Store where the training pictures' codes (N, d) lie, and some of the test pictures' with their labels."""
        self.code_mean.copy_(codes.mean(0))
        self.code_covariance.copy_(codes.T.cov())
        self.code_low.copy_(codes.amin(0))
        self.code_high.copy_(codes.amax(0))
        if kept := self.config.kept:
            self.kept_codes.copy_(test_codes[:kept])
            self.kept_labels.copy_(test_labels[:kept])

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """f(x; Theta_1), (N, d), of pictures (N, 1, 28, 28) in [0, 1]."""
        raise NotImplementedError

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """g(code; Theta_2), (N, 1, 28, 28), of codes (N, d)."""
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> AutoencoderOutput:
        """Code and reconstruction of pictures (N, 1, 28, 28) in [0, 1]   (equation 2)."""
        code = self.encode(x)
        return AutoencoderOutput(self.decode(code), code)


class Autoencoder(Coder, PyTorchModelHubMixin, pipeline_tag="image-feature-extraction", tags=["mnist"]):
    """A convolutional autoencoder of 28 x 28 pictures, trained to give back what it is shown."""

    def __init__(self, config: AutoencoderConfig):
        super().__init__(config)
        units, hidden, wide, deep = config.units, config.hidden, config.wide, config.deep
        maps = deep * 49
        if hidden:
            narrow = [nn.SiLU(), nn.Flatten(), nn.Linear(maps, hidden), nn.SiLU(), nn.Linear(hidden, units)]
            widen = [nn.Linear(units, hidden), nn.SiLU(), nn.Linear(hidden, maps), nn.Unflatten(1, (deep, 7, 7))]
        else:  # the code keeps its places, and there is a straight way through for whatever is shown
            narrow = [nn.Conv2d(deep, units // 49, 1), nn.Flatten()]
            widen = [nn.Unflatten(1, (units // 49, 7, 7)), nn.Conv2d(units // 49, deep, 1)]
        bent = nn.SiLU if hidden else nn.Identity
        self.encoder = nn.Sequential(
            nn.Conv2d(1, wide, 4, stride=2, padding=1),  # (N, wide, 14, 14)
            bent(),
            nn.Conv2d(wide, deep, 4, stride=2, padding=1),
            *[Residual(deep) for _ in range(config.blocks)],  # (N, deep, 7, 7)
            *narrow,  # (N, units)
        )
        self.decoder = nn.Sequential(
            *widen,
            *[Residual(deep) for _ in range(config.blocks)],  # (N, deep, 7, 7)
            bent(),
            nn.ConvTranspose2d(deep, wide, 4, stride=2, padding=1),  # (N, wide, 14, 14)
            bent(),
            nn.ConvTranspose2d(wide, 1, 4, stride=2, padding=1),  # (N, 1, 28, 28)
        )

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """f(x; Theta_1), (N, d), of pictures (N, 1, 28, 28) in [0, 1]."""
        return self.encoder(x.contiguous(memory_format=torch.channels_last)).float()

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """g(code; Theta_2), (N, 1, 28, 28), of codes (N, d); in [0, 1] where the code is narrow."""
        x = self.decoder(code).float()
        return x.sigmoid() if self.config.hidden else x  # what copies must be able to give back any number


class PCA(Coder, PyTorchModelHubMixin, pipeline_tag="image-feature-extraction", tags=["mnist", "pca"]):
    """Principal component analysis: of all linear codes of so many units, the one that loses least."""

    def __init__(self, config: PCAConfig):
        super().__init__(config)
        self.mean = nn.Parameter(torch.zeros(PIXELS), requires_grad=False)
        self.components = nn.Parameter(torch.zeros(config.units, PIXELS), requires_grad=False)  # orthonormal rows

    @torch.no_grad()
    def fit(self, x: torch.Tensor) -> "PCA":
        """This model, fitted to pictures (N, 1, 28, 28): the eigenvectors of their covariance, the largest first."""
        flat = x.flatten(1).double()
        values, vectors = torch.linalg.eigh(flat.T.cov(correction=0))
        self.mean.copy_(flat.mean(0))
        self.components.copy_(vectors.T.flip(0)[: self.config.units])
        return self

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """W (x - mean), (N, d), of pictures (N, 1, 28, 28)."""
        return (x.flatten(1) - self.mean) @ self.components.T

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """mean + W^T code, (N, 1, 28, 28), not cut to [0, 1]; a code (N, k) is of the first k components."""
        return (self.mean + code @ self.components[: code.shape[1]]).view(-1, 1, 28, 28)
