"""What the boards of the detection tab ask for: a picture is looked at once, and asked many things."""

import threading
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any

import PIL.Image

from demos import frame
from demos.frame import coded
from demos.frame.keep import Keep
from dlcv.core import runtime
from dlcv.core.errors import InputError
from dlcv.core.images import draw

if TYPE_CHECKING:
    import torch

    from dlcv.detection.predictor import DetectorPredictor
    from dlcv.detection.tiles import Found

OURS = {
    "People": "maskrcnn-people",
    "Cell nuclei": "maskrcnn-nuclei",
    "Blood cells": "fasterrcnn-blood",
}
DETECTORS = OURS | {
    "Everyday objects, boxes": "fasterrcnn-coco",
    "Everyday objects, masks": "maskrcnn-coco",
}
VIEWS = {"Whole": 0, "Tiles of 256 px": 256, "Tiles of 512 px": 512, "Tiles of 1,024 px": 1024}
LOWEST = 0.05  # score of boxes that are told of
LOWEST_IN_TILES = 0.3  # there are many
MOST_MASKS = 400  # asked for at once
SCREEN = 1600  # pixels of the longer side of the picture on a screen
MEMORY = 600 * 2**20  # bytes that all kept pictures may take together
WEIGHT = 4  # bytes of a number

passes: Counter[str] = Counter()  # through the backbone of each network, in this process
_counted: weakref.WeakSet = weakref.WeakSet()


def predictor(name: str) -> "DetectorPredictor":
    """A detector by the name of its weights, which are loaded on first use; its passes are counted.

    What it knows of a picture must last from one question to the next, and on ZeroGPU a process that has the GPU does
    not: there it stays on the CPU.
    """
    from dlcv.detection.predictor import predictor

    found = predictor(name)
    if found.model not in _counted:
        if runtime.on_zero_gpu():
            found.model.cpu()
            found.device = next(found.model.parameters()).device
        _counted.add(found.model)
        found.model.parts.backbone.body.register_forward_hook(lambda *_: passes.update([name]))
    return found


runtime.preload(predictor, *OURS.values())


class Kept:
    """A picture of a visitor, what was found in it, and the detector that looks at it, or at one of its tiles."""

    def __init__(self, name: str, pixels: "torch.Tensor"):
        self.name, self.pixels = name, pixels  # (3, H, W) bytes
        self.detector = predictor(name)
        self.tiles: list[list[int]] = [[0, 0, pixels.shape[2], pixels.shape[1]]]
        self.found: Found | None = None  # in tiles
        self._tile, self._lock = -1, threading.Lock()

    def at(self, tile: int) -> "DetectorPredictor":
        """The detector looking at that tile: a new pass only where it was at another one."""
        if not 0 <= tile < len(self.tiles):
            raise InputError("There is no such tile.")
        with self._lock:
            if tile != self._tile:
                left, top, right, bottom = self.tiles[tile]
                self.detector.set_image(self.pixels[:, top:bottom, left:right] / 255)
                self._tile = tile
            return self.detector

    @property
    def memory(self) -> int:
        """Bytes, about: the picture, the maps, and as much again for what is computed from them."""
        maps = self.detector.features.pyramid.values()
        return self.pixels.numel() + 2 * WEIGHT * sum(some.numel() for some in maps)


pictures: Keep[Kept] = Keep(
    MEMORY, "This picture was put away to make room. Press Find objects once more.", lambda kept: kept.memory
)


def kept_of(query: dict) -> Kept:
    """The picture that a query is about."""
    return pictures.get(query.get("token"))


def asked_of(query: dict) -> tuple[Kept, "DetectorPredictor"]:
    """The picture that a query is about, and the detector looking at the tile that it is about."""
    kept = kept_of(query)
    return kept, kept.at(frame.whole(query.get("tile"), "tile", 0, len(kept.tiles) - 1))


def rounded(boxes: "torch.Tensor", digits: int = 1) -> list:
    """Boxes, or other numbers, for the wire."""
    return boxes.double().round(decimals=digits).tolist()


def answer(kept: Kept, **fields: Any) -> dict:
    """An answer, with the passes through the backbone that there were until now."""
    return fields | {"passes": passes[kept.name]}


# ---- looking at a picture


def pixels_of(picture: PIL.Image.Image | None) -> "torch.Tensor":
    """A visitor's picture, (3, H, W) bytes."""
    import torch

    from dlcv.detection.pictures import as_bytes

    if picture is None:
        raise InputError("Choose a picture first: upload one, take one, or click an example.")
    return torch.from_numpy(as_bytes(picture)).permute(2, 0, 1)


def keep(pixels: "torch.Tensor", title: Any, view: Any, progress=lambda *_: None) -> Kept:
    """Look at a picture, whole or in tiles, with the detector of that title."""
    from dlcv.detection.tiles import detect

    name = DETECTORS[frame.choice({"detector": title}, "detector", DETECTORS)]
    side = VIEWS[frame.choice({"view": view}, "view", VIEWS)]
    progress(0.0, "Loading the network" if name in OURS.values() else "Fetching the weights, the first time")
    kept = Kept(name, pixels)
    if side and max(pixels.shape) > side:
        kept.found, tiles = detect(
            kept.detector, pixels, side, LOWEST_IN_TILES, lambda done: progress(done, "Looking at tiles")
        )
        kept.tiles = tiles.tolist()
    kept.at(int(kept.found.tiles[0]) if kept.found is not None and len(kept.found.tiles) else 0)
    return kept


def objects(kept: Kept, overlap: float) -> dict:
    """All that was found, the surest first, as lists of the same length."""
    found = kept.found if kept.found is not None else kept.at(0).detections(LOWEST, overlap)
    return {
        "boxes": rounded(found.boxes),
        "labels": found.labels.tolist(),
        "scores": rounded(found.scores, 4),
        "regions": found.regions.tolist(),
        "tile": found.tiles.tolist() if kept.found is not None else [0] * len(found.labels),
    }


def shown(kept: Kept) -> dict:
    """What the boards need to know of a picture that was looked at."""
    config = kept.detector.model.config
    found, names = objects(kept, config.nms_iou), kept.detector.class_names
    picture = PIL.Image.fromarray(kept.pixels.permute(1, 2, 0).numpy())
    picture.thumbnail((SCREEN, SCREEN))
    if config.masks and kept.found is not None:
        cells = coded(draw.grey(kept.found.cells), "u1")
    elif config.masks:
        # the mask of an object that is not shown at first is asked for when it is needed
        count = sum(score >= config.score_threshold for score in found["scores"])
        pairs = [list(pair) for pair in zip(found["regions"], found["labels"])]
        cells = cells_of(kept.at(0), pairs[:count])
    return answer(
        kept,
        token=pictures.add(kept),
        names=list(names),
        size=list(kept.pixels.shape[:0:-1]),  # width and height
        picture=draw.data_uri(picture, "JPEG"),
        tiles=kept.tiles,
        lowest=LOWEST if kept.found is None else LOWEST_IN_TILES,
        overlap=config.nms_iou,
        sure=config.score_threshold,
        masks=config.masks,
        cells=cells if config.masks else "",
        **found,
    )


def cells_of(detector: "DetectorPredictor", pairs: list[list[int]]) -> str:
    """The masks of proposals as objects of a class, given as [proposal, class]: 28 x 28 bytes each."""
    import torch

    if not pairs:
        return ""
    regions, labels = torch.tensor(pairs).T
    return coded(draw.grey(detector.cells(detector.as_class(regions, labels))), "u1")


# ---- the boards' questions


def detect(query: dict) -> dict:
    """The objects where boxes of one class may overlap by so much."""
    kept = kept_of(query)
    return answer(kept, **objects(kept, frame.number(query, "overlap", 0, 1)))


def masks(query: dict) -> dict:
    """The masks of some proposals, each as an object of a class."""
    kept, detector = asked_of(query)
    pairs = query.get("objects")
    most = (len(detector.regions().boxes) - 1, len(detector.class_names))
    if not isinstance(pairs, list) or len(pairs) > MOST_MASKS:
        raise InputError(f"'objects' must be a list of at most {MOST_MASKS} pairs.")
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise InputError("Each of 'objects' must be a proposal and a class.")
    numbers = [
        [frame.whole(pair[0], "proposal", 0, most[0]), frame.whole(pair[1], "class", 1, most[1])] for pair in pairs
    ]
    return answer(kept, cells=cells_of(detector, numbers))


def inside(query: dict) -> dict:
    """What the proposal network makes of the picture, or of a tile: objectness and all candidates."""
    kept, detector = asked_of(query)
    levels = []
    for number in range(len(detector.features.pyramid)):
        values = detector.objectness(number)
        height, width = values.shape
        cell = [stride * scale for stride, scale in zip(detector.strides(number), detector.scale.tolist())]
        levels.append({"width": width, "height": height, "cell": cell, "values": coded(draw.grey(values), "u1")})
    before, after = detector.proposals()
    return answer(
        kept,
        levels=levels,
        channels=detector.features.pyramid["0"].shape[1],
        before=coded(before, "<f4"),
        after=coded(after, "<f4"),
    )


def anchors(query: dict) -> dict:
    """The anchors of all levels at a point, and where the network would move them."""
    kept, detector = asked_of(query)
    left, top, right, bottom = kept.tiles[query["tile"]]
    at = detector.anchors_at(frame.number(query, "x", 0, right - left), frame.number(query, "y", 0, bottom - top))
    return answer(kept, boxes=rounded(at.boxes), objectness=rounded(at.objectness, 4), moved=rounded(at.decoded))


def proposals(query: dict) -> dict:
    """The proposals that are left where they may overlap by so much."""
    kept, detector = asked_of(query)
    return answer(kept, after=coded(detector.proposals(frame.number(query, "overlap", 0, 1))[1], "<f4"))


def region(query: dict) -> dict:
    """How one proposal is read, what the heads say of it, and where they move it."""
    kept, detector = asked_of(query)
    number = frame.whole(query.get("number"), "number", 0, len(detector.regions().boxes) - 1)
    found = detector.region(number)
    return answer(
        kept,
        number=number,
        box=rounded(found.box),
        points=coded(found.points, "<f4"),
        level=found.level,
        features=coded(found.features, "<f4"),
        probabilities=rounded(found.probabilities, 4),
        refined=rounded(found.refined),
    )


def feature_map(query: dict) -> dict:
    """One channel of a level of the pyramid as a picture."""
    kept, detector = asked_of(query)
    maps = list(detector.features.pyramid.values())
    level = frame.whole(query.get("level"), "level", 0, len(maps) - 1)
    values = detector.feature_map(level, frame.whole(query.get("channel"), "channel", 0, maps[level].shape[1] - 1))
    low, high = values.min().item(), values.max().item()
    return answer(kept, picture=draw.data_uri(draw.heat(values, low, max(high, low + 1e-6))), low=low, high=high)


def export(query: dict) -> dict:
    """What is shown, as COCO has it."""
    kept = kept_of(query)
    score, overlap, threshold = (frame.number(query, name, 0, 1) for name in ("score", "overlap", "mask"))
    return answer(kept, coco=coco_of(kept, score, overlap, threshold))


def coco_of(kept: Kept, score: float, overlap: float, threshold: float) -> dict:
    """The objects of a picture that are surer than `score`, as COCO has them."""
    from dlcv.detection.export import coco

    height, width = kept.pixels.shape[1:]
    if kept.found is not None:
        sure = kept.found.scores >= score
        chosen = [getattr(kept.found, field)[sure] for field in ("boxes", "labels", "scores", "cells")]
    else:
        found = kept.at(0).detections(score, overlap)
        cells = kept.detector.cells(found) if kept.detector.model.config.masks else found.boxes.new_zeros(1, 0, 0)
        chosen = [found.boxes, found.labels, found.scores, cells]
    return coco(*chosen, kept.detector.class_names, (height, width), threshold)


# ---- the history


def history(kept: Kept, tile: int, count: int):
    """R-CNN, Fast R-CNN and Faster R-CNN on the picture, one after the other: yields what is known of them so far."""
    import time

    import skimage.segmentation  # noqa: F401  loaded before the clock runs

    from dlcv.core.images.fit import fit_within
    from dlcv.detection import history as methods

    left, top, right, bottom = kept.tiles[tile]
    picture = fit_within(kept.pixels[:, top:bottom, left:right] / 255, methods.LONGEST)
    model = kept.detector.model
    began = time.perf_counter()
    boxes = methods.unlearned_proposals(picture, count)
    segments = time.perf_counter() - began
    if not len(boxes):
        raise InputError("Nothing in this picture is large enough to be a proposal. Choose another one.")
    told = {"boxes": rounded(boxes * ((right - left) / picture.shape[2])), "tile": kept.tiles[tile], "bars": []}
    yield told
    images, _ = model.parts.transform([picture])
    whole = images.tensors[0, 0].numel()
    scale = whole / picture[0].numel()
    runs = {
        "Faster R-CNN": lambda: methods.faster_rcnn(model, picture),
        "Fast R-CNN": lambda: methods.fast_rcnn(model, picture, boxes),
        "R-CNN": lambda: methods.rcnn(model, picture, boxes),
    }
    for title, run in runs.items():
        before, alone = passes[kept.name], title == "R-CNN"
        found = run()
        seconds = {"proposals": segments} | found.seconds
        pixels = (boxes[:, 2:] - boxes[:, :2]).prod(1).sum().item() * scale if alone else whole
        bar = {
            "title": title,
            "seconds": {part: round(value, 4) for part, value in seconds.items()},
            "regions": len(found.regions.boxes),
            "passes": passes[kept.name] - before,
            "pixels": round(pixels),
        }
        told = told | {"bars": [bar, *told["bars"]]}
        yield told
