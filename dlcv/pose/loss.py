"""The loss of Convolutional Pose Machines and Part Affinity Fields, at every stage."""

import torch


def stage_loss(found: torch.Tensor, truth: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """f^t = sum_p W(p) |S^t(p) - S*(p)|^2, its mean over pictures (Cao et al. 2017)        (5)

    Args:
        found, truth: S^t and S*, or L^t and L*, (N, C, H, W).
        known: W, (N, C or 1, H, W) in {0, 1}: 0 where the annotation is missing.
    """
    return (known * (found - truth).square()).sum((1, 2, 3)).mean()


def loss(stages: list[torch.Tensor], truth: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """f = sum_t f^t: supervision of each stage, so that the gradient does not vanish on its way to the first."""
    return torch.stack([stage_loss(found, truth, known) for found in stages]).sum()
