"""People by two networks as others published them: NanoDet-Plus finds each person's box, MoveNet Thunder reads the
keypoints in it. From the person down to the joints, where `assembly` goes from the joints up to the people.
"""

from typing import NamedTuple

import torch

from ..core import runtime, weights
from ..core.backbones.movenet import MoveNet
from ..core.backbones.nanodet import NanoDet
from ..core.geometry.boxes import no_parts
from . import KEYPOINT
from .assembly import Parsed, Peak, Person
from .predictor import Moved, checked
from .skeleton import COCO, COCO_WITH_NECK, JOINTS

DETECTOR, NETWORK = "nanodet-plus", "movenet-thunder"
PERSON = 0  # its label
BOX, MOST = 0.2, 40  # score of a box that is read, at least; boxes, at most
BEST = 7  # keypoints that a person's score is of
SAME = 0.1  # of the side of a person's square: two people whose joints are nearer than that in the mean are one
CENTRE = 0.3  # score of a person's centre, at least, where there are no boxes
GLANCE = 0.4  # score of a person who is shown of a glance
SURE = 0.3  # of a person who is shown: score of the box times that of the surest keypoints
TURNED = 0.45  # of the surest person of a picture turned by half a turn: a penguin has 0.36


class Boxes(NamedTuple):
    """Where people are in a picture, the surest first."""

    boxes: torch.Tensor  # (D, 4), XYXY
    scores: torch.Tensor  # (D,)

    def surer(self, least: float) -> "Boxes":
        """Those whose score is `least` or more."""
        sure = self.scores >= least
        return Boxes(self.boxes[sure], self.scores[sure])


class Seen(NamedTuple):
    """The people of a picture, the surest first."""

    keypoints: torch.Tensor  # (D, K, 3): x and y in pixels of the picture, and a score; of MoveNet's, K = 17
    scores: torch.Tensor  # (D,): what they are ranked by
    sure: float = SURE  # score of somebody who is shown, at least


class TopDownPredictor:
    """The two networks."""

    def __init__(self):
        fast = {"memory_format": torch.channels_last}  # a fifth faster on a CPU
        self.detector, self.network = (
            weights.load(kind, name).to(**fast) for kind, name in ((NanoDet, DETECTOR), (MoveNet, NETWORK))
        )

    @torch.inference_mode()
    def find(self, picture: torch.Tensor, sure: float = BOX) -> Boxes:
        """The boxes of the people in a picture (3, H, W) in [0, 1] who may be `sure`: nobody is surer than the box.
        InputError where there is no picture, or a narrow strip."""
        picture = checked(picture).to(next(self.detector.parameters()).device)
        found = self.detector.detect(picture, max(BOX, sure))
        people = found.labels == PERSON
        boxes, scores = found.boxes[people][:MOST], found.scores[people][:MOST]
        whole = no_parts(boxes)
        return Boxes(boxes[whole], scores[whole])

    @torch.inference_mode()
    def predict(self, picture: torch.Tensor, sure: float = SURE, found: Boxes | None = None) -> Seen:
        """The people of a picture (3, H, W) in [0, 1]: all who may be `sure`, in the boxes that `find` has, or found.
        InputError as there.

        Where nobody is SURE, the picture is looked at once more, turned by half a turn: the networks know people whose
        head is up. That look counts where somebody in it is surer than TURNED.
        """
        seen = self._read(picture, found.surer(sure) if found else self.find(picture, sure))
        if (seen.scores < SURE).all():
            upside_down = picture.flip(1, 2)
            turned = self._read(upside_down, self.find(upside_down, sure))
            if (turned.scores > TURNED).any():
                height, width = picture.shape[1:]
                corner = turned.keypoints.new_tensor([width - 1, height - 1])
                places = corner - turned.keypoints[..., :2]
                return turned._replace(keypoints=torch.cat([places, turned.keypoints[..., 2:]], dim=2))
        return seen

    def _read(self, picture: torch.Tensor, found: Boxes) -> Seen:
        """The people in boxes of a picture (3, H, W) as it stands."""
        keypoints = self.network.people(picture.to(found.boxes.device), found.boxes).cpu()
        return ranked(keypoints, found.scores.cpu() * best(keypoints))

    @torch.inference_mode()
    def glance(self, picture: torch.Tensor, side: int) -> Seen:
        """The people of a picture by one pass of MoveNet at `side` pixels, without boxes: for a camera."""
        picture = checked(picture).to(next(self.network.parameters()).device)
        keypoints = self.network.everyone(picture, side, CENTRE).cpu()
        return ranked(keypoints, best(keypoints))._replace(sure=GLANCE)


def best(people: torch.Tensor) -> torch.Tensor:
    """The mean score of the BEST surest keypoints of each of the people (D, K, 3): of a portrait few are in view."""
    return people[..., 2].topk(BEST, dim=1).values.mean(1)


def ranked(people: torch.Tensor, scores: torch.Tensor) -> Seen:
    """People (D, K, 3) by their scores (D,), surest first, each of them once."""
    order = scores.argsort(descending=True)
    people, scores = people[order], scores[order]
    size = (people[..., :2].amax(1) - people[..., :2].amin(1)).amax(1)  # (D,)
    far = (people[:, None, :, :2] - people[None, ..., :2]).norm(dim=3).mean(2)  # (D, D)
    kept: list[int] = []
    for number in range(len(people)):
        if all(far[number, other] > SAME * size[other] for other in kept):
            kept.append(number)
    return Seen(people[kept], scores[kept])


def parsed(seen: Seen, least: float = KEYPOINT, moved: tuple[Moved, ...] = (), guess: bool = False) -> Parsed:
    """The people as `assembly.parse` has them, with the joints `names_of` has: whoever is surer than `seen.sure`.

    Args:
        least: score of a joint that counts as found.
        moved: joints that were moved by hand: the joint, the person's place in `seen`, x and y.
        guess: also have the joints that are less sure, as guesses.
    """
    by_hand = {(joint, number): (x, y) for joint, number, x, y in moved}
    peaks: list[list[Peak]] = [[] for _ in names_of(seen)]
    people = []
    for number, keypoints in enumerate(seen.keypoints[seen.scores >= seen.sure].tolist()):
        joints = [Peak(*keypoint) for keypoint in keypoints]
        for joint, peak in enumerate(joints):
            if place := by_hand.get((joint, number)):
                joints[joint] = peak._replace(x=place[0], y=place[1], placed=True)
        if len(joints) == len(COCO):
            joints.append(between(*(joints[COCO.index(f"{side} shoulder")] for side in ("right", "left"))))
        found = [joint.placed or joint.belief >= least for joint in joints]
        for known, joint in zip(peaks, joints):
            known.append(joint)
        if any(found) or guess:
            guesses = tuple(None if there else joint for joint, there in zip(joints, found)) if guess else ()
            there = tuple(number if there else None for there in found)
            people.append(Person(there, seen.scores[number].item(), None, guesses))
    return Parsed(people, peaks, [])


def names_of(seen: Seen) -> list[str]:
    """The joints that the people have: the neck as well where the keypoints are those of COCO."""
    return COCO_WITH_NECK if seen.keypoints.shape[1] == len(COCO) else JOINTS


def between(first: Peak, second: Peak) -> Peak:
    """The middle of two joints, as sure as the less sure one; placed by hand where both are."""
    x, y = ((first[axis] + second[axis]) / 2 for axis in (0, 1))
    return Peak(x, y, min(first.belief, second.belief), first.placed and second.placed)


def predictor() -> TopDownPredictor:
    """The two networks, loaded on first use."""
    return runtime.shelf.get(("pose", NETWORK), TopDownPredictor)
