"""Photographs of handwriting: drawn digits, spoilt in one of KINDS, at four strengths; the first two are usual.

Every kind has the same strengths, which were set before anything was tuned on them. Where nothing or several things are
on the paper (REFUSED), a sentence is the right answer.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image
from skimage.morphology import skeletonize

SIDE = 280
STRENGTHS = (0.25, 0.5, 0.75, 1.0)
USUAL = STRENGTHS[:2]

Ink = np.ndarray  # (H, W) float in [0, 1]
Spoil = Callable[[Ink, float, np.random.Generator], np.ndarray]


def drawn(digit: np.ndarray, side: int = SIDE) -> Ink:
    """A digit (28, 28) in [0, 1] as a drawing (side, side) with sharp edges."""
    large = cv2.resize(np.float32(digit), (side, side), interpolation=cv2.INTER_CUBIC)
    large = cv2.GaussianBlur(large, (0, 0), side / 120)
    return np.clip((large - 0.35) / 0.3, 0, 1)


def _on(ink: Ink, paper: object, pen: object) -> np.ndarray:
    """Ink laid on paper: (H, W, 3) in [0, 255]; paper and pen are greys, colours, or pictures."""
    paper, pen = (np.broadcast_to(np.asarray(c, np.float32), (*ink.shape, 3)) for c in (paper, pen))
    return paper + ink[..., None] * (pen - paper)


def _across(ink: Ink, angle: float) -> np.ndarray:
    """A ramp (H, W) from 0 to 1 across the picture."""
    y, x = np.mgrid[0 : ink.shape[0], 0 : ink.shape[1]].astype(np.float32)
    ramp = x * np.cos(angle) + y * np.sin(angle)
    return ((ramp - ramp.min()) / np.ptp(ramp))[..., None]


def _through_jpeg(values: np.ndarray, quality: int) -> np.ndarray:
    """Values (H, W, 3) as they come back from a JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(np.uint8(np.clip(values, 0, 255))).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer), np.float32)


def _framed(ink: Ink, width: int, height: int, rng: np.random.Generator) -> Ink:
    """The drawing somewhere on a larger sheet."""
    left, top = (int(rng.integers(0, room + 1)) for room in (width - ink.shape[1], height - ink.shape[0]))
    right, below = width - ink.shape[1] - left, height - ink.shape[0] - top
    return np.pad(ink, ((top, below), (left, right)))


def grey_paper(ink, strength, rng):
    """Wide pictures, their paper as dark as 105 of 255."""
    return _on(_framed(ink, 400, 300, rng), 255 - 150 * strength, 20)


def light_on_dark(ink, strength, rng):
    """White ink on paper as light as 110."""
    return _on(ink, 20 + 90 * strength, 250)


def dark_on_nothing(ink, strength, rng):
    """Dark ink on a transparent ground."""
    return np.dstack([_on(0 * ink, 60 * strength, 0), 255 * ink])


def light_on_nothing(ink, strength, rng):
    """Light ink on a transparent ground."""
    return np.dstack([_on(0 * ink, 255 - 60 * strength, 0), 255 * ink])


def shade(ink, strength, rng):
    """Light that falls off across the picture, by up to 70 %."""
    return _on(ink, 240, 40) * (1 - 0.7 * strength * _across(ink, rng.uniform(0, 6.28)))


def shadow(ink, strength, rng):
    """A shadow with an edge, which takes up to 60 % of the light."""
    edge = 1 / (1 + np.exp(-40 * (_across(ink, rng.uniform(0, 6.28)) - rng.uniform(0.3, 0.7))))
    return _on(ink, 235, 40) * (1 - 0.6 * strength * edge)


def desk(ink, strength, rng):
    """A sheet on a desk that shows on all sides, up to 140 pixels of it."""
    sheet = _on(ink, 240, 30)
    border = int(20 + 120 * strength)
    colour = rng.choice([[60, 40, 20], [20, 20, 20], [150, 110, 70], [40, 60, 90]])
    around = np.empty((SIDE + 2 * border, SIDE + 2 * border, 3), np.float32)
    around[:] = colour
    around += rng.normal(0, 8, around.shape)
    around[border:-border, border:-border] = sheet
    return around


def thin_pen(ink, strength, rng):
    """A pen of two pixels on 280, 560, 1,000 and 2,000."""
    side = [280, 560, 1000, 2000][STRENGTHS.index(strength)]
    line, paper, scale = skeletonize(ink > 0.5), np.zeros((side, side), np.uint8), side / SIDE
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        beside = np.roll(line, (-down, -right), (0, 1)) & line
        for y, x in np.argwhere(beside):
            ends = [[int(scale * (x + t * right)), int(scale * (y + t * down))] for t in (0, 1)]
            cv2.line(paper, *ends, 1, 2)
    return _on(paper.astype(np.float32), 255, 0)


def squared_paper(ink, strength, rng):
    """Squares of 24 pixels, in blue lines up to half as strong as the ink."""
    paper = np.full((*ink.shape, 3), 245, np.float32)
    lines = np.array([245, 245, 245]) - strength * np.array([120, 90, 40])
    for at in range(int(rng.integers(0, 24)), SIDE, 24):
        paper[at : at + 2] = lines
        paper[:, at : at + 2] = lines
    return _on(ink, paper, [30, 40, 120])


def ruled_paper(ink, strength, rng):
    """Lines 60 pixels apart."""
    paper = np.full((*ink.shape, 3), 245, np.float32)
    for at in range(int(rng.integers(0, 60)), SIDE, 60):
        paper[at : at + 2] = np.array([245, 245, 245]) - strength * np.array([130, 100, 40])
    return _on(ink, paper, 30)


def coloured_ink(ink, strength, rng):
    """Red, blue, green or yellow ink, up to half as strong as it could be."""
    pen = np.array([[200, 20, 20], [20, 40, 200], [20, 140, 40], [240, 200, 0]][rng.integers(4)])
    return _on(ink, 250, pen + (250 - pen) * 0.5 * strength)


def pencil(ink, strength, rng):
    """Grey strokes with gaps."""
    grain = rng.uniform(1 - strength, 1, ink.shape).astype(np.float32)
    return _on(ink * cv2.GaussianBlur(grain, (0, 0), 1), 240, 90 + 80 * strength)


def noise(ink, strength, rng):
    """A sensor's noise in each colour, of up to 40 of 255."""
    picture = _on(ink, 220, 50)
    return picture + rng.normal(0, 40 * strength, picture.shape)


def jpeg(ink, strength, rng):
    """JPEG of a quality from 31 down to 5."""
    return _through_jpeg(_on(ink, 230, 40), int(40 - 35 * strength))


def blur(ink, strength, rng):
    """A lens out of focus, by up to 9 pixels."""
    return cv2.GaussianBlur(np.float32(_on(ink, 235, 30)), (0, 0), 1 + 8 * strength)


def fat_pen(ink, strength, rng):
    """Strokes up to 37 pixels of 280 wider."""
    size = 1 + 2 * int(18 * strength)
    return _on(cv2.dilate(np.float32(ink), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))), 255, 0)


def clean(ink, strength, rng):
    """Black ink on white paper."""
    return _on(ink, 255, 0)


def pad_pen(ink, strength, rng):
    """The pad's pen of 18 pixels, from a digit larger than the pad to one of half its side."""
    side = int(SIDE * (1.25 - 0.75 * strength))
    line = skeletonize(cv2.resize(ink, (side, side)) > 0.5)
    line = cv2.dilate(np.float32(line), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (18, 18)))
    return _on(line if side >= SIDE else _framed(line, SIDE, SIDE, rng), 255, 0)


def cropped(ink, strength, rng):
    """The picture cut to the digit: at the strongest, no paper is left around it."""
    rows, columns = np.flatnonzero((ink > 0.3).any(1)), np.flatnonzero((ink > 0.3).any(0))
    room = int(20 * (1 - strength))
    return _on(np.pad(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], room), 230, 30)


def few_pixels(ink, strength, rng):
    """Pictures of 112, 84, 56 and 28 pixels."""
    side = int(28 + 112 * (1 - strength))
    return _on(cv2.resize(ink, (side, side), interpolation=cv2.INTER_AREA), 255, 0)


def tilt(ink, strength, rng):
    """Paper seen askew: its corners are off by up to 60 pixels."""
    corners = np.float32([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]])
    moved = corners + np.float32(rng.uniform(-1, 1, (4, 2)) * 60 * strength)
    matrix = cv2.getPerspectiveTransform(corners, moved)
    return cv2.warpPerspective(np.float32(_on(ink, 235, 30)), matrix, (SIDE, SIDE), borderValue=(235, 235, 235))


def photograph(ink, strength, rng):
    """A sheet askew on a wooden desk, in a shade that ends somewhere, with the grain and the JPEG of a phone."""
    sheet = np.float32(_on(ink, [238, 234, 226], [40, 45, 70]))
    side = int(SIDE * (1.15 + 0.6 * strength))
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    grain = 12 * np.sin(y / 3 + 4 * np.sin(x / 50) + rng.uniform(0, 6))[..., None]
    desk = np.float32(rng.choice([[110, 75, 45], [60, 45, 35], [160, 125, 85]]) + grain)
    corners = np.float32([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]])
    turn = np.deg2rad(rng.uniform(-12, 12) * strength)
    around = np.float32([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = (corners - SIDE / 2) @ around.T + side / 2 + np.float32(rng.uniform(-1, 1, (4, 2)) * 20 * strength)
    matrix = cv2.getPerspectiveTransform(corners, np.float32(moved))
    on_it = cv2.warpPerspective(np.ones((SIDE, SIDE), np.float32), matrix, (side, side))[..., None]
    picture = desk + on_it * (cv2.warpPerspective(sheet, matrix, (side, side)) - desk)
    picture *= 1 - 0.4 * strength * _across(picture[..., 0], rng.uniform(0, 6.28))
    picture += rng.normal(0, 8 * strength, picture.shape)
    return _through_jpeg(picture, 80)


def small(ink, strength, rng):
    """A digit on a large sheet, at the strongest a tenth of the picture's width."""
    side = int(SIDE * (1 - 0.7 * strength))
    return _on(_framed(cv2.resize(ink, (side, side), interpolation=cv2.INTER_AREA), 800, 600, rng), 235, 30)


def dirt(ink, strength, rng):
    """Up to 20 specks."""
    picture = np.float32(_on(ink, 235, 30))
    for _ in range(int(20 * strength)):
        cv2.circle(picture, [int(v) for v in rng.integers(0, SIDE, 2)], int(rng.integers(1, 4)), (120, 110, 90), -1)
    return picture


def two_digits(ink, strength, rng):
    """Two digits, the second one down to 60 % of the first one's size."""
    second = np.roll(ink[::-1, ::-1], 0)
    side = int(SIDE * (1 - 0.4 * strength))
    second = np.pad(cv2.resize(second, (side, side)), ((SIDE - side, 0), (0, 0)))
    return _on(np.hstack([ink, second]), 245, 30)


def blank(ink, strength, rng):
    """Paper with shade and noise, and no digit."""
    picture = _on(0 * ink, 235, 0) * (1 - 0.5 * strength * _across(ink, rng.uniform(0, 6.28)))
    return picture + rng.normal(0, 6 * strength, picture.shape)


KINDS: dict[str, Spoil] = {
    fn.__name__.replace("_", " "): fn
    for fn in (
        pad_pen, fat_pen, thin_pen, cropped, few_pixels, grey_paper, light_on_dark, dark_on_nothing, light_on_nothing,
        shade, shadow, desk, photograph, squared_paper, ruled_paper, coloured_ink, pencil, noise, jpeg, blur, tilt,
        small, dirt, two_digits, blank,
    )
}  # fmt: skip
REFUSED = {"two digits", "blank"}
