"""Two photographs: their matches once, and then many cheap questions. One predictor serves all visitors."""

import time
from typing import NamedTuple

import torch
from PIL import Image

from ..core import runtime, weights
from ..core.geometry.cameras import intrinsics, normalised
from ..core.images.fit import tensor_of
from ..core.images.scenes import Scene
from . import estimators
from .geometry import essential_of, sampson, transfer, unit, weighted_eight_points
from .matching import LONGEST, RATIO, Camera, Matches, camera_of, match
from .model import CorrespondenceNet

NETWORK = "correspondence"
THRESHOLD = 1.5  # pixels
KEPT_FROM = 1.0  # logit from which on a match is kept for an estimator
METHODS = {  # whether the network keeps matches, or ratio test and mutual check do; and what estimates from those
    "Weighted eight points": (True, "essential"),
    "Reweighted eight points": (True, "robust"),
    "Network, then MAGSAC++": (True, "MAGSAC++"),
    "Network, then RANSAC": (True, "RANSAC"),
    "MAGSAC++": (False, "MAGSAC++"),
    "RANSAC": (False, "RANSAC"),
}
FLAT = 0.85  # share of the inliers that one homography explains where what is seen is one plane


class Pair(NamedTuple):
    """Two pictures, their cameras, and their putative matches in pixels of these pictures."""

    pictures: tuple[torch.Tensor, torch.Tensor]  # (3, H, W) in [0, 1]
    cameras: tuple[Camera, Camera]
    matches: Matches
    shrunk: tuple[float, float] = (1.0, 1.0)  # how many of the pixels here are one of the visitor's
    scene: Scene | None = None  # where the geometry is known

    @property
    def sizes(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Width and height of both pictures."""
        first, second = (tuple(picture.shape[:0:-1]) for picture in self.pictures)
        return first, second

    @property
    def focal(self) -> float:
        """The geometric mean of the focal lengths, pixels: what turns normalised distances into pixels."""
        return (self.cameras[0].intrinsics[0, 0] * self.cameras[1].intrinsics[0, 0]).sqrt().item()

    @property
    def normalised(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The places of the matches, (P, 2) each, K^-1 (x, y, 1)."""
        first, second = (
            normalised(points, camera.intrinsics) for points, camera in zip(self.matches[:2], self.cameras)
        )
        return first, second

    def fundamental(self, essential: torch.Tensor) -> torch.Tensor:
        """F = K_second^-T E K_first^-1 (3, 3), of unit norm, for pixels."""
        first, second = (torch.linalg.inv(camera.intrinsics) for camera in self.cameras)
        return unit(second.T @ essential @ first)


class Weighed(NamedTuple):
    """What the network says of a pair's P matches."""

    logits: torch.Tensor  # (P,)
    weights: torch.Tensor  # (P,)
    essential: torch.Tensor  # (3, 3) float64: the weighted eight points
    robust: torch.Tensor  # (3, 3): the same reweighted
    milliseconds: float


class Geometry(NamedTuple):
    """The geometry of a pair by one of METHODS."""

    essential: torch.Tensor | None  # (3, 3) float64; None where no estimate was possible
    inliers: torch.Tensor  # (P,) bool: within the threshold
    pose: estimators.Pose | None
    milliseconds: float
    kept: int  # matches that were to be estimated from
    in_common: bool  # whether there are more inliers than chance gives


class CorrespondencePredictor:
    """A shipped network by name, on `runtime.device()`."""

    def __init__(self, name: str):
        self.model = weights.load(CorrespondenceNet, name)
        self.device = next(self.model.parameters()).device

    @torch.inference_mode()
    def weigh(self, pair: Pair) -> Weighed:
        """The network's answer on all matches of a pair."""
        begun = time.perf_counter()
        given = [part.float()[None].to(self.device) for part in (*pair.normalised, pair.matches.side)]
        out = self.model(*given)
        answers = (part[0].cpu() for part in (out.logits, out.weights, out.essential, out.robust))
        return Weighed(*answers, _since(begun))


def photographs(first: Image.Image, second: Image.Image, focal: float | None = None) -> Pair:
    """The pair of two photographs in RGB, with a focal length in parts of the longer side where that is known.

    Raises InputError where too little is found to match.
    """
    pictures = tuple(tensor_of(one, LONGEST) for one in (first, second))
    sizes = [(one.shape[2], one.shape[1]) for one in pictures]
    cameras = tuple(
        Camera(intrinsics(focal, size), "known") if focal else camera_of(one, size)
        for one, size in zip((first, second), sizes)
    )
    shrunk = tuple(size[0] / one.width for one, size in zip((first, second), sizes))
    return Pair(pictures, cameras, match(*pictures), shrunk)


def of_scene(scene: Scene) -> Pair:
    """The pair of a scene whose geometry is known."""
    cameras = tuple(Camera(matrix, "known") for matrix in scene.intrinsics)
    return Pair((scene.first, scene.second), cameras, match(scene.first, scene.second), scene=scene)


def tested(matches: Matches) -> torch.Tensor:
    """Which matches (P,) bool pass the ratio test and are each other's nearest; all where nothing is known of them."""
    if matches.places_only:
        return torch.ones(len(matches.first), dtype=torch.bool)
    return (matches.ratio < RATIO) & matches.mutual


def kept_of(matches: Matches, weighed: Weighed) -> torch.Tensor:
    """Which matches (P,) bool the network keeps for an estimator; and each other's nearest, where that is known."""
    kept = weighed.logits > KEPT_FROM
    return kept if matches.places_only else kept & matches.mutual


def geometry(pair: Pair, weighed: Weighed, method: str, threshold: float = THRESHOLD) -> Geometry:
    """The geometry of a pair by one of METHODS, with inliers within a threshold in pixels."""
    begun = time.perf_counter()
    by_network, estimator = METHODS[method]
    first, second = pair.normalised
    alone = estimator in ("essential", "robust")
    kept = weighed.logits > 0 if alone else kept_of(pair.matches, weighed) if by_network else tested(pair.matches)
    if alone:
        found = getattr(weighed, estimator) if kept.sum() >= 8 else None
    else:
        found, _ = estimators.essential(first[kept], second[kept], pair.focal, estimator, threshold)
    inliers = torch.zeros(len(first), dtype=torch.bool)
    if found is None:
        return Geometry(None, inliers, None, _since(begun), int(kept.sum()), False)
    near = sampson(found, first, second).sqrt() * pair.focal <= threshold
    inliers = near & kept
    in_common = estimators.in_common(int(inliers.sum()), int(kept.sum()), threshold, pair.sizes[1])
    pose = estimators.pose(found, first[inliers], second[inliers]) if inliers.sum() >= 5 else None
    return Geometry(found, inliers, pose, _since(begun), int(kept.sum()), in_common)


def _since(begun: float) -> float:
    return 1e3 * (time.perf_counter() - begun)


def reweighed(pair: Pair, weight: torch.Tensor) -> torch.Tensor:
    """The essential matrix (3, 3) of the weighted eight points for other weights (P,)."""
    first, second = pair.normalised
    return weighted_eight_points(first[None], second[None], weight[None] + 1e-9)[0]


def plane(pair: Pair, inliers: torch.Tensor, threshold: float = 2 * THRESHOLD) -> torch.Tensor | None:
    """The homography (3, 3) of pixels where one plane explains nearly all inliers (P,) bool, else None."""
    first, second = (points[inliers] for points in pair.matches[:2])
    matrix, on_plane = estimators.homography(first, second, threshold)
    return matrix if matrix is not None and on_plane.sum() >= FLAT * max(1, len(first)) else None


def distances(pair: Pair, essential: torch.Tensor) -> torch.Tensor:
    """Sampson distances (P,) of all matches to a geometry, pixels."""
    return sampson(essential, *pair.normalised).sqrt() * pair.focal


def truly(pair: Pair, threshold: float = 2.0) -> torch.Tensor | None:
    """Which matches (P,) bool are within a threshold, pixels, of the true geometry; None where that is not known."""
    scene = pair.scene
    if scene is None or scene.rotation is None:
        return None
    if scene.homography is not None:
        return transfer(scene.homography, *(points.double() for points in pair.matches[:2])).sqrt() <= threshold
    return distances(pair, essential_of(scene.rotation, scene.translation)) <= threshold


def predictor(name: str = NETWORK) -> CorrespondencePredictor:
    """Predictor of that name, one for the whole process, loaded on first use."""
    return runtime.shelf.get(("correspondence", name), lambda: CorrespondencePredictor(name))
