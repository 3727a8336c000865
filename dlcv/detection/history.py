"""R-CNN, Fast R-CNN and Faster R-CNN on one picture with the same weights: what each computes, and how long it takes.

    R-CNN           each proposal is cut out of the picture and goes through the whole network alone
    Fast R-CNN      the picture goes through once; each proposal reads its part of the feature maps
    Faster R-CNN    the network finds the proposals too, from the same feature maps

The first two take their proposals from a method that learns nothing (Felzenszwalb and Huttenlocher 2004).
"""

import time
from typing import NamedTuple

import torch
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import nms

from .model import Detector, DetectorFeatures, Regions

SCALES = (30, 100, 300, 1000)  # of the segments: the larger, the fewer
MIN_SIDE = 16  # pixels of a proposal's side
DUPLICATE_IOU = 0.8  # from which two proposals count as one
PAPER_PROPOSALS = 2000
EACH = {  # stages whose time grows with the number of proposals; Faster R-CNN takes those it finds
    "R-CNN": ("features", "heads"),
    "Fast R-CNN": ("heads",),
    "Faster R-CNN": (),
}
PAPERS = {  # seconds a picture with VGG-16 on the GPUs of then; of the first two without finding the proposals
    "R-CNN": (47.0, "Girshick 2015, Table 4"),
    "Fast R-CNN": (0.32, "Girshick 2015, Table 4"),
    "Faster R-CNN": (0.198, "Ren et al. 2015, Table 5"),
}
LONGEST = 640  # pixels of the side of a picture in which segments are searched: the network sees no more


class MethodResult(NamedTuple):
    """Regions found by one method, and seconds per stage."""

    regions: Regions
    seconds: dict[str, float]  # "proposals", "features", "heads"


def unlearned_proposals(picture: torch.Tensor, count: int = 200) -> torch.Tensor:
    """Boxes (R, 4) around the segments of a picture (3, H, W) in [0, 1], of several coarsenesses, coarse ones first."""
    from scipy.ndimage import find_objects
    from skimage.segmentation import felzenszwalb

    pixels, boxes = picture.permute(1, 2, 0).cpu().numpy(), []
    for scale in reversed(SCALES):
        segments = felzenszwalb(pixels, scale, sigma=0.8, min_size=MIN_SIDE**2 // 2)
        boxes += [(x.start, y.start, x.stop, y.stop) for y, x in find_objects(segments + 1)]
    found = torch.tensor(boxes, dtype=torch.float32)
    found = found[(found[:, 2:] - found[:, :2] >= MIN_SIDE).all(1)]
    order = torch.linspace(1, 0, len(found))  # no score tells them apart: the coarse ones first
    return found[nms(found, order, DUPLICATE_IOU)][:count]


def extrapolated(method: str, seconds: dict[str, float], count: int) -> dict[str, float]:
    """Seconds per stage of a method with the papers' 2,000 proposals, from those measured with `count`."""
    times = PAPER_PROPOSALS / count
    return {stage: value * (times if stage in EACH[method] else 1) for stage, value in seconds.items()}


@torch.inference_mode()
def rcnn(model: Detector, picture: torch.Tensor, boxes: torch.Tensor) -> MethodResult:
    """Regions of R boxes (R, 4), in pixels of the picture (3, H, W), each cut out and sent through the network alone.

    A cut-out is scaled as the whole picture would be, so that the same weights fit it.
    """
    images, _ = model.parts.transform([picture])
    height, width = images.image_sizes[0]
    scale = torch.tensor([width / picture.shape[2], height / picture.shape[1]]).repeat(2)
    scaled, found, features, heads = (boxes * scale).round(), [], 0.0, 0.0
    for left, top, right, bottom in scaled.long().tolist():
        crop = images.tensors[:, :, top:bottom, left:right]
        high, wide = crop.shape[2:]
        began = time.perf_counter()
        crop = torch.nn.functional.pad(crop, (0, -wide % 32, 0, -high % 32))
        maps = DetectorFeatures(ImageList(crop, [(high, wide)]), model.parts.backbone(crop))
        through = time.perf_counter()
        found.append(model.classify(maps, crop.new_tensor([[0.0, 0, wide, high]])))
        features, heads = features + through - began, heads + time.perf_counter() - through
    joined = Regions(*(torch.cat(parts) for parts in zip(*found)))
    corners = scaled[:, :2].repeat(1, 2)  # boxes of a crop, in the picture
    regions = joined._replace(boxes=joined.boxes + corners, refined=joined.refined + corners[:, None])
    return MethodResult(regions, {"features": features, "heads": heads})


@torch.inference_mode()
def fast_rcnn(model: Detector, picture: torch.Tensor, boxes: torch.Tensor) -> MethodResult:
    """Regions of R boxes (R, 4), in pixels of the picture (3, H, W), read by RoIAlign from the maps of one pass."""
    began = time.perf_counter()
    features = model.pyramid(picture)
    through = time.perf_counter()
    height, width = features.images.image_sizes[0]
    scale = torch.tensor([width / picture.shape[2], height / picture.shape[1]]).repeat(2)
    regions = model.classify(features, (boxes * scale).round())
    return MethodResult(regions, {"features": through - began, "heads": time.perf_counter() - through})


@torch.inference_mode()
def faster_rcnn(model: Detector, picture: torch.Tensor) -> MethodResult:
    """Regions of the network's own proposals, found in the maps of the picture (3, H, W) as well."""
    began = time.perf_counter()
    features = model.pyramid(picture)
    through = time.perf_counter()
    anchors = model.score_anchors(features)
    boxes = anchors.decoded[model.propose(anchors).after]
    proposed = time.perf_counter()
    regions = model.classify(features, boxes)
    seconds = {"features": through - began, "proposals": proposed - through, "heads": time.perf_counter() - proposed}
    return MethodResult(regions, seconds)
