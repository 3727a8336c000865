"""Faster R-CNN and Mask R-CNN (Ren et al. 2015, He et al. 2017) from torchvision's parts, one function a stage.

    picture -> pyramid of feature maps -> for each anchor box: objectness and an offset      (the proposal network)
            -> the best boxes, overlaps suppressed: proposals
            -> 7 x 7 features of each proposal -> its class, and one more offset a class     (Fast R-CNN)
            -> 14 x 14 features of each box that is left -> its mask                         (Mask R-CNN)

`Detector.parts` is torchvision's own network with the same weights; what its forward pass computes in one go,
`pyramid`, `score_anchors`, `propose`, `classify`, `detect` and `masks` compute one after the other.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torchvision.models.detection import FasterRCNN, MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.detection.roi_heads import maskrcnn_inference, project_masks_on_boxes
from torchvision.models.detection.rpn import concat_box_prediction_layers
from torchvision.ops import (
    FeaturePyramidNetwork,
    MultiScaleRoIAlign,
    batched_nms,
    clip_boxes_to_image,
    remove_small_boxes,
    roi_pool,
)
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

from ..core.backbones.mobilenet import mobilenet_v2
from ..core.backbones.people import PeopleBody

LAYERS = {3: 24, 6: 32, 13: 96, 17: 320}  # of MobileNetV2 that the pyramid stands on, and their channels
STRIDES = (4, 8, 16, 32, 64)  # of the levels of the pyramid; the last one is the fourth, thinned out
SHAPES = (0.5, 1.0, 2.0)  # height / width of the anchors
REGION, MASK = 7, 14  # cells of a proposal's features along a side, for its class and for its mask
CANDIDATES = 500  # boxes of each level that are looked at before overlaps are suppressed
SCORE = 0.05  # of the boxes that are shown, at least
# Where PoseNet's votes for a keypoint are nowhere as much as VOTED in a box that is TALL pixels high, or higher, a
# person is less likely: the score counts so much of what it was.
VOTED, TALL, DOUBTED = 0.1, 60, 0.7
VOTES_STRIDE = 8


@dataclass
class DetectorConfig:
    """Settings of a `Detector`."""

    class_names: tuple[str, ...]
    masks: bool = False
    anchor_sides: tuple[int, ...] = (16, 32, 64, 128, 256)  # pixels, one for each level of the pyramid
    shorter: int = 320  # pixels that the shorter side of a picture is scaled to
    longer: int = 640  # that the longer one has then at most
    width: int = 96  # channels of the pyramid
    knows_people: bool = False  # stands on what DeepLab and PoseNet know of people, not on a MobileNetV2
    proposals: int = 300  # boxes that go on to the heads
    detections: int = 100  # boxes that a picture may have at most
    overlap: float = 0.5  # boxes of one class may overlap by
    sure: float = 0.5  # score from which on an object is shown at first


class Seen(NamedTuple):
    """A picture as the network sees it, and its feature maps."""

    images: ImageList  # scaled, normalised, padded to a multiple of 32; knows its size before the padding
    original: tuple[int, int]  # height and width of the picture that was given
    pyramid: dict[str, torch.Tensor]  # name of the level -> (1, C, H / stride, W / stride)
    votes: torch.Tensor | None = None  # (1, 17, h, w) at stride 8: PoseNet's for keypoints, where it is in the backbone


class Anchors(NamedTuple):
    """What the proposal network says of all A anchors of a picture, in pixels of the scaled picture."""

    boxes: torch.Tensor  # (A, 4): the anchors themselves
    levels: torch.Tensor  # (A,): whose level of the pyramid they are
    objectness: torch.Tensor  # (A,): probability that there is an object
    moved: torch.Tensor  # (A, 4): the boxes with their offsets, cut off at the border


class Proposals(NamedTuple):
    """Which anchors go on, best first: numbers of `Anchors`."""

    before: torch.Tensor  # (M,): the best of each level
    after: torch.Tensor  # (R,): those that are left where overlaps are suppressed


class Regions(NamedTuple):
    """What the heads say of R proposals."""

    boxes: torch.Tensor  # (R, 4): the proposals
    features: torch.Tensor  # (R, C, 7, 7)
    probabilities: torch.Tensor  # (R, 1 + K): of the background and the K classes
    refined: torch.Tensor  # (R, 1 + K, 4): the box, if it is of that class


class Detections(NamedTuple):
    """D boxes that are left in the end, best first: in pixels of the scaled picture, and of a predictor in its own."""

    boxes: torch.Tensor  # (D, 4)
    labels: torch.Tensor  # (D,): 1 to K
    scores: torch.Tensor  # (D,)
    regions: torch.Tensor  # (D,): numbers of the proposals they come from


class Training(NamedTuple):
    """What the losses compare: anchors and regions that were drawn for it, and what they should be."""

    objectness: torch.Tensor  # (A,) logits
    is_object: torch.Tensor  # (A,) 0 or 1
    anchor_offsets: torch.Tensor  # (P, 4): of those anchors that are on an object
    anchor_targets: torch.Tensor  # (P, 4)
    class_logits: torch.Tensor  # (R, 1 + K)
    labels: torch.Tensor  # (R,): 0 for the background
    offsets: torch.Tensor  # (Q, 4): of the regions that are on an object, for its class
    offset_targets: torch.Tensor  # (Q, 4)
    mask_logits: torch.Tensor  # (Q, 28, 28), for its class; (0, 28, 28) where there are no masks
    mask_targets: torch.Tensor  # (Q, 28, 28) in [0, 1]


def mobilenet_backbone(width: int, published: bool) -> BackboneWithFPN:
    """A pyramid on a MobileNetV2; `published` starts that from ImageNet."""
    names = {str(layer): str(number) for number, layer in enumerate(LAYERS)}
    features = mobilenet_v2(published).features[:18]
    return BackboneWithFPN(features, names, list(LAYERS.values()), width)  # adds a fifth level, "pool"


class PeopleBackbone(nn.Module):
    """A pyramid on a `PeopleBody`; of its five levels, two are made by convolutions of the third, "p6" and "p7"."""

    def __init__(self, width: int, published: bool):
        super().__init__()
        self.out_channels = width
        self.body = PeopleBody(published)
        self.fpn = FeaturePyramidNetwork(list(PeopleBody.CHANNELS), width, LastLevelP6P7(width, width))

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        return self.fpn(self.body(pictures))


def network(config: DetectorConfig, published: bool = False) -> FasterRCNN:
    """Torchvision's Faster R-CNN, or Mask R-CNN; `published` starts its backbone from weights of others."""
    classes = 1 + len(config.class_names)
    backbone = (PeopleBackbone if config.knows_people else mobilenet_backbone)(config.width, published)
    levels = ["0", "1", "2", "p6" if config.knows_people else "3"]  # all but the smallest
    settings = {
        "min_size": config.shorter,
        "max_size": config.longer,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
        "rpn_anchor_generator": AnchorGenerator([[side] for side in config.anchor_sides], [SHAPES] * len(STRIDES)),
        "rpn_pre_nms_top_n_train": CANDIDATES,
        "rpn_pre_nms_top_n_test": CANDIDATES,
        "rpn_post_nms_top_n_train": config.proposals,
        "rpn_post_nms_top_n_test": config.proposals,
        "box_roi_pool": MultiScaleRoIAlign(levels, REGION, sampling_ratio=2),
        "box_head": TwoMLPHead(config.width * REGION**2, 256),
        "box_predictor": FastRCNNPredictor(256, classes),
        "box_batch_size_per_image": 128,
        "box_detections_per_img": config.detections,
        "box_nms_thresh": config.overlap,
    }
    if not config.masks:
        return FasterRCNN(backbone, **settings)
    return MaskRCNN(
        backbone,
        **settings,
        mask_roi_pool=MultiScaleRoIAlign(levels, MASK, sampling_ratio=2),
        mask_head=MaskRCNNHeads(config.width, (64, 64, 64), dilation=1),
        mask_predictor=MaskRCNNPredictor(64, 64, classes),
    )


class Detector(nn.Module, PyTorchModelHubMixin, pipeline_tag="object-detection", tags=["faster-rcnn", "mask-rcnn"]):
    """Finds objects of known classes, with a box and, for some networks, a mask for each."""

    def __init__(self, config: DetectorConfig, published: bool = False):
        super().__init__()
        self.config = config
        self.parts = network(config, published)

    def train(self, mode: bool = True) -> "Detector":
        """As usual, but layers that do not learn keep their statistics too."""
        super().train(mode)
        for layer in self.parts.backbone.body.children():
            layer.train(mode and any(weight.requires_grad for weight in layer.parameters()))
        return self

    def pyramid(self, picture: torch.Tensor) -> Seen:
        """A picture (3, H, W) in [0, 1] through the backbone: the one step that takes long."""
        images, _ = self.parts.transform([picture])
        body, fpn = self.parts.backbone.body, self.parts.backbone.fpn
        maps = body(images.tensors)
        votes = body.votes(maps) if self.config.knows_people else None
        return Seen(images, tuple(picture.shape[1:]), fpn(maps), votes)

    def score_anchors(self, seen: Seen) -> Anchors:
        """Objectness and offset of every anchor: three shapes at each cell of each level."""
        rpn, maps = self.parts.rpn, list(seen.pyramid.values())
        logits, offsets = rpn.head(maps)
        [boxes] = rpn.anchor_generator(seen.images, maps)
        counts = torch.tensor([level[0].numel() for level in logits], device=boxes.device)
        levels = torch.arange(len(maps), device=boxes.device).repeat_interleave(counts)
        logits, offsets = concat_box_prediction_layers(logits, offsets)
        moved = clip_boxes_to_image(rpn.box_coder.decode(offsets, [boxes])[:, 0], seen.images.image_sizes[0])
        return Anchors(boxes, levels, logits.flatten().sigmoid(), moved)

    def propose(self, anchors: Anchors, overlap: float = 0.7) -> Proposals:
        """The best of each level; of those that overlap by more than `overlap` within a level only the best."""
        best = [(anchors.levels == level).nonzero()[:, 0] for level in range(len(STRIDES))]
        most = self.parts.rpn.pre_nms_top_n()
        best = [some[anchors.objectness[some].topk(min(most, len(some))).indices] for some in best]
        before = torch.cat(best)
        before = before[remove_small_boxes(anchors.moved[before], self.parts.rpn.min_size)]
        kept = batched_nms(anchors.moved[before], anchors.objectness[before], anchors.levels[before], overlap)
        best_first = before[anchors.objectness[before].argsort(descending=True)]
        return Proposals(best_first, before[kept][: self.config.proposals])

    def classify(self, seen: Seen, boxes: torch.Tensor) -> Regions:
        """Class and refined box of proposals (R, 4): RoIAlign reads 7 x 7 cells of the level that suits their size."""
        heads = self.parts.roi_heads
        features = heads.box_roi_pool(seen.pyramid, [boxes], seen.images.image_sizes)
        logits, offsets = heads.box_predictor(heads.box_head(features))
        refined = clip_boxes_to_image(heads.box_coder.decode(offsets, [boxes]), seen.images.image_sizes[0])
        return Regions(boxes, features, logits.softmax(1), refined)

    def detect(
        self, regions: Regions, score: float = SCORE, overlap: float | None = None, votes: torch.Tensor | None = None
    ) -> Detections:
        """What is surer than `score`; of boxes of one class that overlap by more than `overlap`, if not given the
        config's, only the surest. Where there are `votes` (1, 17, h, w), a box without any is less sure."""
        overlap = self.config.overlap if overlap is None else overlap
        numbers, labels = (regions.probabilities[:, 1:] > score).nonzero(as_tuple=True)
        labels = labels + 1
        boxes, scores = regions.refined[numbers, labels], regions.probabilities[numbers, labels]
        if votes is not None:
            voted = roi_pool(votes, [boxes], output_size=1, spatial_scale=1 / VOTES_STRIDE).flatten(1).amax(1)
            doubted = (voted < VOTED) & (boxes[:, 3] - boxes[:, 1] >= TALL)
            scores = torch.where(doubted, DOUBTED * scores, scores)
        good = remove_small_boxes(boxes, 1e-2)
        good = good[scores[good] > score]
        boxes, scores, labels, numbers = boxes[good], scores[good], labels[good], numbers[good]
        kept = batched_nms(boxes, scores, labels, overlap)[: self.config.detections]
        return Detections(boxes[kept], labels[kept], scores[kept], numbers[kept])

    def masks(self, seen: Seen, detections: Detections) -> torch.Tensor:
        """For each detection the probability of the object in 28 x 28 cells of its box, (D, 28, 28)."""
        heads = self.parts.roi_heads
        features = heads.mask_roi_pool(seen.pyramid, [detections.boxes], seen.images.image_sizes)
        logits = heads.mask_predictor(heads.mask_head(features))
        return maskrcnn_inference(logits, [detections.labels])[0][:, 0]

    def forward(self, pictures: list[torch.Tensor], targets: list[dict[str, torch.Tensor]]) -> Training:
        """For training: pictures (3, H, W) in [0, 1] with the "boxes" (G, 4), "labels" (G,), "masks" (G, H, W) in each.

        Torchvision matches anchors and proposals with the truth and draws some of both kinds, on an object and not.
        """
        images, targets = self.parts.transform(pictures, targets)
        pyramid = self.parts.backbone(images.tensors)
        anchor_part, proposals = self._anchors_with_targets(images, pyramid, targets)
        return Training(*anchor_part, *self._regions_with_targets(images, pyramid, proposals, targets))

    def _anchors_with_targets(self, images, pyramid, targets):
        rpn, maps = self.parts.rpn, list(pyramid.values())
        logits, offsets = rpn.head(maps)
        anchors = rpn.anchor_generator(images, maps)
        counts = [level[0].numel() for level in logits]
        logits, offsets = concat_box_prediction_layers(logits, offsets)
        moved = rpn.box_coder.decode(offsets.detach(), anchors).unflatten(0, (len(anchors), -1))[:, :, 0]
        proposals, _ = rpn.filter_proposals(moved, logits, images.image_sizes, counts)
        labels, matched = rpn.assign_targets_to_anchors(anchors, targets)
        wanted = torch.cat(rpn.box_coder.encode(matched, anchors))
        on, off = (torch.cat(chosen).bool() for chosen in rpn.fg_bg_sampler(labels))
        drawn = on | off
        return (logits.flatten()[drawn], torch.cat(labels)[drawn], offsets[on], wanted[on]), proposals

    def _regions_with_targets(self, images, pyramid, proposals, targets):
        heads = self.parts.roi_heads
        proposals, matched, labels, wanted = heads.select_training_samples(proposals, targets)
        logits, offsets = heads.box_predictor(
            heads.box_head(heads.box_roi_pool(pyramid, proposals, images.image_sizes))
        )
        classes, wanted = torch.cat(labels), torch.cat(wanted)
        [on] = (classes > 0).nonzero(as_tuple=True)
        offsets = offsets.unflatten(1, (-1, 4))[on, classes[on]]
        masks = wanted_masks = logits.new_zeros(0, 2 * MASK, 2 * MASK)
        if self.config.masks:
            objects = [boxes[label > 0] for boxes, label in zip(proposals, labels)]
            features = heads.mask_roi_pool(pyramid, objects, images.image_sizes)
            masks = heads.mask_predictor(heads.mask_head(features))
            masks = masks[torch.arange(len(masks), device=masks.device), classes[on]]
            wanted_masks = torch.cat(
                [
                    project_masks_on_boxes(target["masks"], boxes, index[label > 0], 2 * MASK)
                    for target, boxes, index, label in zip(targets, objects, matched, labels)
                ]
            )
        return logits, classes, offsets, wanted[on], masks, wanted_masks


class PublishedDetector(Detector):
    """The stages of a network that torchvision built, with weights of others."""

    def __init__(self, config: DetectorConfig, parts: FasterRCNN):
        nn.Module.__init__(self)
        self.config, self.parts = config, parts
