"""Scores of labelled pictures: intersection over union, the boundary F1 of contours, and the Rand score of cells."""

import cv2
import numpy as np
import torch
from scipy import ndimage

from ..core.datasets import VOID

TOLERANCE = 0.0075  # of the picture's diagonal, within which a contour is found (Csurka et al. 2013)


def confusion(truth: torch.Tensor, found: torch.Tensor, classes: int) -> torch.Tensor:
    """Pixels of each true class (rows) that were given each class (columns), (classes, classes) int64; without VOID."""
    known = truth != VOID
    pairs = classes * truth[known].long() + found[known].long()
    return torch.bincount(pairs, minlength=classes**2).view(classes, classes)


def intersection_over_union(matrix: torch.Tensor) -> torch.Tensor:
    """TP / (TP + FP + FN) of every class, (L,), of one confusion matrix (L, L) over a whole test set."""
    right = matrix.diagonal().double()
    return right / (matrix.sum(0) + matrix.sum(1) - right).clamp_min(1)


def class_accuracy(matrix: torch.Tensor) -> torch.Tensor:
    """Share of the pixels of every class that were given it, (L,), of a confusion matrix (L, L)."""
    return matrix.diagonal().double() / matrix.sum(1).clamp_min(1)


def pixel_accuracy(matrix: torch.Tensor) -> float:
    """Share of all pixels that were given their class."""
    return (matrix.diagonal().sum() / matrix.sum()).item()


def contour(mask: np.ndarray) -> np.ndarray:
    """Pixels (H, W) bool of a mask (H, W) bool that have one outside of it beside them; the frame is not outside."""
    return mask & ~cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1).astype(bool)


def near(line: np.ndarray, distance: float) -> np.ndarray:
    """Pixels (H, W) bool within a distance of a line (H, W) bool, in pixels."""
    steps = np.arange(-int(distance), int(distance) + 1)
    disc = (np.hypot(*np.meshgrid(steps, steps)) <= distance).astype(np.uint8)
    return cv2.dilate(line.astype(np.uint8), disc).astype(bool)


def boundary_f1(truth: np.ndarray, found: np.ndarray, classes: int) -> float | None:
    """F1 of the contours of one picture, the mean over the classes it has; None where it has nothing but VOID.

    Precision is the share of the found contour that has the true one within TOLERANCE, recall the other way round.
    Labels are (H, W), integers; pixels of VOID are not looked at.
    """
    distance, known, scores = TOLERANCE * float(np.hypot(*truth.shape)), truth != VOID, []
    for number in range(classes):
        if not (truth == number).any():
            continue
        real, drawn = contour(truth == number) & known, contour((found == number) & known) & known
        if not real.any():  # the class fills the frame: there is no contour to find
            continue
        precision = near(real, distance)[drawn].mean() if drawn.any() else 0.0
        recall = near(drawn, distance)[real].mean()
        scores.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    return float(np.mean(scores)) if scores else None


def rand_score(truth: np.ndarray, found: np.ndarray) -> float:
    """V^Rand of cells, their F-score (Arganda-Carreras et al. 2015, with alpha 1/2), within the true cells only.

        V = sum_ij p_ij^2 / (1/2 sum_i s_i^2 + 1/2 sum_j t_j^2)

    p_ij is the share of pixels that lie in found cell i and in true cell j, s and t are its sums. A pixel of the found
    background is a cell of its own.

    Args:
        truth: (H, W), 0 on membranes and k in the k-th cell; `found` likewise.
    """
    inside = truth > 0
    total = int(inside.sum())
    both = np.stack([found[inside], truth[inside]])
    joined = both[:, both[0] > 0]
    alone = total - joined.shape[1]  # each with p = s = 1 / total

    def squares(labels: np.ndarray) -> float:
        return float((np.unique(labels, axis=-1, return_counts=True)[1].astype(float) ** 2).sum())

    return (squares(joined) + alone) / (0.5 * (squares(joined[0]) + alone) + 0.5 * squares(both[1]))


def cells_between(membrane: np.ndarray) -> np.ndarray:
    """Cells of a slice after thinning, (H, W): k in the k-th region between membranes (H, W) bool.

    Regions touch at sides, not at corners. Membranes are thinned until nothing is left of them: each of their pixels
    goes to the nearest region. A skeleton, which the challenge takes, is shorter than its membrane, and cells would
    leak through the gap at the picture's frame.
    """
    cells = ndimage.label(~membrane)[0]
    nearest = ndimage.distance_transform_edt(membrane, return_distances=False, return_indices=True)
    return cells[tuple(nearest)]


def best_rand_score(truths: np.ndarray, probabilities: np.ndarray, thresholds: np.ndarray) -> tuple[float, float]:
    """V^Rand after thinning, the mean over slices at the threshold that is best for them all, and that threshold.

    The challenge, too, takes the best threshold on what it scores.

    Args:
        truths: (N, H, W), 1 in cells and 0 on membranes; `probabilities` (N, H, W) are of being membrane.
    """
    cells = [ndimage.label(truth)[0] for truth in truths]
    scores = [
        np.mean([rand_score(known, cells_between(p > threshold)) for known, p in zip(cells, probabilities)])
        for threshold in thresholds
    ]
    best = int(np.argmax(scores))
    return float(scores[best]), float(thresholds[best])
