"""Score the detectors that ship: python -m dlcv.detection.evaluate [--data DIR]

Average precision as COCO has it, by pycocotools: over ten thresholds of the overlap, and at 0.5 alone; boxes in the
order of their scores, masks in that of `mask_scores`. The published detectors of everyday objects are scored as well
where their weights are on this computer.
"""

import argparse
import sys
from collections.abc import Iterable

import numpy as np
import torch
from pycocotools import mask as coco_mask

from ..core import weights
from ..core.datasets import blood, coco, nuclei, parse_with_data
from ..core.training.coco_eval import precision_and_recall
from ..core.weights import scores
from ..core.weights.scores import Metric
from . import everyday, published
from .everyday import EverydayPredictor
from .predictor import DetectorPredictor, mask_scores, predictor
from .samples import target_of

COMMAND = "python -m dlcv.detection.evaluate"
BARS = {
    "maskrcnn-nuclei": {"mask_ap50": 85, "mask_ap": 50},
    "fasterrcnn-blood": {"box_ap50": 88},
    "maskrcnn-people": {"box_ap50": 50, "mask_ap50": 45},
}  # percent
BOX_AP = Metric("box_ap", "Box AP", "%", "higher")
BOX_AP50 = Metric("box_ap50", "Box AP at IoU 0.5", "%", "higher")
BOX_AP_ALL = Metric("box_ap_80", "Box AP, all 80 classes", "%", "higher")
BOX_AP50_ALL = Metric("box_ap50_80", "Box AP at IoU 0.5, all 80 classes", "%", "higher")
MASK_AP = Metric("mask_ap", "Mask AP", "%", "higher")
MASK_AP50 = Metric("mask_ap50", "Mask AP at IoU 0.5", "%", "higher")
HEADLINE = ("maskrcnn-nuclei", MASK_AP)
MIN_SCORE, MAX_BOXES = 0.05, 400  # of the boxes that are counted, and boxes of a picture that are, at most


def truth(name: str) -> Iterable[tuple[torch.Tensor, dict[str, torch.Tensor]]]:
    """Test pictures (3, H, W) in [0, 1] of a detector, each with boxes, labels and, where there are any, masks of its
    objects; "crowd" (G,) where an object stands for many, which no detector has to find."""
    if name == "maskrcnn-nuclei":
        return ((picture / 255, target_of(instances)) for picture, instances in nuclei.load("test"))
    if name == "maskrcnn-people":
        return (annotated(picture, objects, {coco.PERSON}) for picture, objects, _ in coco.load("val"))
    if name in (everyday.NAME, *published.NAMES):
        return (annotated(picture, objects) for picture, objects, _ in coco.load("val"))
    return ((picture / 255, {"boxes": boxes, "labels": labels}) for picture, boxes, labels in blood.load("test"))


def annotated(
    picture: torch.Tensor, objects: list[dict], categories: set[int] | None = None
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """A picture of COCO (3, H, W) uint8 and its annotations, all or those of some categories, as `truth` has them."""
    chosen = [thing for thing in objects if categories is None or thing["category_id"] in categories]
    boxes = torch.tensor([thing["bbox"] for thing in chosen]).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]  # COCO has width and height
    return picture / 255, {
        "boxes": boxes,
        "labels": torch.tensor([thing["category_id"] for thing in chosen], dtype=torch.int64),
        "masks": [coco.mask_of(thing, *picture.shape[1:]) for thing in chosen],
        "crowd": torch.tensor([thing["iscrowd"] for thing in chosen]),
    }


def annotation(image: int, label: int, box: torch.Tensor, mask: torch.Tensor | None, crowd: int = 0) -> dict:
    """An object as pycocotools has it: box (4,), mask (H, W) bool or None."""
    left, top, right, bottom = box.tolist()
    entry = {"image_id": image, "category_id": label, "bbox": [left, top, right - left, bottom - top]}
    entry["iscrowd"] = crowd
    if mask is None:
        return entry | {"area": (right - left) * (bottom - top)}
    return entry | {
        "segmentation": coco_mask.encode(np.asfortranarray(mask.numpy().astype(np.uint8))),
        "area": int(mask.sum()),
    }


def average_precision(
    known: list[dict], found: list[dict], sizes: list[tuple[int, int]], classes: int, kind: str
) -> np.ndarray:
    """Average precision at each of ten IoUs from 0.5 to 0.95, mean over the classes in the truth: (10,).

    kind "bbox" or "segm"; `sizes` are height and width of the pictures, whose indices in it are their `image_id`.
    """
    images = [{"id": image, "height": high, "width": wide} for image, (high, wide) in enumerate(sizes)]
    categories = [{"id": label} for label in range(1, classes + 1)]
    precision, _ = precision_and_recall(images, categories, known, found, kind, maxDets=[1, 10, MAX_BOXES])
    precision = precision[:, :, :, 0, -1]  # (10 IoUs, recalls, classes), objects of all sizes
    return np.nanmean(np.where(precision > -1, precision, np.nan), axis=(1, 2))


def annotations(detector: DetectorPredictor | EverydayPredictor, picture: torch.Tensor, image: int) -> list[dict]:
    """The detections of a picture (3, H, W) in [0, 1] as pycocotools has them, with the scores of box and mask."""
    detector.set_image(picture)
    detections = detector.detections(MIN_SCORE)
    masks, of_masks = [None] * len(detections.boxes), detections.scores
    if detector.config.masks:
        cells = detector.cells(detections)
        masks, of_masks = detector.masks(detections, cells) > 0.5, mask_scores(detections.scores, cells)
    boxes, labels, of_boxes, _ = detections
    return [
        annotation(image, int(label), box, mask) | {BOX_AP.name: float(score), MASK_AP.name: float(mask_score)}
        for box, label, mask, score, mask_score in zip(boxes, labels, masks, of_boxes, of_masks)
    ]


def evaluate(name: str) -> list[dict]:
    """The rows of metrics.json of a detector."""
    detector, known, found, sizes = predictor(name), [], [], []
    for image, (picture, target) in enumerate(truth(name)):
        found += annotations(detector, picture, image)
        count = len(target["boxes"])
        masks_of, crowd = target.get("masks", [None] * count), target.get("crowd", [0] * count)
        for box, label, mask, many in zip(target["boxes"], target["labels"], masks_of, crowd, strict=True):
            known.append(annotation(image, int(label), box, mask, int(many)))
        sizes.append(tuple(picture.shape[1:]))
    classes, rows = len(detector.class_names), []
    of_people = [[entry for entry in entries if entry["category_id"] == coco.PERSON] for entries in (known, found)]
    measured = [("bbox", BOX_AP, BOX_AP50, (known, found)), ("segm", MASK_AP, MASK_AP50, (known, found))]
    if name == everyday.NAME:
        measured = [("bbox", BOX_AP, BOX_AP50, of_people), ("bbox", BOX_AP_ALL, BOX_AP50_ALL, (known, found))]
    elif not detector.config.masks:
        measured = measured[:1]
    for kind, ap, ap50, (true, ours) in measured:
        ranked = [entry | {"score": entry[BOX_AP.name if kind == "bbox" else MASK_AP.name]} for entry in ours]
        precision = 100 * average_precision(true, ranked, sizes, classes, kind)
        data = f"{len(sizes)} held-out pictures" + (", people" if true is of_people[0] else "")
        for metric, value in ((ap, precision.mean()), (ap50, precision[0])):
            bar, headline = BARS.get(name, {}).get(metric.name), (name, metric) == HEADLINE
            rows.append(metric.row(data, round(float(value), 2), bar=bar, headline=headline))
    return rows


def main() -> None:
    """Score what ships, print the table, write it beside the weights; exit with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parse_with_data(parser)
    for name in filter(published.at_hand, published.NAMES):
        scores.show(name, evaluate(name))
    if missed := scores.report({name: evaluate(name) for name in weights.names("detection")}, COMMAND):
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
