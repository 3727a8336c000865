"""One picture through a detector, and every question that the slides ask about the way to its boxes.

The backbone runs once, in `set_image`; all that comes after it is cheap and is asked again at will. Every box and point
is in pixels of the picture that was given.
"""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torchvision.models.detection.roi_heads import paste_masks_in_image

from ..core import runtime, weights
from ..core.errors import InputError
from .model import REGION, SCORE, Detections, Detector, Regions

if TYPE_CHECKING:
    from .everyday import EverydayPredictor

SAMPLES = 2  # points along a side that RoIAlign reads in each cell


class AnchorsAt(NamedTuple):
    """The anchors of one position."""

    boxes: torch.Tensor  # (levels, shapes, 4)
    objectness: torch.Tensor  # (levels, shapes): probability of an object
    decoded: torch.Tensor  # (levels, shapes, 4): boxes after the predicted offsets


class Region(NamedTuple):
    """One proposal, and what the heads predict for it."""

    box: torch.Tensor  # (4,)
    points: torch.Tensor  # (7, 7, 2, 2, 2): x and y of the four points that RoIAlign reads in each of 7 x 7 cells
    level: int  # of the pyramid, that RoIAlign reads
    features: torch.Tensor  # (C, 7, 7)
    probabilities: torch.Tensor  # (1 + K,): the background first
    refined: torch.Tensor  # (4,): the refined box of the most probable class


class DetectorPredictor:
    """A detector, and the picture it looks at."""

    def __init__(self, model: Detector):
        self.model = model
        self.config = model.config
        self.class_names = tuple(self.config.class_names)
        self.device = next(self.model.parameters()).device

    @torch.inference_mode()
    def set_image(self, picture: torch.Tensor) -> None:
        """Compute the features of a picture (3, H, W) in [0, 1]: the one pass through the backbone.

        Raises InputError where the picture is not in colour, or less than a pixel wide once it is scaled.
        """
        if picture.ndim != 3 or picture.shape[0] != 3 or not picture.numel():
            raise InputError("A picture in colour is needed.")
        config, sides = self.config, picture.shape[1:]
        if min(sides) * min(config.min_size / min(sides), config.max_size / max(sides)) < 1:
            raise InputError("This picture is a line: it is too narrow for its length.")
        self.features = self.model.pyramid(picture.to(self.device))
        height, width = self.features.images.image_sizes[0]
        self.size = tuple(picture.shape[1:])
        self.scale = torch.tensor([self.size[1] / width, self.size[0] / height], device=self.device).repeat(2)
        self.anchors = self.model.score_anchors(self.features)
        self._regions: Regions | None = None

    def _outside(self, boxes: torch.Tensor) -> torch.Tensor:
        """Boxes (..., 4) of the scaled picture, in pixels of the picture that was given."""
        return (boxes * self.scale).cpu()

    def anchors_at(self, x: float, y: float) -> AnchorsAt:
        """The anchors of the cell of each level that holds a point, in pixels."""
        position = torch.tensor([x, y], device=self.device) / self.scale[:2]
        indices = []
        for level, maps in enumerate(self.features.pyramid.values()):
            height, width = maps.shape[2:]
            column, row = (position / position.new_tensor(self.strides(level))).long().tolist()
            cell = min(max(row, 0), height - 1) * width + min(max(column, 0), width - 1)
            begin = int((self.anchors.levels < level).sum())
            indices.append(begin + 3 * cell + torch.arange(3, device=self.device))
        at = torch.stack(indices)  # (levels, 3)
        boxes, decoded = self._outside(self.anchors.boxes[at]), self._outside(self.anchors.decoded[at])
        return AnchorsAt(boxes, self.anchors.objectness[at].cpu(), decoded)

    def strides(self, level: int) -> tuple[int, int]:
        """Pixels of the scaled picture, across and down, from a cell of a level to the next, as torchvision has it."""
        height, width = list(self.features.pyramid.values())[level].shape[2:]
        padded = self.features.images.tensors.shape[2:]
        return padded[1] // width, padded[0] // height

    def objectness(self, level: int) -> torch.Tensor:
        """Probability of an object at each cell of a level, the largest over the three shapes: (h, w)."""
        height, width = list(self.features.pyramid.values())[level].shape[2:]
        values = self.anchors.objectness[self.anchors.levels == level]
        return values.unflatten(0, (height, width, -1)).amax(2).cpu()

    def feature_map(self, level: int, channel: int) -> torch.Tensor:
        """One channel of a level of the pyramid, (h, w)."""
        return list(self.features.pyramid.values())[level][0, channel].cpu()

    @torch.inference_mode()
    def proposals(self, nms_iou: float = 0.7) -> tuple[torch.Tensor, torch.Tensor]:
        """Boxes (M, 4) and (R, 4) of the proposal network, before and after non-maximum suppression, best first."""
        before, after = self.model.propose(self.anchors, nms_iou)
        return self._outside(self.anchors.decoded[before]), self._outside(self.anchors.decoded[after])

    @torch.inference_mode()
    def regions(self) -> Regions:
        """Classes and refined boxes of the proposals, in pixels of the scaled picture; computed once a picture."""
        if self._regions is None:
            proposals = self.model.propose(self.anchors).after
            self._regions = self.model.classify(self.features, self.anchors.decoded[proposals])
        return self._regions

    def region(self, number: int) -> Region:
        """Proposal `number`, best first, and the points at which RoIAlign reads it. InputError where there is none."""
        found = self.regions()
        if not 0 <= number < len(found.boxes):
            raise InputError(f"There are {len(found.boxes)} proposals: choose one of them.")
        box, probabilities = found.boxes[number], found.probabilities[number]
        level = int(self.model.parts.roi_heads.box_roi_pool.map_levels([box[None]])[0])
        steps = (torch.arange(REGION * SAMPLES, device=self.device) + 0.5) / (REGION * SAMPLES)
        x, y = (box[side] + steps * (box[side + 2] - box[side]) for side in (0, 1))
        points = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=2) * self.scale[:2]  # (14, 14, 2)
        cells = points.unflatten(0, (REGION, SAMPLES)).unflatten(2, (REGION, SAMPLES)).transpose(1, 2)
        refined = self._outside(found.refined[number, probabilities.argmax()])
        features = found.features[number].cpu()
        return Region(self._outside(box), cells.cpu(), level, features, probabilities.cpu(), refined)

    @torch.inference_mode()
    def detections(self, score: float = SCORE, nms_iou: float | None = None) -> Detections:
        """Objects with a larger score than `score`; boxes of one class have at most `nms_iou` (the config's, where it
        is not given) in common."""
        found = self.model.detect(self.regions(), score, nms_iou)
        return Detections(self._outside(found.boxes), *(values.cpu() for values in found[1:]))

    def as_class(self, proposals: torch.Tensor, labels: torch.Tensor) -> Detections:
        """Detections of the given proposals (D,), each read as the given class (D,)."""
        regions = self.regions()
        at = proposals.to(self.device), labels.to(self.device)
        return Detections(self._outside(regions.refined[at]), labels, regions.probabilities[at].cpu(), proposals)

    @torch.inference_mode()
    def cells(self, found: Detections) -> torch.Tensor:
        """Masks of detections as the network gives them, (D, 28, 28) in [0, 1], each over its box. InputError where the
        network has none."""
        if not self.config.masks:
            raise InputError("This network finds boxes only.")
        boxes = found.boxes.to(self.device) / self.scale
        inside = Detections(boxes, found.labels.to(self.device), found.scores, found.regions)
        return self.model.masks(self.features, inside).cpu()

    @property
    def memory(self) -> int:
        """Bytes that are kept of the picture, about: the maps, and as much again for what is computed from them."""
        return 2 * sum(level.numel() * level.element_size() for level in self.features.pyramid.values())

    def masks(self, found: Detections, cells: torch.Tensor | None = None) -> torch.Tensor:
        """Masks of detections at full size, (D, H, W) in [0, 1]."""
        cells = self.cells(found) if cells is None else cells
        return paste_masks_in_image(cells[:, None], found.boxes, self.size)[:, 0]


def mask_scores(scores: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """Scores (D,) of masks (D, 28, 28): the scores (D,) of the objects times the mean probability within each mask.

    The score of an object is about its class, and a mask that hesitates between two people may have a high one (Huang
    et al. 2019, Mask Scoring R-CNN). The mean within is the "maskness" of Wang et al. 2020, SOLOv2.
    """
    within = cells > 0.5
    return scores * (cells * within).sum((1, 2)) / within.sum((1, 2)).clamp(min=1)


def predictor(name: str) -> "DetectorPredictor | EverydayPredictor":
    """The detector of that name, ours or a published one, loaded on first use; each predictor has its own picture."""
    from . import everyday, published

    if name == everyday.NAME:
        return everyday.EverydayPredictor(runtime.shelf.get(("detection", name), everyday.load))

    def load() -> Detector:
        found = published.load(name) if name in published.NAMES else weights.load(weights.model_class(name), name)
        return found.to(memory_format=torch.channels_last)  # a fifth faster on a CPU

    return DetectorPredictor(runtime.shelf.get(("detection", name), load))
