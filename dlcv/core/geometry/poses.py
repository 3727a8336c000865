"""Errors of relative poses, and their score over many pairs, as Yi et al. 2018 have them."""

import math

import numpy as np

WRONG = 180.0  # degrees of a pose that was not found


def angle(cosine: float) -> float:
    """Degrees of a cosine, which may be a little beyond 1."""
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))


def pose_error(rotation: np.ndarray, translation: np.ndarray, true: np.ndarray, towards: np.ndarray) -> float:
    """The larger of the angles, in degrees, between R (3, 3) and the true one, and t (3,) and its, signs aside."""
    turned = angle((np.trace(rotation @ true.T) - 1) / 2)
    lengths = np.linalg.norm(translation) * np.linalg.norm(towards)
    return max(turned, angle(abs(translation.ravel() @ towards.ravel()) / max(1e-12, lengths)))


def pose_map(errors: list[float], limit: int) -> float:
    """mAP in percent: mean of the shares of errors below 5, 10, ... degrees, up to the limit."""
    limits = range(5, limit + 1, 5)
    return 100 * sum((np.asarray(errors) < degrees).mean() for degrees in limits) / len(limits)
