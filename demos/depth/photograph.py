"""What the Depth tab shows of one picture: a map, a cloud and files, from one pass of a network."""

import base64
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image

from demos import frame
from dlcv.core.errors import InputError
from dlcv.core.images import draw
from dlcv.depth import FOCALS

if TYPE_CHECKING:
    import torch

    from dlcv.depth.predictor import DepthMaps

PHOTOS, STEREO, KITCHEN, PUBLISHED = "depth-photos", "depth-stereo", "depth-kitchen", "tiefenrausch"
NETWORKS = {  # by the names under which clients know them
    "Learned from photographs of sights": PUBLISHED,
    "Learned from photographs of every kind": PHOTOS,
    "Learned from pairs of pictures": STEREO,
    "Learned from measured depth, in one kitchen": KITCHEN,
}
LABELS = {  # on the screen
    PHOTOS: "Ours, taught by measured depth and by Tiefenrausch",
    PUBLISHED: "Tiefenrausch, as its authors published it",
    STEREO: "Ours, taught by pairs alone: the lecture's method",
    KITCHEN: "Ours, taught by the metres of one kitchen",
}
NEARNESS_MAX = 2**16 - 1  # a board has 1 / depth as 16 bits: this is the nearest
MIN_NEARNESS = 1 / 40  # of the nearest: nothing is shown farther away than 40 times the nearest
MAX_PIXELS, MAX_FILE_PIXELS = 1_000_000, 64_000_000  # of the grid that a board sends, and of a picture to take away
FIRST = next(iter(NETWORKS))
EXAMPLES = [frame.PHOTOGRAPHS[1], frame.PHOTOGRAPHS[0], *frame.PHOTOGRAPHS[2:]]  # first a tower, near below, far above
GRID = 480  # points of the longer side of a scene
NO_SCENE = "Choose a picture first, and let its depth be seen."

predictor = frame.model("dlcv.depth.predictor", *NETWORKS.values())


def ends(inverse_depth: "torch.Tensor") -> tuple[float, float]:
    """The values that are drawn darkest and brightest: the 1st and the 99th percentile."""
    values = inverse_depth.flatten().sort().values
    low, high = (values[round(part * (len(values) - 1))].item() for part in (0.01, 0.99))
    return low, max(high, low + 1e-6)


def coloured(inverse_depth: "torch.Tensor", size: tuple[int, int]) -> PIL.Image.Image:
    """A map (h, w) in colours, near bright and far dark, at a picture's size (H, W)."""
    height, width = size
    return draw.heat(inverse_depth, *ends(inverse_depth)).resize((width, height), PIL.Image.Resampling.BILINEAR)


def predicted(picture: PIL.Image.Image, network) -> "DepthMaps":
    """The depth of an upright picture by a network, and the picture's own size."""
    from dlcv.depth import predictor as depth

    return depth.asked(network, picture)


# ---- the scene as a cloud, and files of it


def cloud_value(maps: "DepthMaps", picture: PIL.Image.Image, focal: float | None) -> dict:
    """The value of the cloud's board: 1 / depth on a grid in the shape of the picture, 65,535 being nearest, and the
    colours there.

    `focal` is the focal length that the picture's EXIF data has, in millimetres for 35 mm film.
    """
    from dlcv.depth import clouds
    from dlcv.depth.predictor import resized

    near = maps.inverse_depth
    height, width = (max(2, round(length * GRID / max(maps.size))) for length in maps.size)
    near = resized(near, (height, width))  # (height, width)
    relative = (near / near.max().clamp_min(1e-9)).clamp(MIN_NEARNESS, 1)
    small = picture.resize((width, height), PIL.Image.Resampling.BILINEAR, reducing_gap=2.0)
    return {
        "near": frame.coded((NEARNESS_MAX * relative).round(), "<u2"),
        "nearest": near.max().item() if maps.metres else None,  # 1 / metres
        "colours": frame.coded(np.array(small), "u1"),
        "grid": [height, width],
        "size": list(maps.size),
        "focal": focal or clouds.DEFAULT_FOCAL,
        "told": focal is not None,
    }


class Scene(frame.Query):
    """A scene that the board sends back, as `cloud_value` made it, with a focal length of the visitor's choice."""

    near: frame.Text
    colours: frame.Text
    nearest: frame.Clamped(0.01, 100) | None
    grid: frame.Numbers(2, 2, 2000)
    size: frame.Numbers(2, 2, 16_000)
    focal: frame.Clamped(*FOCALS)

    def decoded(self) -> tuple["torch.Tensor", np.ndarray]:
        """1 / depth on the grid (h, w), in 1 / metres or with 1 where it is nearest, and colours (h * w, 3)."""
        import torch

        height, width = map(round, self.grid)
        near = frame.decoded(self.near, "<u2", NO_SCENE, count=height * width, most=MAX_PIXELS)
        colours = frame.decoded(self.colours, "u1", NO_SCENE, count=3 * height * width, most=3 * MAX_PIXELS)
        highest = 1.0 if self.nearest is None else self.nearest
        near = torch.from_numpy(near.astype(np.float32)).clamp_min(1).view(height, width) / NEARNESS_MAX
        return highest * near, colours.reshape(-1, 3)


def ply(query: Scene) -> dict:
    """The scene as a coloured cloud in a PLY file; in metres, or where the scale is unknown the nearest is at 1."""
    from dlcv.depth import clouds

    points, colours, _ = placed(query)
    return {"file": base64.b64encode(clouds.ply(points.flatten(0, 1), colours)).decode()}


def glb(query: Scene) -> dict:
    """The scene as a coloured mesh in a GLB file, torn at its edges; in the unit of `ply`."""
    from dlcv.depth import clouds

    points, colours, near = placed(query)
    return {"file": base64.b64encode(clouds.glb(points, colours, clouds.torn(near / near.max()))).decode()}


def placed(query: Scene) -> tuple["torch.Tensor", "torch.Tensor", "torch.Tensor"]:
    """The points of a scene (h, w, 3), their colours (h * w, 3) and 1 / depth (h, w)."""
    import torch

    from dlcv.depth import clouds

    near, colours = query.decoded()
    points = clouds.points_of(1 / near, clouds.focal_pixels(query.focal, *near.shape))
    return points, torch.from_numpy(colours.copy()), near


def png(query: Scene) -> dict:
    """Depth as a PNG of 16 bits in the size of the picture: millimetres; or 1 / depth, the nearest being 65,535."""
    from dlcv.depth import clouds
    from dlcv.depth.predictor import resized

    near, _ = query.decoded()
    height, width = map(round, query.size)
    if height * width > MAX_FILE_PIXELS:
        raise InputError("This picture has more than 64 million pixels.")
    values = NEARNESS_MAX * near if query.nearest is None else 1000 / near
    return {"file": base64.b64encode(clouds.png_16(resized(values, (height, width)))).decode()}


FILES = {"ply": ply, "glb": glb, "png": png}
"""What a scene can be taken away as, by the end of the file's name."""
