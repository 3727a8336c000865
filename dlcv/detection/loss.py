"""The losses of detection under the equations of the slides; `TrainingOutput` is what `Detector.forward` gives.

Where the papers do otherwise than the slides, the training follows the papers:

    of boxes    the slide squares differences of coordinates:
                    L_bbox = (u_1 + f_bbox(x)[0] - u_1^gt)^2 + (v_1 + f_bbox(x)[1] - v_1^gt)^2 + ...
                The papers compare offsets relative to the size of the box, so that a pixel counts more in a small one,
                by a loss that grows but linearly where differences are large.
    of masks    the slide squares differences:
                    L_mask = || f_mask(x)[c] - m ||^2
                Mask R-CNN takes a cross-entropy for every pixel, whose gradient does not vanish where the network is
                surely wrong.
"""

from typing import NamedTuple

import torch
from torch.nn import functional as F

LAMBDA = LAMBDA_2 = 1.0  # of the boxes and of the masks, as in the papers
ANCHOR_BETA, BOX_BETA = 1 / 9, 1.0  # below, the loss of an offset is a square; torchvision's


class TrainingOutput(NamedTuple):
    """What the losses compare: predictions for the anchors and regions that were drawn, and their targets."""

    objectness: torch.Tensor  # (A,) logits
    is_object: torch.Tensor  # (A,) 0 or 1
    anchor_offsets: torch.Tensor  # (P, 4): of the anchors on an object
    anchor_targets: torch.Tensor  # (P, 4)
    class_logits: torch.Tensor  # (R, 1 + K)
    labels: torch.Tensor  # (R,): 0 for the background
    offsets: torch.Tensor  # (Q, 4): of the regions on an object, for its class
    offset_targets: torch.Tensor  # (Q, 4)
    mask_logits: torch.Tensor  # (Q, 28, 28), for its class; (0, 28, 28) where there are no masks
    mask_targets: torch.Tensor  # (Q, 28, 28) in [0, 1]


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


def proposal_loss(out: TrainingOutput) -> torch.Tensor:
    """Loss of the proposal network, mean over the anchors A that were drawn.

    L = - sum_A log p_{c(A, B)}(g(x)[A]) + lambda c(A, B) L_bbox        (16)
    """
    objectness = F.binary_cross_entropy_with_logits(out.objectness, out.is_object)
    boxes = offset_loss(out.anchor_offsets, out.anchor_targets, ANCHOR_BETA, len(out.objectness))
    return objectness + LAMBDA * boxes


def region_loss(out: TrainingOutput) -> torch.Tensor:
    """Loss of the heads, mean over the regions that were drawn: of Fast R-CNN, which has no masks, and of Mask R-CNN.

    L = - log p_c(f_cl(x)) + lambda 1[c >= 1] L_bbox                        (15)
    L = - log p_c(f_cl(x)) + lambda 1[c >= 1] (L_bbox + lambda_2 L_mask)    (17)
    """
    classes = class_loss(out.class_logits, out.labels)
    boxes = offset_loss(out.offsets, out.offset_targets, BOX_BETA, len(out.labels))
    masks = mask_loss(out.mask_logits, out.mask_targets)
    return classes + LAMBDA * (boxes + LAMBDA_2 * masks)


def loss(out: TrainingOutput) -> dict[str, torch.Tensor]:
    """The sum of (16) and (17), or (15) without masks, with its two terms."""
    terms = {"proposals": proposal_loss(out), "regions": region_loss(out)}
    return {"loss": sum(terms.values())} | terms
