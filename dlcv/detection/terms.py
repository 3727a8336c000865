"""The equations of the slides with the numbers of one object, whose class, box and mask are taken as the truth.

Each term is given as it is trained (`loss`) and in the slide's squared form, whose boxes are compared in pixels of the
picture. Torchvision says which anchors and proposals are on the object, as it does in training: anchors that have 0.7
in common with its box, or are the best there are, and proposals that have half in common.
"""

from typing import NamedTuple

import torch
from torch.nn import functional as F
from torchvision.models.detection.roi_heads import paste_masks_in_image, project_masks_on_boxes
from torchvision.models.detection.rpn import concat_box_prediction_layers
from torchvision.ops import box_iou

from . import loss
from .model import MASK
from .predictor import DetectorPredictor

MOST = 32  # proposals on the object that are looked at, the ones that overlap it most


class Terms(NamedTuple):
    """Means over anchors, or over regions, that are on an object."""

    count: int  # of these anchors or regions
    class_loss: float  # - log p_c, nats: the slide's and the trained one
    bbox: float  # L_bbox as it is trained, of offsets relative to the size of the box
    bbox_squared: float  # the slide's, square pixels
    mask: float | None = None  # L_mask as it is trained, a mean over the cells; None where there are no masks
    mask_squared: float | None = None  # the slide's, a sum over the cells

    @property
    def total(self) -> float:
        """The loss as it is trained."""
        return self.class_loss + loss.LAMBDA * (self.bbox + loss.LAMBDA_2 * (self.mask or 0.0))


class ObjectTerms(NamedTuple):
    """The losses of the proposal network and of the heads where one object is the truth."""

    anchors: Terms  # (16)
    own: Terms  # (15), or (17) where there are masks: of the region that the object comes from
    regions: Terms  # the same of all regions on the object


@torch.inference_mode()
def object_terms(detector: DetectorPredictor, proposal: int, label: int, threshold: float = 0.5) -> ObjectTerms:
    """Terms of the object that a proposal becomes when it is read as a class, in the picture the detector looks at.

    Args:
        proposal: number of the region, best first.
        label: the class, from 1.
        threshold: probability from which on a pixel is in the true mask.
    """
    regions = detector.regions()
    truth = regions.refined[proposal, label]  # (4,)
    overlap = box_iou(regions.boxes, truth[None])[:, 0]  # (R,)
    overlap[proposal] = 1.0  # the region of the object itself counts, however far it was moved
    on_object = (overlap >= 0.5).nonzero()[:, 0]
    on_object = on_object[overlap[on_object].argsort(descending=True)][:MOST]
    own = torch.tensor([proposal], device=truth.device)
    of_mask = _true_mask(detector, proposal, label, threshold) if detector.config.masks else None
    of_regions = [_region_terms(detector, which, label, truth, of_mask) for which in (own, on_object)]
    return ObjectTerms(_anchor_terms(detector, truth), *of_regions)


def _squares(detector: DetectorPredictor, boxes: torch.Tensor, truth: torch.Tensor) -> float:
    """(u_1 + f[0] - u_1^gt)^2 + ... of moved boxes (N, 4) and the true one (4,): mean over N, square pixels."""
    return ((boxes - truth) * detector.scale).square().sum(1).mean().item()


def _anchor_terms(detector: DetectorPredictor, truth: torch.Tensor) -> Terms:
    rpn, boxes = detector.model.parts.rpn, detector.anchors.boxes  # (A, 4)
    [labels], _ = rpn.assign_targets_to_anchors([boxes], [{"boxes": truth[None]}])
    logits, offsets = concat_box_prediction_layers(*rpn.head(list(detector.features.pyramid.values())))
    on_object = labels == 1  # (A,)
    boxes, offsets = boxes[on_object], offsets[on_object]  # (P, 4) each
    wanted = rpn.box_coder.encode_single(truth.expand_as(boxes), boxes)
    return Terms(
        len(boxes),
        F.softplus(-logits[on_object]).mean().item(),  # - log sigmoid
        loss.offset_loss(offsets, wanted, loss.ANCHOR_BETA, len(boxes)).item(),
        _squares(detector, rpn.box_coder.decode(offsets, [boxes])[:, 0], truth),
    )


def _region_terms(detector, which: torch.Tensor, label: int, truth: torch.Tensor, of_mask) -> Terms:
    heads, regions = detector.model.parts.roi_heads, detector.regions()
    boxes = regions.boxes[which]  # (Q, 4)
    logits, offsets = heads.box_predictor(heads.box_head(regions.features[which]))  # (Q, 1 + K) and (Q, 4 + 4 K)
    offsets = offsets.unflatten(1, (-1, 4))[:, label]  # (Q, 4)
    wanted = heads.box_coder.encode_single(truth.expand_as(boxes), boxes)
    moved = heads.box_coder.decode(offsets, [boxes])[:, 0]
    labels = torch.full_like(which, label)
    found = Terms(
        len(which),
        loss.class_loss(logits, labels).item(),
        loss.offset_loss(offsets, wanted, loss.BOX_BETA, len(which)).item(),
        _squares(detector, moved, truth),
    )
    if of_mask is None:
        return found
    features = heads.mask_roi_pool(detector.features.pyramid, [boxes], detector.features.images.image_sizes)
    cells = heads.mask_predictor(heads.mask_head(features))[:, label]  # (Q, 28, 28) logits
    true = project_masks_on_boxes(of_mask, boxes, torch.zeros_like(which), 2 * MASK)  # (Q, 28, 28)
    squared = (cells.sigmoid() - true).square().sum((1, 2)).mean().item()
    return found._replace(mask=loss.mask_loss(cells, true).item(), mask_squared=squared)


def _true_mask(detector: DetectorPredictor, proposal: int, label: int, threshold: float) -> torch.Tensor:
    """The mask of the object, (1, H', W') of 0 and 1, in pixels of the scaled picture."""
    found = detector.as_class(torch.tensor([proposal]), torch.tensor([label]))
    cells = detector.cells(found).to(detector.device)
    boxes = found.boxes.to(detector.device) / detector.scale
    pasted = paste_masks_in_image(cells[:, None], boxes, detector.features.images.image_sizes[0])
    return (pasted[:, 0] > threshold).float()
