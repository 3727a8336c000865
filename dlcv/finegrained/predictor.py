"""Questions a visitor may ask about one bird: what it is, where a network looked, and what other windows say."""

from typing import NamedTuple

import torch
from torch.nn import functional as F

from ..core import runtime, weights
from ..core.errors import InputError
from .model import SCALE, FineGrained, window

SIDE = 160  # pixels of the square that a picture is squeezed into: no more than the networks learned from
AT_ONCE = 25  # windows of one pass


class Answer(NamedTuple):
    """What a network says of one picture; without transformers K is 1, the whole picture."""

    probabilities: torch.Tensor  # (L,): of the joint classifier
    each: torch.Tensor  # (K, L): probabilities by each window alone
    logits: torch.Tensor  # (K, L): what each window brings; their mean gives `probabilities`
    centres: torch.Tensor | None  # (K, 2): (x, y), the picture spanning [-1, 1]
    places: torch.Tensor | None  # (K, h, w): how much the localisation net is for each place
    unlikeness: float  # 1 less the cosine to the nearest of the twenty species
    unlike: bool  # farther than nineteen in twenty birds of these species are


def squeezed(picture: torch.Tensor) -> torch.Tensor:
    """A picture (3, H, W) in [0, 1] as the networks learned from them: a square (1, 3, SIDE, SIDE)."""
    if picture.ndim != 3 or picture.shape[0] != 3 or not picture.numel():
        raise InputError("A picture in colour is needed.")
    return F.interpolate(picture[None], (SIDE, SIDE), mode="bilinear", antialias=True).clamp(0, 1)


class FineGrainedPredictor:
    """A network by its name, on `runtime.device()`. Pictures are those of `squeezed`, (1, 3, SIDE, SIDE)."""

    def __init__(self, name: str):
        self.model = weights.load(FineGrained, name).requires_grad_(False)
        self.device = next(self.model.parameters()).device
        self.class_names = self.model.config.class_names
        self.windows = self.model.config.transformers

    @torch.inference_mode()
    def answer(self, x: torch.Tensor) -> Answer:
        """What the picture shows, and where the network looked."""
        output = self.model(x.to(self.device))
        unlikeness = self.model.unlikeness(output.descriptors).item()
        return Answer(
            output.logits[0].softmax(0).cpu(),
            output.each[0].softmax(1).cpu(),
            output.each[0].cpu(),
            output.found and output.found.centres[0].cpu(),
            output.found and output.found.places[0].cpu(),
            unlikeness,
            unlikeness > self.model.reach.item(),
        )

    @torch.inference_mode()
    def read(self, x: torch.Tensor, k: int, centres: torch.Tensor) -> torch.Tensor:
        """Logits (N, L) of window k around each of centres (N, 2)."""
        found = []
        for some in centres.to(self.device).split(AT_ONCE):
            seen = window(x.to(self.device).expand(len(some), -1, -1, -1), some)
            found.append(self.model.classify(k, self.model.describe(k, seen)).cpu())
        return torch.cat(found)

    def landscape(self, x: torch.Tensor, k: int, heights: list[float], across: int) -> torch.Tensor:
        """p(species | centre) by window k alone, (len(heights), across, L): its centre goes from border to border."""
        line = torch.linspace(SCALE - 1, 1 - SCALE, across)
        centres = torch.cat([torch.stack([line, torch.full_like(line, height)], dim=1) for height in heights])
        return self.read(x, k, centres).softmax(1).view(len(heights), across, -1)

    def pull(self, x: torch.Tensor, centres: torch.Tensor, species: int) -> torch.Tensor:
        """-dL / dtheta, (K, 2), of the joint loss L = -log p(species), at centres (K, 2): where they would move."""
        x = x.to(self.device)
        theta = centres.to(self.device).clone().requires_grad_()
        each = [self.model.classify(k, self.model.describe(k, window(x, place[None]))) for k, place in enumerate(theta)]
        loss = F.cross_entropy(torch.stack(each).mean(0), torch.tensor([species], device=self.device))
        return -torch.autograd.grad(loss, theta)[0].cpu()

    def alike(self) -> torch.Tensor:
        """Cosines (K, L, L) between the means of the species' descriptors, what all have in common taken off."""
        means = self.model.means - self.model.means.mean(0)  # (L, K, 1280)
        means = F.normalize(means, dim=-1)
        return torch.einsum("lkd,mkd->klm", means, means).cpu()


def predictor(name: str) -> FineGrainedPredictor:
    """Predictor of that name, one for the whole process, loaded on first use."""
    return runtime.shelf.get(("finegrained", name), lambda: FineGrainedPredictor(name))
