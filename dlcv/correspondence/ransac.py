"""RANSAC (Fischler and Bolles 1981; lecture, "Application to Outlier Detection (a)") as a generator of its steps.

    repeat:  draw the fewest matches that determine a matrix, and solve for it
             count the inliers: the matches nearer to it than a threshold
             keep the matrix with the most of them
    until    1 - (1 - s^m)^n > p

After n trials with samples of m matches, of which the share s are inliers, one sample at least was all inliers with
probability p. The share is not known: that of the best matrix so far stands in for it, so that n falls as better ones
are found. What solves a sample is OpenCV's, and what OpenCV has beside it, faster and not to be looked into, is in
estimators.py.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
import torch

from ..core.geometry.grids import homography
from .geometry import sampson, transfer, unit, weighted_eight_points

MOST = 20_000  # trials, whatever the confidence would ask for


class Kind(NamedTuple):
    """What RANSAC may look for."""

    sample: int  # m: the fewest matches that determine it
    solve: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # (m, 2), (m, 2) -> the K matrices that fit, (K, 3, 3)
    distance: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]  # squared


class Trial(NamedTuple):
    """What one trial found, and what is known after it."""

    number: int  # from 1
    sample: torch.Tensor  # (m,) indices of the matches drawn
    matrix: torch.Tensor | None  # the best of those that fit the sample, (3, 3); None where the sample has none
    inliers: torch.Tensor  # (P,) bool, of that one
    best: torch.Tensor | None  # the matrix with the most inliers so far
    best_inliers: torch.Tensor  # (P,) bool
    bound: float  # trials that are needed by what is known now


def _stacked(found: np.ndarray | None) -> torch.Tensor:
    """OpenCV's matrices one below the other as (K, 3, 3); none where it found none."""
    if found is None or len(found) % 3:
        return torch.empty(0, 3, 3, dtype=torch.float64)
    matrices = torch.from_numpy(np.ascontiguousarray(found, dtype=np.float64)).view(-1, 3, 3)
    return matrices[matrices.isfinite().all(2).all(1)]


def five_points(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The essential matrices through five matches of normalised points: up to ten (Nistér 2004)."""
    return _stacked(cv2.findEssentialMat(first.numpy(), second.numpy(), np.eye(3))[0])


def seven_points(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The fundamental matrices through seven matches: one to three."""
    return _stacked(cv2.findFundamentalMat(first.numpy(), second.numpy(), cv2.FM_7POINT)[0])


def eight_points(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The fundamental matrix of least squares through eight matches or more, of rank 2 (Hartley 1997)."""
    return _stacked(cv2.findFundamentalMat(first.numpy(), second.numpy(), cv2.FM_8POINT)[0])


def four_points(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The homography through four matches; none where three of them lie on a line."""
    try:
        return homography(first[None], second[None])
    except torch.linalg.LinAlgError:
        return _stacked(None)


KINDS = {
    "Essential matrix, 5 points": Kind(5, five_points, sampson),
    "Fundamental matrix, 7 points": Kind(7, seven_points, sampson),
    "Fundamental matrix, 8 points": Kind(8, eight_points, sampson),
    "Homography, 4 points": Kind(4, four_points, transfer),
}


def trials_needed(share: float, sample: int, confidence: float) -> float:
    """n = log(1 - p) / log(1 - s^m), at least 1: infinity where nothing is an inlier."""
    all_inliers = share**sample
    if all_inliers <= 0 or confidence >= 1:
        return math.inf
    return 1.0 if all_inliers >= 1 else max(1.0, math.log(1 - confidence) / math.log1p(-all_inliers))


def ransac(
    kind: str,
    first: torch.Tensor,
    second: torch.Tensor,
    threshold: float,
    confidence: float = 0.999,
    seed: int = 0,
    most: int = MOST,
) -> Iterator[Trial]:
    """The trials, one after the other, until there are as many as are needed.

    Args:
        kind: one of KINDS.
        first, second: matches (P, 2) float64, normalised by the intrinsics for essential matrices; more than a sample.
        threshold: distance from the geometry up to which a match is an inlier, in the unit of the points.
    """
    sample_size, solve, distance = KINDS[kind]
    generator = torch.Generator().manual_seed(seed)
    nobody = torch.zeros(len(first), dtype=torch.bool)
    best, best_inliers, bound, number = None, nobody, math.inf, 0
    while number < min(bound, most):
        number += 1
        sample = torch.randperm(len(first), generator=generator)[:sample_size]
        matrices = solve(first[sample], second[sample])  # (K, 3, 3)
        matrix, inliers = None, nobody
        if len(matrices):
            near = distance(matrices, first, second) <= threshold**2  # (K, P)
            chosen = near.sum(1).argmax()
            matrix, inliers = unit(matrices[chosen]), near[chosen]
        if inliers.sum() > best_inliers.sum():
            best, best_inliers = matrix, inliers
            bound = trials_needed(inliers.double().mean().item(), sample_size, confidence)
        yield Trial(number, sample, matrix, inliers, best, best_inliers, bound)


def refined(kind: str, first: torch.Tensor, second: torch.Tensor, inliers: torch.Tensor) -> torch.Tensor | None:
    """The matrix (3, 3) of least squares through the inliers (P,) bool: RANSAC's last step. None where too few are."""
    first, second = first[inliers], second[inliers]
    if len(first) < (4 if kind.startswith("Homography") else 8):
        return None
    if kind.startswith("Homography"):
        found, _ = cv2.findHomography(first.numpy(), second.numpy(), 0)
        return None if found is None else unit(torch.from_numpy(found))
    if kind.startswith("Fundamental"):
        found = eight_points(first, second)
        return unit(found[0]) if len(found) else None
    return essential_nearest(weighted_eight_points(first[None], second[None], torch.ones(1, len(first)))[0])


def essential_nearest(matrix: torch.Tensor) -> torch.Tensor:
    """The essential matrix nearest to a matrix (3, 3): two singular values are equal, and the third is 0."""
    u, s, vh = torch.linalg.svd(matrix)
    mean = (s[0] + s[1]) / 2
    return unit(u @ torch.diag(torch.stack([mean, mean, torch.zeros_like(mean)])) @ vh)
