"""Pictures that the boards of the detection tab ask about: each is looked at once, and kept for many questions."""

import threading
import weakref
from collections import Counter
from typing import TYPE_CHECKING

import PIL.Image

from demos import frame
from demos.frame.keep import Keep
from demos.frame.pictures import CHOOSE
from dlcv.core import runtime
from dlcv.core.errors import InputError

if TYPE_CHECKING:
    import torch

    from dlcv.detection.everyday import EverydayPredictor
    from dlcv.detection.predictor import DetectorPredictor
    from dlcv.detection.tiles import TileDetections

EVERYDAY = "Everyday objects"
OURS = {
    "People": "maskrcnn-people",
    "Cell nuclei": "maskrcnn-nuclei",
    "Blood cells": "fasterrcnn-blood",
}
SHIPPED = {EVERYDAY: "nanodet-plus"} | OURS
DETECTORS = SHIPPED | {
    "Everyday objects, boxes": "fasterrcnn-coco",
    "Everyday objects, masks": "maskrcnn-coco",
}
LABELS = {EVERYDAY: "Everyday objects, at once"}  # what the screen calls one of several networks for these
VIEWS = {"Whole": 0, "Tiles of 256 px": 256, "Tiles of 512 px": 512, "Tiles of 1,024 px": 1024}
MIN_SCORE = 0.05  # of the boxes that the boards have
MIN_SCORE_IN_TILES = 0.3  # there are many
MEMORY = 600 * 2**20  # bytes that all kept pictures may take together
NO_STAGES = (
    "NanoDet-Plus has one stage: no proposals, no RoIAlign, no masks to look into. Look for people, nuclei or blood"
    " cells: their networks have these stages."
)

Detector, View = frame.Choice(DETECTORS), frame.Choice(VIEWS)


class Look(frame.Query):
    """How a picture is to be looked at."""

    detector: Detector
    view: View


passes: Counter[str] = Counter()  # through the backbone of each network, in this process
_here = threading.local()
_counted: weakref.WeakSet = weakref.WeakSet()
_counting = threading.Lock()


def predictor(name: str) -> "DetectorPredictor | EverydayPredictor":
    """A detector by the name of its weights, which are loaded on first use; its passes are counted.

    What it knows of a picture must last from one question to the next, and on ZeroGPU a process that has the GPU does
    not: there it stays on the CPU.
    """
    from dlcv.detection.predictor import predictor

    found = predictor(name)
    with _counting:
        if found.model not in _counted:
            if runtime.on_zero_gpu():
                found.model.cpu()
                found.device = next(found.model.parameters()).device
            _counted.add(found.model)
            network = found.model.parts.backbone.body if hasattr(found.model, "parts") else found.model
            network.register_forward_hook(lambda *_: _count_pass(name))
    return found


def _count_pass(name: str) -> None:
    with _counting:
        passes[name] += 1
    _here.passes = passes_here() + 1


def passes_here() -> int:
    """Passes through any backbone in this thread, among which are none for other visitors."""
    return getattr(_here, "passes", 0)


runtime.preload(predictor, *SHIPPED.values())


class Kept:
    """A picture of a visitor, what was found in it, and the detector that looks at it, or at one of its tiles."""

    def __init__(self, name: str, pixels: "torch.Tensor"):
        self.name, self.pixels = name, pixels  # (3, H, W) bytes
        self.size = pixels.shape[:0:-1]  # width and height of the file's picture, which may be larger
        self.detector = predictor(name)
        self.tiles: list[list[int]] = [[0, 0, pixels.shape[2], pixels.shape[1]]]
        self.found: TileDetections | None = None  # in tiles
        self._tile, self._lock = -1, threading.Lock()

    @property
    def has_stages(self) -> bool:
        """Whether the detector has stages to look into: proposals, and what comes after."""
        return self.name != SHIPPED[EVERYDAY]

    def inside(self, tile: int) -> "DetectorPredictor":
        """The detector looking at that tile, for what is inside of it. InputError where there are no stages."""
        if not self.has_stages:
            raise InputError(NO_STAGES)
        return self.at(tile)

    def at(self, tile: int) -> "DetectorPredictor | EverydayPredictor":
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
    def scale(self) -> float:
        """Pixels of the file's picture to a pixel of this one."""
        return max(self.size) / max(self.pixels.shape[1:])

    @property
    def memory(self) -> int:
        """Bytes, about: the picture, and what the detector keeps of it."""
        return self.pixels.numel() + self.detector.memory


pictures: Keep[Kept] = Keep(
    MEMORY, "This picture was put away to make room. Press Find objects once more.", lambda kept: kept.memory
)


def pixels_of(picture: PIL.Image.Image | None) -> "torch.Tensor":
    """A visitor's picture of any depth, (3, H, W) bytes. InputError where there is none."""
    import torch

    from dlcv.detection.pictures import as_bytes

    if not isinstance(picture, PIL.Image.Image):
        raise InputError(CHOOSE)
    return torch.from_numpy(as_bytes(picture)).permute(2, 0, 1)


def keep(pixels: "torch.Tensor", title: str, view: str, progress=lambda *_: None) -> Kept:
    """A picture (3, H, W) bytes, looked at whole or in tiles with the detector of that title."""
    from dlcv.detection.tiles import detect

    name, side = DETECTORS[title], VIEWS[view]
    progress(0.0, "Loading the network" if name in SHIPPED.values() else "Fetching the weights, the first time")
    kept = Kept(name, pixels)
    if side and max(pixels.shape) > side:
        kept.found, tiles = detect(
            kept.detector, pixels, side, MIN_SCORE_IN_TILES, lambda done: progress(done, "Looking at tiles")
        )
        kept.tiles = tiles.tolist()
    kept.at(int(kept.found.tiles[0]) if kept.found is not None and len(kept.found.tiles) else 0)
    return kept


def look(picture: PIL.Image.Image | None, title: str, view: str, progress=lambda *_: None) -> Kept:
    """A visitor's picture, looked at as `keep` does; large ones are scaled down. InputError where there is none."""
    kept = keep(pixels_of(picture), title, view, progress)
    kept.size = picture.size
    return kept
