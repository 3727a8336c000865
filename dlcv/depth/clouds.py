"""Files of a depth map: a coloured cloud of points, a mesh, and a picture of 16 bits.

Camera: x right, y down, z forward; a pixel (u, v) at depth Z lies at Z ((u - c_x) / f, (v - c_y) / f, 1), with the
principal point c at the centre of the picture.
"""

import io
import math

import numpy as np
import torch
from PIL import ExifTags, Image

from . import FOCALS

FILM_DIAGONAL = math.hypot(36, 24)  # millimetres, of 35 mm film
DEFAULT_FOCAL = 28.0  # millimetres for 35 mm film, as most telephones have it
MAX_16_BITS = 2**16 - 1
TORN = 0.025  # a step of nearness between neighbours, beside the root of nearness: above, nothing connects them


def focal_from_exif(picture: Image.Image) -> float | None:
    """The focal length in the EXIF data of a picture, in millimetres for 35 mm film; None where there is none."""
    value = picture.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.FocalLengthIn35mmFilm)
    try:
        return float(value) if FOCALS[0] <= float(value) <= FOCALS[1] else None
    except (TypeError, ValueError, ZeroDivisionError):
        return None


def focal_pixels(millimetres: float, height: int, width: int) -> float:
    """The focal length in pixels of a picture, from millimetres for 35 mm film, diagonal against diagonal."""
    return millimetres / FILM_DIAGONAL * math.hypot(height, width)


def points_of(depth: torch.Tensor, focal: float) -> torch.Tensor:
    """The points (H, W, 3) of a depth map (H, W), in its unit, for a focal length in pixels."""
    height, width = depth.shape
    v, u = torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2
    rays = torch.stack([u.expand(height, width), v[:, None].expand(height, width)], dim=-1) / focal
    return torch.cat([rays * depth[..., None], depth[..., None]], dim=-1)


def ply(points: torch.Tensor, colours: torch.Tensor) -> bytes:
    """A PLY file of a cloud (P, 3) with colours (P, 3) uint8; y points up, as viewers expect."""
    import trimesh  # here: a fifth of a second

    up = points * torch.tensor([1.0, -1.0, -1.0])
    return trimesh.PointCloud(up.numpy(), colours.numpy()).export(file_type="ply")


def torn(near: torch.Tensor) -> torch.Tensor:
    """Which pixels lie on an edge between two things, (H, W) bool, of 1 / depth (H, W) with 1 where it is nearest.

    A plane has the same steps of 1 / depth everywhere, so that a floor is not torn; the root lets a far edge tear, too.
    """
    found = torch.zeros(near.shape, dtype=torch.bool)
    for axis in (0, 1):
        first, second = (near.narrow(axis, side, near.shape[axis] - 1) for side in (0, 1))
        edge = (first - second).abs() > TORN * torch.maximum(first, second).sqrt()
        for side in (0, 1):
            found.narrow(axis, side, edge.shape[axis]).logical_or_(edge)
    return found


def glb(points: torch.Tensor, colours: torch.Tensor, edges: torch.Tensor) -> bytes:
    """A GLB file of a mesh: points (H, W, 3) with colours (H * W, 3) uint8, neighbours connected by triangles where
    they are not on `edges` (H, W) bool; y points up."""
    import trimesh

    height, width = edges.shape
    at = torch.arange(height * width).view(height, width)
    corners = at[:-1, :-1], at[1:, :-1], at[:-1, 1:], at[1:, 1:]  # of each square of four pixels
    whole = ~(edges[:-1, :-1] | edges[1:, :-1] | edges[:-1, 1:] | edges[1:, 1:])
    upper, lower = (torch.stack([corners[i][whole] for i in three], dim=1) for three in ((0, 1, 2), (2, 1, 3)))
    up = points.flatten(0, 1) * torch.tensor([1.0, -1.0, -1.0])
    faces = torch.cat([upper, lower]).numpy()
    mesh = trimesh.Trimesh(up.numpy(), faces, vertex_colors=colours.numpy(), process=False)
    mesh.remove_unreferenced_vertices()
    return mesh.export(file_type="glb")


def png_16(values: torch.Tensor) -> bytes:
    """A PNG of 16 bits of numbers (H, W) from 0 to 65,535."""
    file = io.BytesIO()
    Image.fromarray(values.clamp(0, MAX_16_BITS).round().numpy().astype(np.uint16)).save(file, "PNG", compress_level=1)
    return file.getvalue()
