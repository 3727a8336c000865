"""Scores of depths and disparities; found and true values are tensors of one shape."""

import torch


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
