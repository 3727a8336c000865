"""People one by one: the pose machine looks closer, at a square around each box of a person that NanoDet-Plus finds.

So do the authors of Convolutional Pose Machines (Wei et al. 2016). On the maps of a whole photograph, of 33 pixels, a
person of a fifth of its height has seven.
"""

import torch
from torchvision.ops import box_iou

from ..core.images.fit import squares_around
from . import PEAK
from .assembly import FULL_VOTE, Peak
from .layouts import keypoints
from .model import STRIDE
from .predictor import PoseMaps, PosePredictor, decode, strongest_joints
from .skeleton import IN_COCO, JOINTS, LIMBS
from .topdown import Boxes, Seen, ranked

MOST = 16  # boxes, at most, the surest: each takes two passes
SURE = 0.2  # of a person who is shown: score of the box times the mean belief of the joints that limbs lead to
MARGIN = 1.6  # side of a square, in longer sides of its box
BESIDE = 0.1  # of a side of a box: how far beyond that side a joint is still looked for
VOTE = 0.3  # what a full vote adds to a belief where no limbs join the peaks
NOBODY = 0.1  # mean belief of a person who is read off the strongest peaks, as no limbs join them
SIDES = {"left": "right", "right": "left"}
TWINS = [JOINTS.index(" ".join(SIDES.get(word, word) for word in name.split())) for name in JOINTS]
TWIN_LIMBS = [LIMBS.index((TWINS[first], TWINS[second])) for first, second in LIMBS]


@torch.inference_mode()
def predict(machine: PosePredictor, picture: torch.Tensor, found: Boxes) -> Seen:
    """The people in boxes of a picture (3, H, W) in [0, 1], the surest first, with the joints JOINTS; those to
    which no limb leads are guessed, and less sure than PEAK."""
    boxes, scores = found.boxes[:MOST], found.scores[:MOST].cpu()
    people = [read(maps, box) for maps, box in zip(look(machine, picture, boxes), boxes.tolist())]
    joints = torch.tensor([joints for joints, _ in people]).reshape(-1, len(JOINTS), 3)
    return ranked(joints, scores * torch.tensor([belief for _, belief in people]))._replace(sure=SURE)


@torch.inference_mode()
def look(machine: PosePredictor, picture: torch.Tensor, boxes: torch.Tensor) -> list[PoseMaps]:
    """The maps of the last stage in a square around each box (D, 4): the means over the square and its mirror image."""
    side = machine.model.config.side
    squares, corners, sides = squares_around(picture.to(boxes.device), boxes, MARGIN, side)
    found = []
    for square, corner, length in zip(squares, corners.round().tolist(), sides.round().tolist()):
        out = machine.model(torch.stack([square, square.flip(2)]))
        (belief, mirrored), (field, mirrored_field), (votes, mirrored_votes) = (
            values.float().cpu() for values in (out.beliefs[-1], out.fields[-1], out.votes[:, IN_COCO].clamp(0, 1))
        )
        across = torch.tensor([-1.0, 1.0]).view(2, 1, 1)  # in a mirror x points the other way
        found.append(
            PoseMaps(
                (belief + mirrored[TWINS].flip(2))[None] / 2,
                (field + across * mirrored_field[TWIN_LIMBS].flip(3))[None] / 2,
                torch.full((2,), STRIDE * length / side),
                votes=(votes + mirrored_votes[TWINS[: len(votes)]].flip(2)) / 2,
                corner=tuple(corner),
            )
        )
    return found


def read(maps: PoseMaps, box: list[float]) -> tuple[list[list[float]], float]:
    """The joints (J, 3) of the person in a box, XYXY, and the mean belief of those that limbs lead to."""
    maps = within(maps, box)
    found = decode(maps, guess=True)
    if not found.people:
        beliefs = maps.beliefs.clone()
        beliefs[:, : len(maps.votes)] += VOTE * (maps.votes / FULL_VOTE).clamp_max(1)
        return strongest_joints(maps._replace(beliefs=beliefs)).tolist(), NOBODY
    people = zip(keypoints(found, JOINTS, JOINTS), found.people)
    joints, person = max(people, key=lambda one: overlap(one[0], box) * one[1].score)
    # a guess is less sure than any joint that is found
    factors = [PEAK if number is None else 1.0 for number in person.peaks]
    rows = [[*joint[:2], factor * joint.belief] if joint else [0.0] * 3 for joint, factor in zip(joints, factors)]
    return rows, person.score


def within(maps: PoseMaps, box: list[float]) -> PoseMaps:
    """The maps of a picture, where nobody is believed in beyond a box, XYXY, and a little."""
    rows, columns = maps.beliefs.shape[2:]
    inside = []
    for axis, count in ((0, columns), (1, rows)):
        place = (torch.arange(count) + maps.centre) * maps.scale[axis] - 0.5 + maps.corner[axis]
        reach = BESIDE * (box[axis + 2] - box[axis])
        inside.append((place > box[axis] - reach) & (place < box[axis + 2] + reach))
    inside = inside[1][:, None] & inside[0]
    return maps._replace(beliefs=maps.beliefs * inside, votes=maps.votes * inside)


def overlap(joints: list[Peak | None], box: list[float]) -> float:
    """Intersection over union of the bounds of joints and a box, XYXY."""
    x, y = zip(*(joint[:2] for joint in joints if joint))
    bounds = torch.tensor([[min(x), min(y), max(x), max(y)]])
    return box_iou(bounds, torch.tensor([box])).item()
