"""The public endpoints of the correspondence tab."""

import functools

import PIL.Image

from demos import frame
from demos.frame import pictures

from .pairs import METHODS, USUAL, Known, Threshold, example, found_by, of_photographs
from .trials import f1, in_time, spoiled

Wide = frame.Real(0, 170)


def correspondence_match(first: frame.Picture = None, second: frame.Picture = None, wide: Wide = 0):
    """Matches of two pictures, in pixels of these, each with the network's weight. `wide` is the field of view across
    the longer side in degrees; where it is 0, the pictures' EXIF data says it, or it is guessed."""
    import torch

    from dlcv.correspondence import export

    one = of_photographs(first, second, wide)
    kept = one.weighed.logits > 0
    names = ("x1", "y1", "x2", "y2", "weight")
    rows = export.rows(one.pair, one.weighed, torch.zeros_like(kept))
    return {
        "matches": [dict(zip(names, row)) for row in rows],
        "kept": int(kept.sum()),
        "milliseconds": round(one.weighed.milliseconds, 1),
        "focal_from": [camera.source for camera in one.pair.cameras],
    }


def correspondence_geometry(
    first: frame.Picture = None,
    second: frame.Picture = None,
    method: frame.Choice(METHODS) = USUAL,
    threshold: Threshold = 1.5,
    wide: Wide = 0,
):
    """E, F, the pose, and H where one plane is seen, of two pictures by a method, for pixels of these. `in_common` says
    whether more matches agree than chance gives."""
    from dlcv.correspondence import export

    one = of_photographs(first, second, wide)
    found = found_by(one, method, threshold)
    return export.matrices(one.pair, found) | {
        "inliers": int(found.inliers.sum()),
        "matches": len(found.inliers),
        "in_common": found.in_common,
        "milliseconds": round(found.milliseconds, 1),
    }


def correspondence_spoil(share: frame.Real(0, 0.95) = 0.9, seed: frame.Whole(0, 999_999) = 0):
    """F1 of the network, and of OpenCV's RANSAC in the same time, where that share of the matches of the room drawn by
    code is wrong."""
    from .pairs import predictor

    pair, right = spoiled(example("room"), share, seed)
    weighed = predictor().weigh(pair)
    return {
        "network": round(f1(weighed.logits > 0, right), 4),
        "ransac": round(f1(in_time(pair, weighed.milliseconds), right), 4),
        "milliseconds": round(weighed.milliseconds, 1),
    }


def eye(number: int) -> PIL.Image.Image:
    """A picture of the room drawn by code."""
    one: Known = example("room")
    return pictures.image(one.pair.pictures[number])


def offer() -> None:
    """Offer them; called where the tab is built."""
    both = {"first": functools.partial(eye, 0), "second": functools.partial(eye, 1)}
    frame.endpoint(correspondence_match, ["json"], example=both, **frame.COMPUTE)
    frame.endpoint(correspondence_geometry, ["json"], example=both, **frame.COMPUTE)
    frame.endpoint(correspondence_spoil, ["json"], example={}, **frame.COMPUTE)
