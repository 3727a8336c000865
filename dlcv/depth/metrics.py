"""Scores of depths and disparities; found and true values are tensors of one shape."""

import math

import torch
from torch.nn import functional as F


def abs_rel(found: torch.Tensor, truth: torch.Tensor) -> float:
    """Mean of |Z - Z*| / Z* over depths of any shape."""
    return ((found - truth).abs() / truth).mean().item()


def within(found: torch.Tensor, truth: torch.Tensor, factor: float = 1.25) -> float:
    """Share of depths with max(Z / Z*, Z* / Z) below the factor."""
    return (torch.maximum(found / truth, truth / found) < factor).float().mean().item()


def d1(found: torch.Tensor, truth: torch.Tensor) -> float:
    """Percentage of disparities in pixels that are wrong by over 3 pixels and 5 %."""
    wrong = (found - truth).abs()
    return 100 * ((wrong > 3) & (wrong > 0.05 * truth)).float().mean().item()


def rank_correlation(found: torch.Tensor, truth: torch.Tensor) -> float:
    """Spearman's rank correlation: 1 where found and true values are in the same order, 0 where unrelated."""
    from scipy.stats import spearmanr

    return float(spearmanr(found.flatten().numpy(), truth.flatten().numpy()).statistic)


def fitted(found: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Disparities (P,) with the scale and the shift that fit the true ones (P,) best, by least squares."""
    middle, there = found.mean(), truth.mean()
    slope = ((found - middle) * (truth - there)).sum() / (found - middle).square().sum().clamp_min(1e-12)
    return there + slope * (found - middle)


def edges(disparity: torch.Tensor, known: torch.Tensor, step: float = 1.15) -> torch.Tensor:
    """Where depth jumps: (H, W) bool, both sides of each pair of known neighbours whose disparities (H, W), which are
    positive, are further apart than the factor `step`."""
    found = torch.zeros_like(known)
    for axis in (0, 1):
        length = known.shape[axis] - 1
        jump = disparity.log().diff(dim=axis).abs() > math.log(step)
        jump &= known.narrow(axis, 0, length) & known.narrow(axis, 1, length)
        for side in (0, 1):
            found.narrow(axis, side, length).logical_or_(jump)
    return found


def edge_f1(found: torch.Tensor, truth: torch.Tensor) -> float:
    """F1 of edges (H, W) bool against true ones, the mean of precision and recall that is harmonic; an edge is found
    where it lies one pixel away at most."""

    def near(edges: torch.Tensor) -> torch.Tensor:
        return F.max_pool2d(edges.float()[None], 3, stride=1, padding=1)[0].bool()

    right = (found & near(truth)).sum() / found.sum().clamp_min(1)  # precision
    seen = (truth & near(found)).sum() / truth.sum().clamp_min(1)  # recall
    return (2 * right * seen / (right + seen).clamp_min(1e-9)).item()


def nearer_than_beside(disparity: torch.Tensor, inside: torch.Tensor, beside: torch.Tensor) -> float | None:
    """The part of the rows in which something is nearer than what lies beside it: its pixels `inside` and those
    `beside` it, (H, W) bool, have the larger mean disparity (H, W). Alike counts half; None without such rows."""
    rows = inside.any(1) & beside.any(1)
    if not rows.any():
        return None
    means = [(disparity * there).sum(1)[rows] / there.sum(1)[rows] for there in (inside, beside)]
    difference = means[0] - means[1]
    return ((difference > 0).float() + 0.5 * (difference == 0)).mean().item()
