"""Photographs as people have them, as the bytes of their files."""

import io

import numpy as np
import PIL.Image


def jpeg(size: tuple[int, int], orientation: int = 1, focal: int | None = None) -> bytes:
    """A photograph as a telephone writes it: `size` as stored, and how it was held."""
    width, height = size
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.array([[[height]], [[width]]])
    pixels = np.stack([255 * x, 255 * y, 127 + 0 * x], axis=2).astype(np.uint8)
    exif = PIL.Image.Exif()
    exif[PIL.ExifTags.Base.Orientation] = orientation
    if focal:
        exif.get_ifd(PIL.ExifTags.IFD.Exif)[PIL.ExifTags.Base.FocalLengthIn35mmFilm] = focal
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", exif=exif, quality=80)
    return file.getvalue()


def as_png(pixels: np.ndarray) -> bytes:
    """Pixels (H, W, 3) as a PNG."""
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
