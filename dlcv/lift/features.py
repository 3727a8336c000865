"""Features of whole pictures: DET run convolutionally over the scale space, ORI and DESC on the points found."""

from typing import NamedTuple

import torch
from torch.nn import functional as F

from .glue import angle_of, softargmax
from .model import Descriptor, Detector, Lift, Orientation
from .scale_space import SIGMA, Level, cut, pyramid

AROUND = 2  # pixels of a level on each side of a point within which no other has a larger score
BETA = 10.0  # of the softargmax that finds a point between pixels
BATCH = 256  # patches at a time
MOST = 20_000  # maxima of a level: where a picture is blank, every pixel is one
LEAST = 1.0  # scale of a point: on pairs of the places for validation and training, finer ones are matched less often
BORDER = 4  # pixels of a level, at whose edge no point is looked for


class Points(NamedTuple):
    """N points of a picture."""

    xy: torch.Tensor  # (N, 2) in pixels of the picture
    scale: torch.Tensor  # (N,): pixels of the picture along one pixel of a patch; OpenCV's size is 4 of these
    score: torch.Tensor  # (N,) of DET, the best first


class Features(NamedTuple):
    """Points with an angle and a descriptor."""

    xy: torch.Tensor  # (N, 2)
    scale: torch.Tensor  # (N,)
    score: torch.Tensor  # (N,)
    angle: torch.Tensor  # (N,) radians, from x towards y
    descriptor: torch.Tensor  # (N, 128)


class Parts(NamedTuple):
    """The three networks, which may come from different trainings."""

    detector: Detector
    orientation: Orientation
    descriptor: Descriptor


def parts_of(model: Lift) -> Parts:
    """The networks of one that was trained as a whole."""
    return Parts(model.detector, model.orientation, model.descriptor)


def device_of(network: torch.nn.Module) -> torch.device:
    """Where a network's weights are."""
    return next(network.parameters()).device


def _normalised(xy: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """Pixels (N, 2) of a picture (..., H, W) as `F.grid_sample` has them, (1, N, 1, 2), align_corners=False."""
    return ((2 * xy + 1) / xy.new_tensor([size[-1], size[-2]]) - 1).view(1, -1, 1, 2)


def _maxima(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Places (N, 2) of the local maxima of a score map (1, 1, H, W), between its pixels, and their scores (N,)."""
    side = 2 * AROUND + 1
    inner = torch.zeros_like(scores, dtype=torch.bool)
    inner[..., BORDER:-BORDER, BORDER:-BORDER] = True
    rows, columns = ((scores == F.max_pool2d(scores, side, 1, AROUND)) & inner)[0, 0].nonzero(as_tuple=True)
    best = scores[0, 0, rows, columns].argsort(descending=True, stable=True)[:MOST]
    rows, columns = rows[best], columns[best]
    along = torch.arange(-AROUND, AROUND + 1)
    around = scores[0, 0, (rows[:, None] + along)[:, :, None], (columns[:, None] + along)[:, None]]  # (N, 5, 5)
    score = scores[0, 0, rows, columns]
    return torch.stack([columns, rows], 1) + softargmax(around - score[:, None, None], BETA), score


@torch.inference_mode()
def detect(detector: Detector, levels: list[Level], count: int) -> Points:
    """The `count` best points of a picture: local maxima in their level, and not beaten at the next scale."""
    levels = [level for level in levels if level.scale >= LEAST]
    size = levels[0].picture.shape
    maps = [detector(level.picture.to(device_of(detector))).cpu()[:, None] for level in levels]
    pooled = [F.max_pool2d(scores, 3, 1, 1) for scores in maps]
    found = []
    for number, (level, scores) in enumerate(zip(levels, maps)):
        xy, score = _maxima(scores)
        grid = _normalised(xy, scores.shape)
        for other in {number - 1, number + 1} & set(range(len(levels))):
            beside = F.grid_sample(pooled[other], grid, "nearest", "border", align_corners=False).flatten()
            kept = beside <= score
            xy, score, grid = xy[kept], score[kept], grid[:, kept]
        finest = (grid.view(-1, 2) + 1) / 2 * score.new_tensor([size[3], size[2]]) * levels[0].scale - 0.5
        found.append(Points(finest, torch.full_like(score, level.scale), score))
    xy, scale, score = (torch.cat(part) for part in zip(*found))
    best = score.argsort(descending=True, stable=True)[:count]
    return Points(xy[best], scale[best], score[best])


@torch.inference_mode()
def orient(orientation: Orientation, levels: list[Level], xy: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Angles (N,) of ORI at points (N, 2)."""
    side, device = orientation.config.side, device_of(orientation)
    found = [xy.new_empty(0)]
    for where, how in zip(xy.split(BATCH), scale.split(BATCH)):
        patches = cut(levels, where, how, torch.zeros_like(how), side)
        found.append(angle_of(orientation(patches.to(device))).cpu())
    return torch.cat(found)


@torch.inference_mode()
def describe(
    descriptor: Descriptor, levels: list[Level], xy: torch.Tensor, scale: torch.Tensor, angle: torch.Tensor
) -> torch.Tensor:
    """Descriptors (N, 128) at points (N, 2)."""
    side, device = descriptor.config.side, device_of(descriptor)
    found = [xy.new_empty(0, descriptor.config.units)]
    for where, how, turn in zip(xy.split(BATCH), scale.split(BATCH), angle.split(BATCH)):
        found.append(descriptor(cut(levels, where, how, turn, side).to(device)).cpu())
    return torch.cat(found)


def features(parts: Parts, picture: torch.Tensor, count: int) -> Features:
    """The `count` best features of a picture (1, 1, H, W) in [0, 1]."""
    levels = pyramid(picture)
    points = detect(parts.detector, levels, count)
    angle = orient(parts.orientation, levels, points.xy, points.scale)
    return Features(*points, angle, describe(parts.descriptor, levels, points.xy, points.scale, angle))


class OpenCV:
    """LIFT as OpenCV has its features: a stand-in for `cv2.SIFT_create()` in the reader's own code.

    Pictures are (H, W) or (H, W, 3) uint8, keypoints are `cv2.KeyPoint`, descriptors (N, 128) float32, to be compared
    by their Euclidean distance.
    """

    def __init__(self, parts: Parts, count: int = 1000):
        self.parts, self.count = parts, count

    def detect(self, image, mask=None) -> list:
        """Keypoints, the best first; with a mask (H, W), only where it is not 0."""
        import cv2

        levels = _levels(image)
        points = detect(self.parts.detector, levels, self.count if mask is None else 10**6)
        angles = orient(self.parts.orientation, levels, points.xy, points.scale).rad2deg() % 360
        found = [
            cv2.KeyPoint(x, y, 2 * SIGMA * scale, angle, score)
            for (x, y), scale, angle, score in zip(
                points.xy.tolist(), points.scale.tolist(), angles.tolist(), points.score.tolist()
            )
        ]
        if mask is None:
            return found
        return [one for one in found if mask[round(one.pt[1]), round(one.pt[0])]][: self.count]

    def compute(self, image, keypoints) -> tuple:
        """The keypoints, and a descriptor of each."""
        xy = torch.tensor([one.pt for one in keypoints]).view(-1, 2)
        scale = torch.tensor([one.size for one in keypoints]) / (2 * SIGMA)
        angle = torch.tensor([one.angle for one in keypoints]).deg2rad()
        return keypoints, describe(self.parts.descriptor, _levels(image), xy, scale, angle).numpy()

    def detectAndCompute(self, image, mask=None) -> tuple:  # noqa: N802  OpenCV's name
        """Keypoints, and a descriptor of each."""
        return self.compute(image, self.detect(image, mask))


def _levels(image) -> list[Level]:
    grey = torch.as_tensor(image).float() / 255
    if grey.ndim == 3:  # in OpenCV's order
        grey = grey @ grey.new_tensor([0.114, 0.587, 0.299])
    return pyramid(grey[None, None])
