"""Scores of poses and of matches, as Yi et al. 2018 have them."""

from collections.abc import Sequence

import numpy as np
import torch

from ..core.datasets.two_view import TwoView
from ..core.geometry.poses import pose_error
from .estimators import pose


def pose_errors(essential: torch.Tensor, views: TwoView, weights: torch.Tensor) -> list[float]:
    """Errors of the poses in essential matrices (Q, 3, 3), by the tenth of the matches with the largest weights (Q, P):
    of the four poses of a matrix, the one that has most of them before both cameras."""
    best = weights.topk(weights.shape[1] // 10, 1).indices
    errors = []
    for number, matrix in enumerate(essential):
        found = pose(matrix, *(points[number][best[number]] for points in views[:2]))
        true = views.rotation[number], views.translation[number]
        errors.append(pose_error(*(part.numpy() for part in (*found, *true))))
    return errors


def counted(kept: Sequence[torch.Tensor], right: Sequence[torch.Tensor]) -> dict[str, float]:
    """Precision, recall and F1 in percent of the matches that are kept, (P,) bool a pair; means over the pairs."""
    rows = []
    for some, true in zip(kept, right):
        found = (some & true).sum().item()
        precision, recall = found / max(1, some.sum().item()), found / max(1, true.sum().item())
        rows.append((precision, recall, 2 * precision * recall / max(1e-12, precision + recall)))
    return dict(zip(("Precision", "Recall", "F1"), (100 * np.mean(rows, axis=0)).tolist()))
