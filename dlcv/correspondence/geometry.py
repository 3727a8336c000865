"""Epipolar geometry of two views: x_second^T E x_first = 0, and what is computed from it.

Points (..., P, 2) have x right, y down, homogeneous with a third coordinate of 1. With points normalised by the
intrinsics K the matrix is essential, E = [t]x R; with pixels it is fundamental, F = K_second^-T E K_first^-1.
"""

import torch

from ..core.geometry.grids import homogeneous

CLOSE = 1e-2  # eigenvalues that are closer count as this far apart: the gradient stays bounded
SHARP = 1e-3  # a distance of normalised points that is as good as none: one pixel of a usual picture


def cross_matrix(t: torch.Tensor) -> torch.Tensor:
    """[t]x (..., 3, 3) of vectors (..., 3): [t]x v = t x v."""
    x, y, z = t.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))


def essential_of(rotation: torch.Tensor, translation: torch.Tensor) -> torch.Tensor:
    """E = [t]x R (..., 3, 3), of unit norm, for x_second ~ R x_first + t."""
    return unit(cross_matrix(translation) @ rotation)


def unit(matrix: torch.Tensor) -> torch.Tensor:
    """Matrices (..., 3, 3) of Frobenius norm 1."""
    return matrix / matrix.norm(dim=(-2, -1), keepdim=True).clamp_min(1e-12)


def lines_in_second(matrix: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
    """Epipolar lines E x_first of points (..., P, 2), as (a, b, c) with a x + b y + c = 0: (..., P, 3)."""
    return homogeneous(first) @ matrix.transpose(-2, -1)


def sampson(matrix: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Squared distances (..., P) of matches to the geometry, to first order: in squared units of the points.

    (x_second^T E x_first)^2 / (|E x_first|_12^2 + |E^T x_second|_12^2)
    """
    in_second = lines_in_second(matrix, first)  # (..., P, 3)
    in_first = homogeneous(second) @ matrix
    algebraic = (homogeneous(second) * in_second).sum(-1)
    slopes = in_second[..., :2].square().sum(-1) + in_first[..., :2].square().sum(-1)
    return algebraic.square() / slopes.clamp_min(1e-18)


def transfer(matrix: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Squared distances (..., P) of the second points from where a homography takes the first ones."""
    mapped = homogeneous(first) @ matrix.transpose(-2, -1)
    depth = mapped[..., 2:]
    depth = torch.where(depth.abs() < 1e-9, torch.full_like(depth, 1e-9), depth)
    return (mapped[..., :2] / depth - second).square().sum(-1)


class _Smallest(torch.autograd.Function):
    """Eigenvector of the smallest eigenvalue of symmetric matrices (N, K, K): (N, K).

    dv_0 = sum_{j > 0} v_j (v_j^T dA v_0) / (lambda_0 - lambda_j)

    PyTorch's own backward divides by the differences of all eigenvalues, and overflows where two are equal.
    """

    @staticmethod
    def forward(ctx, matrices):
        values, vectors = torch.linalg.eigh(matrices)
        ctx.save_for_backward(values, vectors)
        return vectors[..., 0]

    @staticmethod
    def backward(ctx, gradient):  # (N, K)
        values, vectors = ctx.saved_tensors
        others = vectors[..., 1:]  # (N, K, K - 1)
        gaps = (values[:, :1] - values[:, 1:]).clamp_max(-CLOSE)
        along = (others.transpose(1, 2) @ gradient.unsqueeze(2)).squeeze(2) / gaps  # (N, K - 1)
        pull = (others @ along.unsqueeze(2)) * vectors[:, None, :, 0]  # (N, K, K)
        return (pull + pull.transpose(1, 2)) / 2


def _framed(points: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Points (N, P, 2) with weighted mean 0 and weighted mean square 2, and the maps (N, 3, 3) that took them there."""
    mean = (weights.unsqueeze(2) * points).sum(1, keepdim=True)  # (N, 1, 2)
    variance = (weights * (points - mean).square().sum(2)).sum(1)  # (N,)
    scale = (2 / variance.clamp_min(1e-12)).sqrt()
    zero, one = torch.zeros_like(scale), torch.ones_like(scale)
    (x, y), rest = (mean[:, 0] * scale[:, None]).unbind(1), (zero, zero, one)
    maps = torch.stack([scale, zero, -x, zero, scale, -y, *rest], 1).unflatten(1, (3, 3))
    return (points - mean) * scale[:, None, None], maps


def weighted_eight_points(first: torch.Tensor, second: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The matrices E (N, 3, 3) of unit norm that minimise sum_i w_i (x_second^T E x_first)^2, in float64.

    vec(E) is the eigenvector of X^T diag(w) X of the smallest eigenvalue, X (P, 9) with the rows x_second (x) x_first,
    whose points are moved and scaled first (Hartley 1997, with weights): without that, a few wrong matches turn the
    matrix much farther. Differentiable in the weights.

    Args:
        first, second: (N, P, 2); weights (N, P), not negative.
    """
    w = weights.double()
    w = w / w.sum(1, keepdim=True).clamp_min(1e-12)
    (a, of_first), (b, of_second) = (_framed(points.double(), w) for points in (first, second))
    rows = (homogeneous(b).unsqueeze(3) * homogeneous(a).unsqueeze(2)).flatten(2)  # (N, P, 9)
    framed = _Smallest.apply(rows.transpose(1, 2) @ (w.unsqueeze(2) * rows)).unflatten(1, (3, 3))
    return unit(of_second.transpose(1, 2) @ framed @ of_first)


def reweighted_eight_points(
    first: torch.Tensor, second: torch.Tensor, weights: torch.Tensor, times: int = 5
) -> torch.Tensor:
    """The same (N, 3, 3) where matches that are far from the matrix count less and less, as often as is asked for.

    w_i / (1 + d_i^2 / s^2), d_i the distance to the matrix before, s the median distance of the matches with a weight:
    iteratively reweighted least squares with Cauchy's weights.
    """
    first, second, weights = first.double(), second.double(), weights.double()
    matrix = weighted_eight_points(first, second, weights)
    for _ in range(times):
        squared = sampson(matrix, first, second)  # (N, P)
        median = squared.masked_fill(weights < 1e-3, torch.nan).nanmedian(1, keepdim=True).values
        scale = median.nan_to_num(1.0).clamp_min(SHARP**2)
        matrix = weighted_eight_points(first, second, weights / (1 + squared / scale))
    return matrix
