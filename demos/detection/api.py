"""The public endpoints of the detection tab."""

from collections import Counter

import PIL.Image

from demos import frame

from . import boards, examples, history
from .kept import Detector, View, look


def detection_find(
    picture: frame.Picture = None,
    detector: Detector = "People",
    score: boards.Share = 0.5,
    overlap: boards.Share = 0.5,
    mask: boards.Share = 0.5,
    view: View = "Whole",
):
    """The objects of a picture as COCO has them, and how many there are of each class."""
    found = boards.coco_of(look(picture, detector, view), score, overlap, mask)
    names = {category["id"]: category["name"] for category in found["categories"]}
    return found | {"counts": dict(Counter(names[entry["category_id"]] for entry in found["annotations"]))}


def detection_proposals(
    picture: frame.Picture = None,
    detector: Detector = "People",
    overlap: boards.Share = 0.5,
    count: frame.Whole(1, 1000) = 20,
):
    """The best boxes of the proposal network, before and after overlaps are suppressed."""
    kept = look(picture, detector, "Whole")
    before, after = (boxes[:count] * kept.scale for boxes in kept.inside(0).proposals(overlap))
    return {"before": frame.rounded(before, 1), "after": frame.rounded(after, 1)}


def detection_losses(
    picture: frame.Picture = None,
    detector: Detector = "People",
    number: frame.Whole(1, 100) = 1,
    score: boards.Share = 0.05,
    overlap: boards.Share = 0.5,
    mask: boards.Share = 0.5,
):
    """The terms of (15), (16) and (17) where one object, by its place among the surest, is taken as the truth."""
    kept = look(picture, detector, "Whole")
    found = kept.inside(0).detections(score, overlap)
    place = boards.checked(number - 1, len(found.labels), "objects")
    losses = boards.losses_of(kept, int(found.regions[place]), int(found.labels[place]), mask)
    for terms in ("anchors", "own", "regions"):
        losses[terms]["bbox_squared"] *= kept.scale**2
    return losses


def detection_history(picture: frame.Picture = None, detector: Detector = "People", count: history.Count = 20):
    """Seconds of R-CNN, Fast R-CNN and Faster R-CNN on one picture with the same weights."""
    kept = look(picture, detector, "Whole")
    *_, last = history.timed(kept, count)
    boxes = [[round(end * kept.scale, 1) for end in box] for box in last["boxes"]]
    return last | {"boxes": boxes, "tile": [0, 0, *kept.size]}


def offer() -> None:
    """Make the endpoints."""
    person = {"picture": lambda: PIL.Image.open(examples.ASTRONAUT), "detector": "People"}
    frame.endpoint(detection_find, ["json"], example=person | {"score": 0.05}, **frame.COMPUTE)
    frame.endpoint(detection_proposals, ["json"], example=person | {"overlap": 0.7, "count": 100}, **frame.COMPUTE)
    frame.endpoint(detection_losses, ["json"], example=person, **frame.COMPUTE)
    frame.endpoint(detection_history, ["json"], example=person | {"count": 10}, **frame.COMPUTE)
