"""Pairs of pictures whose geometry is known: rooms and facades drawn by code, and those that the library shares."""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
import torch
from scipy.spatial.transform import Rotation

from ..core.geometry.cameras import FOCAL, intrinsics
from ..core.images import draw
from ..core.images.scenes import Scene, motorcycle, packaged, seen

WIDTH, HEIGHT = 640, 480
FINER = 2  # rays to a pixel's side


class Panel(NamedTuple):
    """A textured rectangle in space: a corner, and the two sides that leave it."""

    corner: np.ndarray  # (3,)
    across: np.ndarray  # (3,)
    down: np.ndarray  # (3,)
    texture: np.ndarray  # (H, W, 3) uint8


def texture(name: str) -> np.ndarray:
    """A packaged photograph, (H, W, 3) uint8."""
    return draw.grey(packaged(name)).transpose(1, 2, 0)


def box(corner: tuple, size: tuple, turn: float, textures: list[np.ndarray]) -> list[Panel]:
    """The front, both sides and the top of a box that stands with the middle of its foot at `corner`."""
    wide, high, deep = size
    turned = Rotation.from_euler("y", turn, degrees=True).as_matrix()
    x, y, z = turned @ [wide, 0, 0], np.array([0.0, -high, 0]), turned @ [0, 0, deep]
    near = np.array(corner) - x / 2 - z / 2
    sides = [(near + y, x), (near + x + y, z), (near + z + y, -z)]
    return [Panel(*side, -y, texture) for side, texture in zip(sides, textures)] + [
        Panel(near + y + z, x, -z, textures[-1])
    ]


def drawn(panels: list[Panel], rotation: np.ndarray, centre: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """The picture (3, H, W) of a camera with x_camera = R (X - centre), and the depth of each pixel, (H, W).

    A panel is a plane, so that a homography P takes its texture into the picture: P (u, v, 1) = depth (x, y, 1).
    """
    finer = np.array([[FINER, 0, (FINER - 1) / 2], [0, FINER, (FINER - 1) / 2], [0, 0, 1]])
    camera = finer @ intrinsics(FOCAL, (WIDTH, HEIGHT)).numpy() @ rotation
    size = WIDTH * FINER, HEIGHT * FINER
    xs, ys = (np.arange(side, dtype=np.float32) for side in size)
    nearest = np.zeros(size[::-1], np.float32)  # 1 / depth
    picture = np.full((*size[::-1], 3), 60, np.uint8)
    for corner, across, down, texture in panels:
        high, wide = texture.shape[:2]
        to_picture = camera @ np.stack([across / wide, down / high, corner - centre], 1)
        a, b, c = np.linalg.inv(to_picture)[2]
        inverse = (a * xs + (b * ys + c)[:, None]).astype(np.float32)
        covered = cv2.warpPerspective(np.full((high, wide), 255, np.uint8), to_picture, size) > 127
        seen = covered & (inverse > nearest)
        colours = cv2.warpPerspective(texture, to_picture, size, borderMode=cv2.BORDER_REPLICATE)
        picture[seen], nearest[seen] = colours[seen], inverse[seen]
    small = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    middle = cv2.resize(nearest, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)  # linear on a plane
    depth = np.divide(1, middle, out=np.zeros_like(middle), where=middle > 0)
    return torch.from_numpy(small).permute(2, 0, 1).float() / 255, torch.from_numpy(depth)


def between(panels: list[Panel], turns: tuple, centres: tuple) -> Scene:
    """The scene of two cameras, each turned by Euler angles (x, y, z in degrees), at its place."""
    rotations = [Rotation.from_euler("xyz", turn, degrees=True).as_matrix() for turn in turns]
    places = [np.array(centre, dtype=float) for centre in centres]
    (first, depth), (second, _) = (drawn(panels, *one) for one in zip(rotations, places))
    translation = rotations[1] @ (places[0] - places[1])
    baseline = np.linalg.norm(translation)
    matrix = intrinsics(FOCAL, (WIDTH, HEIGHT))
    rotation = torch.from_numpy(rotations[1] @ rotations[0].T)
    return Scene(
        first, second, (matrix, matrix), rotation, torch.from_numpy(translation / baseline), depth=depth / baseline
    )


def room() -> Scene:
    """Two boxes of photographs and a picture on a wall of bricks, above gravel, from two places."""
    brick, gravel = texture("brick").swapaxes(0, 1), texture("gravel")
    panels = [
        Panel(np.array([-4.0, -2.5, 6]), np.array([8.0, 0, 0]), np.array([0, 4.0, 0]), np.tile(brick, (1, 2, 1))),
        Panel(np.array([-4.0, 1.5, 6]), np.array([8.0, 0, 0]), np.array([0, 0, -5.5]), np.tile(gravel, (1, 2, 1))),
        Panel(np.array([0.6, -1.9, 5.98]), np.array([2.2, 0, 0]), np.array([0, 1.5, 0]), texture("rocket")),
        *box((-1.0, 1.5, 4.2), (1.7, 1.7, 1.2), 24, [texture("astronaut"), texture("coffee"), texture("page")]),
        *box((1.1, 1.5, 3.8), (1.1, 1.0, 0.9), -18, [texture("chelsea"), texture("coins"), texture("camera")]),
    ]
    return between(panels, ((2, -6, 0), (7, 13, 4)), ((-0.9, 0.1, -0.3), (1.5, -0.5, 0.1)))


def facade() -> Scene:
    """A wall of windows that are all alike: the most similar one is often the wrong one."""
    window = cv2.resize(texture("astronaut")[:256, 100:356], (96, 96), interpolation=cv2.INTER_AREA)
    wall = cv2.resize(texture("brick").swapaxes(0, 1), (160, 160), interpolation=cv2.INTER_AREA)
    tile = wall.copy()
    tile[32:128, 32:128] = window
    houses = np.tile(tile, (3, 6, 1))
    houses[320:480, 320:480] = cv2.resize(texture("coffee"), (160, 160), interpolation=cv2.INTER_AREA)  # a door
    grass = np.tile(texture("grass"), (1, 2, 1))
    panels = [
        Panel(np.array([-4.5, -2.9, 6]), np.array([9.0, 0, 0]), np.array([0, 4.5, 0]), houses),
        Panel(np.array([-4.5, 1.6, 6]), np.array([9.0, 0, 0]), np.array([0, 0, -5.5]), grass),
        *box((-1.6, 1.6, 4.0), (1.0, 1.3, 0.8), 30, [texture("rocket"), texture("chelsea"), texture("text")]),
    ]
    return between(panels, ((0, -8, 0), (5, 9, -3)), ((-1.4, 0, -0.3), (0.9, -0.4, 0.3)))


def askew() -> Scene:
    """A cup of coffee, and the same as if its photograph hung on a wall and were seen from aside."""
    return seen(packaged("coffee"), (12, 38, 9), 1.25)


def strangers() -> Scene:
    """Two photographs that have nothing in common."""
    pictures = [packaged(name) for name in ("astronaut", "coffee")]
    matrices = tuple(intrinsics(FOCAL, (one.shape[2], one.shape[1])) for one in pictures)
    return Scene(*pictures, matrices, None, None)


SCENES: dict[str, Callable[[], Scene]] = {
    "room": room, "facade": facade, "motorcycle": motorcycle, "askew": askew, "strangers": strangers,
}  # fmt: skip
