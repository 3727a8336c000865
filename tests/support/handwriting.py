"""A five, and other digits, on every kind of paper: drawings and photographs of handwriting, made here."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

DIGITS = {  # strokes in parts of the digit's square
    2: [[(0.3, 0.3), (0.42, 0.17), (0.6, 0.17), (0.69, 0.3), (0.62, 0.46), (0.28, 0.82), (0.72, 0.82)]],
    4: [[(0.55, 0.15), (0.27, 0.6), (0.75, 0.6)], [(0.6, 0.42), (0.6, 0.85)]],
    5: [[(0.68, 0.17), (0.38, 0.17), (0.35, 0.46), (0.5, 0.42), (0.66, 0.5), (0.69, 0.65), (0.6, 0.79), (0.45, 0.83),
         (0.3, 0.75)]],
    7: [[(0.28, 0.2), (0.72, 0.2), (0.44, 0.82)]],
}  # fmt: skip


def drawn(digit=5, width=280, height=280, pen=0.07) -> np.ndarray:
    """Ink (H, W) in [0, 1] of a digit in the middle; the pen in parts of the digit's square, or 1 pixel for 0."""
    ink, side = Image.new("L", (width, height)), min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    for stroke in DIGITS[digit]:
        points = [(left + x * side, top + y * side) for x, y in stroke]
        ImageDraw.Draw(ink).line(points, 255, max(1, round(pen * side)), joint="curve")
    return np.asarray(ink, np.float32) / 255


def laid(ink: np.ndarray, paper=255, pen=0) -> np.ndarray:
    """Ink on paper (H, W, 3): greys, colours or pictures of 0 to 255."""
    paper, pen = (np.broadcast_to(np.asarray(colour, np.float32), (*ink.shape, 3)) for colour in (paper, pen))
    return paper + ink[..., None] * (pen - paper)


def picture(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.uint8(np.clip(values, 0, 255)))


def ramp(height: int, width: int) -> np.ndarray:
    return np.broadcast_to(np.linspace(0, 1, width)[None, :, None], (height, width, 1))


def on_desk(desk=(70, 45, 25), border=90) -> Image.Image:
    """A sheet, askew, on a desk."""
    sheet = picture(laid(drawn(5, 360, 300), 235, 40)).convert("RGBA").rotate(7, expand=True)
    around = Image.new("RGBA", (sheet.width + 2 * border, sheet.height + border), (*desk, 255))
    around.alpha_composite(sheet, (border, border // 3))
    return around.convert("RGB")


def squared(pitch=24) -> np.ndarray:
    paper = np.full((280, 280, 3), 245, np.float32)
    paper[::pitch] = paper[:, ::pitch] = (190, 205, 230)
    return paper


def shadowed() -> np.ndarray:
    """A sheet on whose right half, and half of the digit, a shadow lies."""
    edge = np.clip((np.arange(280) - 135) / 10, 0, 1)[None, :, None]
    return laid(drawn(), 235, 40) * (1 - 0.45 * edge)


NOISE = np.random.default_rng(0)
FIVES = {
    "grey paper, wider than high": lambda: picture(laid(drawn(5, 800, 600), 165, 30)),
    "grey paper, higher than wide": lambda: picture(laid(drawn(5, 600, 800), 165, 30)),
    "dark paper": lambda: picture(laid(drawn(), 90, 10)),
    "light ink on brown wood": lambda: picture(laid(drawn(5, 800, 600), (120, 60, 20), 240)),
    "chalk on a blackboard": lambda: picture(laid(drawn(), 35, 215) + NOISE.normal(0, 6, (280, 280, 1))),
    "a pen of one pixel": lambda: picture(laid(drawn(5, pen=0))),
    "a thin pen on many pixels": lambda: picture(laid(drawn(5, 2000, 2000, pen=3 / 2000))),
    "a fat pen": lambda: picture(laid(drawn(5, pen=0.13))),
    "dark on nothing": lambda: picture(np.dstack([laid(drawn(), 0, 0), 255 * drawn()])),
    "light on nothing": lambda: picture(np.dstack([laid(drawn(), 255, 255), 255 * drawn()])),
    "a light thin pen on nothing": lambda: picture(np.dstack([laid(drawn(), 0, 250), 255 * drawn(pen=0.012)])),
    "faint ink on nothing": lambda: picture(np.dstack([laid(drawn(), 255, 90), 70 * drawn()])),
    "a sheet with nothing around": lambda: picture(
        np.pad(np.dstack([laid(drawn(), 250, 20), np.full((280, 280), 255)]), ((40, 90), (60, 30), (0, 0)))
    ),
    "uneven light": lambda: picture(laid(drawn(), 240, 40) * (1 - 0.5 * ramp(280, 280))),
    "a hard shadow": lambda: picture(shadowed()),
    "a desk around the sheet": on_desk,
    "a light desk": lambda: on_desk((175, 150, 120)),
    "a black desk": lambda: on_desk((15, 15, 15), border=150),
    "red ink": lambda: picture(laid(drawn(), 250, (205, 40, 40))),
    "yellow ink": lambda: picture(laid(drawn(), 252, (250, 215, 30))),
    "green ink on red paper as bright": lambda: picture(laid(drawn(), (200, 90, 90), (40, 158, 90))),
    "squared paper": lambda: picture(laid(drawn(), squared(), (30, 40, 120))),
    "grain": lambda: picture(laid(drawn(), 220, 60) + NOISE.normal(0, 18, (280, 280, 3))),
    "a camera out of focus": lambda: picture(laid(drawn(), 235, 40)).filter(ImageFilter.GaussianBlur(5)),
    "small on a large sheet": lambda: picture(laid(np.pad(drawn(5, 120, 120), ((200, 400), (350, 300))), 235, 40)),
}  # fmt: skip
