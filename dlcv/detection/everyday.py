"""Everyday objects by NanoDet-Plus as it was published: one pass, one network, no proposals."""

import torch

from ..core import weights
from ..core.backbones.nanodet import NMS_IOU, NanoDet, Objects, suppressed
from ..core.errors import InputError
from ..core.geometry.boxes import no_parts
from .model import SCORE, Detections, DetectorConfig
from .published import categories

NAME = "nanodet-plus"
SURE = 0.45  # score from which on an object is shown at first


def load() -> NanoDet:
    """The network that ships."""
    return weights.load(NanoDet, NAME).to(memory_format=torch.channels_last)  # a fifth faster on a CPU


class EverydayPredictor:
    """The network, and the picture it looks at, as `DetectorPredictor` has them; labels are COCO's categories."""

    def __init__(self, model: NanoDet):
        self.model = model
        self.device = next(self.model.parameters()).device
        self.class_names = categories()
        self.config = DetectorConfig(self.class_names, nms_iou=NMS_IOU, score_threshold=SURE)
        known = [number for number, name in enumerate(self.class_names, 1) if name != "N/A"]
        self._categories = torch.tensor(known)  # (80,)
        self.candidates: Objects | None = None

    @torch.inference_mode()
    def set_image(self, picture: torch.Tensor) -> None:
        """Look at a picture (3, H, W) in [0, 1]: the one pass. InputError where it is not in colour."""
        if picture.ndim != 3 or picture.shape[0] != 3 or not picture.numel():
            raise InputError("A picture in colour is needed.")
        self.candidates = Objects(*(values.cpu() for values in self.model.candidates(picture.to(self.device))))

    def detections(self, score: float = SCORE, nms_iou: float | None = None) -> Detections:
        """Objects with a larger score than `score`; boxes of one class have at most `nms_iou` in common, and none is a
        part of another one. `regions` are places among the candidates."""
        found = suppressed(self.candidates, score, NMS_IOU if nms_iou is None else nms_iou)
        left = no_parts(found.boxes, found.labels)
        boxes, scores, labels, regions = (values[left] for values in found)
        return Detections(boxes, self._categories[labels], scores, regions)

    @property
    def memory(self) -> int:
        """Bytes that are kept of the picture, about."""
        return sum(values.numel() * values.element_size() for values in self.candidates)
