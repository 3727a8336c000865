"""A street drawn by code, with the class of every pixel: what CamVid's frames show, of which none may be passed on.

World: x right and y up from the middle of the lane, z forward, in metres; the camera is EYE above the road.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from ..core.datasets import camvid

WIDTH, HEIGHT = 480, 360  # of CamVid's frames as SegNet's authors have them
FOCAL, HORIZON, EYE = 430.0, 168.0, 1.4
NEAREST, FARTHEST = 1.6, 150.0
OVER = 2  # drawn so many times as large
WALLS = ((150, 88, 70), (176, 160, 132), (206, 202, 192), (120, 112, 108), (164, 120, 88))
PAINTS = ((38, 84, 80), (140, 24, 34), (40, 48, 66), (170, 174, 178), (28, 30, 34), (70, 92, 130))
SHOPS = ((44, 40, 110), (120, 30, 40), (30, 70, 60), (200, 180, 60), (50, 50, 54))
CLOTHES = ((40, 44, 60), (120, 40, 44), (70, 76, 60), (30, 30, 34))

Colour = tuple[int, int, int]
Place = tuple[float, float, float]  # x, y, z


class Street(NamedTuple):
    """A street and its truth."""

    picture: np.ndarray  # (HEIGHT, WIDTH, 3) uint8
    labels: np.ndarray  # (HEIGHT, WIDTH) uint8: places in `camvid.CLASSES`


class _Sheet:
    """A picture and the labels of its pixels, drawn on together."""

    def __init__(self):
        size = (WIDTH * OVER, HEIGHT * OVER)
        self.picture, self.labels = Image.new("RGB", size), Image.new("L", size)
        self.pens = ImageDraw.Draw(self.picture), ImageDraw.Draw(self.labels)

    def shape(self, kind: str, colour: Colour, places: Iterable[Place]) -> None:
        """A polygon in the world."""
        points = [_seen(place) for place in places]
        for pen, fill in zip(self.pens, (tuple(colour), camvid.CLASSES.index(kind))):
            pen.polygon(points, fill=fill)

    def upright(self, kind: str, colour: Colour, x: tuple, y: tuple, z: float) -> None:
        """A rectangle that faces the camera."""
        self.shape(kind, colour, [(x[0], y[0], z), (x[1], y[0], z), (x[1], y[1], z), (x[0], y[1], z)])

    def along(self, kind: str, colour: Colour, x: float, y: tuple, z: tuple) -> None:
        """A rectangle that stands along the road."""
        self.shape(kind, colour, [(x, y[0], z[0]), (x, y[0], z[1]), (x, y[1], z[1]), (x, y[1], z[0])])

    def flat(self, kind: str, colour: Colour, x: tuple, z: tuple, y: float = 0.0) -> None:
        """A rectangle that lies."""
        self.shape(kind, colour, [(x[0], y, z[0]), (x[0], y, z[1]), (x[1], y, z[1]), (x[1], y, z[0])])

    def disc(self, kind: str, colour: Colour, middle: Place, radius: float) -> None:
        """A disc that faces the camera."""
        (x, y), r = _seen(middle), FOCAL * OVER * radius / middle[2]
        for pen, fill in zip(self.pens, (tuple(colour), camvid.CLASSES.index(kind))):
            pen.ellipse((x - r, y - r, x + r, y + r), fill=fill)


def _seen(place: Place) -> tuple[float, float]:
    """Where a place of the world is in the sheet."""
    x, y, z = place
    return OVER * (WIDTH / 2 + FOCAL * x / z), OVER * (HORIZON + FOCAL * (EYE - y) / z)


def _shaded(colour: Sequence[int], share: float) -> Colour:
    return tuple(int(min(255, value * share)) for value in colour)


def _house(sheet: _Sheet, rng: np.random.Generator, side: int, edge: float, z: tuple, height: float) -> None:
    """A house along the road: its front with windows, a shop below or not, the end that one comes to first, a roof."""
    wall, light = WALLS[rng.integers(len(WALLS))], 1.0 if side > 0 else 0.8
    x = side * edge
    roof = _shaded((92, 84, 84), light)
    sheet.shape("building", roof, [(x, height, z[0]), (x, height, z[1]), (x + side * 3, height + 2, z[1]),
                                   (x + side * 3, height + 2, z[0])])  # fmt: skip
    end = [(x, 0, z[0]), (x, height, z[0]), (x + side * 3, height + 2, z[0]), (x + side * 14, height + 2, z[0]),
           (x + side * 14, 0, z[0])]  # fmt: skip
    sheet.shape("building", _shaded(wall, 0.72 * light), end)
    sheet.along("building", _shaded(wall, light), x, (0, height), z)
    shop = rng.random() < 0.6
    if shop:
        sheet.along("building", SHOPS[rng.integers(len(SHOPS))], x, (0, 3), z)
    step = 2.6
    for start in np.arange(z[0] + 0.5, z[1] - 1.6, step):
        for floor in range(int(height // 3)):
            low = 3 * floor + (0.4 if floor == 0 and shop else 0.9)
            span = (start, start + (2.2 if floor == 0 and shop else 1.3))
            sheet.along("building", (222, 220, 214), x, (low - 0.1, low + 1.8), (span[0] - 0.1, span[1] + 0.1))
            glass = rng.integers(40, 90)
            sheet.along("building", (glass, glass + 6, glass + 12), x, (low, low + 1.7), span)


def _tree(sheet: _Sheet, rng: np.random.Generator, foot: Place, height: float, leaves: bool) -> None:
    """A tree: a trunk that branches, with leaves or without."""
    bark = (58, 50, 44)

    def grow(place: Place, angle: float, length: float, thick: float, depth: int) -> None:
        x, y, z = place
        tip = (x + length * np.sin(angle), y + length * np.cos(angle), z)
        sheet.shape("tree", bark, [(x - thick, y, z), (x + thick, y, z), (tip[0] + 0.6 * thick, tip[1], z),
                                   (tip[0] - 0.6 * thick, tip[1], z)])  # fmt: skip
        if leaves and depth < 3:
            green = rng.integers(0, 26)
            sheet.disc("tree", (44 + green, 70 + green, 36), tip, 0.34 * length + 0.25)
        if depth:
            for turn in (-0.45, 0.1, 0.5):
                wander = turn + rng.uniform(-0.15, 0.15)
                grow(tip, angle + wander, length * rng.uniform(0.62, 0.78), 0.6 * thick, depth - 1)

    grow(foot, rng.uniform(-0.06, 0.06), 0.36 * height, 0.16, 5)


def _car(sheet: _Sheet, rng: np.random.Generator, x: float, z: float, towards: bool) -> None:
    """A car: body, cabin, wheels and lamps, seen from behind or from the front, and the side that is turned here."""
    paint, wide, high, long = PAINTS[rng.integers(len(PAINTS))], 0.86, 1.45, 3.9
    sheet.flat("road", (44, 44, 46), (x - wide - 0.15, x + wide + 0.15), (z - 0.3, z + long + 0.2))
    inner = x - wide if x > 0 else x + wide
    sheet.along("car", _shaded(paint, 0.7), inner, (0.3, 0.85), (z, z + long))
    for at in (z + 0.8, z + long - 0.8):
        sheet.along("car", (18, 18, 20), inner, (0.02, 0.6), (at - 0.33, at + 0.33))
    sheet.along("car", (46, 52, 60), inner * 0.98 + x * 0.02, (0.85, high), (z + 0.5, z + long - 0.9))
    for side in (-1, 1):
        sheet.upright("car", (16, 16, 18), (x + side * 0.78, x + side * 0.52), (0.0, 0.4), z)
    sheet.upright("car", paint, (x - wide, x + wide), (0.28, 0.88), z)
    cabin = [(x - 0.8, 0.88, z), (x + 0.8, 0.88, z), (x + 0.64, high, z + 0.3), (x - 0.64, high, z + 0.3)]
    sheet.shape("car", _shaded(paint, 1.1), cabin)
    glass = [(x - 0.68, 0.92, z), (x + 0.68, 0.92, z), (x + 0.56, high - 0.1, z + 0.3), (x - 0.56, high - 0.1, z + 0.3)]
    sheet.shape("car", (50, 58, 68), glass)
    sheet.upright("car", (220, 214, 160), (x - 0.26, x + 0.26), (0.42, 0.54), z)
    for side in (-1, 1):
        lamp = (232, 232, 222) if towards else (176, 30, 30)
        sheet.upright("car", lamp, (x + side * 0.82, x + side * 0.6), (0.6, 0.76), z)


def _pole(sheet: _Sheet, x: float, z: float, height: float, sign: bool) -> None:
    """A pole beside the road, with a lamp over it or with a sign."""
    sheet.upright("pole", (74, 76, 80), (x - 0.07, x + 0.07), (0, height), z)
    if sign:
        sheet.disc("sign", (206, 40, 44), (x, height, z), 0.42)
        sheet.disc("sign", (236, 236, 236), (x, height, z), 0.28)
    else:
        sheet.upright("pole", (74, 76, 80), sorted((x, x - np.sign(x) * 1.4)), (height - 0.1, height), z)


def _person(sheet: _Sheet, rng: np.random.Generator, x: float, z: float) -> None:
    """Somebody who walks."""
    coat, legs = CLOTHES[rng.integers(len(CLOTHES))], CLOTHES[rng.integers(len(CLOTHES))]
    for side in (-1, 1):
        foot = x + side * 0.24
        sheet.shape(
            "pedestrian", legs, [(x, 0.9, z), (x + side * 0.2, 0.9, z), (foot + 0.08, 0, z), (foot - 0.08, 0, z)]
        )
    sheet.shape("pedestrian", coat, [(x - 0.24, 0.8, z), (x + 0.24, 0.8, z), (x + 0.26, 1.45, z), (x - 0.26, 1.45, z)])
    sheet.disc("pedestrian", (176, 138, 118), (x, 1.6, z), 0.14)


def street(seed: int = 0) -> Street:
    """A street: houses on both sides, trees between, and what drives, stands and walks there; the same for a seed."""
    rng, sheet = np.random.default_rng(seed), _Sheet()
    kerbs = -rng.uniform(2.2, 3.0), rng.uniform(4.6, 6.0)
    walks = kerbs[0] - rng.uniform(2.2, 3.4), kerbs[1] + rng.uniform(2.2, 3.4)
    far, ground = FARTHEST, NEAREST
    top = rng.uniform(210, 244)
    for row in range(int(OVER * HORIZON) + 8):
        light = top + (250 - top) * row / (OVER * HORIZON)
        sheet.pens[0].line((0, row, OVER * WIDTH, row), fill=(int(light - 6), int(light), int(min(255, light + 5))))
    sheet.flat("pavement", (134, 130, 124), (-60, 60), (ground, far))
    sheet.flat("road", (94, 95, 98), kerbs, (ground, far))
    for x, inwards in zip(kerbs, (1, -1)):
        sheet.flat("pavement", (156, 154, 148), sorted((x, x - 0.16 * inwards)), (ground, far))
        for off in (0.3, 0.52):
            yellow = sorted((x + off * inwards, x + (off + 0.09) * inwards))
            sheet.flat("road", (176, 156, 84), yellow, (ground, 60))
    middle = sum(kerbs) / 2
    for z in np.arange(ground + rng.uniform(0, 4), 90, 6):
        sheet.flat("road", (214, 214, 208), (middle - 0.07, middle + 0.07), (z, z + 3))
    for edge in walks:
        sheet.along("building", _shaded(WALLS[1], 0.8), edge, (0, 7), (90, far))
    sheet.upright("building", (132, 124, 116), (-30, 40), (0, 7), far)
    _tree(sheet, rng, (rng.uniform(-4, 8), 0, 0.9 * far), 22, leaves=True)

    things = []  # each with its distance, the farthest drawn first
    for side, edge in zip((-1, 1), walks):
        z = rng.uniform(2.5, 5.0)
        while z < 90:
            long, gap = rng.uniform(8, 16), rng.random() < 0.22
            if gap:  # a garden behind a wall, with a tree
                tall, leaves = rng.uniform(8, 12), rng.random() < 0.4
                foot = (edge + side * 2.0, 0, z + long / 2)
                things.append((z + long, "tree", (foot, tall, leaves)))
                things.append((z + 0.1, "fence", (edge, (z, z + long))))
            else:
                things.append((z + 0.5 * long, "house", (side, abs(edge), (z, z + long), rng.uniform(6, 10))))
            z += long
        for z in np.arange(rng.uniform(9, 18), 80, rng.uniform(16, 26)):
            sign = rng.random() < 0.4
            things.append((z, "pole", (edge - side * 1.9, z, 2.6 if sign else 7.0, sign)))
        for z in rng.uniform(8, 40, rng.integers(1, 4)):
            things.append((z, "person", (edge - side * rng.uniform(0.5, 1.4), z)))
    for z in (rng.uniform(9, 15), rng.uniform(24, 32), rng.uniform(42, 55)):
        things.append((z, "car", (rng.uniform(-0.3, 0.3), z, False)))
        things.append((z * 0.93, "car", (kerbs[1] - rng.uniform(1.3, 1.9), z * 0.93, True)))
    draw = {"house": lambda *a: _house(sheet, rng, *a), "tree": lambda *a: _tree(sheet, rng, *a),
            "fence": lambda edge, z: sheet.along("fence", (122, 84, 70), edge, (0, 1.2), z),
            "pole": lambda *a: _pole(sheet, *a), "person": lambda *a: _person(sheet, rng, *a),
            "car": lambda *a: _car(sheet, rng, *a)}  # fmt: skip
    for _, kind, how in sorted(things, key=lambda thing: -thing[0]):
        draw[kind](*how)
    return Street(_taken(sheet.picture, rng), np.asarray(sheet.labels)[OVER // 2 :: OVER, OVER // 2 :: OVER].copy())


def _taken(picture: Image.Image, rng: np.random.Generator) -> np.ndarray:
    """The picture as a camera has it: nothing has one even colour, nothing is quite sharp."""
    small = np.asarray(picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX), float)
    texture = sum(
        size * ndimage.gaussian_filter(rng.standard_normal((HEIGHT, WIDTH)), deviation) * deviation
        for deviation, size in ((0.7, 9.0), (2.0, 9.0), (12.0, 16.0))
    )
    uneven = np.where(small.mean(2) > 205, 0.25, 1.0)  # the sky is smooth
    found = ndimage.gaussian_filter(small + (uneven * texture)[..., None], (0.5, 0.5, 0))
    return found.clip(0, 255).round().astype(np.uint8)
