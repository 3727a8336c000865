"""Nearest neighbours of descriptors, and the three scores of the paper for two pictures whose geometry is known."""

from typing import NamedTuple

import torch

from .features import Features
from .geometry import WRONG, Transfer, apart


class Matches(NamedTuple):
    """Nearest neighbours in the second picture, one for each of the N features of the first."""

    second: torch.Tensor  # (N,) index
    distance: torch.Tensor  # (N,) of the descriptors
    ratio: torch.Tensor  # (N,) of the distance to that of the second nearest
    mutual: torch.Tensor  # (N,) bool: whether each is the other's nearest


def match(first: torch.Tensor, second: torch.Tensor) -> Matches:
    """The nearest of descriptors (M, D) for each of (N, D); M is at least 2."""
    distance = torch.cdist(first, second)  # (N, M)
    nearest, index = distance.topk(2, 1, largest=False)
    mutual = distance.argmin(0)[index[:, 0]] == torch.arange(len(first))
    return Matches(index[:, 0], nearest[:, 0], nearest[:, 0] / nearest[:, 1].clamp_min(1e-9), mutual)


def reachable(xy: torch.Tensor, transfer: Transfer, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Where points (N, 2) should be in the other picture, of `size` (width, height), and whether they are in it."""
    moved = transfer(xy)
    return moved, ((moved >= 0) & (moved <= torch.tensor(size) - 1)).all(1)  # nan is neither


def correct(one: Features, other: Features, matches: Matches, moved: torch.Tensor) -> torch.Tensor:
    """Whether each match is within 3 pixels of where it should be, (N,)."""
    return (other.xy[matches.second] - moved).norm(dim=1) < WRONG


class PairScore(NamedTuple):
    """Scores of a pair, parts of 1; nan where no point of the first picture is known to be in the second."""

    repeatability: float
    matching_score: float
    nn_map: float


def average_precision(right: torch.Tensor, surest: torch.Tensor, possible: int) -> float:
    """Area below precision over recall of matches, `right` (N,) bool, ranked by `surest` (N,), the smallest first."""
    hits = right[surest.argsort(stable=True)].double()
    precision = hits.cumsum(0) / torch.arange(1, len(hits) + 1)
    return ((precision * hits).sum() / max(possible, 1)).item()


def score(
    one: Features,
    other: Features,
    there: Transfer,
    back: Transfer,
    sizes: tuple[tuple[int, int], tuple[int, int]],
) -> PairScore:
    """The scores of two pictures, of points whose place in the other picture is known and inside of it.

    repeatability   the share of them, of both pictures, that have a point of the other picture within 3 pixels
    matching_score  the share of the first picture's whose nearest neighbour is mutual and right
    nn_map          the area below precision over recall of all nearest neighbours, ranked by the ratio of distances;
                    recall counts the points that are repeated
    """
    moved, known = reachable(one.xy, there, sizes[1])
    moved_back, known_back = reachable(other.xy, back, sizes[0])
    if not known.any():
        return PairScore(torch.nan, torch.nan, torch.nan)
    near = (apart(moved[known], other.xy) < WRONG).any(1)
    near_back = (apart(moved_back[known_back], one.xy) < WRONG).any(1)
    repeated = (near.sum() + near_back.sum()).item() / (len(near) + len(near_back))
    matches = match(one.descriptor, other.descriptor)
    right = correct(one, other, matches, moved)[known]
    precision = average_precision(right, matches.ratio[known], int(near.sum()))
    return PairScore(repeated, (right & matches.mutual[known]).double().mean().item(), precision)


def fpr95(distance: torch.Tensor, same: torch.Tensor) -> float:
    """False positives at 95 % recall, in percent: of pairs of patches at a distance (N,), `same` (N,) if of one point,
    the share of the others that lie within the distance that 95 % of the same do not exceed."""
    limit = distance[same].sort().values[int(0.95 * same.sum())]
    return 100 * (distance[~same] <= limit).double().mean().item()
