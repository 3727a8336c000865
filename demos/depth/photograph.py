"""What the Depth tab shows of one picture: a map, a cloud and files, from one pass of a network."""

import base64
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
from PIL import ImageOps

from demos import frame
from dlcv.core import runtime
from dlcv.core.errors import InputError
from dlcv.core.images import draw

if TYPE_CHECKING:
    import torch

    from dlcv.depth.predictor import DepthMaps

STEREO, KITCHEN = "depth-stereo", "depth-kitchen"
NETWORKS = {"Learned from pairs of pictures": STEREO, "Learned from measured depth, in one kitchen": KITCHEN}
SIDE = 640  # pixels of the longer side that a picture is handed on at: the networks see less
WIRE = 65_535  # the nearest, of 16 bits
MOST = 1_000_000  # pixels that a board may send
MOST_FILE = 64_000_000  # pixels of a picture to take away
TINY = 1 / 40  # of the largest inverse_depth: nothing is shown farther away than 40 times the nearest


def predictor(name: str):
    """The network of that name, loaded on first use."""
    from dlcv.depth.predictor import predictor

    return predictor(name)


runtime.preload(predictor, STEREO, KITCHEN)


# ---- pictures


def upright(picture: PIL.Image.Image | None) -> PIL.Image.Image:
    """A visitor's picture as it was held, in its own size; InputError where there is none."""
    if not isinstance(picture, PIL.Image.Image):
        raise InputError("Choose a picture first: upload one, take one, or click an example.")
    return ImageOps.exif_transpose(picture).convert("RGB")


def tensor_of(picture: PIL.Image.Image, side: int = SIDE) -> "torch.Tensor":
    """An upright picture as (3, H, W) in [0, 1], `side` pixels on the longer side at most."""
    import torch

    scale = min(1.0, side / max(picture.size))
    if scale < 1:
        size = [max(1, round(length * scale)) for length in picture.size]
        picture = picture.resize(size, PIL.Image.Resampling.BILINEAR, reducing_gap=2.0)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255


def image_of(picture) -> PIL.Image.Image:
    """A tensor (3, H, W) in [0, 1] as a picture."""
    return PIL.Image.fromarray(draw.grey(picture.permute(1, 2, 0)))


def ends(inverse_depth: "torch.Tensor") -> tuple[float, float]:
    """What is drawn darkest and brightest: all but the most extreme hundredths."""
    values = inverse_depth.flatten().sort().values
    low, high = (values[round(part * (len(values) - 1))].item() for part in (0.01, 0.99))
    return low, max(high, low + 1e-6)


def coloured(inverse_depth: "torch.Tensor", size: tuple[int, int]) -> PIL.Image.Image:
    """A map (h, w) in colours, near bright and far dark, at a picture's size (H, W)."""
    height, width = size
    return draw.heat(inverse_depth, *ends(inverse_depth)).resize((width, height), PIL.Image.Resampling.BILINEAR)


def see(picture: PIL.Image.Image, network) -> "DepthMaps":
    """What a network, one with `see`, makes of an upright picture, told for the picture's own size."""
    return network.predict(tensor_of(picture))._replace(size=(picture.height, picture.width))


# ---- the scene as a cloud, and files of it


def cloud_value(seen: "DepthMaps", picture: PIL.Image.Image, focal: float | None) -> dict:
    """What the board needs to draw the scene and to ask for files: the map on a grid in the shape of the picture,
    65,535 being nearest, and the colours there.

    `focal` is what the picture says of it, in millimetres for 35 mm film.
    """
    from dlcv.depth import clouds
    from dlcv.depth.predictor import resized

    near = seen.inverse_depth
    height, width = (max(2, round(length * max(near.shape) / max(seen.size))) for length in seen.size)
    near = resized(near, (height, width))
    small = picture.resize((width, height), PIL.Image.Resampling.BILINEAR, reducing_gap=2.0)
    return {
        "near": frame.coded((near / near.max().clamp_min(1e-9) * WIRE).clamp(WIRE * TINY, WIRE).round(), "<u2"),
        "nearest": near.max().item() if seen.metres else None,  # 1 / metres
        "colours": frame.coded(np.array(small), "u1"),
        "grid": [height, width],
        "size": list(seen.size),
        "focal": focal or clouds.DEFAULT_FOCAL,
        "told": focal is not None,
    }


def scene_of(query: dict) -> tuple["torch.Tensor", np.ndarray]:
    """Nearness (h, w), 1 or in 1 / metres where it is nearest, and colours (h, w, 3), that a board sends back."""
    import torch

    height, width = (round(side) for side in frame.numbers(query, "grid", 2, 2, 2000))
    near = decoded(query.get("near"), "<u2", height * width)
    colours = decoded(query.get("colours"), "u1", 3 * height * width)
    highest = 1.0 if query.get("nearest") is None else frame.number(query, "nearest", 0.01, 100)
    inverse_depth = torch.from_numpy(near.astype(np.float32)).clamp_min(1).view(height, width) / WIRE * highest
    return inverse_depth, colours.reshape(height, width, 3)


def decoded(text, dtype: str, count: int) -> np.ndarray:
    """`count` whole numbers in base64; InputError where they are not."""
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) and count <= MOST else b""
    except ValueError:
        data = b""
    if len(data) != count * np.dtype(dtype).itemsize:
        raise InputError("Choose a picture first, and let its depth be seen.")
    return np.frombuffer(data, dtype)


def ply(query: dict) -> dict:
    """The scene as a coloured cloud in a PLY file; in metres, or where the scale is unknown the nearest is at 1."""
    import torch

    from dlcv.depth import clouds

    inverse_depth, colours = scene_of(query)
    focal = clouds.focal_pixels(frame.number(query, "focal", *clouds.FOCALS), *inverse_depth.shape)
    points = clouds.points_of(1 / inverse_depth, focal).flatten(0, 1)
    file = clouds.ply(points, torch.from_numpy(colours.reshape(-1, 3).copy()))
    return {"file": base64.b64encode(file).decode()}


def png(query: dict) -> dict:
    """Depth as a PNG of 16 bits in the size of the picture: millimetres; or 1 / depth, the nearest being 65,535."""
    from dlcv.depth import clouds
    from dlcv.depth.predictor import resized

    inverse_depth, _ = scene_of(query)
    size = tuple(round(side) for side in frame.numbers(query, "size", 2, 2, 16_000))
    if size[0] * size[1] > MOST_FILE:
        raise InputError("This picture has more than 64 million pixels.")
    metres = query.get("nearest") is not None
    values = resized(1000 / inverse_depth if metres else WIRE * inverse_depth, size)
    return {"file": base64.b64encode(clouds.png_16(values)).decode()}
