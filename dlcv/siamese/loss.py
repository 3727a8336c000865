"""The losses of the slide on distances, the triplet loss, and the mining of pairs, as functions of squared distances.

    L^p(x_1, x_2; Theta) = 1/2 || f(x_1; Theta) - f(x_2; Theta) ||^2
    L^n(x_1, x_2; Theta) = 1/2 max(0, m - || f(x_1; Theta) - f(x_2; Theta) ||^2)

d is the distance || f(x_1; Theta) - f(x_2; Theta) || everywhere, and the functions take d^2: the slide's need no root.
"""

from typing import NamedTuple

import torch
from torch.nn import functional as F

TINY = 1e-12  # under a root, whose slope at 0 is infinite


def squared_distances(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """d^2 of every embedding of (N, D) to every one of (M, D): (N, M)."""
    with torch.autocast(a.device.type, enabled=False):  # of bfloat16 nothing would be left where a and b are near
        products = a @ b.T
    return (a.square().sum(1)[:, None] + b.square().sum(1)[None] - 2 * products).clamp_min(0)


def positive(squared: torch.Tensor) -> torch.Tensor:
    """L^p = 1/2 d^2 of pairs of one class: it pulls with the length d."""
    return squared / 2


def negative(squared: torch.Tensor, margin: float) -> torch.Tensor:
    """L^n = 1/2 max(0, m - d^2) of pairs of two classes: the margin is a squared distance.

    It pushes with the length d: two that coincide are not pushed at all, nor are two farther apart than sqrt(m).
    """
    return F.relu(margin - squared) / 2


def negative_of_hadsell(squared: torch.Tensor, margin: float) -> torch.Tensor:
    """1/2 max(0, m - d)^2 (Hadsell et al. 2006, equation 4): the margin is a distance.

    It pushes with the length m - d: two that (almost) coincide are pushed most.
    """
    return F.relu(margin - (squared + TINY).sqrt()).square() / 2


def triplet(positive_squared: torch.Tensor, negative_squared: torch.Tensor, margin: float) -> torch.Tensor:
    """max(0, d(a, p)^2 - d(a, n)^2 + alpha) of an anchor, one of its class and one of another (Schroff et al. 2015)."""
    return F.relu(positive_squared - negative_squared + margin)


def n_pairs(squared: torch.Tensor, labels: torch.Tensor, scale: float) -> torch.Tensor:
    """-log of the weight exp(-scale d^2 / 2) that a picture's partners have among all of a batch, as a mean: a number.

    Every picture of another class is a negative, weighted by how near it is to the anchor: mining that is soft
    (Sohn 2016; Khosla et al. 2020, equation 2). `squared` is (N, N), labels are (N,); of embeddings of unit length,
    1 - d^2 / 2 is the cosine.
    """
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    weights = (-scale / 2 * squared).masked_fill(itself, -torch.inf).log_softmax(1)  # (N, N)
    return -weights[(labels[:, None] == labels[None]) & ~itself].mean()


class Mined(NamedTuple):
    """Indices of T triplets: each pair of one class, in both orders, with one picture of another class."""

    anchor: torch.Tensor  # (T,)
    positive: torch.Tensor  # (T,)
    negative: torch.Tensor  # (T,)


def mine(squared: torch.Tensor, labels: torch.Tensor, how: str, generator: torch.Generator | None = None) -> Mined:
    """A negative for every pair of one class in a batch, of squared distances (N, N) and labels (N,).

    random     any one of another class
    semi_hard  of those that are farther from the anchor than its positive, the nearest; where there is none, the
               farthest of all (Schroff et al. 2015)
    hardest    the nearest to the anchor
    """
    same = labels[:, None] == labels[None]
    anchor, partner = (same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)).nonzero(as_tuple=True)
    others = ~same[anchor]  # (T, N)
    away = squared.detach()[anchor]
    if how == "random":
        drawn = torch.rand(others.shape, generator=generator, device=labels.device)
        return Mined(anchor, partner, drawn.masked_fill(~others, -1).argmax(1))
    nearest = away.masked_fill(~others, torch.inf)
    if how == "hardest":
        return Mined(anchor, partner, nearest.argmin(1))
    farther = nearest.masked_fill(away <= away.gather(1, partner[:, None]), torch.inf)
    farthest = away.masked_fill(~others, -1).argmax(1)
    chosen = torch.where(farther.isinf().all(1), farthest, farther.argmin(1))
    return Mined(anchor, partner, chosen)
