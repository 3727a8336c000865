"""Answers of segmenters. One predictor serves all visitors: it returns what belongs to one visitor."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch.nn import functional as F

from ..core import runtime, weights
from ..core.errors import InputError
from ..core.images.fit import fit_within
from .crossing import moved, transplanted, weakened
from .everyday import NAME as EVERYDAY
from .everyday import Everyday
from .model import Encoded, Segmenter

LONGEST, SHORTEST = 480, 32  # pixels of a picture's sides


class Reading(NamedTuple):
    """A picture and all that the encoder knows of it."""

    picture: torch.Tensor  # (C, H, W) in [0, 1], at the size it was looked at
    encoded: Encoded


class Segmentation(NamedTuple):
    """Classes of the pixels of one picture."""

    labels: torch.Tensor  # (H, W) uint8
    logits: torch.Tensor  # (L, H, W)

    @property
    def probabilities(self) -> torch.Tensor:
        """The softmax of the logits, (L, H, W), computed anew each time."""
        return self.logits.softmax(0)


class Stage(NamedTuple):
    """Maps at one place on the way through the network."""

    name: str
    maps: torch.Tensor  # (C, h, w)
    copied: int = 0  # how many of them, the first ones, were copied across


@torch.inference_mode()
def probabilities(model: Segmenter, picture: torch.Tensor) -> torch.Tensor:
    """Probabilities (L, H, W) of the classes of a picture (C, H, W) in [0, 1]: scores and screens both ask here."""
    device = next(model.parameters()).device
    return model(picture[None].to(device)).logits[0].softmax(0).cpu()


def symmetric_probabilities(model: Segmenter, picture: torch.Tensor) -> torch.Tensor:
    """The mean of `probabilities` over the eight symmetries of a square, for pictures that have no up and down."""
    total = torch.zeros(())
    for quarter in range(4):
        for mirrored in (False, True):
            turned = picture.rot90(quarter, (1, 2))
            turned = turned.flip(2) if mirrored else turned
            found = probabilities(model, turned)
            total = total + (found.flip(2) if mirrored else found).rot90(-quarter, (1, 2))
    return total / 8


class SegmenterPredictor:
    """A shipped segmenter by name, on `runtime.device()`."""

    def __init__(self, name: str):
        self.model = weights.load(Segmenter, name)
        self.device = next(self.model.parameters()).device
        self.class_names = self.model.config.class_names
        self.crossing = self.model.config.crossing

    @torch.inference_mode()
    def read(self, picture: torch.Tensor, size: tuple[int, int] | None = None) -> Reading:
        """The one pass of the encoder over a picture (C, H, W) in [0, 1], scaled down to LONGEST, or to `size`.

        Raises InputError where the other side is less than SHORTEST.
        """
        if size:
            picture = F.interpolate(picture[None], size, mode="bilinear", antialias=True)[0].clamp(0, 1)
        picture = fit_within(picture, LONGEST)
        if min(picture.shape[1:]) < SHORTEST:
            raise InputError(
                f"The picture needs sides of {SHORTEST} pixels or more, the longer one scaled to {LONGEST}."
            )
        return Reading(picture, self.model.encode(picture[None].to(self.device)))

    @torch.inference_mode()
    def segment(self, reading: Reading) -> Segmentation:
        """Classes of the picture, by the decoder alone."""
        return self._segmentation(reading.encoded)

    @torch.inference_mode()
    def cut(self, reading: Reading, shares: Sequence[float]) -> Segmentation:
        """Classes where only a share in [0, 1] of each level's features crosses, the finest level first."""
        if len(shares) != 4 or not all(0 <= share <= 1 for share in shares):
            raise InputError("Each of the 4 levels takes a share from 0 to 1.")
        return self._segmentation(weakened(reading.encoded, shares))

    @torch.inference_mode()
    def shuffle(self, reading: Reading, levels: Sequence[bool], seed: int = 0) -> Segmentation:
        """Classes where the indices of the chosen levels, the finest first, point anywhere in their squares."""
        if self.crossing != "indices":
            raise InputError("Only SegNet has indices to shuffle.")
        generator = torch.Generator().manual_seed(seed)
        encoded = reading.encoded
        indices = [
            moved(index, maps.shape[2:], generator) if chosen else index
            for chosen, index, maps in zip(levels, encoded.indices, encoded.features, strict=True)
        ]
        return self._segmentation(encoded._replace(indices=indices))

    @torch.inference_mode()
    def transplant(self, reading: Reading, other: Reading, sources: Sequence[str], seed: int = 0) -> Segmentation:
        """Classes by one picture's bottom and what crosses from "own", "other", "noise" or "none", a level each."""
        generator = torch.Generator().manual_seed(seed)
        return self._segmentation(transplanted(reading.encoded, other.encoded, sources, self.crossing, generator))

    @torch.inference_mode()
    def path(self, reading: Reading) -> list[Stage]:
        """Every map from the picture down to the bottom and up to the logits, in the order of the pass."""
        encoded, decoded = reading.encoded, self.model.decode(reading.encoded)
        down = [Stage(f"encoder {level}", maps[0].cpu()) for level, maps in enumerate(encoded.features, 1)]
        up = []
        for level in (3, 2, 1, 0):
            copied = encoded.features[level].shape[1] if self.crossing == "features" else 0
            up.append(Stage(f"enlarged {level + 1}", decoded.enlarged[level][0].cpu(), copied))
            up.append(Stage(f"decoder {level + 1}", decoded.decoded[level][0].cpu()))
        return [
            Stage("picture", reading.picture),
            *down,
            Stage("bottom", encoded.bottom[0].cpu()),
            *up,
            Stage("logits", decoded.logits[0].cpu()),
        ]

    def field(self, picture: torch.Tensor, row: int, column: int) -> torch.Tensor:
        """How much each pixel of a picture (C, H, W), as a `Reading` has it, counts for the class of one, (H, W)."""
        return field(lambda x: self.model(x).logits, picture.to(self.device), row, column)

    def _segmentation(self, encoded: Encoded) -> Segmentation:
        return segmentation(self.model.decode(encoded).logits[0])


class EverydayPredictor:
    """The published network for everyday classes, on `runtime.device()`."""

    def __init__(self):
        self.model = weights.load(Everyday, EVERYDAY)
        self.device = next(self.model.parameters()).device
        self.class_names = self.model.config.class_names

    @torch.inference_mode()
    def segment(self, picture: torch.Tensor) -> Segmentation:
        """Classes of a picture (3, H, W) in [0, 1], at its size."""
        return segmentation(self.model(picture[None].to(self.device))[0])

    def field(self, picture: torch.Tensor, row: int, column: int) -> torch.Tensor:
        """As `SegmenterPredictor.field`."""
        return field(self.model, picture.to(self.device), row, column)


def segmentation(logits: torch.Tensor) -> Segmentation:
    """Classes of pixels by their logits (L, H, W)."""
    labels = logits.max(0).indices  # argmax takes five times as long
    return Segmentation(labels.to(torch.uint8).cpu(), logits.cpu())


def field(network: Callable, picture: torch.Tensor, row: int, column: int) -> torch.Tensor:
    """The length of the gradient of the largest logit of a pixel by each pixel of the picture (C, H, W): (H, W).

    `network` gives the logits (N, L, H, W) of pictures. Raises InputError for a pixel outside of the picture.
    """
    height, width = picture.shape[1:]
    if not (0 <= row < height and 0 <= column < width):
        raise InputError(f"The picture has {width} x {height} pixels, and this one is outside.")
    with torch.inference_mode(False), torch.enable_grad():
        x = picture.clone()[None].requires_grad_()
        (gradient,) = torch.autograd.grad(network(x)[0, :, row, column].max(), x)
    return gradient[0].norm(dim=0).cpu()


def frame(field: torch.Tensor, share: float = 0.95) -> tuple[int, int, int, int]:
    """The box (left, top, right, bottom) in pixels that cuts off (1 - share) / 2 of a field (H, W) on each side."""
    sides = []
    for axis in (0, 1):
        along = field.sum(axis).cumsum(0) / field.sum().clamp_min(1e-12)
        cut = (1 - share) / 2
        sides.append((int((along <= cut).sum()), int((along < 1 - cut).sum()) + 1))
    (left, right), (top, bottom) = sides
    return left, top, min(right, field.shape[1]), min(bottom, field.shape[0])


def predictor(name: str) -> SegmenterPredictor:
    """Predictor of that name, one for the whole process, loaded on first use."""
    return runtime.shelf.get(("segmentation", name), lambda: SegmenterPredictor(name))


def everyday() -> EverydayPredictor:
    """The predictor of everyday classes, one for the whole process, loaded on first use."""
    return runtime.shelf.get(("segmentation", EVERYDAY), EverydayPredictor)
