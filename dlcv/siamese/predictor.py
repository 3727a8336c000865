"""Answers of the siamese networks, on what a visitor draws. One predictor serves all visitors."""

import functools
from typing import NamedTuple

import torch
from PIL import Image
from torch.nn import functional as F

from ..core import runtime, weights
from ..core.errors import InputError
from . import strokes
from .model import Siamese, SiameseOutput
from .protocols import centre

FEWEST, MOST = 1, 20  # drawings that are enrolled
BATCH = 250


@torch.inference_mode()
def embed(model: Siamese, pictures: torch.Tensor) -> torch.Tensor:
    """Embeddings (N, D) of pictures (N, 1, H, W) uint8: scores and screens both ask for them here.

    Where the settings say so, each is the mean over three views of a picture.
    """
    device = next(model.parameters()).device
    found = []
    for batch in pictures.split(BATCH):
        x = batch.to(device).float() / 255
        if model.config.views:
            seen = model(strokes.views(x).flatten(0, 1)).embedding.view(-1, len(x), model.config.units)  # (3, N, D)
            embedding = F.normalize(seen.mean(0), dim=1)
        else:
            embedding = model(x).embedding
        found.append(embedding.cpu())
    return torch.cat(found)


def embed_all(model: Siamese, pictures: torch.Tensor) -> torch.Tensor:
    """Embeddings (C, S, D) of pictures of classes, (C, S, 1, H, W) uint8."""
    return embed(model, pictures.flatten(0, 1)).view(*pictures.shape[:2], -1)


class Enrolled(NamedTuple):
    """What is kept of a visitor's drawings of one thing."""

    embeddings: torch.Tensor  # (K, D)
    centre: torch.Tensor  # (D,)
    spread: float  # mean distance of the drawings from the centre


class Verdict(NamedTuple):
    """How far a drawing is from what is enrolled, and how far others are."""

    distance: float
    threshold: float
    accepted: bool
    same_beyond: float  # the share of the evaluation set's same characters that lie beyond this distance
    other_within: float  # and of its other characters that lie within


class Space(NamedTuple):
    """The three directions in which the characters of the evaluation set differ most."""

    origin: torch.Tensor  # (D,), the mean of their embeddings
    directions: torch.Tensor  # (3, D)
    share: float  # of the variance of the characters that the three hold

    def places(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Where embeddings (N, D) lie in the three directions, (N, 3)."""
        return (embeddings - self.origin) @ self.directions.T


class SiamesePredictor:
    """A shipped network of characters by name, on `runtime.device()`."""

    def __init__(self, name: str):
        self.model = weights.load(Siamese, name)
        self.device = next(self.model.parameters()).device

    def read(self, drawings: list[Image.Image | str]) -> torch.Tensor:
        """Drawings or photographs as the network sees them, (N, 1, 32, 32) uint8; InputError as `strokes.read` does."""
        return torch.stack([strokes.read(drawing) for drawing in drawings])

    def embed(self, pictures: torch.Tensor) -> torch.Tensor:
        """Embeddings (N, D) of pictures (N, 1, 32, 32) uint8."""
        return embed(self.model, pictures)

    @torch.inference_mode()
    def look(self, pictures: torch.Tensor) -> SiameseOutput:
        """Embedding and feature maps of pictures (N, 1, 32, 32) uint8, in one view."""
        return SiameseOutput(*(part.cpu() for part in self.model(pictures.to(self.device).float() / 255)))

    def enrol(self, embeddings: torch.Tensor) -> Enrolled:
        """Embeddings (K, D) of drawings of one thing, kept with their centre and their spread around it."""
        if not FEWEST <= len(embeddings) <= MOST:
            raise InputError(f"Draw it between {FEWEST} and {MOST} times.")
        middle = centre(embeddings)
        return Enrolled(embeddings, middle, (embeddings - middle).norm(dim=1).mean().item())

    @functools.cached_property
    def means(self) -> torch.Tensor:
        """Mean embeddings (C, D) of the evaluation set's characters, in the order of their alphabets."""
        return self.model.means.cpu()

    @functools.cached_property
    def space(self) -> Space:
        """The principal components of `means`."""
        origin = self.means.mean(0)
        _, deviations, directions = torch.linalg.svd(self.means - origin, full_matrices=False)
        share = deviations[:3].square().sum() / deviations.square().sum()
        return Space(origin, directions[:3], share.item())

    def threshold(self, kept: int, kind: str = "other") -> float:
        """The distance at which as many of the same characters are refused as of others, or "forged" ones, accepted."""
        same, against = self.quantiles(kept)[[0, ("same", "other", "forged").index(kind)]]
        place = (same.flip(0) - against).abs().argmin()  # the q-quantile of these is the (1 - q)-quantile of those
        return ((same.flip(0)[place] + against[place]) / 2).item()

    def quantiles(self, kept: int) -> torch.Tensor:
        """Quantiles (3, Q) of the evaluation set's distances from so many enrolled, of the same, other, forged ones."""
        return self.model.distances[0 if kept < 3 else 1].cpu()

    def verify(self, enrolled: Enrolled, embedding: torch.Tensor) -> Verdict:
        """Verdict on the embedding (D,) of a drawing, at the threshold of equal errors."""
        kept = len(enrolled.embeddings)
        distance, limit = (embedding - enrolled.centre).norm().item(), self.threshold(kept)
        same, other, _ = self.quantiles(kept)
        beyond, within = (same > distance).float().mean().item(), (other <= distance).float().mean().item()
        return Verdict(distance, limit, distance <= limit, beyond, within)


def places(enrolled: Enrolled, embedding: torch.Tensor) -> torch.Tensor:
    """Points (K + 1, 2) of the plane for what is enrolled and for one drawing more, (D,): the two directions in which
    they differ most, the centre of what is enrolled at 0."""
    away = torch.cat([enrolled.embeddings, embedding[None]]) - enrolled.centre
    _, _, directions = torch.linalg.svd(away, full_matrices=False)
    found = away @ directions[:2].T
    return F.pad(found, (0, 2 - found.shape[1]))


def predictor(name: str = "siamese-omniglot") -> SiamesePredictor:
    """Predictor of that name, one for the whole process, loaded on first use."""
    return runtime.shelf.get(("siamese", name), lambda: SiamesePredictor(name))
