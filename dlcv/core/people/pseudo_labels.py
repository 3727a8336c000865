"""Photographs that nobody labelled, as published networks see their people: PoseNet's joints, DeepLab's outlines.

From a joint that is sure, PoseNet's displacements lead along the limbs to the others of that person, and offsets say
where near there each one is (Papandreou et al. 2018).
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from ..backbones.deeplab import deeplab
from ..backbones.posenet import PoseNet, loaded_from_posenet
from ..datasets.keypoints import COCO
from . import cutouts

FACE = ("nose", "{} eye"), ("{} eye", "{} ear")
BODY = (
    ("nose", "{} shoulder"),
    ("{} shoulder", "{} elbow"),
    ("{} elbow", "{} wrist"),
    ("{} shoulder", "{} hip"),
    ("{} hip", "{} knee"),
    ("{} knee", "{} ankle"),
)
EDGES = tuple(
    (COCO.index(one.format(side)), COCO.index(other.format(side)))
    for part in (FACE, BODY)
    for side in ("left", "right")
    for one, other in part
)
"""The 16 limbs in the order of the published displacements, outwards from the nose."""
FACE_ENDS = 5  # the first keypoints are of the face, which Leeds Sports does not mark
SIDE, STRIDE = 513, 16  # pixels of the longer side of a photograph, and to a pixel of the maps
SURE = 0.5  # of a joint that a person is begun with
PERSON, MARKED, FEWEST = 0.2, 0.4, 3  # how sure pixels and joints must be that count, and how many joints
APART = 20  # pixels between the same joint of two people, at least, and between most of their joints


class Teacher(PoseNet):
    """All of PoseNet's heads: also how far it is from one end of a limb to the other, outwards and back."""

    def __init__(self):
        super().__init__()
        self.displacement_fwd, self.displacement_bwd = nn.Conv2d(384, 32, 1), nn.Conv2d(384, 32, 1)


def teacher() -> Teacher:
    """With the published weights, from the folder in DLCV_START."""
    return loaded_from_posenet(Teacher()).eval()


def again(person: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether most of what somebody (17, 3) is sure of stands where it does of another: begun twice, led elsewhere."""
    near = (person[:, :2] - other[:, :2]).norm(dim=1) < APART
    return bool(person[near, 2].sum() > person[:, 2].sum() / 2)


@torch.inference_mode()
def keypoints(network: Teacher, picture: torch.Tensor) -> torch.Tensor:
    """The people of a picture (3, H, W) uint8: (P, 17, 3), x, y in its pixels and how sure each is, surest first."""
    height, width = picture.shape[1:]
    scale = (SIDE - 1) / max(height, width) / STRIDE
    size = [max(2, round(length * scale)) * STRIDE + 1 for length in (height, width)]
    x = F.interpolate(picture[None].float() / 127.5 - 1, size, mode="bilinear", antialias=True)
    _, _, coarse = network(x)
    sure = network.heatmap(coarse)[0].sigmoid()
    offset, out, back = (
        head(coarse)[0].unflatten(0, (2, -1)).movedim(0, -1)  # (keypoints or limbs, h, w, 2): y and x in pixels
        for head in (network.offset, network.displacement_fwd, network.displacement_bwd)
    )
    end = torch.tensor(sure.shape[1:]) - 1

    def cell(point: torch.Tensor) -> tuple[int, int]:
        row, column = (point / STRIDE).round().long().clamp(torch.zeros(2).long(), end).tolist()
        return row, column

    def refined(point: torch.Tensor, joint: int) -> torch.Tensor:
        at = cell(point)
        return STRIDE * torch.tensor(at) + offset[(joint, *at)]

    peak = (sure == F.max_pool2d(sure[None], 3, stride=1, padding=1)[0]) & (sure > SURE)
    begins = sorted(peak.nonzero().tolist(), key=lambda place: -sure[tuple(place)].item())
    inwards = [(limb, b, a, back) for limb, (a, b) in reversed(list(enumerate(EDGES)))]
    outwards = [(limb, a, b, out) for limb, (a, b) in enumerate(EDGES)]
    people: list[torch.Tensor] = []
    for joint, *at in begins:
        point = refined(STRIDE * torch.tensor(at), joint)
        if any((person[joint, :2] - point).norm() < APART for person in people):
            continue
        found = {joint: point}
        for limb, first, second, leads in inwards + outwards:
            if first in found and second not in found:
                target = found[first] + leads[(limb, *cell(found[first]))]
                found[second] = refined(refined(target, second), second)
        person = torch.stack([torch.cat([found[k], sure[(k, *cell(found[k]))][None]]) for k in range(len(COCO))])
        people.append(person)
    if not people:
        return torch.zeros(0, len(COCO), 3)
    apart: list[torch.Tensor] = []
    for person in sorted(people, key=lambda person: -person[:, 2].mean()):
        if not any(again(person, other) for other in apart):
            apart.append(person)
    people = torch.stack(apart)
    to_picture = torch.tensor([height / size[0], width / size[1]])
    return torch.cat([((people[..., :2] + 0.5) * to_picture - 0.5).flip(-1), people[..., 2:]], dim=-1)


class Marked(NamedTuple):
    """A photograph and its people."""

    picture: torch.Tensor  # (3, H, W) uint8
    keypoints: torch.Tensor  # (P, 17, 3): x, y in pixels and how sure
    people: torch.Tensor  # (H, W) uint8: k on the k-th; 1 on all that look like a person where none is marked


def photographs(split: str) -> list[Marked]:
    """Those of `cutouts.all_photographs` that have people. A pixel belongs to whom its nearest joint belongs to."""
    knows_joints, knows_outlines = teacher(), deeplab()
    found = []
    for picture in cutouts.all_photographs(split):
        outline = cutouts.person_mask(knows_outlines, picture) > PERSON
        if outline.float().mean() < cutouts.NOBODY:
            continue
        keypoints_of = keypoints(knows_joints, picture)
        sure = keypoints_of[..., 2] > MARKED
        sure[:, :FACE_ENDS] = False
        enough = sure.sum(1) >= FEWEST
        keypoints_of, sure = keypoints_of[enough], sure[enough]
        people = outline.to(torch.uint8)
        if len(keypoints_of):
            pixels = outline.nonzero().flip(1).float()
            nearest = torch.cdist(pixels, keypoints_of[sure][:, :2]).argmin(1)
            people[outline] = (sure.nonzero()[:, 0][nearest] + 1).to(torch.uint8)
        found.append(Marked(picture, keypoints_of, people))
    return found
