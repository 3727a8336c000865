"""Score the segmenters that ship: python -m dlcv.segmentation.evaluate [--model NAME ...] [--data DIR]

Prints the scores and writes them beside the weights. Frames and slices are those that were held out.
"""

import numpy as np
import torch

from ..core import weights
from ..core.datasets import VOID, camvid, coco, isbi2012
from ..core.training.evaluation import command_line
from ..core.weights.scores import Metric
from .everyday import COCO_CATEGORIES
from .everyday import NAME as EVERYDAY
from .metrics import (
    best_rand_score,
    boundary_f1,
    class_accuracy,
    confusion,
    intersection_over_union,
    pixel_accuracy,
)
from .model import Segmenter
from .predictor import EverydayPredictor, probabilities, symmetric_probabilities

COMMAND = "python -m dlcv.segmentation.evaluate"
MIOU = Metric("miou", "Mean intersection over union", "%", "higher")
CLASS_IOU = Metric("class_iou", "Intersection over union of a class", "%", "higher", detail=True)
CLASS_ACCURACY = Metric("class_accuracy", "Right pixels, mean over the classes", "%", "higher")
PIXEL_ACCURACY = Metric("pixel_accuracy", "Right pixels", "%", "higher")
BOUNDARY_F1 = Metric("boundary_f1", "F1 of the contours", "%", "higher")
V_RAND = Metric("v_rand", "Rand score of the cells after thinning", "", "higher")
PIXEL_ERROR = Metric("pixel_error", "Wrong pixels", "%", "lower")
STREETS = "CamVid test, 233 frames of 480 x 360, 11 classes"
SLICES = f"ISBI 2012, the last {isbi2012.HELD_OUT} of its 30 slices"
BARS = {"segnet-camvid": 50.0, "unet-camvid": 55.0, "unet-mobilenet-camvid": 66.0, "unet-membranes": 0.95}
HEADLINES = ("unet-mobilenet-camvid", "unet-membranes")
# SegNet's 60.1 is of 3,433 frames; these two learned from the same 367 as ours (Badrinarayanan et al. 2017, Table 1).
PAPERS = {
    "hourglass-camvid": {
        "paper": 43.3,
        "paper_source": "Badrinarayanan et al. 2017, bilinear decoder, nothing learned",
    },
    "segnet-camvid": {"paper": 47.7, "paper_source": "Badrinarayanan et al. 2017, SegNet-Basic"},
}
THRESHOLDS = np.arange(0.05, 1, 0.05)


def percent(part: float) -> float:
    """A share as a percentage of two digits."""
    return round(100 * float(part), 2)


def of_streets(name: str) -> list[dict]:
    """Rows of a network of streets: all from one confusion matrix over the whole test set, but the contours."""
    model, (pictures, labels) = weights.load(Segmenter, name), camvid.load("test")
    classes = len(camvid.CLASSES)
    matrix, contours = torch.zeros(classes, classes, dtype=torch.int64), []
    for picture, truth in zip(pictures, labels):
        found = probabilities(model, picture / 255).argmax(0)
        matrix += confusion(truth, found, classes)
        contours.append(boundary_f1(truth.numpy(), found.numpy(), classes))
    each = intersection_over_union(matrix)
    more = {"bar": BARS.get(name), "headline": name in HEADLINES} | PAPERS.get(name, {})
    return [
        MIOU.row(STREETS, percent(each.mean()), **more),
        CLASS_ACCURACY.row(STREETS, percent(class_accuracy(matrix).mean())),
        PIXEL_ACCURACY.row(STREETS, percent(pixel_accuracy(matrix))),
        BOUNDARY_F1.row(STREETS, percent(np.mean([score for score in contours if score is not None]))),
        *(CLASS_IOU.row(f"{STREETS}: {word}", percent(value)) for word, value in zip(camvid.CLASSES, each)),
    ]


def of_membranes(name: str) -> list[dict]:
    """Rows of the network of membranes, as it is and as the mean over the eight symmetries of a slice."""
    model, (slices, labels) = weights.load(Segmenter, name), isbi2012.load("test")
    rows = []
    for way, words in ((symmetric_probabilities, ", mean over 8 symmetries"), (probabilities, "")):
        membrane = torch.stack([way(model, piece / 255)[0] for piece in slices])
        score, threshold = best_rand_score(labels.numpy(), membrane.numpy(), THRESHOLDS)
        more = {"bar": BARS.get(name), "headline": name in HEADLINES} if words else {}
        rows += [
            V_RAND.row(f"{SLICES}{words}, best threshold {threshold:.2f}", round(score, 4), **more),
            PIXEL_ERROR.row(f"{SLICES}{words}", percent(((membrane < 0.5) != labels.bool()).float().mean())),
        ]
    return rows


def everyday_labels(picture: torch.Tensor, objects: list[dict]) -> torch.Tensor:
    """Labels (H, W) uint8 of a photograph of COCO: places in `everyday.CLASSES`, the smallest object on top.

    Crowds, in which things are not told apart, are VOID.
    """
    labels = torch.zeros(picture.shape[1:], dtype=torch.uint8)
    for thing in sorted(objects, key=lambda thing: -thing["area"]):
        if thing["category_id"] in COCO_CATEGORIES:
            label = VOID if thing["iscrowd"] else COCO_CATEGORIES.index(thing["category_id"]) + 1
            labels[coco.mask_of(thing, *picture.shape[1:])] = label
    return labels


def of_everyday() -> list[dict]:
    """Rows of the published network, on photographs of COCO, on others of which it may have been trained."""
    model, photographs = EverydayPredictor(), coco.load("val")
    classes = len(model.class_names)
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    for picture, objects, _ in photographs:
        matrix += confusion(everyday_labels(picture, objects), model.segment(picture / 255).labels, classes)
    there = matrix.sum(1) > 0
    data = f"COCO, {len(photographs)} photographs, the {int(there.sum())} of 21 classes that they have"
    return [
        MIOU.row(data, percent(intersection_over_union(matrix)[there].mean())),
        PIXEL_ACCURACY.row(data, percent(pixel_accuracy(matrix))),
    ]


def evaluate(name: str) -> list[dict]:
    """Rows of one model's metrics.json."""
    if name == EVERYDAY:
        return of_everyday()
    return of_streets(name) if name.endswith("camvid") else of_membranes(name)


if __name__ == "__main__":
    command_line(__doc__, "segmentation", evaluate, COMMAND)
