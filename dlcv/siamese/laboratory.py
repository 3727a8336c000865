"""A network that learns to put pictures into the plane while somebody watches, by any of the losses and any mining."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from .loss import TINY, mine, negative, negative_of_hadsell, positive, squared_distances, triplet

SHOTS = 8  # pictures of a class in a batch
HELD_OUT = 300  # pictures that are not learned from
HIDDEN = 128
NEGATIVES = {"slide": negative, "hadsell": negative_of_hadsell}
IMPLODED = 0.02  # of the distance at which negatives are at rest, the mean one of two classes' points: all is one point


@dataclass
class Settings:
    """Settings of one training."""

    loss: str = "slide"  # "slide", "hadsell" or "triplets"
    mining: str = "hardest"  # as `loss.mine` has it
    negatives: bool = True  # without, only pairs of one class are learned from
    margin: float = 1.0  # of the slide's loss and of triplets a squared distance, of Hadsell's a distance
    seed: int = 0
    rate: float = 2e-3


class Snapshot(NamedTuple):
    """State of a training after some updates, as far as the screen shows it."""

    step: int
    loss: float  # of the batch
    active: float  # the share of negatives, or of triplets, that have a gradient
    right: float  # the share of held-out pictures whose nearest picture of the batches is of their class
    imploded: bool  # all points are one
    points: torch.Tensor  # (HELD_OUT, 2)
    batch: torch.Tensor  # (10 SHOTS, 2): what the next update learns from
    forces: torch.Tensor  # (10 SHOTS, 2): minus the gradient of the summed loss at each of these points
    at: torch.Tensor  # (T,): where its negatives stand on `curve`, all that the mining chose
    height: torch.Tensor  # (T,): and what each of them costs


class Terms(NamedTuple):
    """What T mined pairs or triplets cost."""

    losses: torch.Tensor  # (T,)
    at: torch.Tensor  # (T,): the distance of each negative; of triplets the difference of the squares
    height: torch.Tensor  # (T,): what each negative adds, or each triplet costs


class Laboratory:
    """One training on pictures (N, D) of vectors and labels (N,), the first HELD_OUT of which are not learned from."""

    def __init__(self, pictures: torch.Tensor, labels: torch.Tensor, settings: Settings):
        self.settings, self.pictures, self.labels = settings, pictures, labels
        self.classes = [
            HELD_OUT + (labels[HELD_OUT:] == number).nonzero()[:, 0] for number in range(int(labels.max()) + 1)
        ]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.network = nn.Sequential(
                nn.Linear(pictures.shape[1], HIDDEN),
                nn.ReLU(),
                nn.Linear(HIDDEN, HIDDEN),
                nn.ReLU(),
                nn.Linear(HIDDEN, 2),
            )
        self.optimiser = torch.optim.Adam(self.network.parameters(), settings.rate)
        self.steps = 0

    def batch(self) -> tuple[torch.Tensor, torch.Tensor, torch.Generator]:
        """Pictures and labels of the next update, SHOTS of each class, and the random numbers of its mining."""
        random = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + self.steps)
        chosen = torch.cat(
            [members[torch.randperm(len(members), generator=random)[:SHOTS]] for members in self.classes]
        )
        return self.pictures[chosen], self.labels[chosen], random

    def terms(self, points: torch.Tensor, labels: torch.Tensor, random: torch.Generator) -> Terms:
        """What the mined pairs or triplets of points (N, 2) cost."""
        settings, squared = self.settings, squared_distances(points, points)
        anchor, partner, other = mine(squared, labels, settings.mining, random)
        near, far = squared[anchor, partner], squared[anchor, other]
        if settings.loss == "triplets" and settings.negatives:
            losses = triplet(near, far, settings.margin)
            return Terms(losses, far - near, losses)
        push = NEGATIVES.get(settings.loss, negative)(far, settings.margin) if settings.negatives else 0 * far
        return Terms(positive(near) + push, (far + TINY).sqrt(), push)

    def curve(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Places (81,) and what a negative costs there (81,): by its distance d, or of triplets by d_n^2 - d_p^2."""
        margin, loss = self.settings.margin, self.settings.loss
        rest = margin if loss != "slide" else margin**0.5  # where negatives are at rest
        at = torch.linspace(-rest if loss == "triplets" else 0, 2 * rest, 81)
        return at, triplet(torch.zeros(81), at, margin) if loss == "triplets" else NEGATIVES[loss](at.square(), margin)

    def step(self) -> None:
        """One update: down the gradient of the mean loss of a batch."""
        pictures, labels, random = self.batch()
        losses = self.terms(self.network(pictures), labels, random).losses
        self.optimiser.zero_grad()
        losses.mean().backward()
        self.optimiser.step()
        self.steps += 1

    def snapshot(self) -> Snapshot:
        """The present state; the training goes on as if no snapshot had been taken."""
        pictures, labels, random = self.batch()
        batch = self.network(pictures).detach().requires_grad_()
        losses, at, height = self.terms(batch, labels, random)
        (slope,) = torch.autograd.grad(losses.sum(), batch)
        with torch.no_grad():
            points = self.network(self.pictures)
            held_out, known = points[:HELD_OUT], points[HELD_OUT:]
            nearest = self.labels[HELD_OUT:][squared_distances(held_out, known).argmin(1)]
            rest = self.settings.margin if self.settings.loss == "hadsell" else self.settings.margin**0.5
            apart = torch.pdist(held_out).mean().item()
        return Snapshot(
            self.steps,
            losses.mean().item(),
            (height > 0).float().mean().item(),
            (nearest == self.labels[:HELD_OUT]).float().mean().item(),
            apart < IMPLODED * rest,
            held_out,
            batch.detach(),
            -slope,
            at.detach(),
            height.detach(),
        )
