"""Pictures for detectors: a visitor's, of any depth, as bytes in colour; and cells drawn in code, counted exactly."""

from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from ..core.images import reader

MOST = 4000  # pixels of the longer side of a picture; larger ones are scaled down


def as_bytes(picture: Image.Image) -> np.ndarray:
    """A picture of any mode as (H, W, 3) uint8, as `reader.read` has it, of MOST pixels on its longer side at most."""
    picture = reader.on_white(reader.read(picture).image)
    if max(picture.size) > MOST:
        scale = MOST / max(picture.size)
        size = [max(1, round(side * scale)) for side in picture.size]
        picture = picture.resize(size, Image.Resampling.BOX)  # quick on pictures of this size
    return np.array(picture)


class Drawn(NamedTuple):
    """A picture drawn in code."""

    picture: Image.Image
    counts: dict[str, int]  # how many of each kind are in it


def _apart(random: np.random.Generator, count: int, radius: float, width: int, height: int, taken: list) -> list:
    """Up to `count` places for things of a radius, that keep clear of the border and of each other."""
    found = []
    for _ in range(40 * count):
        x, y = random.uniform(radius + 2, width - radius - 2), random.uniform(radius + 2, height - radius - 2)
        if all((x - a) ** 2 + (y - b) ** 2 > (radius + r) ** 2 for a, b, r in taken):
            taken.append((x, y, radius))
            found.append((x, y))
        if len(found) == count:
            break
    return found


def _distance(x: float, y: float, radii: tuple[float, float], turn: float, shape: tuple[int, int]) -> np.ndarray:
    """Of every pixel from the centre of an ellipse, in its radii: 1 on its outline. (H, W)"""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    along = (columns - x) * np.cos(turn) + (rows - y) * np.sin(turn)
    across = (rows - y) * np.cos(turn) - (columns - x) * np.sin(turn)
    return np.hypot(along / radii[0], across / radii[1])


def nuclei(seed: int, count: int = 40, size: tuple[int, int] = (360, 270)) -> Drawn:
    """Stained nuclei that glow in the dark, as under a fluorescence microscope; size is width and height in pixels."""
    random, (width, height) = np.random.default_rng(seed), size
    light = np.zeros((height, width))
    places = _apart(random, count, 15.0, width, height, [])
    for x, y in places:
        radii = random.uniform(9, 14), random.uniform(8, 11)
        inside = 1 / (1 + np.exp(14 * (_distance(x, y, radii, random.uniform(0, np.pi), light.shape) - 1)))
        light = np.maximum(light, inside * random.uniform(0.35, 0.8))
    texture = gaussian_filter(random.normal(size=light.shape), 2.5)
    light = gaussian_filter(light * (1 + 0.5 * texture), 0.7) + 0.05 + random.normal(0, 0.008, light.shape)
    return Drawn(Image.fromarray((light.clip(0, 1) * 255).astype(np.uint8)).convert("RGB"), {"nucleus": len(places)})


def blood(seed: int, count: int = 14, size: tuple[int, int] = (640, 480)) -> Drawn:
    """A stained blood smear: red cells paler in the middle, a white cell with a dark nucleus, platelets."""
    random, (width, height) = np.random.default_rng(seed), size
    picture = np.ones((height, width, 3)) * (0.84, 0.80, 0.76)
    picture += gaussian_filter(random.normal(size=(height, width)), 40)[..., None] * 1.2

    def paint(alpha, colour):
        picture[:] = picture * (1 - alpha[..., None]) + alpha[..., None] * np.asarray(colour)

    def edge(distance, sharp=22.0):
        return 1 / (1 + np.exp((sharp * (distance - 1)).clip(-50, 50)))

    taken: list = []
    white = _apart(random, 1, 82.0, width, height, taken)
    red, platelets = _apart(random, count, 50.0, width, height, taken), _apart(random, 3, 17.0, width, height, taken)
    for x, y in red:
        radii = random.uniform(44, 51), random.uniform(44, 51)
        distance = _distance(x, y, radii, random.uniform(0, np.pi), (height, width))
        paint(0.85 * edge(distance), (0.80, 0.60, 0.58))
        paint(0.5 * edge(distance / 0.45, 6), (0.88, 0.74, 0.71))
    for x, y in white:
        paint(0.8 * edge(_distance(x, y, (80, 76), 0.3, (height, width))), (0.76, 0.68, 0.80))
        for turn in (0.4, 2.2, 4.3):
            lobe = _distance(x + 26 * np.cos(turn), y + 26 * np.sin(turn), (38, 32), turn, (height, width))
            paint(0.92 * edge(lobe, 12), (0.45, 0.28, 0.58))
    for x, y in platelets:
        radii = random.uniform(13, 17), random.uniform(11, 14)
        distance = _distance(x, y, radii, random.uniform(0, np.pi), (height, width))
        paint(0.85 * edge(distance, 8), (0.54, 0.36, 0.62))
    picture = gaussian_filter(picture, (1.2, 1.2, 0)) + random.normal(0, 0.012, picture.shape)
    counts = {"red cell": len(red), "white cell": len(white), "platelet": len(platelets)}
    return Drawn(Image.fromarray((picture.clip(0, 1) * 255).astype(np.uint8)), counts)
