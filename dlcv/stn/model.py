"""Spatial Transformer networks (Jaderberg et al. 2015; lecture, "Spatial Transformers").

    localisation net   U -> theta
    grid generator     G -> T_theta(G)                 where in U every pixel of V is read
    sampler            V = sum U k(x - m) k(y - n)      bilinear, differentiable in U and in theta
    classifier         V -> ten classes

Without a transformer the same classifier, with as many weights as the whole, looks at the input as it is.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

from ..core.geometry import grids

SIDE = 28  # the transformer's output, pixels
THETA = {"affine": (2, 3), "projective": (3, 3), "tps": (16, 2)}
BEND = 0.2  # weight of a spline's offsets: they are to bend, not to turn


@dataclass
class STNConfig:
    """Settings of an `STN`."""

    size: int = 28  # side of the input, pixels
    transformer: str | None = None  # "affine", "projective", "tps", or none: the plain classifier
    classifier: str = "cnn"  # or "fcn", fully connected
    hidden: int = 64  # units before the classes; more where there is no localisation net, to even out the weights


class STNOutput(NamedTuple):
    """The classes of N pictures, and where the transformer looked."""

    logits: torch.Tensor  # (N, 10)
    theta: torch.Tensor | None  # (N, 2, 3), (N, 3, 3) or (N, 16, 2): where the control points are read
    grid: torch.Tensor | None  # (N, 28, 28, 2): T_theta(G), (x, y) in [-1, 1] of the input
    rectified: torch.Tensor  # (N, 1, 28, 28): what the classifier looks at; the input itself without a transformer


def convolutional(channels_in: int, channels_out: int, side: int, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU."""
    convolution = nn.Conv2d(channels_in, channels_out, side, stride, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True))


def dense(units_in: int, units_out: int) -> nn.Sequential:
    """Fully connected layer, batch normalisation, ReLU."""
    return nn.Sequential(nn.Linear(units_in, units_out, bias=False), nn.BatchNorm1d(units_out), nn.ReLU(inplace=True))


class STN(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-classification", tags=["spatial-transformer", "mnist"]):
    """A classifier of distorted digits, with a Spatial Transformer before it or without.

    Localisation net, grid generator, sampler and classifier learn together, from the class alone.
    """

    def __init__(self, config: STNConfig):
        super().__init__()
        self.config = config
        size, convolves = config.size, config.classifier == "cnn"
        if config.transformer:
            # features of where the digit is and how it lies
            self.localise = (
                nn.Sequential(
                    convolutional(1, 24, 5, stride=2),  # (N, 24, 12, 12) of a picture of 28 x 28, 19 x 19 of 42 x 42
                    convolutional(24, 48, 3),
                    nn.MaxPool2d(2),
                    convolutional(48, 48, 3, stride=1 if size == 28 else 2),  # (N, 48, 3, 3)
                    nn.Flatten(),
                    dense(48 * 9, 96),
                )
                if convolves
                else nn.Sequential(nn.Flatten(), dense(size**2, 96), dense(96, 96))
            )
            start = torch.eye(3)[: 3 if config.transformer == "projective" else 2]
            self.theta = nn.Linear(96, start.numel())
            nn.init.zeros_(self.theta.weight)  # whatever the picture, training starts at the identity
            self.theta.bias.data.copy_(start.flatten())
            if config.transformer == "tps":
                control = grids.tps_control_points()
                self.offsets = nn.Linear(96, control.numel())
                nn.init.zeros_(self.offsets.weight)
                nn.init.zeros_(self.offsets.bias)
                self.register_buffer("control", grids.homogeneous(control), persistent=False)
                spline = grids.tps_weights(control, grids.target_points(SIDE, SIDE, control))
                self.register_buffer("spline", spline, persistent=False)
        if convolves:
            self.classify = nn.Sequential(
                convolutional(1, 32, 5, stride=2),  # (N, 32, 12, 12) of a picture of 28 x 28
                convolutional(32, 48, 3),  # (N, 48, 10, 10)
                nn.MaxPool2d(2),
                convolutional(48, 64, 3),  # (N, 64, 3, 3)
                nn.AdaptiveMaxPool2d(3),
                nn.Flatten(),
                dense(64 * 9, config.hidden),
                nn.Linear(config.hidden, 10),
            )
        else:
            side = SIDE if config.transformer else size
            self.classify = nn.Sequential(
                nn.Flatten(),
                dense(side**2, 2 * config.hidden),
                dense(2 * config.hidden, config.hidden),
                nn.Linear(config.hidden, 10),
            )

    def forward(self, x: torch.Tensor) -> STNOutput:
        """The classes of pictures (N, 1, S, S) in [0, 1], ink = 1, and V = sampler(U, T_theta(G)) on the way there."""
        x = x.contiguous(memory_format=torch.channels_last)  # (N, 1, S, S)  U
        if not self.config.transformer:
            return STNOutput(self.classify(x).float(), None, None, x)
        theta = self.localisation(x)  # (N, 2, 3), (N, 3, 3) or (N, 16, 2)
        grid = self.grid(theta)  # (N, 28, 28, 2)  T_theta(G)
        rectified = grids.warp(x.float(), grid)  # (N, 1, 28, 28)  V: sampler.sample at every point of the grid
        logits = self.classify(rectified).float()  # (N, 10)
        return STNOutput(logits, theta, grid, rectified)

    def localisation(self, x: torch.Tensor) -> torch.Tensor:
        """theta of pictures (N, 1, S, S), as in `STNOutput`.

        A spline's 32 coordinates would have to move together to turn a digit, and free ones rarely do. So an affine
        part carries the control points c_k, and each is offset from there: theta_k = A (c_k, 1) + BEND o_k.
        """
        features = self.localise(x)  # (N, 96)
        theta = self.theta(features).float()  # (N, 6) or (N, 9)
        if self.config.transformer != "tps":
            return theta.unflatten(1, THETA[self.config.transformer])
        offsets = self.offsets(features).float().unflatten(1, THETA["tps"])  # (N, 16, 2)
        return self.control @ theta.unflatten(1, (2, 3)).transpose(1, 2) + BEND * offsets  # (N, 16, 2)

    def grid(self, theta: torch.Tensor) -> torch.Tensor:
        """T_theta(G), (N, 28, 28, 2), for theta as in `STNOutput`."""
        if self.config.transformer == "affine":
            return grids.affine_grid(theta, SIDE, SIDE)
        if self.config.transformer == "projective":
            return grids.projective_grid(theta, SIDE, SIDE)
        return grids.tps_grid(theta, self.spline, SIDE, SIDE)
