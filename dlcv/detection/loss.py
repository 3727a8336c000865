"""The losses of detection under the equations of the slides; `outputs` is what `Detector.forward` gives in training.

Where the papers do otherwise, the training follows the papers, and the slide's form stands beside it:

    of boxes    the slide squares differences of coordinates. Theirs are of offsets relative to the size of the box,
                so that a pixel counts more in a small one, and grow but linearly where they are large.
    of masks    the slide squares differences. Mask R-CNN takes a cross-entropy for every pixel, whose gradient does
                not vanish where the network is surely wrong.
"""

import torch
from torch.nn import functional as F

from .model import Training

ANCHOR_BETA, BOX_BETA = 1 / 9, 1.0  # below, the loss of an offset is a square; torchvision's


def squared_box_loss(boxes: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """The slide's, of boxes (N, 4) in pixels: mean over N.

    L_bbox = (u_1 + f_bbox(x)[0] - u_1^gt)^2 + (v_1 + f_bbox(x)[1] - v_1^gt)^2 + ...
    """
    return (boxes - truth).square().sum(1).mean()


def squared_mask_loss(probabilities: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """The slide's, of masks (N, H, W) in [0, 1]: mean over N.

    L_mask = || f_mask(x)[c] - m ||^2
    """
    return (probabilities - truth).square().sum((1, 2)).mean()


def class_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """- log p_c(f_cl(x)), of regions (R, 1 + K) and their classes (R,), 0 for the background: mean over R."""
    return F.cross_entropy(logits, labels)


def offset_loss(offsets: torch.Tensor, targets: torch.Tensor, beta: float, count: int) -> torch.Tensor:
    """1[c >= 1] L_bbox of offsets (Q, 4), those on an object; mean over all `count` regions, on an object or not."""
    return F.smooth_l1_loss(offsets, targets, beta=beta, reduction="sum") / max(count, 1)


def mask_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """1[c >= 1] L_mask of masks (Q, H, W), those of the true class: mean over Q and pixels; 0 where Q is."""
    if not len(logits):
        return logits.sum()
    return F.binary_cross_entropy_with_logits(logits, targets)


def proposal_loss(outputs: Training) -> torch.Tensor:
    """Of the proposal network, mean over the anchors A that were drawn.

    L = - sum_A log p_{c(A, B)}(g(x)[A]) + lambda c(A, B) L_bbox        (16)
    """
    objectness = F.binary_cross_entropy_with_logits(outputs.objectness, outputs.is_object)
    return objectness + offset_loss(
        outputs.anchor_offsets, outputs.anchor_targets, ANCHOR_BETA, len(outputs.objectness)
    )


def region_loss(outputs: Training) -> torch.Tensor:
    """Of Fast R-CNN, mean over the regions that were drawn.

    L = - log p_c(f_cl(x)) + lambda 1[c >= 1] L_bbox        (15)
    """
    boxes = offset_loss(outputs.offsets, outputs.offset_targets, BOX_BETA, len(outputs.labels))
    return class_loss(outputs.class_logits, outputs.labels) + boxes


def loss(outputs: Training) -> dict[str, torch.Tensor]:
    """All of them, each with weight 1, as in the papers.

    L = - log p_c(f_cl(x)) + lambda 1[c >= 1] (L_bbox + lambda_2 L_mask)        (17)   and (16)
    """
    terms = {
        "proposals": proposal_loss(outputs),
        "regions": region_loss(outputs),
        "masks": mask_loss(outputs.mask_logits, outputs.mask_targets),
    }
    return {"loss": sum(terms.values())} | terms
