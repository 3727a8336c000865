"""One picture through a detector, and every question that the slides ask about the way to its boxes.

The backbone runs once, in `set_image`; all that comes after it is cheap and is asked again at will. Every box and point
is in pixels of the picture that was given.
"""

from functools import partial
from typing import NamedTuple

import torch
from torchvision.models.detection.roi_heads import paste_masks_in_image

from ..core import runtime, weights
from ..core.errors import InputError
from .model import REGION, SCORE, Detections, Detector, Regions

SAMPLES = 2  # points along a side that RoIAlign reads in each cell


class AnchorsAt(NamedTuple):
    """The anchors of one position."""

    boxes: torch.Tensor  # (levels, shapes, 4)
    objectness: torch.Tensor  # (levels, shapes): how sure the network is of an object there
    moved: torch.Tensor  # (levels, shapes, 4): where it would move them


class Region(NamedTuple):
    """What the heads make of one proposal."""

    box: torch.Tensor  # (4,)
    points: torch.Tensor  # (7, 7, 2, 2, 2): where RoIAlign reads, x and y of four points in each of 7 x 7 cells
    level: int  # of the pyramid, that it reads
    features: torch.Tensor  # (C, 7, 7)
    probabilities: torch.Tensor  # (1 + K,): the background first
    refined: torch.Tensor  # (4,): the box as its surest class has it


class DetectorPredictor:
    """A detector by the name of its checkpoint, or one that is given, and the picture it looks at."""

    def __init__(self, name: str, model: Detector | None = None):
        self.model = weights.load(Detector, name) if model is None else model
        self.class_names = tuple(self.model.config.class_names)
        self.device = next(self.model.parameters()).device

    @torch.inference_mode()
    def set_image(self, picture: torch.Tensor) -> None:
        """Look at a picture (3, H, W) in [0, 1]: the one pass through the backbone."""
        if picture.ndim != 3 or picture.shape[0] != 3 or not picture.numel():
            raise InputError("A picture in colour is needed.")
        config, sides = self.model.config, picture.shape[1:]
        if min(sides) * min(config.shorter / min(sides), config.longer / max(sides)) < 1:
            raise InputError("This picture is a line: it is too narrow for its length.")
        self.seen = self.model.pyramid(picture.to(self.device))
        height, width = self.seen.images.image_sizes[0]
        self.size = tuple(picture.shape[1:])
        self.scale = torch.tensor([self.size[1] / width, self.size[0] / height], device=self.device).repeat(2)
        self.anchors = self.model.score_anchors(self.seen)
        self._regions: dict[float, Regions] = {}

    def _outside(self, boxes: torch.Tensor) -> torch.Tensor:
        """Boxes (..., 4) of the scaled picture, in pixels of the picture that was given."""
        return (boxes * self.scale).cpu()

    def anchors_at(self, x: float, y: float) -> AnchorsAt:
        """The anchors of the cell of each level that holds a point, in pixels."""
        position = torch.tensor([x, y], device=self.device) / self.scale[:2]
        numbers = []
        for level, maps in enumerate(self.seen.pyramid.values()):
            height, width = maps.shape[2:]
            column, row = (position / position.new_tensor(self.strides(level))).long().tolist()
            cell = min(max(row, 0), height - 1) * width + min(max(column, 0), width - 1)
            begin = int((self.anchors.levels < level).sum())
            numbers.append(begin + 3 * cell + torch.arange(3, device=self.device))
        chosen = torch.stack(numbers)
        boxes, moved = (self._outside(some[chosen]) for some in (self.anchors.boxes, self.anchors.moved))
        return AnchorsAt(boxes, self.anchors.objectness[chosen].cpu(), moved)

    def strides(self, level: int) -> tuple[int, int]:
        """Pixels of the scaled picture, across and down, from a cell of a level to the next, as torchvision has it."""
        height, width = list(self.seen.pyramid.values())[level].shape[2:]
        padded = self.seen.images.tensors.shape[2:]
        return padded[1] // width, padded[0] // height

    def objectness(self, level: int) -> torch.Tensor:
        """How sure the network is of an object at each cell of a level, of its shapes the surest: (h, w)."""
        height, width = list(self.seen.pyramid.values())[level].shape[2:]
        values = self.anchors.objectness[self.anchors.levels == level]
        return values.unflatten(0, (height, width, -1)).amax(2).cpu()

    def feature_map(self, level: int, channel: int) -> torch.Tensor:
        """One channel of a level of the pyramid, (h, w)."""
        return list(self.seen.pyramid.values())[level][0, channel].cpu()

    @torch.inference_mode()
    def proposals(self, overlap: float = 0.7) -> tuple[torch.Tensor, torch.Tensor]:
        """The boxes that the proposal network finds best, before and after overlaps are suppressed, best first."""
        return tuple(self._outside(self.anchors.moved[some]) for some in self.model.propose(self.anchors, overlap))

    @torch.inference_mode()
    def regions(self, overlap: float = 0.7) -> Regions:
        """What the heads say of the proposals, in pixels of the scaled picture; computed once for each `overlap`."""
        if overlap not in self._regions:
            chosen = self.model.propose(self.anchors, overlap).after
            self._regions = {overlap: self.model.classify(self.seen, self.anchors.moved[chosen])}
        return self._regions[overlap]

    def region(self, number: int) -> Region:
        """Proposal `number`, best first, and how it is read."""
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
    def detections(self, score: float = SCORE, overlap: float | None = None) -> Detections:
        """The objects that are surer than `score`; boxes of one class overlap by at most `overlap`, if not given the
        config's."""
        found = self.model.detect(self.regions(), score, overlap, self.seen.votes)
        return Detections(self._outside(found.boxes), *(some.cpu() for some in found[1:]))

    def claimed(self, regions: torch.Tensor, labels: torch.Tensor) -> Detections:
        """What proposals (D,) would be as objects of the classes (D,), whatever is surer."""
        found = self.regions()
        on = regions.to(self.device), labels.to(self.device)
        return Detections(self._outside(found.refined[on]), labels, found.probabilities[on].cpu(), regions)

    @torch.inference_mode()
    def cells(self, found: Detections) -> torch.Tensor:
        """The masks of objects as the network gives them, (D, 28, 28) in [0, 1], each over its box."""
        if not self.model.config.masks:
            raise InputError("This network finds boxes only.")
        boxes = found.boxes.to(self.device) / self.scale
        inside = Detections(boxes, found.labels.to(self.device), found.scores, found.regions)
        return self.model.masks(self.seen, inside).cpu()

    def masks(self, found: Detections, cells: torch.Tensor | None = None) -> torch.Tensor:
        """The masks of objects at full size, (D, H, W) in [0, 1]."""
        cells = self.cells(found) if cells is None else cells
        return paste_masks_in_image(cells[:, None], found.boxes, self.size)[:, 0]


def mask_scores(scores: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """How sure masks (D, 28, 28) of objects with scores (D,) are: the score, times the mean probability within.

    The score alone says how sure the class is, and a mask that hesitates between two people may have a high one (Huang
    et al. 2019, Mask Scoring R-CNN). The mean within is the "maskness" of Wang et al. 2020, SOLOv2.
    """
    within = cells > 0.5
    return scores * (cells * within).sum((1, 2)) / within.sum((1, 2)).clamp(min=1)


def predictor(name: str) -> DetectorPredictor:
    """The detector of that name, ours or a published one, loaded on first use; it looks at a picture of its own."""
    from . import published

    load = published.load if name in published.NAMES else partial(weights.load, Detector)
    return DetectorPredictor(name, runtime.shelf.get(("detection", name), lambda: load(name)))
