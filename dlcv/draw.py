"""Pictures for the screen: many as one, any as a data URI. Needs no torch, so that a screen may import it."""

import base64
import io

import numpy as np
from PIL import Image


def grey(pictures) -> np.ndarray:
    """Values in [0, 1] as bytes."""
    return (np.asarray(pictures, dtype=np.float32) * 255 + 0.5).astype(np.uint8)


def sheet(pictures, columns: int = 1) -> Image.Image:
    """Pictures (..., 28, 28) as one, row by row; what is missing in the last row stays black."""
    tiles = grey(pictures).reshape(-1, 28, 28)
    tiles = np.concatenate([tiles, np.zeros((-len(tiles) % columns, 28, 28), np.uint8)])
    return Image.fromarray(tiles.reshape(-1, columns, 28, 28).transpose(0, 2, 1, 3).reshape(-1, columns * 28))


def colour_sheet(pictures, columns: int) -> Image.Image:
    """Pictures (N, 3, S, S) in colour as one, row by row; what is missing in the last row stays black."""
    tiles = np.stack([grey(picture) for picture in pictures])
    tiles = np.concatenate([tiles, np.zeros((-len(tiles) % columns, *tiles.shape[1:]), np.uint8)])
    side = tiles.shape[-1]
    rows = tiles.reshape(-1, columns, 3, side, side).transpose(0, 3, 1, 4, 2)  # row, y, column, x, colour
    return Image.fromarray(rows.reshape(-1, columns * side, 3))


def data_uri(picture: Image.Image) -> str:
    """A picture as PNG in a data URI."""
    png = io.BytesIO()
    picture.save(png, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
