"""Questions a visitor may ask the Spatial Transformers: distort a digit, rectify it, look at one pixel."""

import math
from dataclasses import dataclass

import torch

from ..core import runtime, weights
from ..core.datasets import distorted
from ..core.errors import InputError
from ..core.geometry import grids
from . import sampler
from .model import STN

TRANSFORMERS = ("affine", "projective", "tps")
FULLY_CONNECTED = ("affine", "r")  # the transformer and the data of the fully connected networks
TILT_PIXELS = 8  # how far a tilt of 1 moves the digit's corners


@dataclass
class Distortion:
    """A distortion of one digit, in numbers that a visitor can set."""

    rotation: float = 0.0  # degrees, clockwise
    scale: float = 1.0
    shift_x: float = 0.0  # pixels to the right
    shift_y: float = 0.0  # pixels down
    tilt_x: float = 0.0  # -1 to 1: the right edge comes nearer
    tilt_y: float = 0.0  # -1 to 1: the lower edge comes nearer
    warp: float = 0.0  # standard deviation of 16 control points, pixels
    seed: int = 0  # which warp

    def parameters(self) -> distorted.Parameters:
        """The distortion as the data set has it, for one digit."""
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
    """One picture after a transformer, and the probabilities of two classifiers."""

    input: torch.Tensor  # (S, S)
    rectified: torch.Tensor  # (28, 28)
    grid: torch.Tensor  # (28, 28, 2): source pixels (x, y) that each rectified pixel is read at
    theta: torch.Tensor  # (2, 3), (3, 3) or (16, 2)
    probabilities: torch.Tensor  # (10,) with the transformer
    plain_probabilities: torch.Tensor  # (10,) of the plain network, which sees the input as it is


@dataclass
class Pixel:
    """The slide's sum at one output pixel: V = sum of weight x value over its four source neighbours."""

    source_x: float  # pixels of the input
    source_y: float
    neighbours: list[tuple[int, int, float, float]]  # (x, y, weight, value); outside the picture the value is 0
    value: float
    d_value_dx: float  # per source pixel
    d_value_dy: float


class STNPredictor:
    """A transformer and the plain network trained on the same data, on `runtime.device()`.

    Cheap to make: the networks stay on the shelf, and the plain one is shared by the three transformers.
    """

    def __init__(self, transformer: str = "affine", data: str = "all", classifier: str = "cnn"):
        if transformer not in TRANSFORMERS or data not in distorted.SIZES:
            raise InputError(
                f"Choose a transformer of {', '.join(TRANSFORMERS)} and data of {', '.join(distorted.SIZES)}."
            )
        if classifier == "fcn" and (transformer, data) != FULLY_CONNECTED:
            raise InputError("Fully connected networks were trained with an affine transformer and on R alone.")
        self.size = distorted.SIZES[data]

        def network(name: str) -> STN:
            return runtime.shelf.get(("stn", name, data), lambda: weights.load(STN, f"stn-{name}-{data}"))

        self.model = network(f"fcn-{transformer}" if classifier == "fcn" else transformer)
        self.plain = network(classifier)
        self.device = next(self.plain.parameters()).device

    def distort(self, digits: torch.Tensor, distortion: Distortion) -> torch.Tensor:
        """Digits (N, 1, 28, 28), all distorted alike, as the networks of this data get to see them, (N, 1, S, S)."""
        grid = distorted.source_grid(distortion.parameters(), self.size)  # (1, S, S, 2)
        return grids.warp(digits, grid.expand(len(digits), -1, -1, -1))

    @torch.inference_mode()
    def read(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Probabilities (N, 10) of pictures (N, 1, S, S): with the transformer, and of the plain network."""
        return tuple(network(x.to(self.device)).logits.softmax(1).cpu() for network in (self.model, self.plain))

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
        u, point = rectified.input, rectified.grid[row, column]
        left, top = (math.floor(value) for value in point.tolist())
        patch = torch.zeros(2, 2)  # the four neighbours (rows, columns); 0 outside of the picture
        for n in (0, 1):
            for m in (0, 1):
                if 0 <= top + n < self.size and 0 <= left + m < self.size:
                    patch[n, m] = u[top + n, left + m]
        weights = sampler.derivative_source(patch, point[None] - torch.tensor([left, top]))[0]  # (2, 2): dV / dU
        neighbours = [(left + m, top + n, weights[n, m].item(), patch[n, m].item()) for n in (0, 1) for m in (0, 1)]
        value = sampler.sample(u, point[None]).item()
        slope_x, slope_y = sampler.derivative_points(u, point[None])[0].tolist()
        x, y = point.tolist()
        return Pixel(x, y, neighbours, value, slope_x, slope_y)


def predictor(names: tuple[str, str, str]) -> STNPredictor:
    """The predictor of a transformer, of the data that it was trained on, and of a classifier."""
    return STNPredictor(*names)
