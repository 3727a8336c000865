"""Parallel Spatial Transformers for fine-grained categories (Jaderberg et al. 2015, section 4.3; lecture, "Fine Grained
Visual Categorization").

    localisation net   U -> theta_1 ... theta_K         one for all windows: where the centre of each lies
    windows            V_k = sampler(U, theta_k)        half the picture's width and height; only their place is learned
    trunks             V_k -> d_k                       MobileNetV2, each with a patch of its own
    classifier         [d_1 ... d_K] -> species         linear, on the joined descriptors

Without transformers one trunk sees the whole picture, at as many operations as two windows and what finds them.

All trunks are the published MobileNetV2. What is learned of each, and all that a checkpoint has, is a patch of it
(Mudrakarta et al. 2019): the scales and biases of its normalisations and its depthwise filters, a twentieth of its
weights. That is as much as 600 photographs can teach, and twelve networks take no more room than two.
"""

import copy
from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.backbones.mobilenet import shipped_mobilenet
from ..core.geometry import grids

SCALE = 0.5  # of a window, to the picture's width and height: fixed, as in the paper
WINDOW, WHOLE = 96, 152  # sides in pixels of what a trunk sees: a window, or the whole picture
LOCALISER, LAYERS, STRIDE, CHANNELS = 96, 14, 16, 96  # the localisation net: side it sees, MobileNetV2's layers it has
DESCRIPTOR = 1280
SPREAD = 0.3  # standard deviation of the places that a window begins with, around its tile
TILES = {  # centres that the windows begin at, the picture spanning [-1, 1]: together they tile it
    1: [(0.0, 0.0)],
    2: [(-0.5, 0.0), (0.5, 0.0)],
    4: [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)],
}


@dataclass
class FineGrainedConfig:
    """Settings of a `FineGrained`."""

    class_names: tuple[str, ...]
    transformers: int = 2  # one of TILES, or 0: the plain network, which sees the whole picture
    dropout: float = 0.5  # of descriptors, in training


class Found(NamedTuple):
    """Where K windows lie on N pictures."""

    centres: torch.Tensor  # (N, K, 2): theta, (x, y) of each window's centre, the picture spanning [-1, 1]
    places: torch.Tensor  # (N, K, h, w): how much the localisation net is for each place; sums to 1


class FineGrainedOutput(NamedTuple):
    """The species of N pictures, and what each of K windows says; without transformers K is 1, the whole picture."""

    logits: torch.Tensor  # (N, L): of the joint classifier
    each: torch.Tensor  # (N, K, L): of every window alone; their mean is `logits`
    descriptors: torch.Tensor  # (N, K, 1280)
    found: Found | None  # None without transformers


class Published(nn.Module):
    """Layers of the published MobileNetV2: pictures (N, 3, H, W) in [0, 1] -> maps (N, C, h, w).

    With `patch` its normalisations' scales and biases and its depthwise filters are learned and saved. Everything else
    is neither: means and variances stay the published ones in training, too.
    """

    def __init__(self, layers: nn.Module, patch: bool):
        super().__init__()
        self.layers = layers
        for part in layers.modules():
            learned = patch and (isinstance(part, nn.BatchNorm2d) or getattr(part, "groups", 1) > 1)
            if not learned:
                for name in list(part._parameters):
                    value = part._parameters.pop(name)
                    part.register_buffer(name, None if value is None else value.detach(), persistent=False)
            part.track_running_stats = False  # of a normalisation: the loader would ask for its count of batches
            for name, value in part.named_buffers(recurse=False):
                part.register_buffer(name, value, persistent=False)

    def train(self, mode: bool = True) -> "Published":  # noqa: D102  its class says it
        return super().train(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        return self.layers(2 * x.contiguous(memory_format=torch.channels_last) - 1)

    def twin(self) -> "Published":
        """The same layers with a patch of their own; what is not learned lies in memory once."""
        return copy.deepcopy(self, {id(value): value for value in self.buffers()})


class Localiser(nn.Module):
    """Where K windows lie on pictures (N, 3, H, W) in [0, 1], as `Found`.

    A score for each place, from the published features there, and the centre is the mean of the places under the
    softmax of their scores. No place is nearer to the border than half a window: no window ever leaves the picture.
    """

    def __init__(self, features: nn.Module, tiles: torch.Tensor):
        super().__init__()
        self.features = Published(features, patch=False)
        side = LOCALISER // STRIDE
        cells = grids.target_points(side, side, tiles).view(side, side, 2) * (1 - 1 / side)  # their centres
        self.register_buffer("cells", cells.clamp(SCALE - 1, 1 - SCALE), persistent=False)
        squared = (cells - tiles[:, None, None]).square().sum(-1)  # (K, h, w)
        self.before = nn.Parameter(-squared / (2 * SPREAD**2))  # scores before anything is seen
        self.hidden = nn.Conv2d(CHANNELS, 32, 1)
        self.scores = nn.Conv2d(32, len(tiles), 1, bias=False)
        nn.init.zeros_(self.scores.weight)  # whatever the picture, the windows begin where they tile it

    def forward(self, x: torch.Tensor) -> Found:  # noqa: D102  its class says it
        small = F.interpolate(x, (LOCALISER, LOCALISER), mode="bilinear", antialias=True)
        maps = self.features(small)  # (N, 96, h, w)
        scores = self.scores(self.hidden(maps).relu()).float() + self.before  # (N, K, h, w)
        places = scores.flatten(2).softmax(-1)  # (N, K, h * w)
        centres = (places.unsqueeze(-1) * self.cells.flatten(0, 1)).sum(2)  # (N, K, 2); no matmul: bfloat16 is coarse
        return Found(centres, places.view_as(scores))


def localiser(count: int) -> Localiser:
    """The localisation net of so many windows, before it has learned anything."""
    return Localiser(shipped_mobilenet().features[:LAYERS], torch.tensor(TILES[count]))


class FineGrained(
    nn.Module, PyTorchModelHubMixin, pipeline_tag="image-classification", tags=["spatial-transformer", "birds"]
):
    """A classifier of species that look alike, through windows that it places by itself, or without.

    Localisation net, patches of the trunks and classifiers learn together, from the species alone. The rest of its
    weights are MobileNetV2's, which ship beside it.
    """

    def __init__(self, config: FineGrainedConfig):
        super().__init__()
        self.config = config
        features = shipped_mobilenet().features
        if config.transformers:
            self.localise = localiser(config.transformers)
        first, count = Published(features, patch=True), max(1, config.transformers)
        self.trunks = nn.ModuleList([first, *(first.twin() for _ in range(count - 1))])
        species = len(config.class_names)
        self.classifiers = nn.ModuleList(nn.Linear(DESCRIPTOR, species) for _ in range(count))
        self.register_buffer("means", torch.zeros(species, count, DESCRIPTOR))  # of each species, once it is trained
        self.register_buffer("reach", torch.zeros(()))  # the unlikeness that one in twenty of their birds exceeds

    def forward(self, x: torch.Tensor, nudges: torch.Tensor | None = None) -> FineGrainedOutput:
        """The species of pictures (N, 3, H, W) in [0, 1], squeezed into squares, and what the windows say.

        `nudges` (N, K, 2) move the windows from where they were put; in training they show a classifier what lies
        around its place, and the slope of its loss there.
        """
        if not self.config.transformers:
            descriptors, found = [self.describe(0, whole(x))], None
        else:
            found = self.localise(x)
            centres = found.centres
            if nudges is not None:  # as far as the border, and the slope beyond it is that at the border
                centres = centres + ((centres + nudges).clamp(SCALE - 1, 1 - SCALE) - centres).detach()
            descriptors = [self.describe(k, window(x, place)) for k, place in enumerate(centres.unbind(1))]
        each = torch.stack([self.classify(k, one) for k, one in enumerate(descriptors)], dim=1)  # (N, K, L)
        # a linear classifier of the joined descriptors is a sum over the windows: none speaks louder for being many
        return FineGrainedOutput(each.mean(1), each, torch.stack(descriptors, dim=1), found)

    def describe(self, k: int, seen: torch.Tensor) -> torch.Tensor:
        """Descriptors (N, 1280) that trunk k has of what it sees, (N, 3, S, S)."""
        return self.trunks[k](seen).float().mean((2, 3))

    def classify(self, k: int, descriptors: torch.Tensor) -> torch.Tensor:
        """Logits (N, L) that window k brings to the joint classifier, of descriptors (N, 1280)."""
        return self.classifiers[k](F.dropout(descriptors, self.config.dropout, self.training)).float()

    def unlikeness(self, descriptors: torch.Tensor) -> torch.Tensor:
        """How far descriptors (N, K, 1280) are from those of every species, (N,): 1 less the cosine to the nearest."""
        cosines = torch.einsum("nkd,lkd->nlk", F.normalize(descriptors, dim=-1), F.normalize(self.means, dim=-1))
        return 1 - cosines.mean(2).amax(1)


def whole(x: torch.Tensor) -> torch.Tensor:
    """Pictures (N, 3, H, W) as the plain network sees them, (N, 3, WHOLE, WHOLE)."""
    return F.interpolate(x, (WHOLE, WHOLE), mode="bilinear", antialias=True)


def window(x: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    """V = sampler(U, T_theta(G)): windows (N, 3, WINDOW, WINDOW) around centres (N, 2) of pictures (N, 3, H, W).

    A_theta = [[1/2, 0, theta_x], [0, 1/2, theta_y]]: attention alone, neither turned nor scaled.
    """
    points = SCALE * grids.target_points(WINDOW, WINDOW, centres) + centres.unsqueeze(1)  # (N, WINDOW^2, 2)
    return grids.warp(x.float(), points.view(-1, WINDOW, WINDOW, 2))
