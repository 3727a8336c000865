"""Questions about one cloud: its class, its OOD score, its critical points, its parts, what its order matters."""

from typing import NamedTuple

import torch

from ..core import runtime, weights
from ..core.errors import InputError
from ..core.geometry import clouds
from .kinds import KINDS, PARTS, first_part
from .model import FlatMLP, PartNet, PointNet, by_height, each_point

NETWORKS = {"pointnet-flat": FlatMLP, "pointnet-parts": PartNet}  # all others are classifiers
FLOW = (  # the stages of a classifier in their order
    "x", "T-Net", "x A", "64 features", "T-Net of features", "after the T-Net", "128 features", "h",
    "g", "γ", "classes",
)  # fmt: skip
GRID = 56  # points along an edge of the cube in which the upper-bound shape is looked for
ORDERS = 100  # that a cloud is shuffled into
AT_ONCE = 5  # orders that go through a network together


class Classification(NamedTuple):
    """The class of a cloud of P points and every stage on the way there; a plain MLP has the probabilities alone."""

    probabilities: torch.Tensor  # (classes,)
    ood_score: float | None = None  # above 1: out of distribution, farther from the training clouds than 95 % of others
    critical: torch.Tensor | None = None  # (Q,): indices of the critical points, those that win a feature
    wins: torch.Tensor | None = None  # (P,): how many of the 1,024 features are the largest at this point
    global_feature: torch.Tensor | None = None  # (1024,)
    aligned: torch.Tensor | None = None  # (P, 3): the cloud after the input transform


class Stage(NamedTuple):
    """What one point of a cloud, or the whole cloud, is at a stage of the classifier."""

    name: str
    size: tuple[int, ...]  # of the stage: (P, C) where every point has its own values
    values: torch.Tensor  # (C,) of the point, or of the cloud; (K * K,) of a transform


class Parts(NamedTuple):
    """The part that each point belongs to."""

    labels: torch.Tensor  # (P,): indices into `names`
    names: tuple[str, ...]


class PointNetPredictor:
    """One network by the name of its checkpoint; clouds (P, 3) are z up, of any size and anywhere."""

    def __init__(self, name: str):
        self.model = weights.load(NETWORKS.get(name, PointNet), name)
        self.device = next(self.model.parameters()).device
        if not isinstance(self.model, PartNet):
            self.class_names = self.model.config.class_names

    def _listed(self, points: torch.Tensor) -> torch.Tensor:
        """Points (P, 3), normalised; for a plain MLP, whose list is of fixed length, some left out or repeated."""
        points = clouds.normalised(points)
        if isinstance(self.model, FlatMLP):
            length = self.model.config.points
            points = points[torch.arange(length) * len(points) // length]
        return points.to(self.device)

    @torch.inference_mode()
    def classify(self, points: torch.Tensor) -> Classification:
        """The class of a cloud (P, 3) and every stage on the way there; a plain MLP reads it in the order given."""
        listed = self._listed(points)
        out = self.model(listed[None])
        probabilities = out.logits[0].softmax(0).cpu()
        if isinstance(self.model, FlatMLP):
            return Classification(probabilities)
        wins = torch.bincount(out.features[0].argmax(0), minlength=len(points)).cpu()
        return Classification(
            probabilities,
            self.model.ood_score(out.global_feature, out.embedding).item(),
            wins.nonzero()[:, 0],
            wins,
            out.global_feature[0].cpu(),
            (listed @ out.input_transform[0]).cpu(),
        )

    @torch.inference_mode()
    def flow(self, points: torch.Tensor, number: int) -> list[Stage]:
        """Every stage of the classifier on a cloud (P, 3), with the values of the point of that number.

        InputError where there is no such point.
        """
        if not 0 <= number < len(points):
            raise InputError(f"This cloud has {len(points):,} points: choose one of them.")
        encoder, listed = self.model.encode, self._listed(points)[None]
        encoded = encoder(listed)
        align, align_features = encoded.input_transform, encoded.feature_transform
        aligned = listed @ align
        first = each_point(encoder.first, aligned)
        of_points = {"x": listed, "x A": aligned, "64 features": first, "after the T-Net": encoded.local}
        of_points |= {"128 features": each_point(encoder.h.narrow, encoded.local), "h": encoded.features}
        feature = self.model.g(encoded.features)
        embedding = self.model.gamma(feature)
        of_cloud = {"T-Net": align, "T-Net of features": align_features, "g": feature, "γ": embedding}
        of_cloud["classes"] = self.model.classes(embedding).float().softmax(1)
        stages = {
            name: Stage(name, tuple(value.shape[1:]), value[0, number].cpu()) for name, value in of_points.items()
        }
        stages |= {
            name: Stage(name, tuple(value.shape[1:]), value[0].flatten().cpu()) for name, value in of_cloud.items()
        }
        return [stages[name] for name in FLOW]

    @torch.inference_mode()
    def upper_bound(self, points: torch.Tensor) -> torch.Tensor:
        """All points of a grid that could be added to a cloud (P, 3) without changing its global feature: (Q, 3).

        Those whose features nowhere exceed it, with the transforms left as they are (Qi et al. 2017, section 4.3).
        InputError where g is not a maximum: to a sum every point adds something.
        """
        encoder = self.model.encode
        if self.model.config.symmetric != "max":
            raise InputError("Only a maximum has an upper-bound shape: to a sum every point adds something.")
        seen = self.model(self._listed(points)[None])
        axis = torch.linspace(-1, 1, GRID, device=self.device)
        grid = torch.cartesian_prod(axis, axis, axis)
        inside = []
        for part in grid.split(2**14):
            local = each_point(encoder.first, part[None] @ seen.input_transform) @ seen.feature_transform
            inside.append((encoder.h(local)[0] <= seen.global_feature).all(1))
        return grid[torch.cat(inside)].cpu()

    @torch.inference_mode()
    def parts(self, points: torch.Tensor, kind: str) -> Parts:
        """The part of every point of a cloud (P, 3), read as a shape of this kind."""
        if kind not in KINDS:
            raise InputError(f"Parts are known of these kinds: {', '.join(KINDS)}.")
        number = torch.tensor([KINDS.index(kind)], device=self.device)
        logits = self.model(self._listed(points)[None], number).logits[0]  # (P, parts of all kinds)
        first, names = first_part(kind), PARTS[kind]
        return Parts(logits[:, first : first + len(names)].argmax(1).cpu(), names)

    @torch.inference_mode()
    def shuffle_difference(self, points: torch.Tensor, orders: int = ORDERS) -> float:
        """The largest change of a probability over that many orders of a cloud (P, 3), from the order by height.

        Every order goes through the whole network.
        """
        generator = torch.Generator().manual_seed(0)
        before = self.classify(by_height(points[None])[0]).probabilities.to(self.device)
        largest = 0.0
        for start in range(0, orders, AT_ONCE):
            count = min(AT_ONCE, orders - start)
            shuffled = [points[torch.randperm(len(points), generator=generator)] for _ in range(count)]
            probabilities = self.model(torch.stack([self._listed(cloud) for cloud in shuffled])).logits.softmax(1)
            largest = max(largest, (probabilities - before).abs().max().item())
        return largest


def predictor(name: str) -> PointNetPredictor:
    """The network of that name, loaded on first use."""
    return runtime.shelf.get(("pointnet", name), lambda: PointNetPredictor(name))
