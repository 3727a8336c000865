"""Scores of poses and of matches, as Yi et al. 2018 have them."""

import math
from collections.abc import Sequence

import numpy as np
import torch

from ..core.datasets.two_view import TwoView
from .estimators import pose

WRONG = 180.0  # degrees of a pose that was not found


def angle(cosine: float) -> float:
    """Degrees of a cosine, which may be a little beyond 1."""
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))


def pose_error(rotation: torch.Tensor, translation: torch.Tensor, true: torch.Tensor, towards: torch.Tensor) -> float:
    """The larger of the angles, in degrees, between rotations (3, 3) and between translations (3,), whose sign does not
    count."""
    turned = angle(((rotation.double() @ true.double().T).trace().item() - 1) / 2)
    length = translation.norm().item() * towards.norm().item()
    return max(turned, angle(abs(translation.double() @ towards.double()).item() / max(1e-12, length)))


def pose_errors(essential: torch.Tensor, views: TwoView, weights: torch.Tensor) -> list[float]:
    """Errors of the poses in essential matrices (Q, 3, 3), by the tenth of the matches with the largest weights (Q, P):
    of the four poses of a matrix, the one that has most of them before both cameras."""
    best = weights.topk(weights.shape[1] // 10, 1).indices
    errors = []
    for number, matrix in enumerate(essential):
        found = pose(matrix, *(points[number][best[number]] for points in views[:2]))
        errors.append(pose_error(*found, views.rotation[number], views.translation[number]))
    return errors


def pose_map(errors: list[float], limit: int) -> float:
    """mAP in percent: mean of the shares of errors below 5, 10, ... degrees, up to the limit."""
    limits = range(5, limit + 1, 5)
    return 100 * float(sum((np.asarray(errors) < degrees).mean() for degrees in limits)) / len(limits)


def counted(kept: Sequence[torch.Tensor], right: Sequence[torch.Tensor]) -> dict[str, float]:
    """Precision, recall and F1 in percent of the matches that are kept, (P,) bool a pair; means over the pairs."""
    rows = []
    for some, true in zip(kept, right):
        found = (some & true).sum().item()
        precision, recall = found / max(1, some.sum().item()), found / max(1, true.sum().item())
        rows.append((precision, recall, 2 * precision * recall / max(1e-12, precision + recall)))
    return dict(zip(("Precision", "Recall", "F1"), (100 * np.mean(rows, axis=0)).tolist()))
