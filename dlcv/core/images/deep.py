"""Values of more than eight bits become a picture of eight: in the range that their file declares, or in a found one.

A microscope saves 12 bits in files of 16, a program parts of 1 or numbers to 255 in floating point, and no field says
so. What is found in the values is told in a sentence.
"""

import numpy as np
from PIL import Image

from ..errors import InputError

WHITES = (255, 1023, 4095, 16_383, 65_535)  # of 8, 10, 12, 14 and 16 bits
PNG = b"\x89PNG\r\n\x1a\n"
ROWS = 256  # that become bytes at a time
# tags of a TIFF
BITS, MIN_SAMPLE, MAX_SAMPLE, S_MIN_SAMPLE, S_MAX_SAMPLE = 258, 280, 281, 340, 341


def in_eight_bits(values: np.ndarray, declared: tuple[float, float] | None, notes: list[str]) -> Image.Image:
    """Values (H, W), (H, W, 3) or, with alpha, (H, W, 4) of any range as a picture in L, RGB or RGBA.

    `declared` are the values of black and white; where they are None, or do not hold all values, the range is found.
    Raises InputError where no value is finite.
    """
    alpha = None
    if values.ndim == 3 and values.shape[2] == 4:
        values, alpha = values[..., :3], values[..., 3]
    known = values if values.dtype.kind in "iub" else values[np.isfinite(values)]
    if not known.size:
        raise InputError("No pixel of this picture has a finite value.")
    if known.size < values.size:
        notes.append("Pixels whose value is not finite are shown black.")
    low, high = float(known.min()), float(known.max())
    if declared is None or not declared[0] <= low <= high <= declared[1]:
        declared, said = _found(known, low, high)
        notes += [said] if said else []
    black, white = declared
    image = Image.fromarray(_bytes(values, black, white))
    if alpha is not None:
        full = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1.0
        image.putalpha(Image.fromarray(_bytes(alpha, 0, full)))
    return image


def declared(image: Image.Image) -> tuple[float, float] | None:
    """The values of black and white that a file declares; None where it does not."""
    if image.format == "PPM" and image.mode == "I":  # whose largest value Pillow has made this one
        return 0, WHITES[-1]
    tags = getattr(image, "tag_v2", {})
    for lowest, highest in ((S_MIN_SAMPLE, S_MAX_SAMPLE), (MIN_SAMPLE, MAX_SAMPLE)):
        if highest in tags:
            return float(min(_numbers(tags.get(lowest, 0)))), float(max(_numbers(tags[highest])))
    bits = max(_numbers(tags.get(BITS, 0)))
    return (0, 2**bits - 1) if bits in (10, 12, 14) else None


def has_deep_colours(data: bytes, image: Image.Image) -> bool:
    """Whether a file in colour, or with alpha, has 16 bits a value, of which Pillow keeps the upper eight."""
    if image.mode.startswith("I"):
        return False
    if image.format == "PNG":
        return data[24:25] == b"\x10"
    return image.format == "TIFF" and max(_numbers(image.tag_v2.get(BITS, 8))) > 8


def by_opencv(data: bytes) -> np.ndarray | None:
    """Values (H, W), (H, W, 3) or (H, W, 4), in RGB, of any depth; None where OpenCV reads nothing.

    Raises ValueError where a part of a PNG says that it is longer than the file: OpenCV would take as much memory.
    """
    import cv2

    place = len(PNG)
    while data.startswith(PNG) and place + 12 <= len(data):
        place += 12 + int.from_bytes(data[place : place + 4], "big")
        if place > len(data):
            raise ValueError("a part that is longer than the file")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # a sentence says what is wrong
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.ndim == 2:
        return found
    return cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA if found.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _numbers(value: object) -> tuple:
    return tuple(value) if isinstance(value, (tuple, list)) and value else (value,)


def _bytes(values: np.ndarray, black: float, white: float) -> np.ndarray:
    """Values from black to white as bytes; what is not finite is 0."""
    found = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), ROWS):  # so that a large picture takes no second one's memory
        parts = (values[top : top + ROWS].astype(np.float64) - black) / max(white - black, 1e-12)
        found[top : top + ROWS] = np.nan_to_num(np.clip(parts, 0, 1) * 255 + 0.5, nan=0, posinf=0, neginf=0)
    return found


def _found(values: np.ndarray, low: float, high: float) -> tuple[tuple[float, float], str]:
    """The values shown black and white where a file declares none, and a sentence where that had to be guessed."""
    if values.dtype.kind in "iub" and 0 <= low and high <= WHITES[-1]:
        white = next(white for white in WHITES if high <= white)
        used = white.bit_length()
        said = f"The values of this picture use {used} bits: {white:,} is shown white."
        return (0, white), "" if used == 16 or not high else said
    # one value in a thousand may lie outside
    some = values.reshape(-1)[:: max(1, values.size // 1_000_000)]
    bottom, top = (float(end) for end in np.quantile(some, (0.001, 0.999)))
    if bottom < 0:
        return (low, high), f"The values of this picture, from {low:.4g} to {high:.4g}, are shown from black to white."
    for white in (1, 255):
        if white / 16 < high and top <= white:
            return (0, white), "" if high <= white else f"Values above {white} are shown white."
    return (0, top), f"The values of this picture, from 0 to {top:,.4g}, are shown from black to white."
