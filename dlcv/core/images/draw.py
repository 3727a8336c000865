"""Pictures for the screen: many as one, any as a data URI. Needs no torch, so that a screen may import it."""

import base64
import io

import numpy as np
from PIL import Image


def grey(pictures) -> np.ndarray:
    """Values in [0, 1] as bytes."""
    return (np.asarray(pictures, dtype=np.float32) * 255 + 0.5).astype(np.uint8)


def _laid_out(tiles: np.ndarray, columns: int) -> np.ndarray:
    """Tiles (N, S, S, ...) as one picture, row by row; what is missing in the last row stays black."""
    tiles = np.concatenate([tiles, np.zeros((-len(tiles) % columns, *tiles.shape[1:]), np.uint8)])
    side, depth = tiles.shape[1], tiles.shape[3:]
    return tiles.reshape(-1, columns, side, side, *depth).swapaxes(1, 2).reshape(-1, columns * side, *depth)


def sheet(pictures, columns: int = 1) -> Image.Image:
    """Pictures (..., S, S) as one, row by row; what is missing in the last row stays black."""
    tiles = grey(pictures)
    return Image.fromarray(_laid_out(tiles.reshape(-1, *tiles.shape[-2:]), columns))


def colour_sheet(pictures, columns: int) -> Image.Image:
    """Pictures (N, 3, S, S) in colour as one, in the same way."""
    return Image.fromarray(_laid_out(np.stack([grey(picture) for picture in pictures]).transpose(0, 2, 3, 1), columns))


HEAT = np.array([[13, 20, 44], [24, 88, 110], [80, 160, 120], [240, 200, 90], [255, 248, 220]])  # dark to bright


def heat(values, low: float = 0.0, high: float = 1.0) -> Image.Image:
    """Numbers (H, W) as colours, `low` and less dark, `high` and more bright."""
    at = np.clip((np.asarray(values, dtype=np.float32) - low) / (high - low), 0, 1) * (len(HEAT) - 1)
    colours = [np.interp(at, range(len(HEAT)), HEAT[:, channel]) for channel in range(3)]
    return Image.fromarray(np.stack(colours, axis=-1).round().astype(np.uint8))


def heat_sheet(maps, columns: int) -> Image.Image:
    """Feature maps (C, S, S) of numbers from 0 on as colours, row by row; the largest of all is the brightest."""
    tiles = np.asarray(maps, dtype=np.float32)
    return heat(_laid_out(grey(tiles / max(float(tiles.max()), 1e-9)), columns), 0, 255)


def data_uri(picture: Image.Image, kind: str = "PNG") -> str:
    """A picture in a data URI, as PNG or, where it is a large photograph, as JPEG."""
    file = io.BytesIO()
    picture.save(file, kind, **({"compress_level": 1} if kind == "PNG" else {"quality": 88}))
    return f"data:image/{kind.lower()};base64," + base64.b64encode(file.getvalue()).decode()
