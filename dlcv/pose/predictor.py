"""One picture through a pose machine, and every question that the slides ask about the way to its people.

The network runs once, in `look`; all that comes after it reads the maps that it left, `Seen`. Points are x, y in
pixels of the picture that was given.
"""

import math
from typing import NamedTuple

import torch
from torch.nn import functional as F

from ..core import runtime, weights
from ..core.errors import InputError
from . import LINK, PEAK, assembly
from .assembly import Assembled, Peak
from .model import STEP, STRIDE, PoseMachine
from .skeleton import IN_COCO, JOINTS, LIMBS

SIDES = (193, 1025)  # pixels of the longer side that a picture may be seen at
LARGEST = 20  # times a side may be longer than the other


class Seen(NamedTuple):
    """What a network says of a picture, on the CPU; all that is needed to answer questions about it."""

    beliefs: torch.Tensor  # (S, J, h, w), of every stage
    fields: torch.Tensor  # (S, L, 2, h, w)
    scale: torch.Tensor  # (2,): pixels of the picture in x and y to one of the maps
    limbs: tuple[tuple[int, int], ...] = LIMBS
    joints: tuple[str, ...] = tuple(JOINTS)
    centre: float = 0.5 / STRIDE  # where the middle of a pixel of the maps is in it: here in that of its first pixel
    votes: torch.Tensor | None = None  # (V, h, w): of PoseNet for the first V joints, in [0, 1]

    def outside(self, peak: Peak) -> Peak:
        """A peak of the maps in pixels of the picture."""
        x, y = (torch.tensor(peak[:2]) + self.centre) * self.scale - 0.5
        return peak._replace(x=x.item(), y=y.item())

    def inside(self, x: float, y: float) -> tuple[float, ...]:
        """A point of the picture in pixels of the maps."""
        return tuple(((torch.tensor([x, y]) + 0.5) / self.scale - self.centre).tolist())


class Moved(NamedTuple):
    """A peak that was moved by hand."""

    joint: int
    number: int  # among the peaks of the joint, surest first
    x: float
    y: float


def sized(picture: torch.Tensor, side: int, step: int) -> list[int]:
    """Height and width of a picture (3, H, W) with about `side` pixels on the longer side, multiples of `step`.

    Raises InputError where there is nothing to look at.
    """
    if picture.ndim != 3 or picture.shape[0] != 3 or not picture.numel():
        raise InputError("A picture in colour is needed.")
    height, width = picture.shape[1:]
    if max(height, width) > LARGEST * min(height, width):
        raise InputError(f"This picture is a strip: one side is more than {LARGEST} times the other. Crop it first.")
    return [max(2, round(length * side / max(height, width) / step)) * step for length in (height, width)]


class PosePredictor:
    """A pose machine by the name of its checkpoint, or one that is given."""

    def __init__(self, name: str, model: PoseMachine | None = None):
        model = weights.load(PoseMachine, name) if model is None else model.eval()
        self.model = model.to(memory_format=torch.channels_last)  # a tenth faster on a CPU

    @torch.inference_mode()
    def look(self, picture: torch.Tensor, side: int | None = None) -> Seen:
        """What the machine says of a picture (3, H, W) in [0, 1], `side` pixels on its longer side: one pass."""
        size = [length + 1 for length in sized(picture, (side or self.model.config.side) - 1, STEP)]
        device = next(self.model.parameters()).device
        out = self.model(F.interpolate(picture[None].to(device), size, mode="bilinear", antialias=True))
        maps = [torch.cat(found).float().cpu() for found in (out.beliefs, out.fields)]
        scale = STRIDE * torch.tensor([picture.shape[2] / size[1], picture.shape[1] / size[0]])
        return Seen(*maps, scale=scale, votes=out.votes[0, IN_COCO].clamp(0, 1).cpu())


def people_of(
    seen: Seen,
    stage: int = -1,
    peak: float = PEAK,
    link: float = LINK,
    matching: str = "greedy",
    moved: tuple[Moved, ...] = (),
    guess: bool = False,
) -> Assembled:
    """The people at a stage, 0 the first, and all that leads to them, peaks in pixels of the picture.

    Args:
        peak, link: belief of a joint, and mean affinity along a limb, at least.
        matching: "greedy" or "optimal".
        moved: peaks that stand elsewhere, by hand; what was found from them before is found anew.
        guess: also say where the joints may be that were not found.
    """
    peaks = assembly.find_peaks(seen.beliefs[stage], peak, seen.votes)
    for joint, number, x, y in moved:
        if number < len(peaks[joint]):  # else the threshold has taken it away
            x, y = seen.inside(x, y)
            peaks[joint][number] = peaks[joint][number]._replace(x=x, y=y, placed=True)
    found = assembly.assembled(seen.fields[stage], peaks, link, matching, seen.limbs)
    people = found.people
    if guess:
        maps = assembly.with_votes(seen.beliefs[stage], seen.votes), seen.fields[stage]
        people = [assembly.guessed(one, found.peaks, *maps, seen.limbs) for one in people]
        people = [one._replace(guesses=tuple(peak and seen.outside(peak) for peak in one.guesses)) for one in people]
    return found._replace(people=people, peaks=[[seen.outside(peak) for peak in of_joint] for of_joint in found.peaks])


def strongest(seen: Seen, stage: int = -1) -> torch.Tensor:
    """Where each joint is most likely at a stage, as if there were one person: (J, 3), x, y in pixels and belief."""
    peaks = assembly.find_peaks(seen.beliefs[stage], -math.inf)
    return torch.tensor([seen.outside(of_joint[0])[:3] for of_joint in peaks])


def predictor(name: str) -> PosePredictor:
    """The machine of that name, loaded on first use."""
    return runtime.shelf.get(("pose", name), lambda: PosePredictor(name))
