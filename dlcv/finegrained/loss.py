"""What the windows and the joint classifier learn from: the species alone."""

import torch
from torch.nn import functional as F

ALONE = 0.5  # weight of the windows' own losses, beside the joint one
SMOOTHING = 0.1  # of the labels: 27 pictures of a species are soon known by heart


def losses(logits: torch.Tensor, each: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
    """The terms of L = CE(joint) + ALONE * mean_k CE(window k), for logits (N, L), `each` (N, K, L), labels (N,).

    Each window is to tell the species by itself as well: where one knows the answer, the others would learn no more,
    nor would their places.
    """
    joint = F.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
    alone = F.cross_entropy(each.transpose(1, 2), labels.unsqueeze(1).expand(each.shape[:2]), label_smoothing=SMOOTHING)
    return {"loss": joint + ALONE * alone, "joint": joint, "alone": alone}
