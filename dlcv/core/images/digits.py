"""From what a visitor draws, uploads or shoots to the 28 x 28 pictures that networks trained on MNIST expect."""

import base64
import binascii
import functools

import numpy as np
import torch
from PIL import Image, ImageOps

from ..errors import InputError
from . import handwriting, reader

SIDE = 28
LONGEST_DATA_URI = 2_000_000  # characters: a drawing of 280 x 280 takes a few thousand
LONGEST_DRAWING = 40_000  # characters: beyond it is a photograph


def from_picture(picture: Image.Image | np.ndarray, garment: bool = False) -> torch.Tensor:
    """The one digit (or garment) in a picture, as MNIST (or Fashion-MNIST) shows it: (1, 1, 28, 28) in [0, 1], ink = 1.

    A digit is found on any paper, scaled to fit 20 x 20 pixels, and its centre of mass put in the middle; a garment,
    whatever differs from the picture's border, is scaled to fit 28 x 28.

    Raises:
        InputError: nothing is to be seen, or several digits, or the picture is too small.
    """
    picture = upright(picture)
    ink = _silhouette(picture) if garment else handwriting.ink(picture)
    box = SIDE if garment else 20
    height, width = (max(1, round(side * box / max(ink.shape))) for side in ink.shape)
    small = Image.fromarray(np.uint8(255 * ink)).resize(
        (width, height), Image.Resampling.BOX if max(ink.shape) > box else Image.Resampling.BICUBIC
    )
    small = torch.from_numpy(np.asarray(small, np.float32) / 255)
    if garment:
        top, left = (SIDE - height) // 2, (SIDE - width) // 2
    else:
        total = small.sum()
        row = float((small.sum(1) * torch.arange(height)).sum() / total)
        column = float((small.sum(0) * torch.arange(width)).sum() / total)
        middle = (SIDE - 1) / 2
        top = min(max(round(middle - row), 0), SIDE - height)
        left = min(max(round(middle - column), 0), SIDE - width)
    canvas = torch.zeros(1, 1, SIDE, SIDE)
    canvas[0, 0, top : top + height, left : left + width] = small
    return canvas


def read(drawing: Image.Image | str | None, garment: bool = False) -> torch.Tensor:
    """A visitor's data URI or picture as `from_picture` has it. InputError where there is none."""
    if drawing is None:
        raise InputError("Draw something first.")
    if not isinstance(drawing, str):
        return from_picture(drawing, garment)
    return (_drawn if len(drawing) <= LONGEST_DRAWING else _photographed)(drawing, garment).clone()


def _from_uri(uri: str, garment: bool) -> torch.Tensor:
    """The same of a data URI."""
    return from_picture(decode_data_uri(uri), garment)


# The paper is looked for once: a slider asks about one drawing sixty times a second, and so do those of a whole class.
_drawn = functools.lru_cache(maxsize=256)(_from_uri)
_photographed = functools.lru_cache(maxsize=16)(_from_uri)


def forget() -> None:
    """Give up the drawings that were remembered."""
    _drawn.cache_clear()
    _photographed.cache_clear()


def upright(picture: Image.Image | np.ndarray) -> Image.Image:
    """Any picture in RGB or RGBA, as the reader has it; an array's values are greys from 0 to 255.

    Raises:
        InputError: it is none, or it is smaller than 8 pixels or too large.
    """
    if isinstance(picture, np.ndarray):
        if picture.ndim not in (2, 3) or 0 in picture.shape or not np.isfinite(picture).all():
            raise InputError("This is not a picture: it needs rows, columns and finite values.")
        picture = Image.fromarray(np.uint8(np.clip(picture, 0, 255)))
    if not isinstance(picture, Image.Image):
        raise InputError("This is not a picture: please draw one, or upload a PNG or JPEG.")
    if min(picture.size) < 8:
        raise InputError("This picture is too small to hold a digit: it needs at least 8 pixels a side.")
    return reader.read(picture).image


def _silhouette(picture: Image.Image) -> np.ndarray:
    """What differs in brightness from the rim of a picture, cropped to it: (H, W) in [0, 1]."""
    opaque = picture.getchannel("A") if picture.mode == "RGBA" else None
    picture = reader.on_white(picture).convert("L")
    if opaque and picture.getextrema()[0] > 215:  # something white on nothing
        picture = ImageOps.invert(opaque)
    picture.thumbnail((1024, 1024))
    grey = np.asarray(picture, np.float32) / 255
    paper = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    ink = np.clip(paper - grey if paper > 0.5 else grey - paper, 0, None)
    if ink.max() < 0.15:
        raise InputError(handwriting.NOTHING)
    ink = np.clip((ink / ink.max() - 0.1) / 0.9, 0, 1)
    rows, columns = np.flatnonzero((ink > 0.3).any(1)), np.flatnonzero((ink > 0.3).any(0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def decode_data_uri(uri: str) -> Image.Image:
    """The picture in a data URI such as a canvas gives, or a file that was put on a pad.

    Raises:
        InputError: it is none, it is broken, or it is too large.
    """
    refusal = InputError("This drawing could not be read: please draw it again, or upload a PNG or JPEG picture.")
    if not isinstance(uri, str) or len(uri) > LONGEST_DATA_URI or not uri.startswith("data:image/"):
        raise refusal
    try:
        content = base64.b64decode(uri.partition(",")[2], validate=True)
    except binascii.Error:
        raise refusal from None
    return reader.read(content).image


def to_image(picture: torch.Tensor, scale: int = 1) -> Image.Image:
    """A grey picture, (H, W) or (1, H, W) in [0, 1], ink = 1, as white paper with black ink, enlarged without blur."""
    values = np.uint8(255 * (1 - picture.detach().cpu().view(picture.shape[-2:]).clamp(0, 1).numpy()) + 0.5)
    return Image.fromarray(values).resize((values.shape[1] * scale, values.shape[0] * scale), Image.Resampling.NEAREST)
