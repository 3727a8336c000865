"""The loss of Convolutional Pose Machines and Part Affinity Fields, at every stage."""

import torch


def stage_loss(found: torch.Tensor, truth: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """One stage: f_t = sum_p W(p) |S_t(p) - S*(p)|^2, mean over pictures (Cao et al. 2017, eq. 5).

    Args:
        found, truth: maps (N, C, H, W).
        known: W, (N, C or 1, H, W) in {0, 1}: 0 where nobody says whether there is a joint.
    """
    return (known * (found - truth).square()).sum((1, 2, 3)).mean()


def loss(stages: list[torch.Tensor], truth: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """f = sum_t f_t: each stage is told what is right, so that the gradient does not vanish on its way to the first."""
    return torch.stack([stage_loss(found, truth, known) for found in stages]).sum()
