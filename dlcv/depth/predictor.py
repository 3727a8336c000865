"""What a network makes of one picture, and what a pair of pictures says about it; nothing here runs the network twice.

Pictures are (3, H, W) in [0, 1]. Disparities are parts of the picture's width W, so that they hold at every size; times
W they are pixels. What the left eye sees at x, the right one sees at x - d.
"""

from typing import NamedTuple

import torch
from torch.nn import functional as F

from ..core import runtime, weights
from ..core.errors import InputError
from ..core.geometry.grids import shifted
from . import loss
from .model import DepthNet, sized

FEWEST = 32  # pixels of a side
MATCHED = 640  # pixels of the width that two pictures are matched at
APART = 1.0  # pixels that the matches from both eyes may be apart
REACH = 0.2  # disparity at most that is looked for, of the width
AGREE = 1.0  # pixels of the network's width: left and right disparities that differ by less are consistent


class Seen(NamedTuple):
    """One picture through a network."""

    maps: list[torch.Tensor]  # (C, h, w) at four sizes, the largest first: disparities of left and right, or metres
    size: tuple[int, int]  # height and width of the picture, in pixels
    metres: bool  # whether it is depth in metres

    @property
    def nearness(self) -> torch.Tensor:
        """(h, w): 1 / depth, in 1 / metres; or the left disparity, to which 1 / depth is proportional."""
        return 1 / self.maps[0][0] if self.metres else self.maps[0][0]


class Rebuilt(NamedTuple):
    """Each picture of a pair made from the other by the disparities, at the network's size, and how well that went."""

    left: torch.Tensor  # (3, h, w)
    right: torch.Tensor
    l1: torch.Tensor  # (2, h, w): |I - I~| of left and right, mean over the colours
    ssim: torch.Tensor  # (2, h, w): (1 - SSIM) / 2, mean over the colours
    disagreement: torch.Tensor  # (2, h, w): |d_left(x) - d_right(x - d_left(x))| in pixels, and from the other eye


class Matched(NamedTuple):
    """Two pictures matched with no learning at all."""

    disparity: torch.Tensor  # (H, W): pixels, 0 where unknown
    share: float  # of the pixels that are known


def checked(picture: torch.Tensor) -> torch.Tensor:
    """The picture; InputError where a side has less than 32 pixels."""
    if picture.ndim != 3 or picture.shape[0] != 3 or min(picture.shape[1:]) < FEWEST:
        raise InputError(f"The picture must be in colour, and at least {FEWEST} pixels wide and high.")
    return picture


class DepthPredictor:
    """One network, by the name of a checkpoint."""

    def __init__(self, name: str):
        self.model = weights.load(DepthNet, name)
        self.config = self.model.config
        self.device = next(self.model.parameters()).device

    @torch.inference_mode()
    def see(self, picture: torch.Tensor) -> Seen:
        """A picture (3, H, W) of any size; it is looked at as small as the network learned to."""
        small = sized(checked(picture), self.config)[None].clamp(0, 1).to(self.device)
        maps = [found[0].float().cpu() for found in self.model(small).maps]
        return Seen(maps, tuple(picture.shape[1:]), not self.config.stereo)


def predictor(name: str) -> DepthPredictor:
    """The network of that name, loaded on first use."""
    return runtime.shelf.get(("depth", name), lambda: DepthPredictor(name))


def enlarged(values: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """A map (h, w) at the size (H, W) of the picture."""
    return F.interpolate(values[None, None], size, mode="bilinear", antialias=True)[0, 0]


def depth_from(disparity: torch.Tensor, focal: float, baseline: float) -> torch.Tensor:
    """Z = f b / d: depth in metres of disparities in pixels, for a focal length in pixels and metres between the eyes;
    infinite where the disparity is not positive."""
    return torch.where(disparity > 0, focal * baseline / disparity.clamp_min(1e-9), torch.inf)


def same_size(left: torch.Tensor, right: torch.Tensor) -> None:
    """InputError where two pictures cannot be a rectified pair."""
    if checked(left).shape != checked(right).shape:
        sizes = " and ".join(f"{one.shape[2]:,} × {one.shape[1]:,}" for one in (left, right))
        raise InputError(f"A rectified pair has two pictures of one size; these have {sizes} pixels.")


@torch.inference_mode()
def rebuild(seen: Seen, left: torch.Tensor, right: torch.Tensor) -> Rebuilt:
    """What the disparities seen in the left picture make of a pair (3, H, W) each."""
    same_size(left, right)
    of_left, of_right = seen.maps[0][None].split(1, dim=1)
    size = of_left.shape[2:]
    small = [F.interpolate(picture[None], size, mode="bilinear", antialias=True) for picture in (left, right)]
    pair = loss.rebuilt_pair(*small, of_left, of_right)
    l1 = [(made - real).abs().mean(1)[0] for made, real in zip(pair, small)]
    unlike = [((1 - loss.ssim(made, real)) / 2).clamp(0, 1).mean(1)[0] for made, real in zip(pair, small)]
    apart = [(of_left - shifted(of_right, -of_left))[0, 0], (of_right - shifted(of_left, of_right))[0, 0]]
    return Rebuilt(
        pair[0][0], pair[1][0], torch.stack(l1), torch.stack(unlike), torch.stack(apart).abs() * of_left.shape[3]
    )


def _matched(left: torch.Tensor, right: torch.Tensor, reach: float) -> torch.Tensor:
    """For each pixel of a left picture its disparity in pixels, 0 where no place is clearly best: (H, W)."""
    import cv2  # here: a third of a second, and only this needs it

    grey = [(255 * picture.mean(0)).round().byte().numpy() for picture in (left, right)]
    window, count = 5, max(16, round(reach * left.shape[2] / 16) * 16)
    matcher = cv2.StereoSGBM_create(
        minDisparity=0,
        numDisparities=count,
        blockSize=window,
        P1=8 * window**2,  # the price of a step of one pixel between neighbours, and of any larger one
        P2=32 * window**2,
        uniquenessRatio=10,
        speckleWindowSize=100,
        speckleRange=2,
        mode=cv2.STEREO_SGBM_MODE_HH,
    )
    # it looks for nothing within `count` pixels of the left border, so that one is added
    padded = [cv2.copyMakeBorder(picture, 0, 0, count, 0, cv2.BORDER_REPLICATE) for picture in grey]
    return torch.from_numpy(matcher.compute(*padded)[:, count:]).float().clamp_min(0) / 16


def semi_global(left: torch.Tensor, right: torch.Tensor, reach: float = REACH) -> Matched:
    """Semi-global matching (Hirschmüller 2008, OpenCV's) of a rectified pair (3, H, W) each.

    Only what is confident is kept: clearly better than any other place, and matched alike from both eyes.

    Args:
        reach: the largest disparity looked for, as a part of the width.
    """
    same_size(left, right)
    width = left.shape[2]
    of_left = _matched(left, right, reach)
    of_right = _matched(right.flip(2), left.flip(2), reach).flip(1)  # what the other eye's match is, in a mirror
    there = (torch.arange(width) - of_left).round().long()  # the same point as the right eye sees it
    back = of_right.gather(1, there.clamp(0, width - 1))
    alike = (there >= 0) & (back > 0) & ((of_left - back).abs() <= APART)
    found = torch.where(alike, of_left, 0)
    return Matched(found, (found > 0).float().mean().item())


# ---- the same scene from elsewhere


def pushed(disparity: torch.Tensor, place: float) -> torch.Tensor:
    """Disparities (H, W) of the left eye as an eye at `place` sees them, 0 being the left eye and 1 the right one.

    Every pixel moves to x - place * d, and what is nearest hides the rest; what no pixel moves to was hidden, and takes
    the disparity of the farther of its neighbours in the row.
    """
    height, width = disparity.shape
    x = torch.arange(width)
    to = (x - place * width * disparity).round().long()
    inside = (to >= 0) & (to < width)
    row = torch.full((height, width), -1.0)
    row = row.scatter_reduce(1, to.clamp(0, width - 1), torch.where(inside, disparity, -1.0), "amax")
    known = row >= 0
    before = torch.where(known, x, -1).cummax(1).values  # the last known place up to here, and the next one
    after = torch.where(known, x, width).flip(1).cummin(1).values.flip(1)
    beside = [
        torch.where(ok, row.gather(1, at.clamp(0, width - 1)), torch.inf)
        for at, ok in ((before, before >= 0), (after, after < width))
    ]
    filled = torch.minimum(*beside)
    return torch.where(filled.isfinite(), filled, disparity)


@torch.inference_mode()
def view(picture: torch.Tensor, disparity: torch.Tensor, place: float) -> torch.Tensor:
    """What an eye at `place` would see, from the left picture (3, H, W) and its disparities (H, W) alone: (3, H, W).

    The disparities are warped forward, and the picture is then read backward: I(x) = I_left(x + place * d(x)).
    """
    there = pushed(disparity, place)
    return shifted(picture[None], place * there[None, None])[0]
