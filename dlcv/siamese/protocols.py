"""Protocols of one-shot recognition and of verification, as functions of embeddings (C, S, D) by class and sample.

Nothing here knows a network: whatever gives vectors, pixels among them, is asked the same questions.
"""

import math
from typing import NamedTuple

import torch

WAYS = 20


class Accuracy(NamedTuple):
    """A share of right answers."""

    percent: float
    interval: float  # half the width of its 95 % interval, in percent points, over episodes


def right(references: torch.Tensor, queries: torch.Tensor) -> torch.Tensor:
    """Whether the reference (W, D) of a query's own class, of queries (W, D), is nearer than every other: (W,) bool.

    A tie is an error, so that a network with one answer for everything is never right.
    """
    squared = torch.cdist(queries, references)
    own = squared.diagonal().clone()
    return own < squared.fill_diagonal_(torch.inf).amin(1)


def one_shot(embeddings: torch.Tensor, alphabet: torch.Tensor | None, episodes: int = 4000, seed: int = 0) -> Accuracy:
    """Accuracy of 20-way one-shot recognition of classes (C, S, D): each query is compared with one sample a class.

    With the `alphabet` (C,) of each class, the 20 are of one alphabet, each alphabet as likely as another, the samples
    by one drawer and the queries by a second (Lake et al. 2015). With None, the 20 are any, and each has a sample and
    a query by two drawers of its own (Vinyals et al. 2016).
    """
    generator = torch.Generator().manual_seed(seed)
    classes, drawers = embeddings.shape[:2]
    shares = []
    for _ in range(episodes):
        if alphabet is None:
            chosen = torch.randperm(classes, generator=generator)[:WAYS]
            pair = torch.rand(WAYS, drawers, generator=generator).argsort(1)[:, :2].T
        else:
            number = torch.randint(int(alphabet.max()) + 1, (), generator=generator)
            members = (alphabet == number).nonzero()[:, 0]
            chosen = members[torch.randperm(len(members), generator=generator)[:WAYS]]
            pair = torch.randperm(drawers, generator=generator)[:2, None].expand(2, len(chosen))
        shares.append(right(embeddings[chosen, pair[0]], embeddings[chosen, pair[1]]).float().mean())
    found = 100 * torch.stack(shares)
    return Accuracy(found.mean().item(), 1.96 * found.std().item() / math.sqrt(episodes))


class Trials(NamedTuple):
    """Distances of drawings from what is enrolled."""

    same: torch.Tensor  # (G,) of the same class
    other: torch.Tensor  # (F,) of any other class
    forged: torch.Tensor  # (F,) of the classes most alike


def centre(enrolled: torch.Tensor) -> torch.Tensor:
    """The point (..., D) that stands for enrolled embeddings (..., K, D): their mean."""
    return enrolled.mean(-2)


def most_alike(embeddings: torch.Tensor, groups: torch.Tensor, count: int = 5) -> torch.Tensor:
    """For each class of (C, S, D) those of its group (C,) whose mean embeddings are nearest to its own: (C, count)."""
    means = embeddings.mean(1)
    squared = (
        torch.cdist(means, means).masked_fill(groups[:, None] != groups[None], torch.inf).fill_diagonal_(torch.inf)
    )
    return squared.topk(count, largest=False).indices


def verify(embeddings: torch.Tensor, groups: torch.Tensor, enrolled: int, rounds: int = 5, seed: int = 0) -> Trials:
    """Trials on classes (C, S, D), in `groups` (C,): in each round every class is enrolled with so many samples, and
    asked for by all its others, by as many of any other classes, and by as many of the five most alike of its group."""
    generator = torch.Generator().manual_seed(seed)
    classes, samples = embeddings.shape[:2]
    alike = most_alike(embeddings, groups)
    own = torch.arange(classes)[:, None]
    found: dict[str, list[torch.Tensor]] = {"same": [], "other": [], "forged": []}
    for _ in range(rounds):
        order = torch.rand(classes, samples, generator=generator).argsort(1)
        known = centre(embeddings[own, order[:, :enrolled]])[:, None]  # (C, 1, D)
        asked = order[:, enrolled:]
        others = (own + torch.randint(1, classes, asked.shape, generator=generator)) % classes
        like = alike.gather(1, torch.randint(alike.shape[1], asked.shape, generator=generator))
        for kind, who in (("same", own), ("other", others), ("forged", like)):
            found[kind].append((embeddings[who, asked] - known).norm(dim=2).flatten())
    return Trials(**{kind: torch.cat(distances) for kind, distances in found.items()})


class EqualError(NamedTuple):
    """Where as many of the same class are refused as of others are accepted."""

    percent: float
    threshold: float  # the distance up to which a drawing is accepted


def equal_error(same: torch.Tensor, other: torch.Tensor) -> EqualError:
    """The equal error rate of distances (G,) within and (F,) between classes."""
    same, other = same.double().sort().values, other.double().sort().values
    thresholds = torch.cat([same, other]).sort().values
    refused = 1 - torch.searchsorted(same, thresholds, right=True) / len(same)
    accepted = torch.searchsorted(other, thresholds, right=True) / len(other)
    place = int((refused - accepted).abs().argmin())
    return EqualError(50 * float(refused[place] + accepted[place]), float(thresholds[place]))
