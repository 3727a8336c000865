"""Maps of one picture by one pass of a pose machine, and people decoded from these maps as often as one likes.

Points are x, y in pixels of the picture.
"""

import math
from typing import NamedTuple

import torch
from torch.nn import functional as F

from ..core import runtime, weights
from ..core.errors import InputError
from . import LINK, PEAK, assembly
from .assembly import Parsed, Peak
from .model import STEP, STRIDE, PoseMachine
from .skeleton import IN_COCO, JOINTS, LIMBS

MAX_ASPECT = 20  # times a side may be longer than the other


class PoseMaps(NamedTuple):
    """Belief maps and affinity fields of one picture at every stage, on the CPU."""

    beliefs: torch.Tensor  # (T, J, h, w)
    fields: torch.Tensor  # (T, L, 2, h, w)
    scale: torch.Tensor  # (2,): pixels of the picture to a pixel of the maps, in x and y
    limbs: tuple[tuple[int, int], ...] = LIMBS
    joints: tuple[str, ...] = tuple(JOINTS)
    centre: float = 0.5 / STRIDE  # of what a pixel of the maps describes, in its extent: here its first pixel
    votes: torch.Tensor | None = None  # (V, h, w): PoseNet's for the first V joints, in [0, 1]
    corner: tuple[float, float] = (0.0, 0.0)  # of the part of the picture that the maps are of

    def to_picture(self, peak: Peak) -> Peak:
        """A peak of the maps in pixels of the picture."""
        x, y = (torch.tensor(peak[:2]) + self.centre) * self.scale - 0.5 + torch.tensor(self.corner)
        return peak._replace(x=x.item(), y=y.item())

    def to_maps(self, x: float, y: float) -> tuple[float, ...]:
        """A point of the picture in pixels of the maps."""
        place = torch.tensor([x, y]) - torch.tensor(self.corner)
        return tuple(((place + 0.5) / self.scale - self.centre).tolist())


class Moved(NamedTuple):
    """A peak that was moved by hand, and its new place."""

    joint: int
    number: int  # index among the peaks of the joint, surest first
    x: float
    y: float


def checked(picture: torch.Tensor) -> torch.Tensor:
    """A picture (3, H, W). InputError where it is empty, not in colour, or a narrow strip."""
    if picture.ndim != 3 or picture.shape[0] != 3 or not picture.numel():
        raise InputError("A picture in colour is needed.")
    height, width = picture.shape[1:]
    if max(height, width) > MAX_ASPECT * min(height, width):
        raise InputError(f"This picture is a strip: one side is more than {MAX_ASPECT} times the other. Crop it first.")
    return picture


def input_size(picture: torch.Tensor, side: int, step: int) -> list[int]:
    """Height and width of the input for a picture (3, H, W): multiples of `step`, the longer one about `side`.
    InputError as `checked` has it."""
    height, width = checked(picture).shape[1:]
    return [max(2, round(length * side / max(height, width) / step)) * step for length in (height, width)]


class PosePredictor:
    """A pose machine, by the name of its checkpoint or as it is given."""

    def __init__(self, name: str, model: PoseMachine | None = None):
        model = weights.load(PoseMachine, name) if model is None else model.eval()
        self.model = model.to(memory_format=torch.channels_last)  # a tenth faster on a CPU

    @torch.inference_mode()
    def predict(self, picture: torch.Tensor, side: int | None = None) -> PoseMaps:
        """The maps of a picture (3, H, W) in [0, 1] by one pass, at `side` pixels on its longer side."""
        size = [length + 1 for length in input_size(picture, (side or self.model.config.side) - 1, STEP)]
        device = next(self.model.parameters()).device
        out = self.model(F.interpolate(picture[None].to(device), size, mode="bilinear", antialias=True))
        maps = [torch.cat(stages).float().cpu() for stages in (out.beliefs, out.fields)]
        scale = STRIDE * torch.tensor([picture.shape[2] / size[1], picture.shape[1] / size[0]])
        return PoseMaps(*maps, scale=scale, votes=out.votes[0, IN_COCO].clamp(0, 1).cpu())


def decode(
    maps: PoseMaps,
    stage: int = -1,
    peak: float = PEAK,
    link: float = LINK,
    matching: str = "greedy",
    moved: tuple[Moved, ...] = (),
    guess: bool = False,
) -> Parsed:
    """The people at a stage, 0 the first, and all that leads to them, peaks in pixels of the picture.

    Args:
        peak, link: least belief of a joint, and least mean affinity along a limb.
        matching: "greedy" or "optimal".
        moved: peaks that were moved by hand; links and people are found anew from their new places.
        guess: also guess the joints that were not found.
    """
    beliefs, fields = maps.beliefs[stage], maps.fields[stage]  # (J, h, w), (L, 2, h, w)
    peaks = assembly.find_peaks(beliefs, peak, maps.votes)
    for joint, number, x, y in moved:
        if number < len(peaks[joint]):  # else the threshold has removed the peak
            x, y = maps.to_maps(x, y)
            peaks[joint][number] = peaks[joint][number]._replace(x=x, y=y, placed=True)
    found = assembly.parse(fields, peaks, link, matching, maps.limbs, maps.joints)
    people = found.people
    if guess:
        voted = assembly.with_votes(beliefs, maps.votes)
        people = [assembly.with_guesses(person, found.peaks, voted, fields, maps.limbs) for person in people]
        people = [
            person._replace(guesses=tuple(guess and maps.to_picture(guess) for guess in person.guesses))
            for person in people
        ]
    return found._replace(people=people, peaks=[[maps.to_picture(peak) for peak in row] for row in found.peaks])


def strongest_joints(maps: PoseMaps, stage: int = -1) -> torch.Tensor:
    """The strongest peak of each joint at a stage, as if there were one person: (J, 3), x, y in pixels and belief."""
    peaks = assembly.find_peaks(maps.beliefs[stage], -math.inf)
    return torch.tensor([maps.to_picture(row[0])[:3] for row in peaks])


def predictor(name: str) -> PosePredictor:
    """The pose machine of a checkpoint, loaded on first use."""
    return runtime.shelf.get(("pose", name), lambda: PosePredictor(name))
