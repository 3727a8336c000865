"""Answers of LIFT on pictures: features and matches, a patch on its way through the networks, what turning does."""

import functools
from typing import NamedTuple

import numpy as np
import torch

from ..core import runtime, weights
from ..core.images.scenes import packaged
from . import peers, views
from .dominant import dominant_gradient
from .features import Features, OpenCV, Parts, features, parts_of
from .glue import crop_and_rotate, rotate
from .matching import match
from .model import Descriptor, Detector, Lift, LiftOutput, Orientation
from .patches import SIDE
from .scale_space import SIGMA, Level, cut

MOST = 1000  # features that are kept of a picture, the best first
PROBES = 16  # random directions of a descriptor in which its slope is measured
WAYS = ("point", "angle", "descriptor", "all")
OTHERS, OF_EACH = 5000, 900  # points, and at most so many of one photograph
PHOTOGRAPHS = ("chelsea", "camera", "brick", "gravel", "grass", "coins", "hubble_deep_field")  # no example is of them
METHODS = ("with ORI", "without ORI", "SIFT")
TURNS = 24  # of a whole turn


class Seen(NamedTuple):
    """What N variants of a patch look like to each method: its angle, and how far it is from the patch as it was."""

    angle: dict[str, torch.Tensor]  # (N,) radians; of ORI and of SIFT
    distance: dict[str, torch.Tensor]  # (N,) of the descriptors
    rank: dict[str, torch.Tensor]  # (N,) 1, and how many of 5,000 others are nearer to it than the patch as it was
    upright: torch.Tensor  # (N, 1, 32, 32), as ORI turns them


def probed(descriptors: torch.Tensor) -> torch.Tensor:
    """Descriptors (N, 128), each along another random direction of signs, (N,): the mean square of the slopes of these
    is the square of the slope of all 128 numbers together."""
    signs = torch.randint(2, descriptors.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return (descriptors * signs.to(descriptors)).sum(1)


class LiftPredictor:
    """The shipped networks, on `runtime.device()`."""

    def __init__(self, name: str = "lift"):
        self.model = weights.load(Lift, name).requires_grad_(False)
        self.parts = parts_of(self.model)

    def features(self, picture: torch.Tensor, count: int = MOST) -> Features:
        """The best features of a picture (3, H, W) in [0, 1]."""
        return features(self.parts, views.grey(picture), count)

    def patch(self, levels: list[Level], xy: torch.Tensor, scale: float) -> torch.Tensor:
        """The patch (1, 1, 64, 64) at a point (2,)."""
        return cut(levels, xy[None], torch.tensor([scale]), torch.zeros(1), SIDE)

    @torch.no_grad()
    def look(self, patch: torch.Tensor, beta: float) -> LiftOutput:
        """The whole chain on a patch."""
        found = self.model(patch.to(self.device), beta)
        return LiftOutput(*(part.cpu() for part in found))

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.model.parameters()).device

    def slope(self, patch: torch.Tensor, beta: float, way: str) -> torch.Tensor:
        """How much each pixel of a patch (1, 1, 64, 64) moves what comes out, (64, 64): the length of the gradient.

        point       of softargmax(DET(P)), by both coordinates
        angle       of ORI's angle, the point held still
        descriptor  of DESC's numbers, point and angle held still
        all         of DESC's numbers, through all three networks
        """
        count = {"point": 2, "angle": 1}.get(way, PROBES)
        x = patch.to(self.device).expand(count, -1, -1, -1).clone().requires_grad_()
        still = self.look(patch, beta)
        point = still.point.to(self.device).expand(count, -1)
        if way == "point":
            asked = self.model(x, beta).point.diagonal()  # x of one copy of the patch, y of the other
        elif way == "angle":
            asked = self.model.describe(x, point)[1]
        elif way == "descriptor":
            angle = still.angle.to(self.device).expand(count)
            asked = probed(self.model.descriptor(crop_and_rotate(x, point, angle, self.model.config.side)))
        else:
            asked = probed(self.model(x, beta).descriptor)
        (gradient,) = torch.autograd.grad(asked.sum(), x)
        squares = gradient[:, 0].square()
        return (squares.sum(0) if count <= 2 else squares.mean(0)).sqrt().cpu()

    @torch.inference_mode()
    def describe_patches(self, patches: torch.Tensor) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """Angles and descriptors of patches (N, 1, 64, 64) by each method, and the point in their middle."""
        side = self.model.config.side
        middle = torch.zeros(len(patches), 2, device=self.device)
        x = patches.to(self.device)
        _, angle, _, with_ori = self.model.describe(x, middle)
        without = self.model.descriptor(rotate(x, torch.zeros(len(x), device=self.device), side))
        by_sift = dominant_gradient(patches)
        rows = [
            peers.sift_at(
                peers.bytes_of(one[None]), torch.full((1, 2), (SIDE - 1) / 2), torch.tensor([2 * SIGMA]), turn[None]
            )
            for one, turn in zip(patches.clamp(0, 1), by_sift)
        ]
        descriptors = (with_ori.cpu(), without.cpu(), torch.from_numpy(peers.rooted(np.concatenate(rows))))
        return {"ORI": angle.cpu(), "SIFT": by_sift}, dict(zip(METHODS, descriptors))

    @functools.cached_property
    def others(self) -> dict[str, torch.Tensor]:
        """Descriptors (5000, 128) of points of packaged photographs, by each method; those of LIFT turned by ORI."""
        ours, by_sift = [], []
        for name in PHOTOGRAPHS:
            picture = views.grey(packaged(name))
            by_sift.append(peers.root_sift(picture, OF_EACH))
            ours.append(peers.on_sift(self.parts, picture, OF_EACH))
        found, sift = (torch.cat([one.descriptor for one in kind])[:OTHERS] for kind in (ours, by_sift))
        return dict(zip(METHODS, (found, found, sift)))

    @torch.inference_mode()
    def seen(self, original: torch.Tensor, variants: torch.Tensor) -> Seen:
        """What the methods make of variants (N, 1, 64, 64) of a patch (1, 1, 64, 64)."""
        _, truth = self.describe_patches(original)
        angles, found = self.describe_patches(variants)
        distance = {name: (found[name] - truth[name]).norm(dim=1) for name in METHODS}
        rank = {
            name: (torch.cdist(found[name], self.others[name]) < distance[name][:, None]).sum(1) + 1 for name in METHODS
        }
        turned = rotate(variants, angles["ORI"], self.model.config.side)
        return Seen(angles, distance, rank, turned)

    def variants(
        self, levels: list[Level], xy: torch.Tensor, scale: float, degrees: torch.Tensor, zoom: float, light: float
    ) -> torch.Tensor:
        """The patch at a point (2,) turned by each of these degrees (N,), `zoom` times as large, in less light.

        `light` is 1 for as it was; towards 0 it becomes dark, and darker to the right.
        """
        count = len(degrees)
        turned = cut(levels, xy.expand(count, -1), torch.full((count,), scale / zoom), -degrees.deg2rad(), SIDE)
        return turned ** (2 - light) * (light + (1 - light) * torch.linspace(1, 0.2, SIDE)) ** 0.5


def whole_turn() -> torch.Tensor:
    """The degrees of a turn that curves are drawn of, (25,)."""
    return torch.linspace(0, 360, TURNS + 1)


class StagePredictor:
    """The networks after each training; what is not learned yet is SIFT's."""

    def __init__(self):
        kinds = {"lift-detector": Detector, "lift-orientation": Orientation, "lift-descriptor": Descriptor}
        self.parts = Parts(*(weights.load(kind, name) for name, kind in kinds.items()))

    def features(self, picture: torch.Tensor, stage: str, count: int) -> Features:
        """Features of a picture (3, H, W) after a training before the last one."""
        if stage == "lift-detector":
            return features(self.parts, views.grey(picture), count)
        parts = self.parts._replace(orientation=None) if stage == "lift-descriptor" else self.parts
        return peers.on_sift(parts, views.grey(picture), count)


class Matched(NamedTuple):
    """M matches, the mutual nearest neighbours, and which of them the geometry confirms."""

    first: torch.Tensor  # (M,) index
    second: torch.Tensor  # (M,) index
    right: torch.Tensor  # (M,) 1 right, 0 wrong, -1 not known


def matched(one: Features, other: Features, there, within: float) -> Matched:
    """The mutual nearest neighbours of features, right where they are within so many pixels of where they should be."""
    if min(len(one.xy), len(other.xy)) < 2:
        nothing = torch.zeros(0, dtype=torch.long)
        return Matched(nothing, nothing, nothing)
    matches = match(one.descriptor, other.descriptor)
    first = matches.mutual.nonzero()[:, 0]
    second = matches.second[first]
    if there is None:
        return Matched(first, second, torch.full_like(first, -1))
    missed = (there(one.xy[first]) - other.xy[second]).norm(dim=1)
    return Matched(first, second, torch.where(missed.isnan(), -1, (missed < within).long()))


def some(found: Features, count: int) -> Features:
    """The `count` best of features."""
    return Features(*(part[:count] for part in found))


def predictor(name: str = "lift") -> LiftPredictor:
    """Predictor of that name, one for the whole process, loaded on first use."""
    return runtime.shelf.get(("lift", name), lambda: LiftPredictor(name))


def stages() -> StagePredictor:
    """The networks of the trainings before the last, loaded on first use."""
    return runtime.shelf.get(("lift", "stages"), StagePredictor)


def create(count: int = MOST) -> OpenCV:
    """LIFT in the place of `cv2.SIFT_create(count)`, of pictures in which it finds so many points."""
    return OpenCV(predictor().parts, count)
