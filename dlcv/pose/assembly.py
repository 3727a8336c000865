"""From belief maps and affinity fields to people: peaks, line integrals, matching, assembly (Cao et al. 2017).

Points are x, y in pixels of the maps. Maps are (J, H, W), fields (L, 2, H, W), one picture at a time, on the CPU.
"""

from typing import NamedTuple

import torch
from torch.nn import functional as F

from .skeleton import JOINTS, LIMBS

PEAK, LINK = 0.2, 0.2  # belief of a joint, and mean affinity along a limb, at least
SAMPLES = 10  # points of a line integral
AGREE = 0.8  # of them must point along the limb
FEWEST, MEAN = 4, 0.3  # joints of a person, and their mean belief, at least


class Peak(NamedTuple):
    """One place where a joint may be."""

    x: float
    y: float
    belief: float


class Link(NamedTuple):
    """Two peaks that may be the ends of a limb."""

    first: int  # number of the peak of the limb's first joint
    second: int  # of its second joint
    affinity: float  # mean of the field along the line, in its direction; -1 to 1
    agree: float  # share of the points where it is above LINK


class Person(NamedTuple):
    """Joints that belong together: for each the number of its peak, or None where it was not found."""

    peaks: tuple[int | None, ...]
    score: float  # mean belief of the joints that are there


def find_peaks(beliefs: torch.Tensor, threshold: float = PEAK) -> list[list[Peak]]:
    """For each joint the places where its belief map (J, H, W) is largest among its eight neighbours, surest first.

    Between pixels by a parabola through the peak and its neighbours, along x and along y.
    """
    largest = F.max_pool2d(beliefs[None], 3, stride=1, padding=1)[0]
    padded = F.pad(beliefs[None], (1, 1, 1, 1), mode="replicate")[0]
    found: list[list[Peak]] = [[] for _ in beliefs]
    for joint, row, column in ((beliefs == largest) & (beliefs > threshold)).nonzero().tolist():
        around = padded[joint, row : row + 3, column : column + 3]
        x, y = (at + _vertex(*line.tolist()) for at, line in ((column, around[1]), (row, around[:, 1])))
        found[joint].append(Peak(x, y, beliefs[joint, row, column].item()))
    return [sorted(peaks, key=lambda peak: -peak.belief) for peaks in found]


def _vertex(before: float, at: float, after: float) -> float:
    """Where the parabola through three values at -1, 0, 1 is largest."""
    bend = before - 2 * at + after
    return max(-0.5, min(0.5, 0.5 * (before - after) / bend)) if bend < 0 else 0.0


def line_integral(field: torch.Tensor, starts: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """E = int_0^1 L(p(u)) . (d_2 - d_1) / |d_2 - d_1| du at SAMPLES points: starts, ends (N, 2) -> (N, SAMPLES).

    The field (2, H, W) is read between pixels by bilinear interpolation (eq. 11).
    """
    height, width = field.shape[1:]
    u = torch.linspace(0, 1, SAMPLES)[:, None]
    points = starts[:, None] + u * (ends - starts)[:, None]  # (N, SAMPLES, 2)
    grid = 2 * points / torch.tensor([width - 1, height - 1]).clamp_min(1) - 1
    values = F.grid_sample(field[None], grid[None], align_corners=True)[0]  # (2, N, SAMPLES)
    return (values * F.normalize(ends - starts, dim=1).T[:, :, None]).sum(0)


def candidates(field: torch.Tensor, firsts: list[Peak], seconds: list[Peak], threshold: float = LINK) -> list[Link]:
    """All pairs of peaks of a limb's two joints with the line integral of its field (2, H, W), best first."""
    if not firsts or not seconds:
        return []
    starts, ends = (torch.tensor([peak[:2] for peak in peaks]) for peaks in (firsts, seconds))
    pairs = torch.cartesian_prod(torch.arange(len(starts)), torch.arange(len(ends)))
    along = line_integral(field, starts[pairs[:, 0]], ends[pairs[:, 1]])
    links = [
        Link(*pair, affinity, agree)
        for pair, affinity, agree in zip(
            pairs.tolist(), along.mean(1).tolist(), (along > threshold).float().mean(1).tolist()
        )
    ]
    return sorted(links, key=lambda link: -link.affinity)


def match(links: list[Link], threshold: float = LINK) -> list[Link]:
    """Each peak in one limb at most: greedily the best pair whose ends are both still free (best first)."""
    chosen, firsts, seconds = [], set(), set()
    for link in links:
        if link.affinity > threshold and link.agree >= AGREE and not (link.first in firsts or link.second in seconds):
            chosen.append(link)
            firsts.add(link.first)
            seconds.add(link.second)
    return chosen


def assemble(peaks: list[list[Peak]], limbs: list[list[Link]]) -> list[Person]:
    """People from the chosen links of every limb: those that share a peak belong to one. Surest first.

    Limbs grow from the neck, so a person whose neck is hidden begins at the first limb that was found.
    """
    people: list[list[int | None]] = []
    for (first, second), links in zip(LIMBS, limbs, strict=True):
        for link in links:
            owner = next((person for person in people if person[first] == link.first), None)
            if owner is None:
                owner = [None] * len(JOINTS)
                owner[first] = link.first
                people.append(owner)
            if owner[second] is None:
                owner[second] = link.second
    found = []
    for person in people:
        beliefs = [peaks[joint][number].belief for joint, number in enumerate(person) if number is not None]
        score = sum(beliefs) / len(beliefs)
        if len(beliefs) >= FEWEST and score >= MEAN:
            found.append(Person(tuple(person), score))
    return sorted(found, key=lambda person: -person.score)


def people_of(
    beliefs: torch.Tensor, fields: torch.Tensor, peak: float = PEAK, link: float = LINK
) -> tuple[list[Person], list[list[Peak]], list[list[Link]], list[list[Link]]]:
    """All four steps: the people, the peaks of each joint, the candidates of each limb and those that were chosen."""
    peaks = find_peaks(beliefs, peak)
    pairs = [candidates(field, peaks[a], peaks[b], link) for field, (a, b) in zip(fields, LIMBS, strict=True)]
    chosen = [match(links, link) for links in pairs]
    return assemble(peaks, chosen), peaks, pairs, chosen
