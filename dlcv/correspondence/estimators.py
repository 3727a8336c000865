"""The estimators that do the work where the answer counts: OpenCV's RANSAC and MAGSAC++ (Baráth et al. 2020); and what
follows from an essential matrix: the pose, and the points in space."""

import math
from typing import NamedTuple

import cv2
import numpy as np
import torch
from scipy.stats import binom

from .geometry import sampson, unit
from .ransac import KINDS, MOST

METHODS = {"RANSAC": cv2.RANSAC, "MAGSAC++": cv2.USAC_MAGSAC}
CONFIDENCE = 0.9999
CHANCE = 1e-3  # how often chance may give as many inliers before two pictures are said to have nothing in common


class Pose(NamedTuple):
    """The second camera as the first one sees it: x_second ~ R x_first + t, with |t| = 1: the scale is not known."""

    rotation: torch.Tensor  # (3, 3) float64
    translation: torch.Tensor  # (3,)


def essential(
    first: torch.Tensor,
    second: torch.Tensor,
    focal: float,
    method: str,
    threshold: float,
    most: int = MOST,
    seed: int = 0,
) -> tuple[torch.Tensor | None, torch.Tensor]:
    """The essential matrix (3, 3) of normalised points (P, 2), None where there is none, and its inliers (P,) bool.

    Args:
        focal: what a pixel is of: OpenCV's thresholds are for pixels, and MAGSAC++ is worse with other units.
        method: one of METHODS.
        threshold: pixels.
    """
    nothing = torch.zeros(len(first), dtype=torch.bool)
    if len(first) < 6:
        return None, nothing
    cv2.setRNGSeed(seed)
    ends = [np.ascontiguousarray(focal * points.double().numpy()) for points in (first, second)]
    matrix = np.diag([focal, focal, 1.0])
    try:
        found, _ = cv2.findEssentialMat(*ends, matrix, METHODS[method], CONFIDENCE, threshold, most)
    except cv2.error:  # no sample had a solution
        return None, nothing
    if found is None or found.shape[0] < 3:
        return None, nothing
    candidates = unit(torch.from_numpy(found[: 3 * (len(found) // 3)]).view(-1, 3, 3))
    near = sampson(candidates, first.double(), second.double()) <= (threshold / focal) ** 2
    best = near.sum(1).argmax()
    return candidates[best], near[best]


def homography(
    first: torch.Tensor, second: torch.Tensor, threshold: float, most: int = MOST
) -> tuple[torch.Tensor | None, torch.Tensor]:
    """The homography (3, 3) of pixels (P, 2) by MAGSAC++, None where there is none, and its inliers (P,) bool."""
    nothing = torch.zeros(len(first), dtype=torch.bool)
    if len(first) < 5:
        return None, nothing
    ends = [points.double().numpy() for points in (first, second)]
    found, _ = cv2.findHomography(*ends, cv2.USAC_MAGSAC, threshold, maxIters=most, confidence=CONFIDENCE)
    if found is None:
        return None, nothing
    matrix = unit(torch.from_numpy(found))
    return matrix, KINDS["Homography, 4 points"].distance(matrix, first.double(), second.double()) <= threshold**2


def pose(matrix: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> Pose:
    """The one of the four poses of an essential matrix that has most of the normalised points (P, 2) before both
    cameras."""
    ends = (points.double().numpy() for points in (first, second))
    _, rotation, translation, _ = cv2.recoverPose(matrix.double().numpy(), *ends, np.eye(3))
    return Pose(torch.from_numpy(rotation), torch.from_numpy(translation[:, 0]))


def triangulated(first: torch.Tensor, second: torch.Tensor, of: Pose) -> torch.Tensor:
    """Points (P, 3) of matches between normalised points (P, 2) in the first camera's coordinates, with the distance of
    the cameras for a unit; not a number where one lies behind a camera."""
    here = np.eye(3, 4)
    there = torch.cat([of.rotation, of.translation[:, None]], 1).numpy()
    ends = (np.ascontiguousarray(points.double().numpy().T) for points in (first, second))
    found = torch.from_numpy(cv2.triangulatePoints(here, there, *ends).T)  # (P, 4)
    points = found[:, :3] / torch.where(found[:, 3:].abs() < 1e-12, 1e-12, found[:, 3:])
    behind = (points[:, 2] <= 0) | ((points @ of.rotation.T + of.translation)[:, 2] <= 0)
    return points.masked_fill(behind[:, None], torch.nan)


def false_alarms(inliers: int, matches: int, chance: float) -> float:
    """Logarithm (base 10) of the number of essential matrices with so many inliers that chance alone would give.

    As in a-contrario RANSAC (Moisan and Stival 2004): 10 matrices through each of the samples of five matches, each of
    which has a wrong match near it with the probability `chance`.
    """
    if inliers <= 5 or not matches:
        return math.inf
    choose = (math.lgamma(matches + 1) - math.lgamma(6) - math.lgamma(matches - 4)) / math.log(10)
    return 1 + choose + binom.logsf(inliers - 6, matches - 5, chance) / math.log(10)


def chance_of(threshold: float, size: tuple[int, int]) -> float:
    """The probability that a place in a picture (width, height) lies within a threshold, pixels, of a line through it:
    at most the area of the band along the diagonal."""
    return min(1.0, 2 * threshold * math.hypot(*size) / (size[0] * size[1]))


def in_common(inliers: int, matches: int, threshold: float, size: tuple[int, int]) -> bool:
    """Whether matches between two pictures have more inliers than chance gives them."""
    return bool(false_alarms(inliers, matches, chance_of(threshold, size)) < math.log10(CHANCE))
