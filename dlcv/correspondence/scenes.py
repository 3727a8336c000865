"""Pairs of pictures whose geometry is known: rooms and facades drawn by code, a packaged photograph seen askew, and the
packaged Motorcycle pair (Scharstein et al. 2014)."""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
import torch
from scipy.spatial.transform import Rotation

from .matching import intrinsics

WIDTH, HEIGHT = 640, 480
FINER = 2  # rays to a pixel's side
PROJECTOR = 0.9  # focal length of the drawn pictures, in parts of their width


class Scene(NamedTuple):
    """Two pictures and how their cameras stood: x_second ~ R x_first + t."""

    first: torch.Tensor  # (3, H, W) in [0, 1]
    second: torch.Tensor
    intrinsics: tuple[torch.Tensor, torch.Tensor]  # (3, 3) each
    rotation: torch.Tensor | None  # (3, 3); None where the pictures have nothing in common
    translation: torch.Tensor | None  # (3,), of length 1; None where one plane is all that is seen
    homography: torch.Tensor | None = None  # (3, 3) in pixels, of that plane
    depth: torch.Tensor | None = None  # (H, W) of the first picture, 0 where unknown; in units of the baseline

    def second_point(self, x: int, y: int) -> torch.Tensor | None:
        """Where the second picture has what is at pixel (x, y) of the first, (2,), hidden or not; None where that is
        not known."""
        point = torch.tensor([x, y, 1.0], dtype=torch.float64)
        height, width = self.first.shape[1:]
        if not (0 <= x < width and 0 <= y < height):
            return None
        if self.homography is not None:
            moved = self.homography @ point
        elif self.depth is not None and self.depth[y, x] > 0:
            ray = torch.linalg.inv(self.intrinsics[0]) @ point
            moved = self.intrinsics[1] @ (self.rotation @ ray * self.depth[y, x].double() + self.translation)
        else:
            return None
        return moved[:2] / moved[2]


class Panel(NamedTuple):
    """A textured rectangle in space: a corner, and the two sides that leave it."""

    corner: np.ndarray  # (3,)
    across: np.ndarray  # (3,)
    down: np.ndarray  # (3,)
    texture: np.ndarray  # (H, W, 3) uint8


def packaged(name: str) -> np.ndarray:
    """A photograph of scikit-image in colours, (H, W, 3) uint8."""
    from skimage import color, data

    picture = getattr(data, name)()
    return picture if picture.ndim == 3 else (255 * color.gray2rgb(picture / 255)).astype(np.uint8)


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
    camera = finer @ intrinsics(PROJECTOR, (WIDTH, HEIGHT)).numpy() @ rotation
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
    matrix = intrinsics(PROJECTOR, (WIDTH, HEIGHT))
    rotation = torch.from_numpy(rotations[1] @ rotations[0].T)
    return Scene(
        first, second, (matrix, matrix), rotation, torch.from_numpy(translation / baseline), depth=depth / baseline
    )


def room() -> Scene:
    """Two boxes of photographs and a picture on a wall of bricks, above gravel, from two places."""
    brick, gravel = packaged("brick").swapaxes(0, 1), packaged("gravel")
    panels = [
        Panel(np.array([-4.0, -2.5, 6]), np.array([8.0, 0, 0]), np.array([0, 4.0, 0]), np.tile(brick, (1, 2, 1))),
        Panel(np.array([-4.0, 1.5, 6]), np.array([8.0, 0, 0]), np.array([0, 0, -5.5]), np.tile(gravel, (1, 2, 1))),
        Panel(np.array([0.6, -1.9, 5.98]), np.array([2.2, 0, 0]), np.array([0, 1.5, 0]), packaged("rocket")),
        *box((-1.0, 1.5, 4.2), (1.7, 1.7, 1.2), 24, [packaged("astronaut"), packaged("coffee"), packaged("page")]),
        *box((1.1, 1.5, 3.8), (1.1, 1.0, 0.9), -18, [packaged("chelsea"), packaged("coins"), packaged("camera")]),
    ]
    return between(panels, ((2, -6, 0), (7, 13, 4)), ((-0.9, 0.1, -0.3), (1.5, -0.5, 0.1)))


def facade() -> Scene:
    """A wall of windows that are all alike: the most similar one is often the wrong one."""
    window = cv2.resize(packaged("astronaut")[:256, 100:356], (96, 96), interpolation=cv2.INTER_AREA)
    wall = cv2.resize(packaged("brick").swapaxes(0, 1), (160, 160), interpolation=cv2.INTER_AREA)
    tile = wall.copy()
    tile[32:128, 32:128] = window
    houses = np.tile(tile, (3, 6, 1))
    houses[320:480, 320:480] = cv2.resize(packaged("coffee"), (160, 160), interpolation=cv2.INTER_AREA)  # a door
    grass = np.tile(packaged("grass"), (1, 2, 1))
    panels = [
        Panel(np.array([-4.5, -2.9, 6]), np.array([9.0, 0, 0]), np.array([0, 4.5, 0]), houses),
        Panel(np.array([-4.5, 1.6, 6]), np.array([9.0, 0, 0]), np.array([0, 0, -5.5]), grass),
        *box((-1.6, 1.6, 4.0), (1.0, 1.3, 0.8), 30, [packaged("rocket"), packaged("chelsea"), packaged("text")]),
    ]
    return between(panels, ((0, -8, 0), (5, 9, -3)), ((-1.4, 0, -0.3), (0.9, -0.4, 0.3)))


def askew(name: str = "coffee") -> Scene:
    """A packaged photograph, and the same as if it hung on a wall and were seen from aside."""
    picture = torch.from_numpy(packaged(name)).permute(2, 0, 1).float() / 255
    height, width = picture.shape[1:]
    turned = Rotation.from_euler("xyz", (12, 38, 9), degrees=True).as_matrix()
    matrix = intrinsics(PROJECTOR, (width, height)).numpy()
    normal = np.array([0, 0, 1.0])  # of the plane z = 1, whose middle stays in the middle, a little farther away
    away = 1.25 * normal - turned @ normal
    homography = matrix @ (turned + np.outer(away, normal)) @ np.linalg.inv(matrix)
    rows = picture.permute(1, 2, 0).numpy()
    second = cv2.warpPerspective(rows, homography, (width, height), borderValue=(0.25, 0.25, 0.25))
    there = torch.from_numpy(matrix)
    return Scene(
        picture,
        torch.from_numpy(second).permute(2, 0, 1),
        (there, there),
        torch.from_numpy(turned),
        torch.from_numpy(away / np.linalg.norm(away)),
        torch.from_numpy(homography),
    )


def motorcycle() -> Scene:
    """The packaged pair, with its true depth."""
    from skimage import data

    left, right, disparity = data.stereo_motorcycle()
    focal, centres, height = 994.978, (311.193, 342.279), 254.877
    matrices = tuple(torch.tensor([[focal, 0, x], [0, focal, height], [0, 0, 1]], dtype=torch.float64) for x in centres)
    disparity = torch.from_numpy(disparity).double()
    known = disparity.isfinite() & (disparity > 0)
    depth = torch.where(known, focal / (disparity + centres[1] - centres[0]), 0.0)
    pictures = (torch.from_numpy(one).permute(2, 0, 1).float() / 255 for one in (left, right))
    aside = torch.tensor([-1.0, 0, 0], dtype=torch.float64)
    return Scene(*pictures, matrices, torch.eye(3, dtype=torch.float64), aside, depth=depth)


def strangers() -> Scene:
    """Two photographs that have nothing in common."""
    pictures = [torch.from_numpy(packaged(name)).permute(2, 0, 1).float() / 255 for name in ("astronaut", "coffee")]
    matrices = tuple(intrinsics(PROJECTOR, (one.shape[2], one.shape[1])) for one in pictures)
    return Scene(*pictures, matrices, None, None)


SCENES: dict[str, Callable[[], Scene]] = {
    "room": room, "facade": facade, "motorcycle": motorcycle, "askew": askew, "strangers": strangers,
}  # fmt: skip
