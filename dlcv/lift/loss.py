"""The cost of LIFT, term by term: each function stands under its equation, and the global cost is their sum.

Descriptors are (N, 128) of length 1, so squared distances lie in [0, 4]. A quadruplet has P^1 and P^2 of one point of
a reconstruction, P^3 of another point, and P^4 of a place without one; P^4 is for the detector alone.
"""

from typing import NamedTuple

import torch
from torch.nn import functional as F

MARGIN = 1.0
TINY = 1e-8  # under a root, whose slope at 0 is infinite


def class_loss(maximum: torch.Tensor, y: int) -> torch.Tensor:
    """L_class(P) = max(0, 1 - y softmax(DET(P)))^2, y = +1 for a patch of a point and -1 for one without: (N,).

    `maximum` is the soft maximum of the score map, `glue.soft_maximum`.
    """
    return F.relu(1 - y * maximum).square()


def squared_distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """|| DESC(P^1) - DESC(P^2) ||^2 of N pairs of descriptors: (N,)."""
    return (a - b).square().sum(1)


def positive(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """L_pos(P^1, P^2) = || DESC(P^1) - DESC(P^2) ||^2: (N,).

    With descriptors of G(P, softargmax(DET(P))) the same is L_pair, which trains the detector; with those of
    Rot(P, angle(P)) it trains the orientation estimator.
    """
    return squared_distance(a, b)


def negative(a: torch.Tensor, c: torch.Tensor, margin: float = MARGIN) -> torch.Tensor:
    """L_neg(P^1, P^3) = max(0, 1 - || DESC(P^1) - DESC(P^3) ||^2): (N,)."""
    return F.relu(margin - squared_distance(a, c))


class Hardest(NamedTuple):
    """For each of N points of a batch, the descriptors of others that look most like it."""

    to_first: torch.Tensor  # (N,) whose second patch is nearest to the first patch of this one
    to_second: torch.Tensor  # (N,) whose first patch is nearest to the second patch of this one


@torch.no_grad()
def mine(a: torch.Tensor, b: torch.Tensor) -> Hardest:
    """The hardest negatives of a batch: of N pairs (a_i, b_i), the nearest b_j of a_i, the nearest a_j of b_i.

    "Hard example mining is very important for training": a pair at random is far apart already, and teaches nothing.
    """
    away = 2 - 2 * a @ b.T
    away.fill_diagonal_(torch.inf)
    return Hardest(away.argmin(1), away.argmin(0))


def triplet(a: torch.Tensor, b: torch.Tensor, margin: float = MARGIN) -> torch.Tensor:
    """max(0, 1 + || a_i - b_i || - min_j || . - . ||) of a batch of N pairs, over the mined negatives of both: (N,).

    The loss of HardNet (Mishchuk et al. 2017), on distances, not their squares; the shipped DESC has learned from it.
    """
    hardest = mine(a, b)
    near = (squared_distance(a, b) + TINY).sqrt()
    far = torch.minimum(squared_distance(a, b[hardest.to_first]), squared_distance(b, a[hardest.to_second]))
    return F.relu(margin + near - (far + TINY).sqrt())


def pairs(a: torch.Tensor, b: torch.Tensor) -> dict[str, torch.Tensor]:
    """L_pos and L_neg of a batch of N pairs as the global cost has them, each pair with the harder negative it mined.

    min over {DET, ORI, DESC} of
        sum_(P, y) max(0, 1 - y softmax(DET(P)))^2
        + sum_(P1, P2) || DESC(G(P^1, softargmax(DET(P^1)))) - DESC(G(P^2, softargmax(DET(P^2)))) ||^2
        + sum_(P1, P3) max(0, 1 - || DESC(G(P^1, softargmax(DET(P^1)))) - DESC(G(P^3, softargmax(DET(P^3)))) ||^2)
    """
    hardest = mine(a, b)
    push = torch.maximum(negative(a, b[hardest.to_first]), negative(b, a[hardest.to_second]))
    return {"positive": positive(a, b).mean(), "negative": push.mean()}


def apart(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """1 - cos(theta^1 - theta^2) of angles that should be equal: (N,)."""
    return 1 - torch.cos(a - b)


def place(weights: torch.Tensor, point: torch.Tensor, near: float) -> torch.Tensor:
    """-log of the softmax weight that lies within `near` pixels of the point: (N,). Not on the slide.

    The slide's cost is as low with any place that both patches have in common. With this term DET learns from the point
    that many photographs agreed on.

    Args:
        weights: (N, K S, S), softmax over K maps, one below the other: the one that has the point first.
        point: (N, 2) in pixels from the middle of a map.
    """
    side = weights.shape[2]
    along = torch.arange(side, device=weights.device) - (side - 1) / 2
    x, y = (along - point[:, axis, None] for axis in (0, 1))  # (N, S)
    close = x.square()[:, None] + y.square()[:, :, None] <= near**2  # (N, S, S)
    return -((weights[:, :side] * close).sum((1, 2)) + TINY).log()
