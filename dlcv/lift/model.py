"""The three networks of LIFT, and their chain: DET finds the point, ORI the angle, DESC describes what is there."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from .glue import angle_of, crop, crop_and_rotate, softargmax

CARD = {"pipeline_tag": "image-feature-extraction", "tags": ["keypoint-detection"]}
REACH = 6  # pixels on each side that a score depends on
AROUND = 12  # pixels on each side over which a picture is standardised for the detector


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


class Detector(nn.Module, PyTorchModelHubMixin, **CARD):
    """DET: the score of every pixel, piece-wise linear at its end, S = sum_n delta_n max_m (w_nm * h + b_nm).

    The signs delta_n alternate, as in the paper; there h is the picture and w_nm is as large as a patch. Here h are two
    small layers of features of the picture, less its mean around and over its deviation there.
    """

    def __init__(self, config: LiftConfig):
        super().__init__()
        self.config = config
        first, second = config.detector
        self.sums, pieces = config.sums
        self.features = nn.Sequential(nn.Conv2d(1, first, 5), nn.ReLU(), nn.Conv2d(first, second, 5), nn.ReLU())
        self.pieces = nn.Conv2d(second, self.sums * pieces, 5)
        self.register_buffer("delta", torch.tensor([1.0, -1.0]).repeat(self.sums)[: self.sums], persistent=False)

    def score(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (N, H - 12, W - 12) of pictures (N, 1, H, W) that are locally standardised."""
        maxima = self.pieces(self.features(x)).unflatten(1, (self.sums, -1)).amax(2)  # (N, sums, H - 12, W - 12)
        return (maxima.float() * self.delta[:, None, None]).sum(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (N, H, W) of pictures (N, 1, H, W) in [0, 1]; their border is repeated beyond it."""
        return self.score(F.pad(locally_standardised(x), [REACH] * 4, mode="replicate"))


def locally_standardised(x: torch.Tensor) -> torch.Tensor:
    """Pictures (N, 1, H, W) less their mean around each pixel, over their deviation there: light is gone."""

    def mean(y):
        for kernel, padding in (((2 * AROUND + 1, 1), (AROUND, 0)), ((1, 2 * AROUND + 1), (0, AROUND))):
            y = F.avg_pool2d(y, kernel, 1, padding, count_include_pad=False)
        return y

    middle = mean(x)
    variance = (mean(x * x) - middle * middle).clamp_min(0)
    return (x - middle) / (variance.sqrt() + 0.02)


class Orientation(nn.Module, PyTorchModelHubMixin, **CARD):
    """ORI: two numbers, the sine and the cosine of an angle up to a factor."""

    def __init__(self, config: LiftConfig):
        super().__init__()
        self.config = config
        first, second, third = config.orientation
        self.layers = nn.Sequential(
            block(1, first, 5, 2),  # (N, first, 16, 16)
            block(first, second, 3, 2),  # (N, second, 8, 8)
            block(second, third, 3, 2),  # (N, third, 4, 4)
            nn.Flatten(),
            nn.Linear(third * (config.side // 8) ** 2, 64),
            nn.ReLU(),
            nn.Linear(64, 2),
        )
        along = torch.arange(config.side) - (config.side - 1) / 2
        disc = along.square() + along.square()[:, None] <= (config.side / 2) ** 2  # what stays the same when turned
        self.register_buffer("disc", disc.float(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The two numbers (N, 2) of patches (N, 1, 32, 32) in [0, 1]."""
        return self.layers(standardised(x) * self.disc).float()


class Descriptor(nn.Module, PyTorchModelHubMixin, **CARD):
    """DESC: 128 numbers of length 1."""

    def __init__(self, config: LiftConfig):
        super().__init__()
        self.config = config
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
    """All that the chain has on the way from N patches to the descriptors of the first D of them."""

    scores: torch.Tensor  # (N, 25, 25) of DET, around the middle or where `shift` says
    point: torch.Tensor  # (D, 2): softargmax, in pixels from the middle of the patch
    cropped: torch.Tensor  # (D, 1, 32, 32): Crop
    angle: torch.Tensor  # (D,) of ORI
    upright: torch.Tensor  # (D, 1, 32, 32): Rot
    descriptor: torch.Tensor  # (D, 128)


def window(maps: torch.Tensor, side: int, shift: torch.Tensor) -> torch.Tensor:
    """Squares (N, 1, side, side) of maps (N, 1, S, S), whole pixels `shift` (N, 2) away from the middle."""
    corner = (maps.shape[-1] - side + 1) // 2
    along = torch.arange(side, device=maps.device) + corner
    rows, columns = shift[:, 1:] + along, shift[:, :1] + along  # (N, side)
    number = torch.arange(len(maps), device=maps.device)
    return maps[number[:, None, None], 0, rows[:, :, None], columns[:, None]].unsqueeze(1)


class Lift(nn.Module, PyTorchModelHubMixin, **CARD):
    """DET, ORI and DESC, joined by the glue."""

    def __init__(self, config: LiftConfig):
        super().__init__()
        self.config = config
        self.detector, self.orientation, self.descriptor = Detector(config), Orientation(config), Descriptor(config)

    def train(self, mode: bool = True) -> "Lift":
        """The network itself; the batch norms of ORI and DESC keep what they learned before the three are joined."""
        super().train(mode)
        self.orientation.eval()
        self.descriptor.eval()
        return self

    def describe(self, patches: torch.Tensor, point: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What follows on points (N, 2) of patches: the crop, its angle, the crop set upright, and its descriptor."""
        cropped = crop(patches, point, self.config.side)
        angle = angle_of(self.orientation(cropped))
        upright = crop_and_rotate(patches, point, angle, self.config.side)
        return cropped, angle, upright, self.descriptor(upright)

    def forward(
        self,
        patches: torch.Tensor,
        beta: float | None = None,
        shift: torch.Tensor | None = None,
        described: int | None = None,
    ) -> LiftOutput:
        """The whole chain on patches (N, 1, 64, 64) in [0, 1].

        Args:
            beta: of the softargmax, instead of the one it was trained with.
            shift: (N, 2) whole pixels from the middle of a patch to that of the window in which DET looks.
            described: D, if not all of the patches are to be described.
        """
        if shift is None:
            shift = torch.zeros(len(patches), 2, dtype=torch.long, device=patches.device)
        seen = window(locally_standardised(patches), self.config.window + 2 * REACH, shift)
        scores = self.detector.score(seen)  # (N, 25, 25)
        beta = self.config.beta if beta is None else beta
        middle = shift[:described].float() + 0.5 * ((patches.shape[-1] - self.config.window) % 2)
        point = softargmax(scores[:described], beta) + middle
        return LiftOutput(scores, point, *self.describe(patches[:described], point))
