"""The differentiable glue between the three networks: softargmax, Crop and Rot, and G, which is both at once.

Points are (N, 2), (x, y) in pixels from the centre of a patch; angles are (N,) in radians, from x towards y.
"""

import torch
from torch.nn import functional as F


def softmax_weights(scores: torch.Tensor, beta: float) -> torch.Tensor:
    """exp(beta S(x)) / sum_x exp(beta S(x)) of score maps (N, H, W): the same shape."""
    return (beta * scores.flatten(1)).softmax(1).view_as(scores)


def softargmax(scores: torch.Tensor, beta: float) -> torch.Tensor:
    """softargmax(S) = sum_x exp(beta S(x)) x / sum_x exp(beta S(x)) of score maps (N, H, W): points (N, 2).

    beta = 0 gives the centre of the map, whatever S is; as beta grows, the answer becomes the maximum's place.
    """
    weights, (height, width) = softmax_weights(scores, beta), scores.shape[1:]
    x = torch.arange(width, dtype=scores.dtype, device=scores.device) - (width - 1) / 2
    y = torch.arange(height, dtype=scores.dtype, device=scores.device) - (height - 1) / 2
    return torch.stack([weights.sum(1) @ x, weights.sum(2) @ y], 1)


def soft_maximum(scores: torch.Tensor, beta: float) -> torch.Tensor:
    """log(mean_x exp(beta S(x))) / beta of score maps (N, H, W): (N,), what the slide's cost calls softmax(DET(P)).

    It lies between the mean of S and its maximum, and may be negative.
    """
    count = scores[0].numel()
    return ((beta * scores.flatten(1)).logsumexp(1) - torch.tensor(float(count)).log()) / beta


def crop_and_rotate(patches: torch.Tensor, points: torch.Tensor, angle: torch.Tensor, side: int) -> torch.Tensor:
    """G(P, x, theta): squares (N, C, side, side) of patches (N, C, S, S) around x, whose x axis points along theta.

    The pixel at the offset o from the centre of G reads P at x + R(theta) o, bilinearly; the border of P is repeated.
    """
    along = torch.arange(side, dtype=patches.dtype, device=patches.device) - (side - 1) / 2
    x, y = along.expand(side, side), along[:, None].expand(side, side)
    cos, sin = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    read = torch.stack([cos * x - sin * y, sin * x + cos * y], -1) + points[:, None, None]  # (N, side, side, 2)
    grid = 2 * read / patches.shape[-1]  # the centre of P is 0, its edges are at -1 and 1
    return F.grid_sample(patches, grid, padding_mode="border", align_corners=False)


def crop(patches: torch.Tensor, points: torch.Tensor, side: int) -> torch.Tensor:
    """Crop(P, x): squares (N, C, side, side) of patches around points."""
    return crop_and_rotate(patches, points, torch.zeros_like(points[:, 0]), side)


def rotate(patches: torch.Tensor, angle: torch.Tensor, side: int) -> torch.Tensor:
    """Rot(P, theta): the middle of patches, turned so that the direction theta becomes the x axis."""
    return crop_and_rotate(
        patches, torch.zeros(len(patches), 2, dtype=patches.dtype, device=patches.device), angle, side
    )


def angle_of(pair: torch.Tensor) -> torch.Tensor:
    """angle = arctan2(ORI^[1], ORI^[2]) of the two numbers (N, 2) of the orientation estimator: (N,)."""
    return torch.atan2(pair[:, 0], pair[:, 1])
