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


def steps(disparity: torch.Tensor) -> torch.Tensor:
    """How far each pixel of a map (H, W) is from that one of its neighbours that is furthest from it in value."""
    found = torch.zeros_like(disparity)
    for axis in (0, 1):
        change = disparity.diff(dim=axis).abs()
        for side in (0, 1):
            there = found.narrow(axis, side, change.shape[axis])
            there.copy_(torch.maximum(there, change))
    return found


def edge_f1(found: torch.Tensor, truth: torch.Tensor, jump: float = 1.1) -> float:
    """F1 of edges of depth, the harmonic mean of precision and recall, for true disparities (H, W), positive.

    A true edge is where neighbours are apart by the factor `jump`; found are, whatever the scale and shift of the map
    (H, W), as many pixels as have true edges: those with the largest steps. One pixel away is found, too.
    """
    there = steps(truth.log()) > math.log(jump)
    largest = steps(found).flatten().topk(int(there.sum())).indices
    seen = torch.zeros_like(there).flatten().index_fill_(0, largest, True).view_as(there)

    def near(edges: torch.Tensor) -> torch.Tensor:
        return F.max_pool2d(edges.float()[None], 3, stride=1, padding=1)[0].bool()

    precision = (seen & near(there)).sum() / seen.sum().clamp_min(1)
    recall = (there & near(seen)).sum() / there.sum().clamp_min(1)
    return (2 * precision * recall / (precision + recall).clamp_min(1e-9)).item()


def nearer_than_beside(disparity: torch.Tensor, inside: torch.Tensor, beside: torch.Tensor) -> float:
    """The part of the rows in which something is nearer than what lies beside it: its pixels `inside` and those
    `beside` it, (H, W) bool, have the larger mean disparity (H, W). Alike counts half."""
    rows = inside.any(1) & beside.any(1)
    means = [(disparity * there).sum(1)[rows] / there.sum(1)[rows] for there in (inside, beside)]
    difference = means[0] - means[1]
    alike = difference.abs() < 1e-5 * means[1].abs()
    return torch.where(alike, 0.5, (difference > 0).float()).mean().item()
