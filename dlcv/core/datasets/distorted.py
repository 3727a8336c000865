"""Distorted MNIST after Jaderberg et al. 2015, appendix A.4: digits turned, shifted, scaled, tilted, warped.

Every distortion is one warp: a pixel of the canvas is taken back through shift, rotation, scale, a homography and a
thin-plate spline to the place in the upright digit where it is read. Nothing is interpolated twice.
"""

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..geometry import grids

SIDE = 28  # of the upright digit, pixels
CORNERS = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
SIZES = {"r": 28, "rts": 42, "p": 28, "e": 28, "all": 42}  # of the canvas
TITLES = {
    "r": "R: turned by up to 90 degrees",
    "rts": "RTS: turned by up to 45 degrees, scaled by 0.7 to 1.2, anywhere on the canvas",
    "p": "P: the four corners stretched by 5 px (standard deviation), scaled by 0.75 to 1",
    "e": "E: 16 control points of a spline moved by 1.5 px (standard deviation), scaled by 0.75 to 1",
    "all": "everything at once: turned by up to 90 degrees, scaled, shifted, tilted and warped",
}


@dataclass
class Parameters:
    """How each of N digits is distorted. `identity(N)` leaves them upright in the middle of the canvas."""

    rotation: torch.Tensor  # (N,) degrees, clockwise on screen
    scale: torch.Tensor  # (N,)
    shift: torch.Tensor  # (N, 2) pixels of the canvas, right and down
    corners: torch.Tensor  # (N, 4, 2) pixels of the digit: where its corners go, from top left row by row
    elastic: torch.Tensor  # (N, 16, 2) pixels of the digit: what 4 x 4 control points read, relative to their place


def weakened(parameters: Parameters, strength: float) -> Parameters:
    """The same distortions, from none at strength 0 to all of it at 1."""
    return Parameters(
        parameters.rotation * strength,
        parameters.scale**strength,
        parameters.shift * strength,
        parameters.corners * strength,
        parameters.elastic * strength,
    )


def identity(count: int) -> Parameters:
    """No distortion at all, for `count` digits."""
    zeros = torch.zeros
    return Parameters(zeros(count), torch.ones(count), zeros(count, 2), zeros(count, 4, 2), zeros(count, 16, 2))


def draw(kind: str, count: int, generator: torch.Generator) -> Parameters:
    """Parameters of `count` digits at random, as the paper draws them for `kind` ("r", "rts", "p", "e").

    "all" mixes them for the playground: each digit gets every distortion, tilt and warp on every other digit.
    """

    def uniform(low, high, *shape):
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    def normal(deviation, *shape):
        return deviation * torch.randn(count, *shape, generator=generator)

    def half(values):
        return values * (torch.rand(count, 1, 1, generator=generator) < 0.5)

    parameters = identity(count)
    if kind in ("r", "all"):
        parameters.rotation = uniform(-90, 90)
    if kind == "rts":
        parameters.rotation = uniform(-45, 45)
    if kind in ("rts", "all"):
        parameters.scale = uniform(0.7, 1.2)
        room = (SIZES[kind] - SIDE * parameters.scale) / 2  # the digit's square stays on the canvas
        parameters.shift = uniform(-1, 1, 2) * room.unsqueeze(1)
    if kind in ("p", "e"):
        parameters.scale = uniform(0.75, 1)
    if kind == "p":
        parameters.corners = normal(5, 4, 1) * CORNERS / math.sqrt(2)  # "stretching each corner": along its diagonal
    if kind == "e":
        parameters.elastic = normal(1.5, 16, 2)
    if kind == "all":
        parameters.corners, parameters.elastic = half(normal(3, 4, 2)), half(normal(1.5, 16, 2))
    return parameters


CONTROL = grids.tps_control_points()
SPLINE = grids.tps_weights(CONTROL, grids.target_points(SIDE, SIDE, CONTROL))  # (784, 16)


def source_grid(parameters: Parameters, size: int) -> torch.Tensor:
    """Where in the upright digit each pixel of a `size` x `size` canvas is read: (N, size, size, 2) in [-1, 1]."""
    count, half_side = len(parameters.rotation), (SIDE - 1) / 2
    angle = parameters.rotation * (math.pi / 180)
    cos, sin = angle.cos() / parameters.scale, angle.sin() / parameters.scale
    turn = torch.stack([cos, sin, -sin, cos], dim=1).view(-1, 2, 2)  # back from the canvas: the inverse rotation
    offset = -turn @ (parameters.shift / half_side).unsqueeze(2)
    zoom = (size - 1) / (SIDE - 1)
    affine = F.pad(torch.cat([turn * zoom, offset], dim=2), (0, 0, 0, 1))
    affine[:, 2, 2] = 1
    moved = CORNERS + parameters.corners / half_side
    tilt = grids.homography(moved, CORNERS.expand_as(moved))
    grid = grids.projective_grid(tilt @ affine, size, size)
    spline = grids.tps_grid(CONTROL + parameters.elastic / half_side, SPLINE, SIDE, SIDE).view(count, SIDE, SIDE, 2)
    outside = (grid.abs() > 1.2).any(-1, keepdim=True)
    warped = F.grid_sample(spline.permute(0, 3, 1, 2), grid, padding_mode="border", align_corners=True)
    return torch.where(outside, 2.0, warped.permute(0, 2, 3, 1))  # beyond the digit's frame there is no ink to read


def distort(digits: torch.Tensor, parameters: Parameters, size: int) -> torch.Tensor:
    """Distorted digits (N, 1, size, size) in [0, 1], from upright ones (N, 1, 28, 28)."""
    return grids.warp(digits, source_grid(parameters, size).to(digits.device))


def test_set(digits: torch.Tensor, kind: str) -> torch.Tensor:
    """The fixed distorted copy of the test digits that all models of a kind are scored on, (N, 1, S, S)."""
    generator = torch.Generator().manual_seed(2015)
    chunks = digits.split(1000)
    return torch.cat([distort(some, draw(kind, len(some), generator), SIZES[kind]) for some in chunks])
