"""Putative matches of two photographs: SIFT (Lowe 2004), RootSIFT (Arandjelović and Zisserman 2012), nearest neighbour.

Nothing is thrown away here: the ratio to the second nearest, whether two are each other's nearest, and how size and
orientation differ go along with each match, for whoever judges it.
"""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from PIL import ExifTags, Image

from ..core.datasets.two_view import KEYPOINTS
from ..core.errors import InputError
from ..core.geometry.cameras import FOCAL, intrinsics
from .model import SIDE, side_information

RATIO = 0.8  # of the ratio test (Lowe 2004)
LONGEST = 800  # pixels of the longer side in which keypoints are looked for, as in training
FEWEST = 16  # matches, with fewer nothing can be said
FULL_FRAME = 36.0  # millimetres of the longer side of the film that EXIF data compare with


class Matches(NamedTuple):
    """P matches between two pictures, places in pixels."""

    first: torch.Tensor  # (P, 2) float32
    second: torch.Tensor  # (P, 2)
    ratio: torch.Tensor  # (P,)
    mutual: torch.Tensor  # (P,) bool
    scale: torch.Tensor  # (P,) log2 of the second keypoint's size / the first one's
    turn: torch.Tensor  # (P,) radians
    places_only: bool = False  # whether nothing but the places is known, and the rest is made up

    @property
    def side(self) -> torch.Tensor:
        """What the network is told beside the places, (P, 6)."""
        if self.places_only:
            return torch.zeros(len(self.first), SIDE)
        return side_information(self.ratio, self.mutual, self.scale, self.turn)

    def some(self, chosen: torch.Tensor) -> "Matches":
        """The matches at indices, or where a mask is true."""
        return Matches(*(part[chosen] for part in self[:6]), self.places_only)


def places(first: torch.Tensor, second: torch.Tensor) -> Matches:
    """Matches (P, 2), (P, 2) of which nothing but the places is known."""
    count = len(first)
    nothing = torch.zeros(count)
    return Matches(first.float(), second.float(), nothing, torch.zeros(count, dtype=torch.bool), nothing, nothing, True)


class Camera(NamedTuple):
    """The camera of a picture, and where its focal length is from."""

    intrinsics: torch.Tensor  # (3, 3) float64, pixels
    source: str  # "known", "EXIF" or "guessed"


def camera_of(picture: Image.Image, size: tuple[int, int]) -> Camera:
    """The camera of a picture, as if it had `size` (width, height): by its EXIF data, else by a usual field of view."""
    millimetres = picture.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.FocalLengthIn35mmFilm)
    told = isinstance(millimetres, (int, float)) and 4 <= millimetres <= 1200
    return Camera(intrinsics(float(millimetres) / FULL_FRAME if told else FOCAL, size), "EXIF" if told else "guessed")


class Keypoints(NamedTuple):
    """The strongest keypoints of a picture."""

    places: np.ndarray  # (K, 2) float32
    sizes: np.ndarray  # (K,)
    angles: np.ndarray  # (K,) radians
    descriptors: np.ndarray  # (K, 128), RootSIFT


def keypoints(picture: torch.Tensor) -> Keypoints:
    """Keypoints of a picture (3, H, W) in [0, 1]."""
    grey = (255 * picture.mean(0)).round().byte().numpy()
    found, descriptors = cv2.SIFT_create(KEYPOINTS).detectAndCompute(grey, None)
    found = found[:KEYPOINTS]  # a keypoint of two orientations may make one more
    if not found:
        return Keypoints(np.zeros((0, 2), np.float32), np.zeros(0), np.zeros(0), np.zeros((0, 128), np.float32))
    descriptors = descriptors[:KEYPOINTS]
    return Keypoints(
        np.array([one.pt for one in found], np.float32),
        np.array([one.size for one in found]),
        np.radians([one.angle for one in found]),
        np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-12)),
    )


def match(first: torch.Tensor, second: torch.Tensor) -> Matches:
    """The nearest keypoint in the second picture (3, H, W) of each one in the first.

    Raises InputError where there are too few.
    """
    one, other = keypoints(first), keypoints(second)
    if min(len(one.places), len(other.places)) < FEWEST:
        which = "first" if len(one.places) < FEWEST else "second"
        raise InputError(
            f"Too little is found in the {which} picture to match: it needs corners and texture. Choose another one."
        )
    similar = torch.from_numpy(one.descriptors) @ torch.from_numpy(other.descriptors).T  # (K, K')
    cosine, nearest = similar.topk(2, 1)
    distance = (2 - 2 * cosine).clamp_min(0).sqrt()  # descriptors have length 1
    nearest = nearest[:, 0]
    mutual = similar.argmax(0)[nearest] == torch.arange(len(nearest))
    there = nearest.numpy()
    return Matches(
        torch.from_numpy(one.places),
        torch.from_numpy(other.places[there]),
        distance[:, 0] / distance[:, 1].clamp_min(1e-6),
        mutual,
        torch.from_numpy(np.log2(other.sizes[there] / one.sizes)).float(),
        torch.from_numpy(other.angles[there] - one.angles).float(),
    )


def spoiled(matches: Matches, share: float, sizes: tuple[tuple[int, int], ...], seed: int, kept: int) -> Matches:
    """So many of the matches, `kept`, at random, and after them wrong ones, anywhere in both pictures of those sizes:
    the given share of all. What descriptors say is left out: a made-up match has none."""
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(matches.first), generator=generator)[:kept]
    wrong = round(len(chosen) * share / (1 - share))
    ends = []
    for points, size in zip(matches[:2], sizes):
        made = torch.rand(wrong, 2, generator=generator) * (torch.tensor(size) - 1.0)
        ends.append(torch.cat([points[chosen], made]))
    return places(*ends)
