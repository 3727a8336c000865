"""Birds of the twenty species drawn by code, each in the plumage that field guides tell it by.

The photographs that the networks learned from are not free to be shown. These drawings are: perched males, facing left.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

SIDE = 240  # pixels
NOISE = 12  # cells along a side of the coarsest noise
BLACK, WHITE, GREY, BROWN = "#15161a", "#f2f1ec", "#7d8288", "#6b4f38"


@dataclass(frozen=True)
class Plumage:
    """Colours of a bird's parts, and what its outline is like. What is not given is as the part before it."""

    back: str
    belly: str = ""
    breast: str = ""
    wing: str = ""
    tail: str = ""
    head: str = ""
    crown: str = ""
    throat: str = ""
    nape: str = ""
    beak: str = BLACK
    eye: str = BLACK
    patch: str = ""  # on the shoulder
    bars: str = ""  # on the wing
    brow: str = ""  # a line over the eye
    streaks: str = ""  # on breast and back
    length: float = 0.07  # of the beak, to the picture's side
    depth: float = 0.05
    hook: float = 0.0  # how far its tip points down
    tail_length: float = 0.17
    neck: float = 0.0  # how much longer than a songbird's


PLUMAGES = {
    "Groove-billed Ani": Plumage(BLACK, beak="#2b2c30", length=0.085, depth=0.13, hook=0.03, tail_length=0.26),
    "Brewer's Blackbird": Plumage("#1b1f2b", head="#2a2140", eye="#efe3a0"),
    "Red-winged Blackbird": Plumage(BLACK, patch="#d5261e", bars="#e8b63a"),
    "Rusty Blackbird": Plumage("#26241f", wing="#3a2c20", brow="#7a6243", eye="#efe3a0", length=0.075, depth=0.035),
    "Yellow-headed Blackbird": Plumage(
        BLACK, breast="#f0b400", head="#f5b800", throat="#f5b800", nape="#f5b800", bars=WHITE
    ),
    "Bobolink": Plumage("#e9e4d6", BLACK, BLACK, BLACK, BLACK, BLACK, BLACK, BLACK, "#ecd38a", patch=WHITE, depth=0.06),
    "Indigo Bunting": Plumage("#2456b8", wing="#1d3f86", head="#2a49c0", beak="#8c8f96", length=0.055, depth=0.06),
    "Lazuli Bunting": Plumage(
        "#3f8fcf", WHITE, "#d98a45", "#3c6f9e", "#3c6f9e", "#45a0dd", bars=WHITE, beak="#6d7178", depth=0.06
    ),
    "Painted Bunting": Plumage(
        "#8fbf2f", "#d9302c", "#d9302c", "#5d7f37", "#7a4a35", "#2f55c4", throat="#d9302c", beak=GREY, depth=0.06
    ),
    "Gray Catbird": Plumage(
        "#6e757c", "#858c93", "#858c93", "#62686f", "#2a2d31", "#6e757c", "#1d1f22", tail_length=0.2
    ),
    "Yellow-breasted Chat": Plumage(
        "#7d8457", WHITE, "#f4c21c", "#7d8457", "#7d8457", "#7d8457", throat="#f4c21c", brow=WHITE, depth=0.06
    ),
    "Eastern Towhee": Plumage(
        BLACK, "#f1efe9", "#a9502a", BLACK, BLACK, BLACK, bars=WHITE, eye="#b3241c", tail_length=0.2, depth=0.06
    ),
    "Brandt's Cormorant": Plumage(
        "#17191d", throat="#c9b184", beak="#4a4d52", eye="#2fa6a0", length=0.13, depth=0.03, hook=0.02, neck=0.11
    ),
    "Bronzed Cowbird": Plumage("#231d17", wing="#1d2b3f", eye="#d4211b", length=0.065, depth=0.06, neck=-0.01),
    "Brown Creeper": Plumage(
        "#75593c",
        "#efece4",
        "#efece4",
        "#6d5236",
        "#8a6a45",
        "#75593c",
        throat=WHITE,
        brow=WHITE,
        streaks="#d8c6a4",
        length=0.085,
        depth=0.022,
        hook=0.025,
        tail_length=0.2,
    ),
    "American Crow": Plumage("#121319", length=0.1, depth=0.065, hook=0.008),
    "Fish Crow": Plumage("#181b24", length=0.085, depth=0.055, hook=0.012),
    "Black-billed Cuckoo": Plumage(
        "#7a6a56",
        "#f0eee8",
        "#f0eee8",
        "#7a6a56",
        "#6e5f4d",
        "#7a6a56",
        throat=WHITE,
        eye="#c0332a",
        length=0.085,
        depth=0.035,
        hook=0.02,
        tail_length=0.28,
    ),
    "Yellow-billed Cuckoo": Plumage(
        "#86705a",
        WHITE,
        WHITE,
        "#9a5f38",
        "#2a2725",
        "#86705a",
        throat=WHITE,
        beak="#e3b321",
        length=0.085,
        depth=0.04,
        hook=0.02,
        tail_length=0.28,
    ),
    "Gray-crowned Rosy Finch": Plumage(
        "#7b543a",
        "#c78f86",
        "#8d5d44",
        "#8a6350",
        "#4b3d34",
        "#9aa0a6",
        "#26231f",
        "#7b543a",
        beak="#d9b64a",
        streaks="#543a28",
        length=0.05,
        depth=0.05,
    ),
}


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], np.float32) / 255


def _smooth(rng: np.random.Generator, cells: int) -> np.ndarray:
    """Noise (SIDE, SIDE) of about [0, 1] that changes over a `cells`-th of the side."""
    coarse = Image.fromarray((255 * rng.random((cells, cells))).astype(np.uint8))
    return np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32) / 255


class _Sheet:
    """A picture that soft shapes are laid on, one over the other; lengths are parts of its side."""

    def __init__(self, ground: np.ndarray, feathers: np.ndarray):
        self.pixels, self.feathers = ground, feathers
        line = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
        self.x, self.y = np.meshgrid(line, line)

    def ellipse(self, x: float, y: float, rx: float, ry: float, angle: float = 0.0) -> np.ndarray:
        """How much of each pixel lies in an ellipse, turned by so many degrees clockwise."""
        turn = np.radians(angle)
        u = (self.x - x) * np.cos(turn) + (self.y - y) * np.sin(turn)
        v = (self.y - y) * np.cos(turn) - (self.x - x) * np.sin(turn)
        return np.clip((1 - np.hypot(u / rx, v / ry)) * min(rx, ry) * SIDE / 1.5 + 0.5, 0, 1)

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float, end: float | None = None) -> np.ndarray:
        """The same of a line, whose width may be another at its end."""
        length = np.hypot(x1 - x0, y1 - y0)
        along = ((self.x - x0) * (x1 - x0) + (self.y - y0) * (y1 - y0)) / length**2
        away = np.abs((self.x - x0) * (y1 - y0) - (self.y - y0) * (x1 - x0)) / length
        half = (width + ((width if end is None else end) - width) * np.clip(along, 0, 1)) / 2
        return np.clip((half - away) * SIDE / 1.5 + 0.5, 0, 1) * (along >= 0) * (along <= 1)

    def lay(self, shape: np.ndarray, colour: str, round_at: tuple[float, float] | None = None) -> None:
        """A shape in a colour, with feathers; where it is round, light from above falls on it from that middle on."""
        light = 0.85 + 0.3 * self.feathers
        if round_at:
            light = light * (1 - 1.3 * (self.y - round_at[1]) - 0.5 * (self.x - round_at[0]))
        painted = np.clip(_rgb(colour) * light[..., None] + 0.03 * (light[..., None] - 1), 0, 1)
        self.pixels += shape[..., None] * (painted - self.pixels)


def _ground(rng: np.random.Generator) -> np.ndarray:
    """What is out of focus behind a bird: sky and leaves, (SIDE, SIDE, 3)."""
    blur = 0.6 * _smooth(rng, 4) + 0.4 * _smooth(rng, 7)
    down = np.linspace(0, 1, SIDE, dtype=np.float32)[:, None] * 0.5 + 0.5 * blur
    far, near = _rgb("#b9cbd6"), _rgb(rng.choice(["#6f8a56", "#8b8a5c", "#5f7d68"]))
    return far + down[..., None] * (near - far)


def draw(species: str, seed: int = 0) -> Image.Image:
    """A bird of that species, SIDE x SIDE, before a blurred ground that the seed chooses."""
    rng, how = np.random.default_rng(seed), PLUMAGES[species]
    sheet = _Sheet(_ground(rng), 0.5 * _smooth(rng, NOISE) + 0.5 * _smooth(rng, 5 * NOISE))
    belly = how.belly or how.back
    breast, wing, tail = how.breast or belly, how.wing or how.back, how.tail or how.wing or how.back
    head = how.head or how.back
    up = how.neck  # a longer neck puts the head higher
    skull = sheet.ellipse(0.36, 0.36 - up, 0.098, 0.092)
    body = sheet.ellipse(0.54, 0.56, 0.215, 0.135, 38)
    neck = sheet.line(0.385, 0.37 - up, 0.45, 0.5, 0.15, 0.2)
    sheet.lay(sheet.line(0.0, 0.8, 1.0, 0.72, 0.05, 0.035), BROWN)
    sheet.lay(sheet.line(0.62, 0.64, 0.62 + 1.5 * how.tail_length, 0.64 + 1.45 * how.tail_length, 0.1, 0.07), tail)
    for x in (0.49, 0.55):
        sheet.lay(sheet.line(x, 0.66, x - 0.015, 0.77, 0.014), "#4d4640")
    sheet.lay(neck, how.nape or head, (0.4, 0.42 - up))
    sheet.lay(body, how.back, (0.54, 0.54))
    sheet.lay(body * sheet.ellipse(0.47, 0.66, 0.22, 0.12, 38), belly, (0.5, 0.6))
    sheet.lay(np.maximum(body, neck) * sheet.ellipse(0.39, 0.53 - up / 3, 0.12, 0.12), breast, (0.42, 0.52))
    if how.streaks:
        for at in np.linspace(0.4, 0.66, 6):
            sheet.lay(body * sheet.line(at, at + 0.02, at + 0.05, at + 0.09, 0.012), how.streaks)
    sheet.lay(sheet.ellipse(0.615, 0.575, 0.175, 0.075, 40), wing, (0.6, 0.56))
    for at in (0.545, 0.59) if how.bars else ():
        sheet.lay(sheet.line(at + 0.03, at - 0.06, at - 0.03, at + 0.02, 0.016), how.bars)
    if how.patch:
        sheet.lay(sheet.ellipse(0.505, 0.475, 0.05, 0.032, 30), how.patch)
    # a beak: a wedge, whose tip points down where it is hooked
    root, tip = (0.285, 0.37 - up), (0.28 - how.length, 0.375 - up + how.hook)
    sheet.lay(sheet.line(*root, *tip, how.depth, 0.006), how.beak)
    sheet.lay(skull, head, (0.36, 0.36 - up))
    sheet.lay(skull * sheet.ellipse(0.37, 0.28 - up, 0.1, 0.06), how.crown or head, (0.36, 0.36 - up))
    if how.throat:
        sheet.lay(np.maximum(skull, neck) * sheet.ellipse(0.34, 0.45 - up, 0.075, 0.055), how.throat, (0.36, 0.42 - up))
    if how.brow:
        sheet.lay(skull * sheet.line(0.28, 0.325 - up, 0.42, 0.315 - up, 0.018), how.brow)
    sheet.lay(sheet.ellipse(0.325, 0.345 - up, 0.017, 0.017), how.eye)
    sheet.lay(sheet.ellipse(0.325, 0.345 - up, 0.01, 0.01), BLACK)
    sheet.lay(sheet.ellipse(0.321, 0.341 - up, 0.004, 0.004), WHITE)
    return Image.fromarray((255 * np.clip(sheet.pixels, 0, 1)).round().astype(np.uint8))
