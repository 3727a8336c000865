"""Depth of one picture by one pass of a network, and what a rectified pair of pictures says about it.

Pictures are (3, H, W) in [0, 1]. Disparities are fractions of the picture's width W, so that they hold at every size;
times W they are pixels. What the left eye sees at x, the right one sees at x - d.
"""

from typing import NamedTuple

import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torchvision.transforms import v2

from ..core import runtime, weights
from ..core.errors import InputError
from ..core.geometry.grids import shifted
from ..core.images.fit import tensor_of
from . import SIDE, loss
from .metrics import rank_correlation
from .model import DepthNet, sized
from .photonet import PhotoNet
from .tiefenrausch import MULTIPLE, Tiefenrausch

MIN_SIDE = 32  # pixels
COARSE = 2 / 3  # of the side that a network of photographs learned from: the other size at which it is asked
COMPARED = (48, 48)  # rows and columns on which its two answers are compared
MAX_DIFFERENCE = 1.0  # pixels between matches from left to right and from right to left
SEARCH_RANGE = 0.2  # largest disparity of the matching, of the width
CONSISTENT = 1.0  # pixels of the network's width: left and right disparities that differ by less are consistent


class DepthMaps(NamedTuple):
    """Predictions for one picture."""

    maps: list[torch.Tensor]  # (C, h, w) at four sizes, the largest first: disparities of left and right, or metres
    size: tuple[int, int]  # height and width of the picture, in pixels
    metres: bool  # whether the maps are depths in metres
    agreement: float | None = None  # rank correlation of answers at two sizes, where the network was asked twice
    unlike: bool = False  # whether these agree so little that the picture is unlike those that were learned from

    @property
    def inverse_depth(self) -> torch.Tensor:
        """1 / depth (h, w) in 1 / metres; or the left disparity, to which 1 / depth is proportional."""
        return 1 / self.maps[0][0] if self.metres else self.maps[0][0]


class Rebuilt(NamedTuple):
    """Each picture of a pair rebuilt from the other by the disparities, at the network's size, and the errors."""

    left: torch.Tensor  # (3, h, w)
    right: torch.Tensor
    l1: torch.Tensor  # (2, h, w): |I - I~| of left and right, mean over the colours
    ssim: torch.Tensor  # (2, h, w): (1 - SSIM) / 2, mean over the colours
    disagreement: torch.Tensor  # (2, h, w): |d_left(x) - d_right(x - d_left(x))| in pixels, and from the other eye


class Matched(NamedTuple):
    """Disparities of a pair by matching, without learning."""

    disparity: torch.Tensor  # (H, W): pixels, 0 where unknown
    share: float  # of the pixels that are known


def check_picture(picture: torch.Tensor) -> torch.Tensor:
    """The picture itself; InputError where it is not in colour, or a side has less than 32 pixels."""
    if picture.ndim != 3 or picture.shape[0] != 3 or min(picture.shape[1:]) < MIN_SIDE:
        raise InputError(f"The picture must be in colour, and at least {MIN_SIDE} pixels wide and high.")
    return picture


class DepthPredictor:
    """A network, by the name of its checkpoint."""

    def __init__(self, name: str):
        self.model = weights.load(DepthNet, name)
        self.config = self.model.config
        self.device = next(self.model.parameters()).device

    @torch.inference_mode()
    def predict(self, picture: torch.Tensor) -> DepthMaps:
        """The maps of a picture (3, H, W) of any size, seen at the network's input size."""
        small = sized(check_picture(picture), self.config)[None].clamp(0, 1).to(self.device)
        maps = [scale[0].float().cpu() for scale in self.model(small).maps]
        return DepthMaps(maps, tuple(picture.shape[1:]), not self.config.stereo)


class Photographs(NamedTuple):
    """A network of photographs, and how to take its answers."""

    network: type[nn.Module]
    shift: float  # of the largest disparity, added to all: who learned no shift says zero of what is farthest
    unsure: float  # where answers at two sizes agree by less, a picture is unlike those learned from


PHOTOGRAPHS = {  # shift: the same span of depth as the truth in the training; unsure: few photographs agree by less
    "depth-photos": Photographs(PhotoNet, shift=0.4, unsure=0.75),
    "tiefenrausch": Photographs(Tiefenrausch, shift=0.0, unsure=0.7),
}


class PhotographPredictor:
    """A network of photographs, ours or the published one, by the name of its checkpoint."""

    def __init__(self, name: str):
        self.about = PHOTOGRAPHS[name]
        model = weights.load(self.about.network, name)
        self.config = model.config
        self.device = next(model.parameters()).device
        self.model = model.to(memory_format=torch.channels_last)  # a third of the time

    @torch.inference_mode()
    def predict(self, picture: torch.Tensor) -> DepthMaps:
        """The disparity of a picture (3, H, W) of any size, its scale unknown; and whether the answer is another one
        where the picture is smaller, as it often is where the picture is unlike those that the network learned from."""
        check_picture(picture)
        fine, coarse = (self._seen(picture, round(part * self.config.side)) for part in (1, COARSE))
        agreement = rank_correlation(*(resized(one, COMPARED) for one in (fine, coarse)))
        near = fine + self.about.shift * fine.max()
        return DepthMaps([near[None]], tuple(picture.shape[1:]), False, agreement, agreement < self.about.unsure)

    def _seen(self, picture: torch.Tensor, side: int) -> torch.Tensor:
        """The disparity (h, w) of a picture whose longer side has about `side` pixels."""
        scale = side / max(picture.shape[1:])
        size = [max(MULTIPLE, round(length * scale / MULTIPLE) * MULTIPLE) for length in picture.shape[1:]]
        small = v2.functional.resize(picture, size, antialias=True)[None].clamp(0, 1).to(self.device)
        return self.model(small.contiguous(memory_format=torch.channels_last)).disparity[0, 0].float().cpu()


def predictor(name: str) -> DepthPredictor | PhotographPredictor:
    """The network of a checkpoint, loaded on first use."""
    kind = PhotographPredictor if name in PHOTOGRAPHS else DepthPredictor
    return runtime.shelf.get(("depth", name), lambda: kind(name))


def asked(network: DepthPredictor | PhotographPredictor, picture: Image.Image) -> DepthMaps:
    """What a network says of an upright photograph in RGB of any size: what the gallery asks, and the evaluation."""
    return network.predict(tensor_of(picture, SIDE))._replace(size=(picture.height, picture.width))


def resized(values: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """A map (h, w) at another size (H, W), such as the picture's."""
    return F.interpolate(values[None, None], size, mode="bilinear", antialias=True)[0, 0]


def depth_from(disparity: torch.Tensor, focal: float, baseline: float) -> torch.Tensor:
    """Z = f b / d: depth in metres, infinite where the disparity is not positive.

    Disparity and focal length are in pixels, the baseline between the eyes in metres.
    """
    return torch.where(disparity > 0, focal * baseline / disparity.clamp_min(1e-9), torch.inf)


def check_pair(left: torch.Tensor, right: torch.Tensor) -> None:
    """Raises InputError where two pictures cannot be a rectified pair."""
    if check_picture(left).shape != check_picture(right).shape:
        sizes = " and ".join(f"{one.shape[2]:,} × {one.shape[1]:,}" for one in (left, right))
        raise InputError(f"A rectified pair has two pictures of one size; these have {sizes} pixels.")


@torch.inference_mode()
def rebuild(seen: DepthMaps, left: torch.Tensor, right: torch.Tensor) -> Rebuilt:
    """The pictures of a pair (3, H, W) each, rebuilt from each other by disparities predicted from the left one."""
    check_pair(left, right)
    of_left, of_right = seen.maps[0][None].split(1, dim=1)
    size = of_left.shape[2:]
    small = [F.interpolate(picture[None], size, mode="bilinear", antialias=True) for picture in (left, right)]
    pair = loss.rebuilt_pair(*small, of_left, of_right)
    l1 = torch.stack([(made - real).abs().mean(1)[0] for made, real in zip(pair, small)])  # (2, h, w)
    ssim = torch.stack([((1 - loss.ssim(made, real)) / 2).clamp(0, 1).mean(1)[0] for made, real in zip(pair, small)])
    return Rebuilt(pair[0][0], pair[1][0], l1, ssim, disagreement(of_left, of_right))


def disagreement(of_left: torch.Tensor, of_right: torch.Tensor) -> torch.Tensor:
    """How far the disparities of both eyes (1, 1, h, w), parts of the width, are apart, (2, h, w) in pixels."""
    difference = of_left - shifted(of_right, -of_left), of_right - shifted(of_left, of_right)  # (1, 1, h, w) each
    return of_left.shape[3] * torch.cat(difference)[:, 0].abs()


def _left_disparity(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Disparities (H, W) in pixels of the left picture's pixels, 0 where no match is clearly best."""
    import cv2  # here: a third of a second, and only this needs it

    grey = [(255 * picture.mean(0)).round().byte().numpy() for picture in (left, right)]
    window, count = 5, max(16, round(SEARCH_RANGE * left.shape[2] / 16) * 16)
    matcher = cv2.StereoSGBM_create(
        minDisparity=0,
        numDisparities=count,
        blockSize=window,
        P1=8 * window**2,  # the penalty for a step of one pixel between neighbours, and for any larger one
        P2=32 * window**2,
        uniquenessRatio=10,
        speckleWindowSize=100,
        speckleRange=2,
        mode=cv2.STEREO_SGBM_MODE_HH,
    )
    # OpenCV matches nothing within `count` pixels of the left border, so a border of that width is added
    padded = [cv2.copyMakeBorder(picture, 0, 0, count, 0, cv2.BORDER_REPLICATE) for picture in grey]
    return torch.from_numpy(matcher.compute(*padded)[:, count:]).float().clamp_min(0) / 16


def semi_global(left: torch.Tensor, right: torch.Tensor) -> Matched:
    """Disparities of a rectified pair (3, H, W) each by semi-global matching (Hirschmüller 2008, OpenCV's).

    Only confident matches are kept: clearly better than any other, and the same from left to right and back.
    """
    check_pair(left, right)
    width = left.shape[2]
    of_left = _left_disparity(left, right)
    of_right = _left_disparity(right.flip(2), left.flip(2)).flip(1)  # mirrored, the right picture is a left one
    matched_x = (torch.arange(width) - of_left).round().long()  # of each left pixel, in the right picture
    back = of_right.gather(1, matched_x.clamp(0, width - 1))
    consistent = (matched_x >= 0) & (back > 0) & ((of_left - back).abs() <= MAX_DIFFERENCE)
    disparity = torch.where(consistent, of_left, 0)
    return Matched(disparity, (disparity > 0).float().mean().item())


# ---- novel views


def forward_warped(disparity: torch.Tensor, place: float) -> torch.Tensor:
    """Disparities (H, W) of the left eye, warped to an eye at `place`: 0 is the left eye, 1 the right one.

    Every pixel moves to x - place * d, and the nearest pixel hides others at its place. A place that no pixel moves to
    was hidden from the left eye, and takes the disparity of the farther of its neighbours in the row.
    """
    height, width = disparity.shape
    x = torch.arange(width)
    new_x = (x - place * width * disparity).round().long()
    inside = (new_x >= 0) & (new_x < width)
    warped = torch.full((height, width), -1.0)
    warped = warped.scatter_reduce(1, new_x.clamp(0, width - 1), torch.where(inside, disparity, -1.0), "amax")
    known = warped >= 0
    before = torch.where(known, x, -1).cummax(1).values  # the last known place up to here
    after = torch.where(known, x, width).flip(1).cummin(1).values.flip(1)  # the next known place from here
    neighbours = [
        torch.where(there_is_one, warped.gather(1, at.clamp(0, width - 1)), torch.inf)
        for at, there_is_one in ((before, before >= 0), (after, after < width))
    ]
    filled = torch.minimum(*neighbours)
    return torch.where(filled.isfinite(), filled, disparity)


@torch.inference_mode()
def view(picture: torch.Tensor, disparity: torch.Tensor, place: float) -> torch.Tensor:
    """The picture (3, H, W) of an eye at `place`, made of the left picture (3, H, W) and its disparities (H, W) alone.

    The disparities are warped forward, and the picture is then sampled backward: I(x) = I_left(x + place * d(x)).
    """
    warped = forward_warped(disparity, place)
    return shifted(picture[None], place * warped[None, None])[0]
