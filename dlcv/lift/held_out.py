"""What is measured on places and pictures that no network has learned from: patches, pairs of pictures, turned ones."""

import functools
from collections.abc import Callable

import cv2
import numpy as np
import torch

from ..core.datasets import homogr, sfm
from ..core.geometry.poses import WRONG, pose_error, pose_map
from . import peers
from .features import Features, Parts, describe
from .geometry import by_homography, by_points, triangulated
from .matching import PairScore, correct, fpr95, match, score
from .patches import SIDE
from .scale_space import cut, pyramid, scale_of

COUNT = 1000  # points of a picture
PIXELS, CONFIDENCE = 0.75, 0.9999  # of the estimator of poses
TURNS, TURNED = range(0, 360, 30), 3  # degrees, and so many pictures

Method = Callable[[torch.Tensor, int], Features]


def as_input(picture: torch.Tensor) -> torch.Tensor:
    """A picture (H, W) uint8 as (1, 1, H, W) in [0, 1]."""
    return picture[None, None].float() / 255


# patches


@functools.cache
def keypoints_of_pairs(split: str) -> tuple[torch.Tensor, torch.Tensor, list[tuple[torch.Tensor, torch.Tensor]]]:
    """The keypoints that the pairs of a split name, the pairs by their rows, and each picture with its keypoints."""
    known = reconstructions()
    chosen, rows = known.pairs[split].flatten().unique(return_inverse=True)
    owner = known.picture_of()[chosen]
    numbers = owner.unique().tolist()
    where = [(picture, chosen[owner == number]) for number, picture in zip(numbers, sfm.pictures(known.names[numbers]))]
    return chosen, rows.view(-1, 2), where


@functools.cache
def reconstructions() -> sfm.Reconstructions:
    """All that is known of the places."""
    return sfm.load()


def rate(split: str, described: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> float:
    """FPR95 of descriptors (K, D) that `described` gives for a picture and the numbers of keypoints in it."""
    _, rows, where = keypoints_of_pairs(split)
    found = torch.cat([described(picture, keypoints) for picture, keypoints in where])
    a, b = found[rows].unbind(1)
    return fpr95((a - b).norm(dim=1), torch.arange(len(rows)) < len(rows) // 2)


def by_sift(root: bool):
    """What SIFT, or RootSIFT, says of keypoints."""

    def described(picture, keypoints):
        known = reconstructions()
        rows = peers.sift_at(picture.numpy(), known.xy[keypoints], known.size[keypoints], known.angle[keypoints])
        return torch.from_numpy(peers.rooted(rows) if root else rows)

    return described


def by_ours(parts: Parts, angle_of: Callable[[torch.Tensor], torch.Tensor] | None = None):
    """What DESC says of keypoints, turned by the angles (N,) of their patches (N, 1, 64, 64), or as SIFT said."""

    def described(picture, keypoints):
        known, levels = reconstructions(), pyramid(as_input(picture))
        xy, scale = known.xy[keypoints], scale_of(known.size[keypoints])
        angle = known.angle[keypoints]
        if angle_of is not None:
            angle = angle_of(cut(levels, xy, scale, torch.zeros_like(scale), SIDE))
        return describe(parts.descriptor, levels, xy, scale, angle)

    return described


# whole pictures


def size_of(picture: torch.Tensor) -> tuple[int, int]:
    """Width and height."""
    return picture.shape[1], picture.shape[0]


@functools.cache
def transfers(split: str) -> dict[tuple[int, int], tuple]:
    """Both directions of each pair of a split for which poses are scored."""
    known = reconstructions()
    points = {place: triangulated(known, place) for place in np.unique(known.place[known.split == split])}
    return {
        (i, j): (by_points(known, *points[known.place[i]], i, j), by_points(known, *points[known.place[j]], j, i))
        for i, j in sfm.bench(split).tolist()
    }


def of_split(split: str, way: Method, ratio: float) -> tuple[PairScore, float]:
    """Mean scores of the pairs of a split, parts of 1, and mAP of their poses at 5 degrees, in percent."""
    known, pairs = reconstructions(), transfers(split)
    numbers = sorted({number for pair in pairs for number in pair})
    pictures = dict(zip(numbers, sfm.pictures(known.names[numbers])))
    found = {number: way(as_input(picture), COUNT) for number, picture in pictures.items()}
    scores, errors = [], []
    for (i, j), both in pairs.items():
        scores.append(score(found[i], found[j], *both, (size_of(pictures[i]), size_of(pictures[j]))))
        errors.append(pose_of(known, i, j, found[i], found[j], ratio))
    return PairScore(*np.nanmean(scores, 0)), pose_map(errors, 5)


def pose_of(known: sfm.Reconstructions, i: int, j: int, one: Features, other: Features, ratio: float) -> float:
    """Error in degrees of the pose from mutual nearest neighbours of that ratio at most."""
    matches = match(one.descriptor, other.descriptor)
    kept = matches.mutual & (matches.ratio < ratio)
    if kept.sum() < 6:
        return WRONG
    ends = [one.xy[kept].double().numpy(), other.xy[matches.second[kept]].double().numpy()]
    cameras = [known.calibration[number].double().numpy() for number in (i, j)]
    essential, inliers = cv2.findEssentialMat(
        *ends, cameras[0], None, cameras[1], None, cv2.USAC_MAGSAC, CONFIDENCE, PIXELS
    )
    if essential is None or len(essential) != 3:
        return WRONG
    rays = [(np.c_[end, np.ones(len(end))] @ np.linalg.inv(camera).T)[:, :2] for end, camera in zip(ends, cameras)]
    _, rotation, translation, _ = cv2.recoverPose(essential, *rays, np.eye(3), mask=inliers.copy())
    true = known.rotation[j].double() @ known.rotation[i].double().T
    towards = known.translation[j].double() - true @ known.translation[i].double()
    return pose_error(rotation, translation, true.numpy(), towards.numpy())


def of_homographies(way: Method) -> PairScore:
    """Mean scores of homogr, parts of 1."""
    scores = []
    for pair in homogr.load():
        one, other = (way(as_input(picture), COUNT) for picture in (pair.first, pair.second))
        both = by_homography(pair.homography), by_homography(torch.linalg.inv(pair.homography))
        scores.append(score(one, other, *both, (size_of(pair.first), size_of(pair.second))))
    return PairScore(*np.nanmean(scores, 0))


def turned(picture: torch.Tensor, degrees: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The middle of a picture (H, W) turned, and the homography that did it; what was outside is grey."""
    side = min(picture.shape)
    half = (side - 1) / 2
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D(((picture.shape[1] - 1) / 2, (picture.shape[0] - 1) / 2), degrees, 1.0)
    matrix[:2, 2] += half - np.array([picture.shape[1] - 1, picture.shape[0] - 1]) / 2
    out = cv2.warpPerspective(picture.numpy(), matrix, (side, side), flags=cv2.INTER_LINEAR, borderValue=128)
    return torch.from_numpy(out), torch.from_numpy(matrix)


def of_turned(way: Method) -> list[float]:
    """Shares, for each turn, of the points in the middle of pictures that are matched rightly after it, in percent."""
    known = reconstructions()
    numbers = np.flatnonzero(known.split == "test")[:: 25 // TURNED][:TURNED]
    shares = []
    for picture in sfm.pictures(known.names[numbers]):
        one = way(as_input(picture), COUNT)
        shares.append([of_turn(way, picture, one, degrees) for degrees in TURNS])
    return [round(100 * share, 1) for share in np.mean(shares, 0).tolist()]


def of_turn(way: Method, picture: torch.Tensor, one: Features, degrees: float) -> float:
    """The share of a picture's points, away from its corners, that are matched rightly after a turn."""
    second, matrix = turned(picture, degrees)
    other = way(as_input(second), COUNT)
    moved = by_homography(matrix)(one.xy)
    middle = (moved - (len(second) - 1) / 2).norm(dim=1) < 0.45 * len(second)
    matches = match(one.descriptor, other.descriptor)
    return (correct(one, other, matches, moved) & matches.mutual)[middle].double().mean().item()
