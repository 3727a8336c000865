"""PointNet (Qi et al. 2017; lecture, "Dealing with Orderless Input").

    f(x_1, ..., x_n) = gamma(g(h(x_1), h(x_2), ..., h(x_n)))        (22)

    h       the same small network for every point
    g       symmetric: the maximum over the points, or their sum
    gamma   a network that reads what is left, the global feature

Since g is symmetric, so is f: the order of the points cannot matter.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.datasets.modelnet import CLASSES, POINTS

FEATURES, EMBEDDING = 1024, 256  # length of the global feature, and of what the last layer reads
NEIGHBOURS = 2  # that a cloud is compared with


@dataclass
class PointNetConfig:
    """Settings of a `PointNet`."""

    class_names: tuple[str, ...] = CLASSES
    symmetric: str = "max"  # g: "max" or "sum"
    transforms: bool = True  # whether the cloud and its features are aligned before they are looked at
    known: int = 0  # training clouds that it remembers, to tell what is strange


@dataclass
class FlatConfig:
    """Settings of a `FlatMLP`."""

    class_names: tuple[str, ...] = CLASSES
    points: int = POINTS


@dataclass
class PartNetConfig:
    """Settings of a `PartNet`."""

    parts: dict[str, tuple[str, ...]]  # names of the parts of each kind; kinds.py says in which order kinds come


class Encoded(NamedTuple):
    """What the shared layers make of N clouds of P points."""

    local: torch.Tensor  # (N, P, 64): each point's, after the feature transform
    features: torch.Tensor  # (N, P, 1024): h of every point
    global_feature: torch.Tensor  # (N, 1024): g of them all
    input_transform: torch.Tensor  # (N, 3, 3)
    feature_transform: torch.Tensor  # (N, 64, 64)


class PointNetOutput(NamedTuple):
    """What one pass computes for N clouds of P points."""

    logits: torch.Tensor  # (N, classes)
    features: torch.Tensor  # (N, P, 1024): h of every point
    global_feature: torch.Tensor  # (N, 1024): g of them all
    embedding: torch.Tensor  # (N, 256): what the last layer reads
    input_transform: torch.Tensor  # (N, 3, 3): what the points x (as rows) are multiplied by, x A
    feature_transform: torch.Tensor  # (N, 64, 64)


class FlatOutput(NamedTuple):
    """What one pass of a `FlatMLP` computes."""

    logits: torch.Tensor  # (N, classes)


class PartOutput(NamedTuple):
    """What one pass of a `PartNet` computes."""

    logits: torch.Tensor  # (N, P, parts of all kinds, one after the other)
    input_transform: torch.Tensor  # (N, 3, 3)
    feature_transform: torch.Tensor  # (N, 64, 64)


def by_height(clouds: torch.Tensor) -> torch.Tensor:
    """Clouds (N, P, 3), the points of each in the order of their height: a list that a `FlatMLP` can get used to."""
    return clouds.gather(1, clouds[..., 2:].argsort(1).expand(-1, -1, 3))


def dense(*units: int) -> nn.Sequential:
    """Fully connected layers, each with batch normalisation and ReLU."""
    layers = []
    for units_in, units_out in zip(units, units[1:]):
        layers += [nn.Linear(units_in, units_out, bias=False), nn.BatchNorm1d(units_out), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def each_point(network: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The same network for every point: (N, P, C) -> (N, P, C')."""
    return network(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def pool(features: torch.Tensor, symmetric: str) -> torch.Tensor:
    """g over the points, (N, P, C) -> (N, C). The sum is divided by P, so that more points do not mean more."""
    return features.mean(1) if symmetric == "sum" else features.max(1).values


class Features(nn.Module):
    """The last layers of h, K numbers a point -> 1,024, and g.

    The widest layer is normalised after g, not before: the same for a maximum, but for its scale, and much less work.
    """

    def __init__(self, units: int, symmetric: str):
        super().__init__()
        self.symmetric = symmetric
        self.narrow = dense(units, 64, 128)
        self.wide = nn.Sequential(nn.Linear(128, FEATURES))
        if symmetric == "sum":  # without this, a sum of lines would be all that g gets to see
            self.wide.append(nn.ReLU(inplace=True))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, P, K) -> features (N, P, 1024), and what g makes of them, (N, 1024)."""
        narrow = each_point(self.narrow, x)
        if self.symmetric == "sum" or not torch.is_grad_enabled():
            features = each_point(self.wide, narrow)
            return features, pool(features, self.symmetric)
        # A maximum hands its gradient to the one point that won. So the widest layer is first computed for all points
        # without a gradient, and then with one for the winners alone: half the time of a training step.
        with torch.no_grad():
            features = each_point(self.wide, narrow)
        winners = features.max(1).indices  # (N, 1024)
        [wide] = self.wide
        chosen = narrow.gather(1, winners.unsqueeze(2).expand(-1, -1, narrow.shape[2]))  # (N, 1024, 128)
        return features, (chosen * wide.weight).sum(2) + wide.bias


def head(*units: int) -> nn.Sequential:
    """gamma: reads the global feature."""
    return nn.Sequential(nn.BatchNorm1d(FEATURES), nn.ReLU(), dense(FEATURES, *units))


class Transform(nn.Module):
    """T-Net: a small PointNet that predicts the K x K matrix which aligns a cloud, or the features of its points."""

    def __init__(self, size: int, symmetric: str):
        super().__init__()
        self.size = size
        self.h = Features(size, symmetric)
        self.gamma = head(512, 256)
        self.matrix = nn.Linear(256, size**2)
        nn.init.zeros_(self.matrix.weight)  # training starts at the identity
        nn.init.zeros_(self.matrix.bias)

    def from_global(self, global_feature: torch.Tensor) -> torch.Tensor:
        """(N, 1024) -> (N, K, K)."""
        offset = self.matrix(self.gamma(global_feature)).float().unflatten(1, (self.size, self.size))
        return torch.eye(self.size, device=offset.device) + offset

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, P, K) -> (N, K, K)."""
        return self.from_global(self.h(x)[1])


class Encoder(nn.Module):
    """h and g: what classification and segmentation share."""

    def __init__(self, symmetric: str = "max", transforms: bool = True):
        super().__init__()
        self.align = Transform(3, symmetric) if transforms else None
        self.first = dense(3, 64, 64)
        self.align_features = Transform(64, symmetric) if transforms else None
        self.h = Features(64, symmetric)

    def forward(self, clouds: torch.Tensor) -> Encoded:
        """Clouds (N, P, 3)."""
        identity = [torch.eye(size, device=clouds.device).expand(len(clouds), -1, -1) for size in (3, 64)]
        input_transform = self.align(clouds) if self.align else identity[0]
        local = each_point(self.first, clouds @ input_transform)
        feature_transform = self.align_features(local) if self.align_features else identity[1]
        local = local @ feature_transform.to(local.dtype)
        features, global_feature = self.h(local)
        return Encoded(local, features, global_feature, input_transform, feature_transform)


class PointNet(nn.Module, PyTorchModelHubMixin, pipeline_tag="other", tags=["pointnet", "point-cloud", "modelnet10"]):
    """A classifier of clouds."""

    def __init__(self, config: PointNetConfig):
        super().__init__()
        self.config = config
        self.encode = Encoder(config.symmetric, config.transforms)
        self.gamma = head(512, EMBEDDING)
        self.classes = nn.Sequential(nn.Dropout(0.3), nn.Linear(EMBEDDING, len(config.class_names)))
        if config.known:
            # global feature and embedding of clouds that it learned from, and the distance that counts as strangeness 1
            self.register_buffer("memory", torch.zeros(config.known, FEATURES + EMBEDDING, dtype=torch.float16))
            self.register_buffer("usual", torch.ones(()))

    def strangeness(self, global_feature: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        """How unlike anything it learned from clouds are, (N,), by their (N, 1024) and (N, 256); above 1: strange.

        The distance to the nearest of the known clouds (after Sun et al. 2022), the geometric mean of two: the global
        feature knows shapes that the classes do without, the embedding knows what tells the classes apart.
        """
        known = self.memory.float().split((FEATURES, EMBEDDING), dim=1)
        shape, meaning = (
            torch.cdist(some, of).topk(NEIGHBOURS, largest=False).values.mean(1)
            for some, of in zip((global_feature, embedding), known)
        )
        return (shape * meaning).sqrt() / self.usual

    def get_to_know(self, seen: list[torch.Tensor], held_out: list[torch.Tensor]) -> None:
        """Remember the global features (known, 1024) and embeddings (known, 256) of training clouds; of others of
        their kind, one in twenty is strange."""
        self.memory.copy_(torch.cat(seen, dim=1))
        self.usual.fill_(1)
        self.usual.copy_(self.strangeness(*(some.to(self.memory.device) for some in held_out)).quantile(0.95))

    def forward(self, clouds: torch.Tensor) -> PointNetOutput:
        """Classify clouds (N, P, 3), normalised, z up; P may be any number."""
        _, features, global_feature, input_transform, feature_transform = self.encode(clouds)
        embedding = self.gamma(global_feature)
        logits = self.classes(embedding).float()
        return PointNetOutput(logits, features, global_feature, embedding, input_transform, feature_transform)


class FlatMLP(nn.Module, PyTorchModelHubMixin, pipeline_tag="other", tags=["point-cloud", "modelnet10"]):
    """What PointNet is held against: an ordinary network on the list of all coordinates, in the order they come."""

    def __init__(self, config: FlatConfig):
        super().__init__()
        self.config = config
        self.layers = nn.Sequential(
            nn.Flatten(),  # (N, 3 P)
            dense(3 * config.points, 512, 512, 256),
            nn.Dropout(0.5),
            nn.Linear(256, len(config.class_names)),
        )

    def forward(self, clouds: torch.Tensor) -> FlatOutput:
        """Classify clouds (N, P, 3), P as in the settings."""
        return FlatOutput(self.layers(clouds).float())


class PartNet(nn.Module, PyTorchModelHubMixin, pipeline_tag="other", tags=["pointnet", "point-cloud", "segmentation"]):
    """Which part of its shape each point belongs to, from what the point is like and what the whole cloud is like."""

    def __init__(self, config: PartNetConfig):
        super().__init__()
        self.config = config
        self.encode = Encoder()
        self.whole = nn.Linear(FEATURES + len(config.parts), 256, bias=False)
        self.point = nn.Linear(64, 256, bias=False)
        self.mix = nn.Sequential(nn.BatchNorm1d(256), nn.ReLU(inplace=True), dense(256, 256, 128))
        self.parts = nn.Linear(128, sum(len(names) for names in config.parts.values()))

    def forward(self, clouds: torch.Tensor, kinds: torch.Tensor) -> PartOutput:
        """Parts of clouds (N, P, 3), whose kinds (N,) are indices into `kinds.KINDS`.

        W [local; global] = W_1 local + W_2 global, so that the second is computed once a cloud and not once a point.
        """
        local, _, global_feature, input_transform, feature_transform = self.encode(clouds)
        one_hot = F.one_hot(kinds, len(self.config.parts)).to(global_feature.dtype)
        whole = self.whole(torch.cat([global_feature.relu(), one_hot], dim=1))
        mixed = each_point(self.mix, self.point(local) + whole.unsqueeze(1))
        return PartOutput(each_point(self.parts, mixed).float(), input_transform, feature_transform)
