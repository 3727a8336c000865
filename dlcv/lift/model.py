"""The three networks of LIFT, and their chain: DET finds the point, ORI the angle, DESC describes what is there."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from .glue import angle_of, crop, crop_and_rotate, softargmax


@dataclass
class LiftConfig:
    """Settings of a `Lift` network."""

    side: int = 32  # pixels of what ORI and DESC see: 16 sigma
    window: int = 25  # pixels of the score map in which DET looks for the point: 6 sigma to each side
    beta: float = 10.0  # of the softargmax
    detector: tuple[int, int] = (8, 16)  # channels
    sums: tuple[int, int] = (4, 4)  # of the piece-wise linear score: 4 maxima of 4 linear pieces each
    orientation: tuple[int, int, int] = (24, 48, 96)
    descriptor: tuple[int, int, int, int] = (32, 64, 96, 128)
    units: int = 128  # of a descriptor


def block(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch norm, ReLU."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


def standardised(x: torch.Tensor) -> torch.Tensor:
    """Patches (N, 1, S, S) with mean 0 and deviation 1 each: brightness and contrast are gone."""
    deviation, mean = torch.std_mean(x, dim=(1, 2, 3), keepdim=True, correction=0)
    return (x - mean) / (deviation + 0.01)


class Detector(nn.Module):
    """DET: the score of every pixel, piece-wise linear at its end, S = sum_n delta_n max_m (w_nm * h + b_nm).

    The signs delta_n alternate, as in the paper; there h is the picture and w_nm is as large as a patch. Here h are two
    small layers of features of the picture, less its mean around and over its deviation there.
    """

    reach = 6  # pixels on each side that a score depends on

    def __init__(self, config: LiftConfig):
        super().__init__()
        first, second = config.detector
        self.sums, pieces = config.sums
        self.features = nn.Sequential(nn.Conv2d(1, first, 5), nn.ReLU(), nn.Conv2d(first, second, 5), nn.ReLU())
        self.pieces = nn.Conv2d(second, self.sums * pieces, 5)
        self.register_buffer("delta", torch.tensor([1.0, -1.0]).repeat(self.sums)[: self.sums], persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (N, H - 12, W - 12) of pictures (N, 1, H, W) in [0, 1]."""
        h = self.features(locally_standardised(x))
        maxima = self.pieces(h).unflatten(1, (self.sums, -1)).amax(2)  # (N, sums, H - 12, W - 12)
        return torch.einsum("nshw,s->nhw", maxima, self.delta)


def locally_standardised(x: torch.Tensor, reach: int = 12) -> torch.Tensor:
    """Pictures (N, 1, H, W) less their mean around each pixel, over their deviation there; at borders, of what is there."""
    def mean(y):
        for kernel, padding in (((2 * reach + 1, 1), (reach, 0)), ((1, 2 * reach + 1), (0, reach))):
            y = F.avg_pool2d(y, kernel, 1, padding, count_include_pad=False)
        return y

    middle = mean(x)
    variance = (mean(x * x) - middle * middle).clamp_min(0)
    return (x - middle) / (variance.sqrt() + 0.02)


class Orientation(nn.Module):
    """ORI: two numbers, the sine and the cosine of an angle up to a factor."""

    def __init__(self, config: LiftConfig):
        super().__init__()
        first, second, third = config.orientation
        self.layers = nn.Sequential(
            block(1, first, 5, 2),  # (N, first, 16, 16)
            block(first, second, 3, 2),  # (N, second, 8, 8)
            block(second, third, 3, 2),  # (N, third, 4, 4)
            nn.Flatten(),
            nn.Linear(third * (config.side // 8) ** 2, 128),
            nn.ReLU(),
            nn.Linear(128, 2),
        )
        along = torch.arange(config.side) - (config.side - 1) / 2
        disc = along.square() + along.square()[:, None] <= (config.side / 2) ** 2  # what stays the same when turned
        self.register_buffer("disc", disc.float(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The two numbers (N, 2) of patches (N, 1, 32, 32) in [0, 1]."""
        return self.layers(standardised(x) * self.disc).float()


class Descriptor(nn.Module):
    """DESC: 128 numbers of length 1."""

    def __init__(self, config: LiftConfig):
        super().__init__()
        first, second, third, fourth = config.descriptor
        self.layers = nn.Sequential(
            block(1, first, 5, 2),  # (N, first, 16, 16)
            block(first, second),
            block(second, third, 3, 2),  # (N, third, 8, 8)
            block(third, third),
            block(third, fourth, 3, 2),  # (N, fourth, 4, 4)
            nn.Flatten(),
            nn.Linear(fourth * (config.side // 8) ** 2, config.units, bias=False),
            nn.BatchNorm1d(config.units, affine=False),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Descriptors (N, 128) of unit length of patches (N, 1, 32, 32) in [0, 1]."""
        return F.normalize(self.layers(standardised(x)).float(), dim=1)


class LiftOutput(NamedTuple):
    """All that the chain has on the way from N patches to their descriptors."""

    scores: torch.Tensor  # (N, 25, 25) of DET, around the middle
    point: torch.Tensor  # (N, 2): softargmax, in pixels from the middle
    cropped: torch.Tensor  # (N, 1, 32, 32): Crop
    angle: torch.Tensor  # (N,) of ORI
    upright: torch.Tensor  # (N, 1, 32, 32): Rot
    descriptor: torch.Tensor  # (N, 128)


class Lift(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-feature-extraction", tags=["keypoint-detection"]):
    """DET, ORI and DESC, joined by the glue."""

    def __init__(self, config: LiftConfig):
        super().__init__()
        self.config = config
        self.detector, self.orientation, self.descriptor = Detector(config), Orientation(config), Descriptor(config)

    def scores(self, patches: torch.Tensor, shift: torch.Tensor | None = None) -> torch.Tensor:
        """DET(P) in the window around the middle of patches (N, 1, 64, 64), or around shifts (N, 2) in whole pixels."""
        found = self.detector(patches)  # (N, 52, 52)
        corner, window = (found.shape[1] - self.config.window) // 2, self.config.window
        if shift is None:
            return found[:, corner : corner + window, corner : corner + window]
        rows = torch.arange(window, device=found.device) + corner
        y, x = shift[:, 1, None] + rows, shift[:, 0, None] + rows
        return found[torch.arange(len(found), device=found.device)[:, None, None], y[:, :, None], x[:, None]]

    def describe(self, patches: torch.Tensor, point: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What follows on the point (N, 2): the crop, its angle, the crop set upright, and its descriptor."""
        cropped = crop(patches, point, self.config.side)
        angle = angle_of(self.orientation(cropped))
        upright = crop_and_rotate(patches, point, angle, self.config.side)
        return cropped, angle, upright, self.descriptor(upright)

    def forward(self, patches: torch.Tensor, beta: float | None = None) -> LiftOutput:
        """The whole chain on patches (N, 1, 64, 64) in [0, 1]."""
        scores = self.scores(patches)
        point = softargmax(scores, self.config.beta if beta is None else beta)
        cropped, angle, upright, descriptor = self.describe(patches, point)
        return LiftOutput(scores, point, cropped, angle, upright, descriptor)
