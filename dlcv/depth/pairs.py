"""Whether two pictures are a rectified pair of a left and a right eye, judged by what matching finds in both.

In such a pair a point lies at the same height in both pictures, and in the right one further left, at x - d. Points
are matched by their SIFT descriptors (Lowe 2004), wherever these lie; what obeys one fundamental matrix is believed.
"""

import math
from typing import Literal, NamedTuple

import numpy as np
import torch

from .predictor import check_pair

FEATURES = 1500  # of each picture
RATIO = 0.8  # of the distances to the best and to the second best descriptor (Lowe 2004)
EPIPOLAR = 1.5  # pixels from the epipolar line
FEWEST, SHARE = 16, 0.35  # matches, and part of all of them, that one fundamental matrix must explain
TEXTURED = 60  # features in each picture: with fewer, few matches prove nothing
STILL = 0.75  # pixels: a pair in which four in five matches are displaced by less is one picture twice
LEVEL, NEARLY = 1.0, 3.0  # pixels of vertical displacement, median: up to which a pair is, or is nearly, rectified
TURNED = 1.5  # degrees, from which on a pair is not even nearly rectified
ASIDE = 0.5  # pixels: a horizontal displacement that counts


class Verdict(NamedTuple):
    """What two pictures are to each other. Displacements are in pixels of the pictures that were judged."""

    kind: Literal["pair", "exchanged", "same", "mirrored", "unrectified", "unrelated", "unknown"]
    matches: int  # believed matches
    along: float = 0.0  # median of x_left - x_right
    across: float = 0.0  # median of |y_left - y_right|
    higher: float = 0.0  # y_left - y_right at the centre: how much higher the right picture has what the left one shows
    turned: float = 0.0  # degrees that the right picture is turned by, clockwise on screen


def judged(left: torch.Tensor, right: torch.Tensor) -> Verdict:
    """The verdict on two pictures (3, H, W) in [0, 1] of one size; InputError where the sizes differ."""
    check_pair(left, right)
    of_left, of_right, textured = _matches(left, right)  # (M, 2) each
    if (left - right).abs().mean() < 1 / 255 or _still(of_left - of_right):
        return Verdict("same", len(of_left))
    believed = _epipolar(of_left, of_right)
    of_left, of_right = of_left[believed], of_right[believed]
    if len(of_left) < max(FEWEST, SHARE * len(believed)):
        return Verdict("unrelated" if textured else "unknown", len(of_left))
    affine = _line(np.column_stack([of_left, np.ones(len(of_left))]), of_right)  # (3, 2)
    if np.linalg.det(affine[:2]) < 0:
        return Verdict("mirrored", len(of_left))
    apart = of_left - of_right
    along, across = np.median(apart[:, 0]), np.median(np.abs(apart[:, 1]))
    centred = of_right - np.array([right.shape[2], right.shape[1]]) / 2
    # turned back, the right picture has what it shows where the left one does: y_left = h - sin(a) x + cos(a) y
    design = np.column_stack([np.ones(len(centred)), -centred[:, 0], centred[:, 1]])
    centre, sine, cosine = _line(design, of_left[:, 1] - left.shape[1] / 2)
    turned = math.degrees(math.atan2(sine, cosine))
    found = Verdict("pair", len(apart), *map(float, (along, across, centre, turned)))
    if across > NEARLY or (across > LEVEL and abs(turned) > TURNED):
        return found._replace(kind="unrectified")
    behind, before = ((sign * apart[:, 0] > ASIDE).mean() for sign in (-1, 1))  # a few wrong matches are believed, too
    return found._replace(kind="exchanged") if behind > max(0.5, 4 * before) else found


def _matches(left: torch.Tensor, right: torch.Tensor) -> tuple[np.ndarray, np.ndarray, bool]:
    """Places (x, y) in both pictures, (M, 2) each, whose descriptors are mutually nearest and clearly so; and whether
    both pictures have enough that could match."""
    import cv2  # here: a third of a second, and only this needs it

    sift = cv2.SIFT_create(FEATURES, contrastThreshold=0.02)
    grey = [(255 * picture.mean(0)).round().byte().numpy() for picture in (left, right)]
    (points, first), (others, second) = (sift.detectAndCompute(picture, None) for picture in grey)
    nothing = np.zeros((0, 2))
    if min(len(points), len(others)) < 2:
        return nothing, nothing, False
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    best = [one for one, next_best in matcher.knnMatch(first, second, 2) if one.distance < RATIO * next_best.distance]
    back = {one.queryIdx: one.trainIdx for one in matcher.match(second, first)}
    mutual = [one for one in best if back[one.trainIdx] == one.queryIdx]
    of_left = np.array([points[one.queryIdx].pt for one in mutual]).reshape(-1, 2)
    of_right = np.array([others[one.trainIdx].pt for one in mutual]).reshape(-1, 2)
    return of_left, of_right, min(len(points), len(others)) >= TEXTURED


def _line(design: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The least squares solution, once more without the third that it fits worst: wrong matches obey any line."""
    found = np.linalg.lstsq(design, values, rcond=None)[0]
    residual = np.abs(design @ found - values)
    residual = residual if values.ndim == 1 else residual.max(1)
    good = residual <= np.quantile(residual, 2 / 3)
    return np.linalg.lstsq(design[good], values[good], rcond=None)[0]


def _still(apart: np.ndarray) -> bool:
    """Whether displacements (M, 2) are none, but for a few wrong matches."""
    return len(apart) >= FEWEST and np.quantile(np.hypot(*apart.T), 0.8) < STILL


def _epipolar(of_left: np.ndarray, of_right: np.ndarray) -> np.ndarray:
    """Which of the matches (M, 2) each obey one fundamental matrix: (M,)."""
    import cv2

    if len(of_left) < 8:
        return np.zeros(len(of_left), bool)
    _, mask = cv2.findFundamentalMat(of_left, of_right, cv2.FM_RANSAC, EPIPOLAR, 0.999, 5000)
    return np.zeros(len(of_left), bool) if mask is None else mask[:, 0].astype(bool)
