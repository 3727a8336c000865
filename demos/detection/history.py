"""R-CNN, Fast R-CNN and Faster R-CNN on one picture: what each computes, timed on this computer."""

import time

from demos import frame
from demos.frame.questions import understood
from dlcv.core.errors import InputError

from .kept import Kept, passes_here, pictures

COUNTS = (10, 200)  # proposals that the three methods may be timed with
Count = frame.Whole(*COUNTS)


def timed(kept: Kept, count: int):
    """The bars of the three methods with `count` proposals, one after the other: yields those that there are so far."""
    import skimage.segmentation  # noqa: F401  loaded before the clock runs

    from dlcv.core.images.fit import fit_within
    from dlcv.detection import history as methods

    model = kept.inside(0).model
    left, top, right, bottom = kept.tiles[0]
    picture = fit_within(kept.pixels[:, top:bottom, left:right] / 255, methods.LONGEST)
    began = time.perf_counter()
    boxes = methods.unlearned_proposals(picture, count)
    segments = time.perf_counter() - began
    if not len(boxes):
        raise InputError("Nothing in this picture is large enough to be a proposal. Choose another one.")
    answer = {"boxes": frame.rounded(boxes * ((right - left) / picture.shape[2]), 1), "tile": kept.tiles[0], "bars": []}
    yield answer
    images, _ = model.parts.transform([picture])
    whole = images.tensors[0, 0].numel()
    scale = whole / picture[0].numel()
    runs = {
        "Faster R-CNN": lambda: methods.faster_rcnn(model, picture),
        "Fast R-CNN": lambda: methods.fast_rcnn(model, picture, boxes),
        "R-CNN": lambda: methods.rcnn(model, picture, boxes),
    }
    for title, run in runs.items():
        before, alone = passes_here(), title == "R-CNN"
        found = run()
        seconds = {"proposals": segments} | found.seconds
        pixels = (boxes[:, 2:] - boxes[:, :2]).prod(1).sum().item() * scale if alone else whole
        seconds = {part: round(value, 4) for part, value in seconds.items()}
        paper, source = methods.PAPERS[title]
        bar = {
            "title": title,
            "seconds": seconds,
            "extrapolated": methods.extrapolated(title, seconds, len(boxes)),  # to the papers' 2,000 proposals
            "paper": paper,
            "source": source,
            "regions": len(found.regions.boxes),
            "passes": passes_here() - before,
            "pixels": round(pixels),
        }
        answer = answer | {"bars": [bar, *answer["bars"]]}
        yield answer


class Measurement(frame.Query):
    """How the three methods are to be timed."""

    count: Count


def measure(token, count):
    """The three methods on the picture that the boards show, as their times come in."""
    yield from timed(pictures.get(token), understood(Measurement, {"count": count}).count)
