"""Questions a visitor may ask the Spatial Transformers: distort a digit, rectify it, look at one pixel."""

import math
from dataclasses import dataclass

import torch

from ..core import runtime, weights
from ..core.datasets import distorted
from ..core.errors import InputError
from ..core.geometry import grids
from . import sampler
from .model import SIDE, STN

TRANSFORMERS = ("affine", "projective", "tps")
LIMITS = {  # of what a visitor may ask for, in the units of `Distortion`
    "rotation": (-180, 180), "scale": (0.4, 1.6), "shift_x": (-14, 14), "shift_y": (-14, 14),
    "tilt_x": (-1, 1), "tilt_y": (-1, 1), "warp": (0, 4),
}  # fmt: skip
TILT_PIXELS = 8  # how far a tilt of 1 moves the digit's corners


@dataclass
class Distortion:
    """What the visitor does to a digit."""

    rotation: float = 0.0  # degrees, clockwise
    scale: float = 1.0
    shift_x: float = 0.0  # pixels to the right
    shift_y: float = 0.0  # pixels down
    tilt_x: float = 0.0  # -1 to 1: the right edge comes nearer
    tilt_y: float = 0.0  # -1 to 1: the lower edge comes nearer
    warp: float = 0.0  # standard deviation of 16 control points, pixels
    seed: int = 0  # which warp

    def parameters(self) -> distorted.Parameters:
        """The same for one digit, as the data set has it. InputError on numbers that are missing or out of range."""
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if type(value) not in (int, float) or not math.isfinite(value) or not low <= value <= high:
                raise InputError(f"{name.replace('_', ' ').capitalize()} must be a number from {low} to {high}.")
        if type(self.seed) is not int or not 0 <= self.seed < 2**31:
            raise InputError("The seed must be a whole number from 0 to 2,147,483,647.")
        right, lower = self.tilt_x * TILT_PIXELS / 2, self.tilt_y * TILT_PIXELS / 2
        noise = torch.randn(1, 16, 2, generator=torch.Generator().manual_seed(self.seed))
        return distorted.Parameters(
            torch.tensor([float(self.rotation)]),
            torch.tensor([float(self.scale)]),
            torch.tensor([[float(self.shift_x), float(self.shift_y)]]),
            # the nearer edge grows, the far one shrinks; corners from top left, row by row
            torch.tensor([[[lower, right], [-lower, -right], [-lower, -right], [lower, right]]]),
            self.warp * noise,
        )


@dataclass
class Rectified:
    """What a transformer makes of one picture, and what two classifiers think of it."""

    input: torch.Tensor  # (S, S)
    rectified: torch.Tensor  # (28, 28)
    grid: torch.Tensor  # (28, 28, 2): source pixels (x, y) that each rectified pixel is read at
    theta: torch.Tensor  # (2, 3), (3, 3) or (16, 2)
    probabilities: torch.Tensor  # (10,) with the transformer
    plain_probabilities: torch.Tensor  # (10,) of the plain network, which sees the input as it is


@dataclass
class Pixel:
    """How the sampler makes one output pixel: V = sum of weight x value over its source neighbours."""

    source_x: float  # pixels of the input
    source_y: float
    neighbours: list[tuple[int, int, float, float]]  # (x, y, weight, value); outside the picture the value is 0
    value: float
    d_value_dx: float  # per source pixel
    d_value_dy: float


class STNPredictor:
    """A transformer and the plain network trained on the same data, on the device of the house.

    Cheap to make: the networks stay on the shelf, and the plain one is shared by the three transformers.
    """

    def __init__(self, transformer: str = "affine", data: str = "all"):
        if transformer not in TRANSFORMERS or data not in distorted.SIZES:
            raise InputError(
                f"Choose a transformer of {', '.join(TRANSFORMERS)} and data of {', '.join(distorted.SIZES)}."
            )
        self.size = distorted.SIZES[data]
        self.model = runtime.shelf.get(
            ("stn", transformer, data), lambda: weights.load(STN, f"stn-{transformer}-{data}")
        )
        self.plain = runtime.shelf.get(("stn", "cnn", data), lambda: weights.load(STN, f"stn-cnn-{data}"))
        self.device = next(self.plain.parameters()).device

    def distort(self, digit: torch.Tensor, distortion: Distortion) -> torch.Tensor:
        """The digit (1, 1, 28, 28) as the networks of this data get to see it, (1, 1, S, S)."""
        return distorted.distort(digit, distortion.parameters(), self.size)

    @torch.inference_mode()
    def rectify(self, x: torch.Tensor) -> Rectified:
        """One picture (1, 1, S, S) in [0, 1] through the transformer, and past it."""
        if x.shape != (1, 1, self.size, self.size) or not torch.isfinite(x).all():
            raise InputError(f"These networks look at one grey picture of {self.size} x {self.size} pixels.")
        out, plain = self.model(x.to(self.device)), self.plain(x.to(self.device))
        return Rectified(
            x[0, 0].cpu(), out.rectified[0, 0].cpu(), grids.to_pixels(out.grid[0].cpu(), self.size, self.size),
            out.theta[0].cpu(), out.logits.softmax(1)[0].cpu(), plain.logits.softmax(1)[0].cpu(),
        )  # fmt: skip

    def pixel(self, rectified: Rectified, row: int, column: int) -> Pixel:
        """The slide's sum and its derivatives at one output pixel of a picture that was rectified before."""
        if not (isinstance(row, int) and isinstance(column, int) and 0 <= row < SIDE and 0 <= column < SIDE):
            raise InputError(f"Choose a pixel of the rectified picture: row and column from 0 to {SIDE - 1}.")
        point = rectified.grid[row, column]
        x, y = point.tolist()
        kernel = sampler.derivative_source(rectified.input, point[None])[0]
        neighbours = []
        for n in (math.floor(y), math.floor(y) + 1):
            for m in (math.floor(x), math.floor(x) + 1):
                inside = 0 <= n < self.size and 0 <= m < self.size
                weight = max(0.0, 1 - abs(x - m)) * max(0.0, 1 - abs(y - n))
                neighbours.append((m, n, weight, rectified.input[n, m].item() if inside else 0.0))
        value = (kernel * rectified.input).sum().item()
        slope_x, slope_y = sampler.derivative_points(rectified.input, point[None])[0].tolist()
        return Pixel(x, y, neighbours, value, slope_x, slope_y)
