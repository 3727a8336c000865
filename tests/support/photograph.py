"""Photographs of handwriting, as a phone takes them, made here."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

THREE = [
    (0.33, 0.25), (0.46, 0.17), (0.62, 0.22), (0.64, 0.36), (0.48, 0.47), (0.65, 0.56), (0.66, 0.74), (0.5, 0.82),
    (0.33, 0.76),
]  # fmt: skip


def three(width: int = 640, height: int = 480) -> Image.Image:
    """A 3 in grey ink on grey paper, wider than high; the light comes from the left and leaves the right in shade."""
    ink = Image.new("L", (width, height), 0)
    side = height * 0.9
    points = [((width - side) / 2 + x * side, y * side + height * 0.05) for x, y in THREE]
    ImageDraw.Draw(ink).line(points, fill=255, width=round(height / 18), joint="curve")
    ink = np.asarray(ink.filter(ImageFilter.GaussianBlur(height / 160)), np.float32) / 255
    light = np.linspace(0.74, 0.56, width)[None, :] + np.linspace(0.03, -0.03, height)[:, None]
    grain = np.random.default_rng(0).normal(0, 0.01, (height, width))
    return Image.fromarray(np.uint8(255 * np.clip(light * (1 - 0.6 * ink) + grain, 0, 1)))
