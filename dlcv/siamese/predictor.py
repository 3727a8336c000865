"""Answers of the siamese networks, on what a visitor draws. One predictor serves all visitors."""

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

    Where the network is one of characters, each is the mean over seven views of a picture.
    """
    device = next(model.parameters()).device
    found = []
    for batch in pictures.split(BATCH):
        x = batch.to(device).float() / 255
        if model.config.views:
            seen = model(strokes.views(x).flatten(0, 1)).embedding.view(-1, len(x), model.config.units)  # (7, N, D)
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

    def enrol(self, pictures: torch.Tensor) -> Enrolled:
        """Drawings of one thing, (K, 1, 32, 32) uint8, kept as a centre and their spread around it."""
        if not FEWEST <= len(pictures) <= MOST:
            raise InputError(f"Draw it between {FEWEST} and {MOST} times.")
        embeddings = self.embed(pictures)
        middle = centre(embeddings)
        return Enrolled(embeddings, middle, (embeddings - middle).norm(dim=1).mean().item())

    def threshold(self, kept: int, kind: str = "other") -> float:
        """The distance at which as many of the same characters are refused as of others, or "forged" ones, accepted."""
        same, against = self.quantiles(kept)[[0, ("same", "other", "forged").index(kind)]]
        place = (same.flip(0) - against).abs().argmin()  # the q-quantile of these is the (1 - q)-quantile of those
        return ((same.flip(0)[place] + against[place]) / 2).item()

    def quantiles(self, kept: int) -> torch.Tensor:
        """Quantiles (3, Q) of the evaluation set's distances from so many enrolled, of the same, other, forged ones."""
        return self.model.distances[0 if kept < 3 else 1].cpu()

    def verify(self, enrolled: Enrolled, pictures: torch.Tensor, threshold: float | None = None) -> list[Verdict]:
        """Verdicts on drawings (N, 1, 32, 32) uint8, at the threshold of equal errors where none is given."""
        kept = len(enrolled.embeddings)
        limit = self.threshold(kept) if threshold is None else threshold
        same, other, _ = self.quantiles(kept)
        return [
            Verdict(d, limit, d <= limit, (same > d).float().mean().item(), (other <= d).float().mean().item())
            for d in (self.embed(pictures) - enrolled.centre).norm(dim=1).tolist()
        ]

    def one_shot(self, references: torch.Tensor, pictures: torch.Tensor) -> torch.Tensor:
        """Distances (N, W) of drawings (N, 1, 32, 32) uint8 from one sample a class, embeddings (W, D)."""
        return torch.cdist(self.embed(pictures), references)


def predictor(name: str = "siamese-omniglot") -> SiamesePredictor:
    """Predictor of that name, one for the whole process, loaded on first use."""
    return runtime.shelf.get(("siamese", name), lambda: SiamesePredictor(name))
