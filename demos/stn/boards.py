"""What the boards of the Spatial Transformer tab ask for: a digit, distorted, before the networks."""

import itertools
import math
from typing import TYPE_CHECKING, Annotated

import PIL.Image

from demos import frame
from dlcv.core import weights
from dlcv.core.errors import InputError
from dlcv.core.images import draw

if TYPE_CHECKING:
    import torch

    from dlcv.stn.predictor import Distortion, Rectified, STNPredictor

SIDE = 28  # of the rectified picture, pixels
FARTHEST = 1000  # grid coordinates are cut off here: a homography's horizon has none
TRANSFORMERS = {"affine": "Affine", "projective": "Projective", "tps": "Thin-plate spline"}

CLASSIFIERS = {"cnn": "Convolutional", "fcn": "Fully connected"}

ROOM = "room"  # a shift that leaves the digit's square on the canvas: it depends on the scale
SHIFTED, TILTED = {"shift_x": ROOM, "shift_y": ROOM}, {"tilt_x": (-1, 1), "tilt_y": (-1, 1)}
DATA = {  # title, what it means, and the distortions seen in training; only the neutral value of the others
    "all": (
        "Everything",
        "ALL: 42 × 42 px, turned by up to 90°, scaled by 0.7 to 1.2, anywhere on the canvas, often tilted or warped.",
        {"rotation": (-90, 90), "scale": (0.7, 1.2), **SHIFTED, **TILTED, "warp": (0, 1.5)},
    ),
    "r": ("Rotated", "R: 28 × 28 px, turned by up to 90° either way.", {"rotation": (-90, 90)}),
    "rts": (
        "Moved",
        "RTS: 42 × 42 px, turned by up to 45°, scaled by 0.7 to 1.2, anywhere on the canvas.",
        {"rotation": (-45, 45), "scale": (0.7, 1.2), **SHIFTED},
    ),
    "p": (
        "Tilted",
        "P, projected: 28 × 28 px, scaled by 0.75 to 1, every corner pulled out or pushed in, as seen from the side.",
        {"scale": (0.75, 1), **TILTED},
    ),
    "e": (
        "Warped",
        "E, elastic: 28 × 28 px, scaled by 0.75 to 1, bent by 16 control points moved at random.",
        {"scale": (0.75, 1), "warp": (0, 1.5)},
    ),
}


Digit = Annotated[
    str | PIL.Image.Image | None,
    frame.Asked("a picture of a digit", frame.SafeImage),
]
"""What was drawn: a data URI of a board, or a client's picture as Pillow has it."""


class Drawn(frame.Query):
    """A digit."""

    picture: Digit = None


class Way(frame.Query):
    """What is done to a digit, and the networks that read it."""

    rotation: frame.Slider("Rotation", -180, 180, step=1, unit="°") = 0
    scale: frame.Slider("Scale", 0.4, 1.6, step=0.01, unit="×") = 1
    shift_x: frame.Slider("Shift right", -14, 14, step=0.1, unit="px") = 0
    shift_y: frame.Slider("Shift down", -14, 14, step=0.1, unit="px") = 0
    tilt_x: frame.Slider("Tilt sideways", -1, 1, step=0.01) = 0
    tilt_y: frame.Slider("Tilt up and down", -1, 1, step=0.01) = 0
    warp: frame.Slider("Elastic warp", 0, 4, step=0.1, unit="px") = 0
    seed: frame.Whole(0, 2**31 - 1) = 0
    transformer: frame.Choice(TRANSFORMERS) = "affine"
    data: frame.Choice(DATA) = "all"


class Distorted(Way, Drawn):
    """A digit, what is done to it, and the networks that read it."""


class Read(Distorted):
    """The same, and what kind of network reads."""

    classifier: frame.Choice(CLASSIFIERS) = "cnn"


class PixelOf(Distorted):
    """The same, and a pixel of the rectified picture."""

    row: frame.Whole(0, SIDE - 1) = SIDE // 2
    column: frame.Whole(0, SIDE - 1) = SIDE // 2
    classifier: frame.Choice(CLASSIFIERS) = "cnn"


FULLY_CONNECTED = ("affine", "r", "fcn")  # the only ones
predictor = frame.model("dlcv.stn.predictor", *itertools.product(TRANSFORMERS, DATA, ["cnn"]), FULLY_CONNECTED)


def error(name: str) -> float:
    """The error of a network on the test digits, in percent."""
    return weights.metrics(name)["rows"][0]["value"]


def gain() -> str:
    """What the transformer is worth to the fully connected networks, in a sentence."""
    return (
        f"Of the test digits of R, the fully connected networks read {error('stn-fcn-affine-r')} % wrong with the "
        f"transformer, {error('stn-fcn-r')} % without; the convolutional ones {error('stn-affine-r')} % and "
        f"{error('stn-cnn-r')} %."
    )


def networks(query: Way) -> "STNPredictor":
    """The transformer that a query names, and the plain network beside it."""
    return predictor((query.transformer, query.data, query.classifier))


def distortion(query: Way) -> "Distortion":
    """The distortion that a query asks for."""
    from dlcv.stn.predictor import Distortion

    return Distortion(**query.model_dump(include={one["name"] for one in frame.sliders(Way)} | {"seed"}))


def rectified(query: Read | PixelOf) -> "Rectified":
    """The distorted digit of a query, through its transformer and past it."""
    from dlcv.core.images import digits

    if query.picture is None:
        raise InputError("Draw a digit, or upload a picture of one.")
    chosen = networks(query)
    return chosen.rectify(chosen.distort(digits.read(query.picture), distortion(query)))


def rounded(values: "torch.Tensor", digits: int = 4) -> list:
    """A tensor as nested lists of rounded numbers, those beyond FARTHEST cut off there."""
    return frame.rounded(values.clamp(-FARTHEST, FARTHEST), digits)


def meaning(theta: list[list[float]], size: int) -> dict[str, float]:
    """What an affine A_theta (2, 3) does to the window that is read, of an input of `size` pixels.

    `rotation` in degrees, clockwise on screen; `width` and `height` as parts of the input's; `shear`, how many degrees
    its axes are away from a right angle; `shift_x`, `shift_y` of its centre in pixels, right and down.
    """
    (a, b, right), (c, d, down) = theta
    shear = math.degrees(math.atan2(d, b) - math.atan2(c, a)) - 90
    return {
        "rotation": math.degrees(math.atan2(c - b, a + d)),
        "width": math.hypot(a, c),
        "height": math.hypot(b, d),
        "shear": (shear + 180) % 360 - 180,
        "shift_x": right * (size - 1) / 2,
        "shift_y": down * (size - 1) / 2,
    }


def as_image(pixels: "torch.Tensor") -> PIL.Image.Image:
    """Pixels (H, W) in [0, 1], ink = 1, as black ink on white paper."""
    from dlcv.core.images import digits

    return digits.to_image(pixels)


def rectify(query: Read) -> dict:
    """What the board draws for a digit, a distortion, a transformer and the data it was trained on."""
    found = rectified(query)
    theta, size = rounded(found.theta), len(found.input)
    return {
        "size": size,
        "input": draw.data_uri(as_image(found.input)),
        "rectified": draw.data_uri(as_image(found.rectified)),
        "grid": frame.coded((100 * found.grid.clamp(-FARTHEST, FARTHEST)).round(), "<i4"),  # hundredths of a pixel
        "theta": theta,
        "meaning": meaning(theta, size) if query.transformer == "affine" else None,
        "probabilities": rounded(found.probabilities),
        "plain": rounded(found.plain_probabilities),
    }


def pixel(query: PixelOf) -> dict:
    """Which source pixels one output pixel reads, with which weights, and the sampler's derivatives there."""
    found = networks(query).pixel(rectified(query), query.row, query.column)
    return {
        "x": round(found.source_x, 4),
        "y": round(found.source_y, 4),
        "neighbours": frame.rounded(found.neighbours),
        "value": round(found.value, 4),
        "dx": round(found.d_value_dx, 4),
        "dy": round(found.d_value_dy, 4),
    }
