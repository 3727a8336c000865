"""The loss of PointNet (Qi et al. 2017, section 4.2)."""

import torch
from torch.nn import functional as F

WEIGHT = 0.001  # of the orthogonality, the paper's


def orthogonality(matrices: torch.Tensor) -> torch.Tensor:
    """How far matrices (N, K, K) are from rotations, mean over N.

    L_reg = || I - A A^T ||_F^2

    An orthogonal A turns the features and loses nothing of them.
    """
    identity = torch.eye(matrices.shape[-1], device=matrices.device)
    return (identity - matrices @ matrices.transpose(1, 2)).square().sum((1, 2)).mean()


def loss(
    logits: torch.Tensor, labels: torch.Tensor, feature_transform: torch.Tensor, smoothing: float = 0.0
) -> torch.Tensor:
    """L = cross-entropy + 0.001 L_reg.

    Args:
        logits: (N, classes), labels (N,); or of points, (N, P, parts) and (N, P).
        feature_transform: (N, 64, 64).
        smoothing: share of the probability that the target spreads over all classes.
    """
    cross_entropy = F.cross_entropy(logits.flatten(0, -2), labels.flatten(), label_smoothing=smoothing)
    with torch.autocast(logits.device.type, enabled=False):  # bfloat16 has three digits: too few for I - A A^T
        return cross_entropy + WEIGHT * orthogonality(feature_transform.float())
