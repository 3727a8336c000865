"""Faster R-CNN and Mask R-CNN (Ren et al. 2015, He et al. 2017) from torchvision's parts, one function a stage.

    picture -> pyramid of feature maps -> for each anchor box: objectness and an offset      (the proposal network)
            -> the best boxes, overlaps suppressed: proposals
            -> 7 x 7 features of each proposal -> its class, and one more offset a class     (Fast R-CNN)
            -> 14 x 14 features of each box that is left -> its mask                         (Mask R-CNN)

`Detector.parts` is torchvision's own network with the same weights; what its forward pass computes in one go,
`pyramid`, `score_anchors`, `propose`, `classify`, `detect` and `masks` compute one after the other.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torchvision.models.detection import FasterRCNN, MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.detection.roi_heads import maskrcnn_inference, project_masks_on_boxes
from torchvision.models.detection.rpn import concat_box_prediction_layers
from torchvision.ops import MultiScaleRoIAlign, batched_nms, clip_boxes_to_image, remove_small_boxes, roi_pool

from .backbones import PeopleBackbone, mobilenet_backbone
from .loss import TrainingOutput

STRIDES = (4, 8, 16, 32, 64)  # of the levels of the pyramid; the last one is the fourth, thinned out
SHAPES = (0.5, 1.0, 2.0)  # height / width of the anchors
REGION, MASK = 7, 14  # cells of a proposal's features along a side, for its class and for its mask
CANDIDATES = 500  # boxes of each level that are looked at before overlaps are suppressed
SCORE = 0.05  # of the boxes that are shown, at least
# Scores of boxes at least MIN_HEIGHT pixels high whose largest keypoint vote is below MIN_VOTE are multiplied by
# PENALTY.
MIN_VOTE, MIN_HEIGHT, PENALTY = 0.1, 60, 0.7
VOTES_STRIDE = 8


@dataclass
class DetectorConfig:
    """Settings of a `Detector`, in torchvision's words."""

    class_names: tuple[str, ...]
    masks: bool = False
    anchor_sides: tuple[int, ...] = (16, 32, 64, 128, 256)  # pixels, one for each level of the pyramid
    min_size: int = 320  # pixels that the shorter side of a picture is scaled to
    max_size: int = 640  # pixels that the longer side has then at most
    fpn_channels: int = 96
    backbone: Literal["mobilenet", "people"] = "mobilenet"  # "people": what DeepLab and PoseNet know of people
    proposals: int = 300  # boxes that go on to the heads
    detections: int = 100  # boxes that a picture may have at most
    nms_iou: float = 0.5  # IoU from which the less sure of two boxes of one class is suppressed
    score_threshold: float = 0.5  # score from which on an object is shown at first


class DetectorFeatures(NamedTuple):
    """A picture as the network sees it, and its feature maps."""

    images: ImageList  # scaled, normalised, padded to a multiple of 32; knows its size before the padding
    pyramid: dict[str, torch.Tensor]  # name of the level -> (1, C, H / stride, W / stride)
    votes: torch.Tensor | None = None  # (1, 17, H / 8, W / 8): PoseNet's votes for keypoints, of a `PeopleDetector`


class Anchors(NamedTuple):
    """Scores and offsets of all A anchors of a picture, in pixels of the scaled picture."""

    boxes: torch.Tensor  # (A, 4): the anchors themselves
    levels: torch.Tensor  # (A,): the level of the pyramid that each anchor belongs to
    objectness: torch.Tensor  # (A,): probability that there is an object
    decoded: torch.Tensor  # (A, 4): boxes after the predicted offsets, clipped to the picture


class Proposals(NamedTuple):
    """Anchors that go on, best first: indices into `Anchors`."""

    before: torch.Tensor  # (M,): the best of each level
    after: torch.Tensor  # (R,): the ones that non-maximum suppression leaves


class Regions(NamedTuple):
    """Class and refined boxes of R proposals."""

    boxes: torch.Tensor  # (R, 4): the proposals
    features: torch.Tensor  # (R, C, 7, 7)
    probabilities: torch.Tensor  # (R, 1 + K): of the background and the K classes
    refined: torch.Tensor  # (R, 1 + K, 4): the box of each class after its predicted offsets, clipped
    scores: torch.Tensor  # (R, 1 + K): what detections are ranked by; the probabilities, but for a `PeopleDetector`


class Detections(NamedTuple):
    """D boxes that are left in the end, best first: in pixels of the scaled picture, and of a predictor in its own."""

    boxes: torch.Tensor  # (D, 4)
    labels: torch.Tensor  # (D,): 1 to K
    scores: torch.Tensor  # (D,)
    regions: torch.Tensor  # (D,): indices of the proposals they come from


def network(config: DetectorConfig, published: bool = False) -> FasterRCNN:
    """Torchvision's Faster R-CNN, or Mask R-CNN; `published` starts its backbone from weights of others."""
    classes = 1 + len(config.class_names)
    people = config.backbone == "people"
    backbone = (PeopleBackbone if people else mobilenet_backbone)(config.fpn_channels, published)
    levels = ["0", "1", "2", "p6" if people else "3"]  # all but the smallest
    settings = {
        "min_size": config.min_size,
        "max_size": config.max_size,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
        "rpn_anchor_generator": AnchorGenerator([[side] for side in config.anchor_sides], [SHAPES] * len(STRIDES)),
        "rpn_pre_nms_top_n_train": CANDIDATES,
        "rpn_pre_nms_top_n_test": CANDIDATES,
        "rpn_post_nms_top_n_train": config.proposals,
        "rpn_post_nms_top_n_test": config.proposals,
        "box_roi_pool": MultiScaleRoIAlign(levels, REGION, sampling_ratio=2),
        "box_head": TwoMLPHead(config.fpn_channels * REGION**2, 256),
        "box_predictor": FastRCNNPredictor(256, classes),
        "box_batch_size_per_image": 128,
        "box_detections_per_img": config.detections,
        "box_nms_thresh": config.nms_iou,
    }
    if not config.masks:
        return FasterRCNN(backbone, **settings)
    return MaskRCNN(
        backbone,
        **settings,
        mask_roi_pool=MultiScaleRoIAlign(levels, MASK, sampling_ratio=2),
        mask_head=MaskRCNNHeads(config.fpn_channels, (64, 64, 64), dilation=1),
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

    def pyramid(self, picture: torch.Tensor) -> DetectorFeatures:
        """Features of a picture (3, H, W) in [0, 1] by the backbone: the one step that takes long."""
        images, _ = self.parts.transform([picture])  # (1, 3, H', W')
        return DetectorFeatures(images, self.parts.backbone(images.tensors))

    def score_anchors(self, features: DetectorFeatures) -> Anchors:
        """Objectness and offset of every anchor: three shapes at each cell of each level."""
        rpn, maps = self.parts.rpn, list(features.pyramid.values())  # (1, C, h, w), each level
        logits, offsets = rpn.head(maps)  # (1, 3, h, w) and (1, 12, h, w), each level
        [boxes] = rpn.anchor_generator(features.images, maps)  # (A, 4)
        counts = torch.tensor([level[0].numel() for level in logits], device=boxes.device)  # (levels,)
        levels = torch.arange(len(maps), device=boxes.device).repeat_interleave(counts)  # (A,)
        logits, offsets = concat_box_prediction_layers(logits, offsets)  # (A, 1) and (A, 4)
        decoded = rpn.box_coder.decode(offsets, [boxes])[:, 0]  # (A, 4)
        decoded = clip_boxes_to_image(decoded, features.images.image_sizes[0])
        return Anchors(boxes, levels, logits.flatten().sigmoid(), decoded)

    def propose(self, anchors: Anchors, nms_iou: float = 0.7) -> Proposals:
        """The best of each level, before and after non-maximum suppression within the level."""
        by_level = [(anchors.levels == level).nonzero()[:, 0] for level in range(len(STRIDES))]
        most = self.parts.rpn.pre_nms_top_n()
        best = [level[anchors.objectness[level].topk(min(most, len(level))).indices] for level in by_level]
        before = torch.cat(best)  # (M,)
        before = before[remove_small_boxes(anchors.decoded[before], self.parts.rpn.min_size)]
        kept = batched_nms(anchors.decoded[before], anchors.objectness[before], anchors.levels[before], nms_iou)
        best_first = before[anchors.objectness[before].argsort(descending=True)]
        return Proposals(best_first, before[kept][: self.config.proposals])

    def classify(self, features: DetectorFeatures, boxes: torch.Tensor) -> Regions:
        """Class and refined box of proposals (R, 4): RoIAlign reads 7 x 7 cells of the level that suits their size."""
        heads = self.parts.roi_heads
        size = features.images.image_sizes
        cells = heads.box_roi_pool(features.pyramid, [boxes], size)  # (R, C, 7, 7)
        logits, offsets = heads.box_predictor(heads.box_head(cells))  # (R, 1 + K) and (R, 4 + 4 K)
        refined = clip_boxes_to_image(heads.box_coder.decode(offsets, [boxes]), size[0])  # (R, 1 + K, 4)
        probabilities = logits.softmax(1)
        return Regions(boxes, cells, probabilities, refined, probabilities)

    def detect(self, regions: Regions, score: float = SCORE, nms_iou: float | None = None) -> Detections:
        """Boxes with a larger score than `score`, after non-maximum suppression within their class, by the config's
        IoU where no other one is given."""
        nms_iou = self.config.nms_iou if nms_iou is None else nms_iou
        indices, labels = (regions.scores[:, 1:] > score).nonzero(as_tuple=True)  # (D,) each
        labels = labels + 1
        boxes, scores = regions.refined[indices, labels], regions.scores[indices, labels]  # (D, 4) and (D,)
        good = remove_small_boxes(boxes, 1e-2)
        boxes, scores, labels, indices = boxes[good], scores[good], labels[good], indices[good]
        kept = batched_nms(boxes, scores, labels, nms_iou)[: self.config.detections]
        return Detections(boxes[kept], labels[kept], scores[kept], indices[kept])

    def masks(self, features: DetectorFeatures, detections: Detections) -> torch.Tensor:
        """For each detection the probability of the object in 28 x 28 cells of its box, (D, 28, 28)."""
        heads = self.parts.roi_heads
        cells = heads.mask_roi_pool(features.pyramid, [detections.boxes], features.images.image_sizes)  # (D, C, 14, 14)
        logits = heads.mask_predictor(heads.mask_head(cells))  # (D, 1 + K, 28, 28)
        return maskrcnn_inference(logits, [detections.labels])[0][:, 0]

    def forward(self, pictures: list[torch.Tensor], targets: list[dict[str, torch.Tensor]]) -> TrainingOutput:
        """For training: pictures (3, H, W) in [0, 1] with the "boxes" (G, 4), "labels" (G,), "masks" (G, H, W) in each.

        Torchvision matches anchors and proposals with the truth and draws some of both kinds, on an object and not.
        """
        images, targets = self.parts.transform(pictures, targets)  # (N, 3, H', W')
        pyramid = self.parts.backbone(images.tensors)  # (N, C, h, w), each level
        of_anchors, proposals = self._anchors_with_targets(images, pyramid, targets)
        return TrainingOutput(*of_anchors, *self._regions_with_targets(images, pyramid, proposals, targets))

    def _anchors_with_targets(self, images, pyramid, targets):
        rpn, maps = self.parts.rpn, list(pyramid.values())
        logits, offsets = rpn.head(maps)  # (N, 3, h, w) and (N, 12, h, w), each level
        anchors = rpn.anchor_generator(images, maps)  # (A, 4), each picture
        counts = [level[0].numel() for level in logits]
        logits, offsets = concat_box_prediction_layers(logits, offsets)  # (N A, 1) and (N A, 4)
        decoded = rpn.box_coder.decode(offsets.detach(), anchors).unflatten(0, (len(anchors), -1))[:, :, 0]  # (N, A, 4)
        proposals, _ = rpn.filter_proposals(decoded, logits, images.image_sizes, counts)
        labels, matched = rpn.assign_targets_to_anchors(anchors, targets)
        wanted = torch.cat(rpn.box_coder.encode(matched, anchors))  # (N A, 4)
        positive, negative = (torch.cat(drawn).bool() for drawn in rpn.fg_bg_sampler(labels))  # (N A,)
        drawn = positive | negative
        return (logits.flatten()[drawn], torch.cat(labels)[drawn], offsets[positive], wanted[positive]), proposals

    def _regions_with_targets(self, images, pyramid, proposals, targets):
        heads, sizes = self.parts.roi_heads, images.image_sizes
        proposals, matched, labels, wanted = heads.select_training_samples(proposals, targets)
        cells = heads.box_roi_pool(pyramid, proposals, sizes)  # (R, C, 7, 7)
        logits, offsets = heads.box_predictor(heads.box_head(cells))  # (R, 1 + K) and (R, 4 + 4 K)
        classes, wanted = torch.cat(labels), torch.cat(wanted)  # (R,) and (R, 4)
        [positive] = (classes > 0).nonzero(as_tuple=True)  # (Q,)
        offsets = offsets.unflatten(1, (-1, 4))[positive, classes[positive]]  # (Q, 4)
        masks = wanted_masks = logits.new_zeros(0, 2 * MASK, 2 * MASK)
        if self.config.masks:
            objects = [boxes[label > 0] for boxes, label in zip(proposals, labels)]
            masks = heads.mask_predictor(heads.mask_head(heads.mask_roi_pool(pyramid, objects, sizes)))
            masks = masks[torch.arange(len(masks), device=masks.device), classes[positive]]  # (Q, 28, 28)
            wanted_masks = torch.cat(
                [
                    project_masks_on_boxes(target["masks"], boxes, index[label > 0], 2 * MASK)
                    for target, boxes, index, label in zip(targets, objects, matched, labels)
                ]
            )
        return logits, classes, offsets, wanted[positive], masks, wanted_masks


class PeopleDetector(Detector):
    """Finds people, with a box and a mask for each.

    Its backbone has PoseNet: the score of a large box in which PoseNet votes for no keypoint is lower.
    """

    def pyramid(self, picture: torch.Tensor) -> DetectorFeatures:
        """Features of a picture (3, H, W) in [0, 1] by the backbone, and PoseNet's votes."""
        images, _ = self.parts.transform([picture])  # (1, 3, H', W')
        backbone = self.parts.backbone
        maps = backbone.body(images.tensors)  # (1, C, h, w) at strides 4, 8 and 16
        return DetectorFeatures(images, backbone.fpn(maps), backbone.body.votes(maps))

    def classify(self, features: DetectorFeatures, boxes: torch.Tensor) -> Regions:
        """Class and refined box of proposals (R, 4), and scores that heed the votes where the features have them."""
        regions = super().classify(features, boxes)
        if features.votes is None:
            return regions
        people = regions.refined[:, 1]  # (R, 4)
        votes = roi_pool(features.votes, [people], output_size=1, spatial_scale=1 / VOTES_STRIDE)  # (R, 17, 1, 1)
        doubted = (votes.flatten(1).amax(1) < MIN_VOTE) & (people[:, 3] - people[:, 1] >= MIN_HEIGHT)  # (R,)
        scores = regions.probabilities.clone()
        scores[:, 1] = torch.where(doubted, PENALTY * scores[:, 1], scores[:, 1])
        return regions._replace(scores=scores)


class PublishedDetector(Detector):
    """The stages of a network that torchvision built, with weights of others."""

    def __init__(self, config: DetectorConfig, parts: FasterRCNN):
        nn.Module.__init__(self)
        self.config, self.parts = config, parts
