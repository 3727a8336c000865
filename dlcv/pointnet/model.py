"""PointNet (Qi et al. 2017; lecture, "Dealing with Orderless Input").

    f(x_1, ..., x_P) = gamma(g(h(x_1), h(x_2), ..., h(x_P)))        (22)

    h       the same small network for every point
    g       symmetric: the maximum over the points, or their sum
    gamma   a network that reads the global feature, which is all that g leaves

Since g is symmetric, so is f: the order of the points cannot matter. `PointNet.forward` is this line.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.datasets.modelnet import CLASSES, POINTS
from . import fast

FEATURES, EMBEDDING = 1024, 256  # length of the global feature, and of what the last layer reads
NEIGHBOURS = 2  # k of the k nearest neighbours in the bank


@dataclass
class PointNetConfig:
    """Settings of a `PointNet`."""

    class_names: tuple[str, ...] = CLASSES
    symmetric: str = "max"  # g: "max" or "sum"
    transforms: bool = True  # whether T-Nets align the points and their features
    known: int = 0  # size of the bank of training clouds that the OOD score compares with


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
    """The features of N clouds of P points, each point's by itself but for the two transforms."""

    local: torch.Tensor  # (N, P, 64): after the feature transform
    features: torch.Tensor  # (N, P, 1024): h of every point
    input_transform: torch.Tensor  # (N, 3, 3)
    feature_transform: torch.Tensor  # (N, 64, 64)


class PointNetOutput(NamedTuple):
    """The classes of N clouds of P points, and every stage on the way there."""

    logits: torch.Tensor  # (N, classes)
    features: torch.Tensor  # (N, P, 1024): h of every point
    global_feature: torch.Tensor  # (N, 1024): g of them all
    embedding: torch.Tensor  # (N, 256): what the last layer reads
    input_transform: torch.Tensor  # (N, 3, 3): what the points x (as rows) are multiplied by, x A
    feature_transform: torch.Tensor  # (N, 64, 64)


class FlatOutput(NamedTuple):
    """The classes of N lists of points."""

    logits: torch.Tensor  # (N, classes)


class PartOutput(NamedTuple):
    """The parts of N clouds of P points, and the transforms of the clouds."""

    logits: torch.Tensor  # (N, P, parts of all kinds, one after the other)
    input_transform: torch.Tensor  # (N, 3, 3)
    feature_transform: torch.Tensor  # (N, 64, 64)


def by_height(clouds: torch.Tensor) -> torch.Tensor:
    """Clouds (N, P, 3), the points of each sorted by height: the order that a `FlatMLP` is trained on."""
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
    return features.mean(1) if symmetric == "sum" else fast.maximum(features)


class Features(nn.Module):
    """The last layers of h: K numbers a point -> 1,024.

    The widest layer is normalised after g, not before: the same for a maximum, but for its scale, and much less work.
    """

    def __init__(self, units: int, symmetric: str):
        super().__init__()
        self.narrow = dense(units, 64, 128)
        self.wide = nn.Sequential(nn.Linear(128, FEATURES))
        if symmetric == "sum":  # without this, a sum of linear functions would be all that g gets to see
            self.wide.append(nn.ReLU(inplace=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, P, K) -> (N, P, 1024)."""
        x = each_point(self.narrow, x)  # (N, P, 128)
        return fast.linear(x, self.wide[0]) if len(self.wide) == 1 else each_point(self.wide, x)


def head(*units: int) -> nn.Sequential:
    """gamma: reads the global feature."""
    return nn.Sequential(nn.BatchNorm1d(FEATURES), nn.ReLU(), dense(FEATURES, *units))


class Transform(nn.Module):
    """T-Net: a small PointNet whose K x K matrix aligns a cloud, or the features of its points."""

    def __init__(self, size: int, symmetric: str):
        super().__init__()
        self.size, self.symmetric = size, symmetric
        self.h = Features(size, symmetric)
        self.gamma = head(512, 256)
        self.matrix = nn.Linear(256, size**2)
        nn.init.zeros_(self.matrix.weight)  # training starts at the identity
        nn.init.zeros_(self.matrix.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, P, K) -> (N, K, K)."""
        features = self.h(x)  # (N, P, 1024)
        global_feature = pool(features, self.symmetric)  # (N, 1024)
        offset = self.matrix(self.gamma(global_feature)).float()  # (N, K * K)
        return torch.eye(self.size, device=x.device) + offset.unflatten(1, (self.size, self.size))  # (N, K, K)


class Encoder(nn.Module):
    """h and the two transforms: what classification and segmentation share."""

    def __init__(self, symmetric: str = "max", transforms: bool = True):
        super().__init__()
        self.align = Transform(3, symmetric) if transforms else None
        self.first = dense(3, 64, 64)
        self.align_features = Transform(64, symmetric) if transforms else None
        self.h = Features(64, symmetric)

    def forward(self, clouds: torch.Tensor) -> Encoded:
        """The features of clouds (N, P, 3)."""
        identity = [torch.eye(size, device=clouds.device).expand(len(clouds), -1, -1) for size in (3, 64)]
        input_transform = self.align(clouds) if self.align else identity[0]  # (N, 3, 3)
        local = each_point(self.first, clouds @ input_transform)  # (N, P, 64)
        feature_transform = self.align_features(local) if self.align_features else identity[1]  # (N, 64, 64)
        local = local @ feature_transform.to(local.dtype)  # (N, P, 64)
        return Encoded(local, self.h(local), input_transform, feature_transform)


class PointNet(nn.Module, PyTorchModelHubMixin, pipeline_tag="other", tags=["pointnet", "point-cloud", "modelnet10"]):
    """A classifier of clouds."""

    def __init__(self, config: PointNetConfig):
        super().__init__()
        self.config = config
        self.encode = Encoder(config.symmetric, config.transforms)
        self.gamma = head(512, EMBEDDING)
        self.classes = nn.Sequential(nn.Dropout(0.3), nn.Linear(EMBEDDING, len(config.class_names)))
        if config.known:  # under the names that they have in the weights' file:
            # the bank of global features and embeddings of training clouds, and the distance whose OOD score is 1
            self.register_buffer("memory", torch.zeros(config.known, FEATURES + EMBEDDING, dtype=torch.float16))
            self.register_buffer("usual", torch.ones(()))

    def forward(self, clouds: torch.Tensor) -> PointNetOutput:
        """f(x_1, ..., x_P) = gamma(g(h(x_1), ..., h(x_P)))   (22), for clouds (N, P, 3), normalised, z up; any P."""
        features, input_transform, feature_transform = self.h(clouds)  # (N, P, 1024): the same h for each point
        global_feature = self.g(features)  # (N, 1024): symmetric, the order of the points is gone
        embedding = self.gamma(global_feature)  # (N, 256)
        logits = self.classes(embedding).float()  # (N, classes)
        return PointNetOutput(logits, features, global_feature, embedding, input_transform, feature_transform)

    def h(self, clouds: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The features (N, P, 1024) of the points of clouds (N, P, 3), and the transforms (N, 3, 3), (N, 64, 64)."""
        return self.encode(clouds)[1:]

    def g(self, features: torch.Tensor) -> torch.Tensor:
        """The global feature, (N, P, 1024) -> (N, 1024)."""
        return pool(features, self.config.symmetric)

    def ood_score(self, global_feature: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        """The out-of-distribution scores (N,) of clouds by their (N, 1024) and (N, 256).

        The distance to the nearest neighbours in the bank of training clouds (after Sun et al. 2022), the geometric
        mean of two: the global feature knows shapes that the classes do without, the embedding knows what tells the
        classes apart. Score 1 is the 95th percentile of held-out clouds.
        """
        bank = self.memory.float().split((FEATURES, EMBEDDING), dim=1)  # (known, 1024), (known, 256)
        by_shape, by_class = (
            torch.cdist(some, of).topk(NEIGHBOURS, largest=False).values.mean(1)  # (N,)
            for some, of in zip((global_feature, embedding), bank)
        )
        return (by_shape * by_class).sqrt() / self.usual

    def fit_ood(self, training: list[torch.Tensor], held_out: list[torch.Tensor]) -> None:
        """Put the global features (known, 1024) and embeddings (known, 256) of training clouds into the bank, and set
        score 1 to the 95th percentile of held-out clouds, given likewise."""
        self.memory.copy_(torch.cat(training, dim=1))
        self.usual.fill_(1)
        self.usual.copy_(self.ood_score(*(some.to(self.memory.device) for some in held_out)).quantile(0.95))


class FlatMLP(nn.Module, PyTorchModelHubMixin, pipeline_tag="other", tags=["point-cloud", "modelnet10"]):
    """The baseline: an ordinary network on the list of all coordinates, in the order they come."""

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
        """The classes of clouds (N, P, 3), P as in the settings."""
        return FlatOutput(self.layers(clouds).float())


class PartNet(nn.Module, PyTorchModelHubMixin, pipeline_tag="other", tags=["pointnet", "point-cloud", "segmentation"]):
    """Segmentation: the part of each point, from its local feature and the cloud's global feature."""

    def __init__(self, config: PartNetConfig):
        super().__init__()
        self.config = config
        self.encode = Encoder()
        self.whole = nn.Linear(FEATURES + len(config.parts), 256, bias=False)
        self.point = nn.Linear(64, 256, bias=False)
        self.mix = nn.Sequential(nn.BatchNorm1d(256), nn.ReLU(inplace=True), dense(256, 256, 128))
        self.parts = nn.Linear(128, sum(len(names) for names in config.parts.values()))

    def forward(self, clouds: torch.Tensor, kinds: torch.Tensor) -> PartOutput:
        """The parts of clouds (N, P, 3), whose kinds (N,) are indices into `kinds.KINDS`.

        W [local; global] = W_1 local + W_2 global, so that the second is computed once a cloud and not once a point.
        """
        local, features, input_transform, feature_transform = self.encode(clouds)  # (N, P, 64), (N, P, 1024)
        global_feature = pool(features, "max")  # (N, 1024)
        one_hot = F.one_hot(kinds, len(self.config.parts)).to(global_feature.dtype)  # (N, kinds)
        whole = self.whole(torch.cat([global_feature.relu(), one_hot], dim=1))  # (N, 256)
        mixed = each_point(self.mix, self.point(local) + whole.unsqueeze(1))  # (N, P, 128)
        logits = each_point(self.parts, mixed).float()  # (N, P, parts of all kinds)
        return PartOutput(logits, input_transform, feature_transform)
