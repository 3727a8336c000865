"""Depth to take away: the scene as a coloured cloud of points, and as a picture of 16 bits.

Camera: x right, y down, z forward; a pixel (u, v) at depth Z lies at Z ((u - c_x) / f, (v - c_y) / f, 1), the centre c
of the picture being the one of the lens.
"""

import io
import math

import numpy as np
import torch
from PIL import ExifTags, Image

FILM = math.hypot(36, 24)  # millimetres: the diagonal that focal lengths "for 35 mm" are told for
USUAL = 28.0  # millimetres of most telephones, where a picture does not tell
FOCALS = (8.0, 400.0)  # millimetres, of what is believed
MOST = 65_535  # of 16 bits


def focal_from_exif(picture: Image.Image) -> float | None:
    """The focal length that a camera wrote into its picture, in millimetres for 35 mm film; None where it did not."""
    told = picture.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.FocalLengthIn35mmFilm)
    try:
        return float(told) if FOCALS[0] <= float(told) <= FOCALS[1] else None
    except (TypeError, ValueError, ZeroDivisionError):
        return None


def focal_pixels(millimetres: float, height: int, width: int) -> float:
    """The focal length in pixels of a picture, from millimetres for 35 mm film, diagonal against diagonal."""
    return millimetres / FILM * math.hypot(height, width)


def points_of(depth: torch.Tensor, focal: float) -> torch.Tensor:
    """The points (H, W, 3) that the pixels of a depth map (H, W) show, in its unit, for a focal length in pixels."""
    height, width = depth.shape
    v, u = torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2
    rays = torch.stack([u.expand(height, width), v[:, None].expand(height, width)], dim=-1) / focal
    return torch.cat([rays * depth[..., None], depth[..., None]], dim=-1)


def ply(points: torch.Tensor, colours: torch.Tensor) -> bytes:
    """A cloud (P, 3) with colours (P, 3) uint8 as a PLY file, y up as programs for clouds have it."""
    import trimesh  # here: a fifth of a second

    up = points * torch.tensor([1.0, -1.0, -1.0])
    return trimesh.PointCloud(up.numpy(), colours.numpy()).export(file_type="ply")


def png_16(values: torch.Tensor) -> bytes:
    """Whole numbers (H, W) from 0 to 65,535 as a PNG of 16 bits: millimetres, or parts of the nearest."""
    file = io.BytesIO()
    Image.fromarray(values.clamp(0, MOST).round().numpy().astype(np.uint16)).save(file, "PNG", compress_level=1)
    return file.getvalue()
