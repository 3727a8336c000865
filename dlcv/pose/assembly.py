"""From belief maps and affinity fields to people: peaks, line integrals, matching, assembly (Cao et al. 2017).

Points are x, y in pixels of the maps. Maps are (J, H, W), fields (L, 2, H, W), one picture at a time, on the CPU.
"""

import math
from statistics import mean
from typing import NamedTuple

import torch
from torch.nn import functional as F

from . import LINK, PEAK
from .skeleton import LIMBS

MOST = 60  # places where a joint may be, the surest
SAMPLES = 10  # points of a line integral
AGREE = 0.8  # of them must point along the limb
FEWEST, MEAN = 4, 0.35  # joints of a person, and their mean belief, at least, by a network without votes
FEWEST_VOTED = 3  # joints, by one with votes
ENOUGH, VOTED = 0.6, 0.15  # mean belief that is enough without a vote, and the mean vote that is enough by itself
REACH = 1.5  # mean lengths of a person's limbs: how far a guess usually is from the joint that it hangs on
DOUBT = 0.01, 0.02  # added to belief and affinity where a joint is guessed, so that one of them may be missing


class Peak(NamedTuple):
    """One place where a joint may be."""

    x: float
    y: float
    belief: float
    placed: bool = False  # by hand: then no threshold counts
    vote: float | None = None  # of PoseNet for this joint here, where it has one


class Link(NamedTuple):
    """Two peaks that may be the ends of a limb."""

    first: int  # number of the peak of the limb's first joint
    second: int  # of its second joint
    affinity: float  # mean of the field along the line, in its direction; -1 to 1
    agree: float  # share of the points where it is above the threshold
    possible: bool  # both are large enough, or one of the ends was placed by hand
    placed: bool = False  # by hand: then it goes before all others


class Step(NamedTuple):
    """One pair in the course of the matching."""

    link: Link
    verdict: str  # one of VERDICTS


VERDICTS = CHOSEN, WEAK, TAKEN, WORSE = "chosen", "too weak", "an end is taken", "another choice is better"


class Person(NamedTuple):
    """Joints that belong together: for each the number of its peak, or None where it was not found."""

    peaks: tuple[int | None, ...]
    score: float  # mean belief of the joints that are there
    vote: float | None  # mean vote of those that PoseNet knows
    guesses: tuple[Peak | None, ...] = ()  # for each where it may be, if it was not found but was asked for


def find_peaks(beliefs: torch.Tensor, threshold: float = PEAK, votes: torch.Tensor | None = None) -> list[list[Peak]]:
    """For each joint the places where its belief map (J, H, W) is largest among its eight neighbours, surest first.

    Between pixels by a parabola through the peak and its neighbours, along x and along y. Of `votes` (V, H, W), for the
    first V joints, each peak has the largest among the same nine pixels.
    """
    size = beliefs.shape[1:]
    distinct = beliefs.double() + 1e-6 * torch.linspace(0, 1, size.numel()).double().view(
        size
    )  # of two equal ones, one
    largest = F.max_pool2d(distinct[None], 3, stride=1, padding=1)[0]
    joints, rows, columns = ((distinct == largest) & (beliefs > threshold)).nonzero().unbind(1)
    padded = F.pad(beliefs[None], (1, 1, 1, 1), mode="replicate")[0]
    at = beliefs[joints, rows, columns]
    x = columns + _vertex(padded[joints, rows + 1, columns], at, padded[joints, rows + 1, columns + 2])
    y = rows + _vertex(padded[joints, rows, columns + 1], at, padded[joints, rows + 2, columns + 1])
    found: list[list[Peak]] = [[] for _ in beliefs]
    near = [] if votes is None else F.max_pool2d(votes[None], 3, stride=1, padding=1)[0]
    order = at.argsort(descending=True)
    for joint, row, column, *peak in zip(*(some[order].tolist() for some in (joints, rows, columns, x, y, at))):
        vote = near[joint][row, column].item() if joint < len(near) else None
        found[joint].append(Peak(*peak, vote=vote))
    return [of_joint[:MOST] for of_joint in found]


def _vertex(before: torch.Tensor, at: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Where the parabolas through three values at -1, 0, 1 are largest, (N,)."""
    bend = (before - 2 * at + after).clamp_max(-1e-9)
    return (0.5 * (before - after) / bend).clamp(-0.5, 0.5)


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
    """All pairs of peaks of a limb's two joints with the line integral of its field (2, H, W), best first; those with
    an end that was placed by hand before the others, so that it stays where it was put."""
    if not firsts or not seconds:
        return []
    starts, ends = (torch.tensor([peak[:2] for peak in peaks]) for peaks in (firsts, seconds))
    pairs = torch.cartesian_prod(torch.arange(len(starts)), torch.arange(len(ends)))
    along = line_integral(field, starts[pairs[:, 0]], ends[pairs[:, 1]])
    means, agrees = along.mean(1).tolist(), (along > threshold).float().mean(1).tolist()
    links = []
    for (first, second), affinity, agree in zip(pairs.tolist(), means, agrees):
        placed = firsts[first].placed or seconds[second].placed
        possible = placed or affinity > threshold and agree >= AGREE
        links.append(Link(first, second, affinity, agree, possible, placed))
    return sorted(links, key=lambda link: (not link.placed, -link.affinity))


def greedily(links: list[Link]) -> list[Step]:
    """Each peak in one limb at most: from the best pair on, each whose ends are both still free is chosen."""
    steps, firsts, seconds = [], set(), set()
    for link in links:
        verdict = WEAK if not link.possible else TAKEN if link.first in firsts or link.second in seconds else CHOSEN
        steps.append(Step(link, verdict))
        if verdict == CHOSEN:
            firsts.add(link.first)
            seconds.add(link.second)
    return steps


def optimally(links: list[Link]) -> list[Step]:
    """The same with the largest sum of affinities that any choice has: maximum weight bipartite matching."""
    from scipy.optimize import linear_sum_assignment

    size = [1 + max((link[end] for link in links), default=-1) for end in (0, 1)]
    gains = torch.zeros(size)
    for link in links:
        gains[link.first, link.second] = link.placed + max(link.affinity, 1e-6) if link.possible else 0.0
    chosen = set(zip(*(some.tolist() for some in linear_sum_assignment(gains.numpy(), maximize=True))))
    return [
        Step(link, WEAK if not link.possible else CHOSEN if (link.first, link.second) in chosen else WORSE)
        for link in links
    ]


MATCHINGS = {"greedy": greedily, "optimal": optimally}


def assemble(
    peaks: list[list[Peak]], limbs: list[list[Link]], ends: tuple[tuple[int, int], ...] = LIMBS
) -> list[Person]:
    """People from the chosen links of every limb: those that share a peak belong to one. Surest first.

    Limbs grow from the neck, so a person whose neck is hidden begins at the first limb that was found. Left out is who
    is too unsure, and what is a piece of another person.
    """
    people: list[list[int | None]] = []
    for (first, second), links in zip(ends, limbs, strict=True):
        for link in links:
            owner = next((person for person in people if person[first] == link.first), None)
            if owner is None:
                owner = [None] * len(peaks)
                owner[first] = link.first
                people.append(owner)
            if owner[second] is None:
                owner[second] = link.second
    found = []
    for person in people:
        joints = [peaks[joint][number] for joint, number in enumerate(person) if number is not None]
        votes = [peak.vote for peak in joints if peak.vote is not None]
        one = Person(tuple(person), mean(peak.belief for peak in joints), mean(votes) if votes else None)
        if is_someone(one):
            found.append(one)
    whole = [one for one in found if not any(is_piece(one, other, peaks, ends) for other in found)]
    return sorted(whole, key=lambda person: -person.score)


def is_piece(one: Person, other: Person, peaks: list[list[Peak]], ends: tuple[tuple[int, int], ...]) -> bool:
    """Whether one is a piece of another person, to which no limb leads: it has fewer joints, none of a kind that the
    other one has, and its middle is among the other's joints, or no farther from them than a limb is long."""
    mine, others = ({joint: peaks[joint][k] for joint, k in enumerate(p.peaks) if k is not None} for p in (one, other))
    if mine.keys() & others.keys() or len(mine) >= len(others):
        return False
    near = mean_length(others, ends)
    return all(
        min(along) - near <= mean(peak[axis] for peak in mine.values()) <= max(along) + near
        for axis, along in enumerate(zip(*(peak[:2] for peak in others.values())))
    )


def mean_length(joints: dict[int, Peak], ends: tuple[tuple[int, int], ...]) -> float:
    """How long the limbs of a person are, of whom these joints are known."""
    return mean(math.dist(joints[a][:2], joints[b][:2]) for a, b in ends if a in joints and b in joints)


def is_someone(one: Person) -> bool:
    """Whether joints that belong together are a person: belief and votes, added, each as a part of what is enough.

    The network that learned here believes in people where PoseNet, which has seen more photographs, sees nobody; and is
    unsure of people cut off by the border, of whom PoseNet is sure.
    """
    count = sum(number is not None for number in one.peaks)
    if one.vote is None:
        return count >= FEWEST and one.score >= MEAN
    return count >= FEWEST_VOTED and one.score / ENOUGH + one.vote / VOTED >= 1


def with_votes(beliefs: torch.Tensor, votes: torch.Tensor | None) -> torch.Tensor:
    """Belief maps (J, H, W) with the `votes` (V, H, W) for the first V joints, as parts of a vote that is enough, where
    those are larger."""
    if votes is None:
        return beliefs
    voted = (votes / VOTED).clamp_max(1)
    return torch.cat([beliefs[: len(voted)].maximum(voted), beliefs[len(voted) :]])


def guessed(person: Person, peaks: list[list[Peak]], beliefs: torch.Tensor, fields: torch.Tensor, ends=LIMBS) -> Person:
    """The same person with a guess for each joint that was not found, as far as limbs lead to it.

    Beyond the end d of a limb, the other one is where S(p) E(d, p) exp(-|p - d|^2 / 2 r^2) is largest: no threshold,
    but belief, line integral and nearness together. First towards the neck, then outwards.
    """
    height, width = beliefs.shape[1:]
    pixels = torch.stack(torch.meshgrid(torch.arange(width), torch.arange(height), indexing="xy"), dim=-1)
    pixels = pixels.flatten(0, 1).float()  # (P, 2)
    known = {joint: peaks[joint][number] for joint, number in enumerate(person.peaks) if number is not None}
    reach = max(1.0, REACH * mean_length(known, ends))
    inwards = [(limb, b, a) for limb, (a, b) in reversed(list(enumerate(ends)))]
    outwards = [(limb, a, b) for limb, (a, b) in enumerate(ends)]
    guesses: list[Peak | None] = [None] * len(peaks)
    for limb, there, joint in inwards + outwards:
        if there not in known or joint in known:
            continue
        begin = torch.tensor(known[there][:2]).expand_as(pixels)
        line = (begin, pixels) if ends[limb] == (there, joint) else (pixels, begin)
        affinity = line_integral(fields[limb], *line).mean(1).clamp_min(0)
        near = (-(pixels - begin).square().sum(1) / (2 * reach**2)).exp()
        belief = beliefs[joint].flatten().clamp_min(0)
        best = ((belief + DOUBT[0]) * (affinity + DOUBT[1]) * near).argmax()
        known[joint] = guesses[joint] = Peak(*pixels[best].tolist(), belief[best].item())
    return person._replace(guesses=tuple(guesses))


class Assembled(NamedTuple):
    """The people, and everything on the way to them."""

    people: list[Person]
    peaks: list[list[Peak]]  # of each joint, surest first
    steps: list[list[Step]]  # of each limb: all candidate pairs, best first, and what became of them


def assembled(
    fields: torch.Tensor,
    peaks: list[list[Peak]],
    link: float = LINK,
    matching: str = "greedy",
    ends: tuple[tuple[int, int], ...] = LIMBS,
) -> Assembled:
    """From the peaks of each joint on: line integrals in the fields (L, 2, H, W), matching, people."""
    steps = [
        MATCHINGS[matching](candidates(field, peaks[a], peaks[b], link))
        for field, (a, b) in zip(fields, ends, strict=True)
    ]
    chosen = [[step.link for step in limb if step.verdict == CHOSEN] for limb in steps]
    return Assembled(assemble(peaks, chosen, ends), peaks, steps)


def people_of(beliefs: torch.Tensor, fields: torch.Tensor, peak: float = PEAK, link: float = LINK) -> Assembled:
    """All four steps, for the belief maps (J, H, W) and the fields (L, 2, H, W) of one stage, without votes."""
    return assembled(fields, find_peaks(beliefs, peak), link)
