"""From belief maps and affinity fields to people: peaks, line integrals, matching, assembly (Cao et al. 2017).

Points are x, y in pixels of the maps. Maps are (J, H, W), fields (L, 2, H, W), one picture at a time, on the CPU.
"""

import math
from statistics import mean
from typing import NamedTuple

import torch
from torch.nn import functional as F

from . import LINK, PEAK
from .skeleton import JOINTS, LIMBS

MAX_PEAKS = 60  # of a joint, the surest
SAMPLES = 10  # points of a line integral
MIN_AGREEMENT = 0.8  # share of those points where the field points along the limb
MIN_JOINTS, MIN_BELIEF = 4, 0.35  # of a person, by a network without votes: joints, and their mean belief
MIN_JOINTS_VOTED = 3  # of a person, by a network with votes
FEW = 6  # joints of a person, at least, where none of MIDDLE is among them
MIDDLE = {"head top", "nose", "neck", "right hip", "left hip"}
FULL_BELIEF, FULL_VOTE = 0.6, 0.15  # the mean belief that makes a person without votes, and the mean vote that does
REACH = 1.5  # spread of a guess around its limb's other end, in mean limb lengths of the person
PRIOR = 0.01, 0.02  # added to belief and affinity where a joint is guessed, so that one of them may be missing


class Peak(NamedTuple):
    """A local maximum of a joint's belief map: a candidate for that joint."""

    x: float
    y: float
    belief: float
    placed: bool = False  # by hand: then no threshold counts
    vote: float | None = None  # PoseNet's largest vote for this joint near the peak; None where it knows no such joint


class Link(NamedTuple):
    """A candidate for a limb: two peaks that may be its ends."""

    first: int  # index of the peak of the limb's first joint
    second: int  # index of the peak of the limb's second joint
    affinity: float  # mean of the field along the line, in its direction; -1 to 1
    agree: float  # share of the points where the field is above the threshold
    possible: bool  # affinity and agreement are large enough, or one of the ends was placed by hand
    placed: bool = False  # one of the ends was placed by hand: then the link goes before all others


class Step(NamedTuple):
    """A link and what the matching made of it."""

    link: Link
    verdict: str  # CHOSEN, WEAK, TAKEN or WORSE


CHOSEN, WEAK, TAKEN, WORSE = "chosen", "too weak", "an end is taken", "another choice is better"


class Person(NamedTuple):
    """Joints that belong together."""

    peaks: tuple[int | None, ...]  # for each joint the index of its peak, None where it was not found
    score: float  # mean belief of the joints that were found
    vote: float | None  # mean vote of the joints that PoseNet knows
    guesses: tuple[Peak | None, ...] = ()  # for each joint that was not found a guess, where guesses were asked for


def find_peaks(beliefs: torch.Tensor, threshold: float = PEAK, votes: torch.Tensor | None = None) -> list[list[Peak]]:
    """The peaks of each joint, surest first: pixels of its belief map (J, H, W) that exceed their eight neighbours.

    A parabola through the peak and its neighbours, along x and along y, places it between pixels. The vote of a peak is
    the largest of `votes` (V, H, W), for the first V joints, among the same nine pixels.
    """
    size = beliefs.shape[1:]
    ramp = torch.linspace(0, 1, size.numel()).double().view(size)
    distinct = beliefs.double() + 1e-6 * ramp  # of two equal neighbours one is larger
    largest = F.max_pool2d(distinct[None], 3, stride=1, padding=1)[0]
    joints, rows, columns = ((distinct == largest) & (beliefs > threshold)).nonzero().unbind(1)
    padded = F.pad(beliefs[None], (1, 1, 1, 1), mode="replicate")[0]
    at = beliefs[joints, rows, columns]
    x = columns + _vertex(padded[joints, rows + 1, columns], at, padded[joints, rows + 1, columns + 2])
    y = rows + _vertex(padded[joints, rows, columns + 1], at, padded[joints, rows + 2, columns + 1])
    found: list[list[Peak]] = [[] for _ in beliefs]
    near = [] if votes is None else F.max_pool2d(votes[None], 3, stride=1, padding=1)[0]
    order = at.argsort(descending=True)
    for joint, row, column, *peak in zip(*(values[order].tolist() for values in (joints, rows, columns, x, y, at))):
        vote = near[joint][row, column].item() if joint < len(near) else None
        found[joint].append(Peak(*peak, vote=vote))
    return [peaks[:MAX_PEAKS] for peaks in found]


def _vertex(before: torch.Tensor, at: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """The maxima (N,) of parabolas through values (N,) at -1, 0 and 1."""
    bend = (before - 2 * at + after).clamp_max(-1e-9)
    return (0.5 * (before - after) / bend).clamp(-0.5, 0.5)


def line_integral(field: torch.Tensor, starts: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """E = int_0^1 L(p(u)) . (d_2 - d_1) / |d_2 - d_1| du        (11)

    The integrand (N, SAMPLES) along the lines from `starts` to `ends` (N, 2); its mean is E. The field (2, H, W) is
    interpolated bilinearly.
    """
    height, width = field.shape[1:]
    u = torch.linspace(0, 1, SAMPLES)[:, None]
    points = starts[:, None] + u * (ends - starts)[:, None]  # (N, SAMPLES, 2)
    grid = 2 * points / torch.tensor([width - 1, height - 1]).clamp_min(1) - 1
    values = F.grid_sample(field[None], grid[None], align_corners=True)[0]  # L(p(u)), (2, N, SAMPLES)
    return (values * F.normalize(ends - starts, dim=1).T[:, :, None]).sum(0)


def candidates(field: torch.Tensor, firsts: list[Peak], seconds: list[Peak], threshold: float = LINK) -> list[Link]:
    """Links between all pairs of peaks of a limb's two joints, the largest line integral of its field (2, H, W) first.

    Links with an end that was placed by hand go before the others, so that the hand has the last word.
    """
    if not firsts or not seconds:
        return []
    starts, ends = (torch.tensor([peak[:2] for peak in peaks]) for peaks in (firsts, seconds))
    pairs = torch.cartesian_prod(torch.arange(len(starts)), torch.arange(len(ends)))
    along = line_integral(field, starts[pairs[:, 0]], ends[pairs[:, 1]])
    means, agrees = along.mean(1).tolist(), (along > threshold).float().mean(1).tolist()
    links = []
    for (first, second), affinity, agree in zip(pairs.tolist(), means, agrees):
        placed = firsts[first].placed or seconds[second].placed
        possible = placed or affinity > threshold and agree >= MIN_AGREEMENT
        links.append(Link(first, second, affinity, agree, possible, placed))
    return sorted(links, key=lambda link: (not link.placed, -link.affinity))


def greedy_matching(links: list[Link]) -> list[Step]:
    """The verdicts of greedy matching: from the best link on, each whose ends are both still free is chosen."""
    steps, firsts, seconds = [], set(), set()
    for link in links:
        verdict = WEAK if not link.possible else TAKEN if link.first in firsts or link.second in seconds else CHOSEN
        steps.append(Step(link, verdict))
        if verdict == CHOSEN:
            firsts.add(link.first)
            seconds.add(link.second)
    return steps


def optimal_matching(links: list[Link]) -> list[Step]:
    """The verdicts of maximum weight bipartite matching: the chosen links have the largest sum of affinities."""
    from scipy.optimize import linear_sum_assignment

    size = [1 + max((link[end] for link in links), default=-1) for end in (0, 1)]
    weights = torch.zeros(size)
    for link in links:
        weights[link.first, link.second] = link.placed + max(link.affinity, 1e-6) if link.possible else 0.0
    chosen = set(zip(*(ends.tolist() for ends in linear_sum_assignment(weights.numpy(), maximize=True))))
    return [
        Step(link, WEAK if not link.possible else CHOSEN if (link.first, link.second) in chosen else WORSE)
        for link in links
    ]


MATCHINGS = {"greedy": greedy_matching, "optimal": optimal_matching}


def assemble(
    peaks: list[list[Peak]],
    limbs: list[list[Link]],
    ends: tuple[tuple[int, int], ...] = LIMBS,
    joints: tuple[str, ...] = tuple(JOINTS),
) -> list[Person]:
    """People from the chosen links of every limb, surest first: links that share a peak belong to one person.

    Limbs grow from the neck, so a person whose neck is hidden begins at the first limb that was found. People who are
    too unsure, and fragments of other people, are left out.
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
        known = [peaks[joint][number] for joint, number in enumerate(person) if number is not None]
        votes = [peak.vote for peak in known if peak.vote is not None]
        candidate = Person(tuple(person), mean(peak.belief for peak in known), mean(votes) if votes else None)
        if is_person(candidate, joints):
            found.append(candidate)
    whole = [person for person in found if not any(is_fragment(person, other, peaks, ends) for other in found)]
    return sorted(whole, key=lambda person: -person.score)


def is_fragment(person: Person, other: Person, peaks: list[list[Peak]], ends: tuple[tuple[int, int], ...]) -> bool:
    """Whether a person is a part of another one, to which no limb leads.

    A fragment has fewer joints, none of a kind that the other person has, and its centre is within the bounds of the
    other's joints, or no farther from these bounds than a limb is long.
    """
    joints, others = (
        {joint: peaks[joint][number] for joint, number in enumerate(one.peaks) if number is not None}
        for one in (person, other)
    )
    if joints.keys() & others.keys() or len(joints) >= len(others):
        return False
    margin = mean_length(others, ends)
    return all(
        min(along) - margin <= mean(peak[axis] for peak in joints.values()) <= max(along) + margin
        for axis, along in enumerate(zip(*(peak[:2] for peak in others.values())))
    )


def mean_length(joints: dict[int, Peak], ends: tuple[tuple[int, int], ...]) -> float:
    """The mean length of the limbs between the known joints of a person."""
    return mean(math.dist(joints[a][:2], joints[b][:2]) for a, b in ends if a in joints and b in joints)


def is_person(candidate: Person, joints: tuple[str, ...]) -> bool:
    """Whether joints that belong together are a person: belief / FULL_BELIEF + vote / FULL_VOTE is 1 or more.

    The network trained here believes in people where PoseNet, trained on more photographs, sees nobody; and is unsure
    of people cut off by the border, of whom PoseNet is sure. A few joints without a head and hips are an arm, which
    may be anybody's.
    """
    found = {joint for joint, number in zip(joints, candidate.peaks, strict=True) if number is not None}
    count = len(found)
    if count < FEW and not found & MIDDLE:
        return False
    if candidate.vote is None:
        return count >= MIN_JOINTS and candidate.score >= MIN_BELIEF
    return count >= MIN_JOINTS_VOTED and candidate.score / FULL_BELIEF + candidate.vote / FULL_VOTE >= 1


def with_votes(beliefs: torch.Tensor, votes: torch.Tensor | None) -> torch.Tensor:
    """Belief maps (J, H, W), where larger votes / FULL_VOTE, of `votes` (V, H, W) for the first V joints."""
    if votes is None:
        return beliefs
    voted = (votes / FULL_VOTE).clamp_max(1)
    return torch.cat([beliefs[: len(voted)].maximum(voted), beliefs[len(voted) :]])


def with_guesses(
    person: Person, peaks: list[list[Peak]], beliefs: torch.Tensor, fields: torch.Tensor, ends=LIMBS
) -> Person:
    """The person with a guess for each joint that was not found, as far as limbs lead to it.

    From the known end d of a limb, its other end is the maximum of S(p) E(d, p) exp(-|p - d|^2 / 2 r^2): belief, line
    integral and distance together, without a threshold. First towards the neck, then outwards.
    """
    height, width = beliefs.shape[1:]
    pixels = torch.stack(torch.meshgrid(torch.arange(width), torch.arange(height), indexing="xy"), dim=-1)
    pixels = pixels.flatten(0, 1).float()  # (P, 2)
    known = {joint: peaks[joint][number] for joint, number in enumerate(person.peaks) if number is not None}
    reach = max(1.0, REACH * mean_length(known, ends))
    inwards = [(limb, b, a) for limb, (a, b) in reversed(list(enumerate(ends)))]
    outwards = [(limb, a, b) for limb, (a, b) in enumerate(ends)]
    guesses: list[Peak | None] = [None] * len(peaks)
    for limb, end, joint in inwards + outwards:
        if end not in known or joint in known:
            continue
        begin = torch.tensor(known[end][:2]).expand_as(pixels)
        line = (begin, pixels) if ends[limb] == (end, joint) else (pixels, begin)
        affinity = line_integral(fields[limb], *line).mean(1).clamp_min(0)
        near = (-(pixels - begin).square().sum(1) / (2 * reach**2)).exp()
        belief = beliefs[joint].flatten().clamp_min(0)
        best = ((belief + PRIOR[0]) * (affinity + PRIOR[1]) * near).argmax()
        known[joint] = guesses[joint] = Peak(*pixels[best].tolist(), belief[best].item())
    return person._replace(guesses=tuple(guesses))


class Parsed(NamedTuple):
    """The people of a picture, and everything on the way to them."""

    people: list[Person]
    peaks: list[list[Peak]]  # of each joint, surest first
    steps: list[list[Step]]  # of each limb: all links, best first, with their verdicts


def parse(
    fields: torch.Tensor,
    peaks: list[list[Peak]],
    link: float = LINK,
    matching: str = "greedy",
    ends: tuple[tuple[int, int], ...] = LIMBS,
    joints: tuple[str, ...] = tuple(JOINTS),
) -> Parsed:
    """People from the peaks of each joint: line integrals in the fields (L, 2, H, W), matching, assembly."""
    steps = [
        MATCHINGS[matching](candidates(field, peaks[a], peaks[b], link))
        for field, (a, b) in zip(fields, ends, strict=True)
    ]
    chosen = [[step.link for step in limb if step.verdict == CHOSEN] for limb in steps]
    return Parsed(assemble(peaks, chosen, ends, joints), peaks, steps)
