"""The losses of Yi et al. 2018, section 4.3: is each match right, and is the essential matrix right."""

import torch
from torch.nn import functional as F

from .model import CorrespondenceOutput

REGRESSION = 0.02  # weight of the essential matrix; the paper's 0.1 is for a hundred times as many steps
LATER = 0.3  # part of the training without it: weights of 0 have no gradient, so that they are to be classified first


def classification(logits: torch.Tensor, right: torch.Tensor, wrong: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of logits (N, P), where right and wrong matches (N, P) bool weigh one half each in a pair.

    Matches that are neither are in doubt, and not counted.
    """
    log_likelihood = torch.where(right, F.logsigmoid(logits), F.logsigmoid(-logits))
    halves = [(log_likelihood * some).sum(1) / some.sum(1).clamp_min(1) for some in (right, wrong)]
    return -(halves[0] + halves[1]).mean() / 2


def regression(found: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """min(|E - E*|^2, |E + E*|^2) of matrices (N, 3, 3) of unit norm, mean over N: a matrix has no sign."""
    away, opposite = ((found - sign * true).square().sum((1, 2)) for sign in (1, -1))
    return torch.minimum(away, opposite).mean()


def loss(
    out: CorrespondenceOutput, right: torch.Tensor, wrong: torch.Tensor, true: torch.Tensor, progress: float
) -> dict[str, torch.Tensor]:
    """L = classification + 0.02 regression, the second after three tenths of the training; summed over the stages."""
    every = [*out.stages, out]
    of_matches = sum(classification(stage.logits, right, wrong) for stage in every)
    terms = {"classification": of_matches, "regression": sum(regression(stage.essential, true) for stage in every)}
    return {"loss": of_matches + REGRESSION * (progress >= LATER) * terms["regression"].float(), **terms}
