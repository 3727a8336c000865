"""Pseudo-labels of photographs without annotations: keypoints by PoseNet, masks by DeepLab.

PoseNet's decoder starts at a keypoint with a high heat map; displacements lead along the limbs to the other keypoints
of that person, and offsets refine each place (Papandreou et al. 2018).
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
FACE_KEYPOINTS = 5  # the first ones, which Leeds Sports does not mark
SIDE, STRIDE = 513, 16  # pixels of the input's longer side, and of the input to a pixel of the maps
ROOT_SCORE = 0.5  # of a keypoint that a person is decoded from, at least
MASK_SCORE, KEYPOINT_SCORE, MIN_KEYPOINTS = 0.2, 0.4, 3  # of pixels and keypoints that count, and how many keypoints
NMS_RADIUS = 20  # pixels within which the same keypoint of two poses is one


class FullPoseNet(PoseNet):
    """PoseNet with all heads: also the displacements from one end of a limb to the other, outwards and inwards."""

    def __init__(self):
        super().__init__()
        self.displacement_fwd, self.displacement_bwd = nn.Conv2d(384, 32, 1), nn.Conv2d(384, 32, 1)


def posenet() -> FullPoseNet:
    """PoseNet with its published weights, from the folder DLCV_START."""
    return loaded_from_posenet(FullPoseNet()).eval()


def is_duplicate(pose: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two decoded poses (17, 3) are one person: more than half of the score lies on keypoints that coincide."""
    near = (pose[:, :2] - other[:, :2]).norm(dim=1) < NMS_RADIUS
    return bool(pose[near, 2].sum() > pose[:, 2].sum() / 2)


@torch.inference_mode()
def decode(network: FullPoseNet, picture: torch.Tensor) -> torch.Tensor:
    """The poses (P, 17, 3) in a picture (3, H, W) uint8, surest first: x, y in pixels of the picture, and the score."""
    height, width = picture.shape[1:]
    scale = (SIDE - 1) / max(height, width) / STRIDE
    size = [max(2, round(length * scale)) * STRIDE + 1 for length in (height, width)]
    x = F.interpolate(picture[None].float() / 127.5 - 1, size, mode="bilinear", antialias=True)
    _, _, coarse = network(x)
    heat = network.heatmap(coarse)[0].sigmoid()  # (17, h, w)
    offset, outwards, inwards = (
        head(coarse)[0].unflatten(0, (2, -1)).movedim(0, -1)  # (keypoints or limbs, h, w, 2): y and x in pixels
        for head in (network.offset, network.displacement_fwd, network.displacement_bwd)
    )
    end = torch.tensor(heat.shape[1:]) - 1

    def cell(point: torch.Tensor) -> tuple[int, int]:
        row, column = (point / STRIDE).round().long().clamp(torch.zeros(2).long(), end).tolist()
        return row, column

    def refined(point: torch.Tensor, joint: int) -> torch.Tensor:
        at = cell(point)
        return STRIDE * torch.tensor(at) + offset[(joint, *at)]

    peak = (heat == F.max_pool2d(heat[None], 3, stride=1, padding=1)[0]) & (heat > ROOT_SCORE)
    roots = sorted(peak.nonzero().tolist(), key=lambda place: -heat[tuple(place)].item())
    steps = [(limb, b, a, inwards) for limb, (a, b) in reversed(list(enumerate(EDGES)))]
    steps += [(limb, a, b, outwards) for limb, (a, b) in enumerate(EDGES)]
    poses: list[torch.Tensor] = []
    for joint, *at in roots:
        point = refined(STRIDE * torch.tensor(at), joint)
        if any((pose[joint, :2] - point).norm() < NMS_RADIUS for pose in poses):
            continue
        found = {joint: point}
        for limb, first, second, displacement in steps:
            if first in found and second not in found:
                target = found[first] + displacement[(limb, *cell(found[first]))]
                found[second] = refined(refined(target, second), second)
        pose = torch.stack([torch.cat([found[k], heat[(k, *cell(found[k]))][None]]) for k in range(len(COCO))])
        poses.append(pose)  # (17, 3)
    if not poses:
        return torch.zeros(0, len(COCO), 3)
    distinct: list[torch.Tensor] = []
    for pose in sorted(poses, key=lambda pose: -pose[:, 2].mean()):
        if not any(is_duplicate(pose, other) for other in distinct):
            distinct.append(pose)
    poses = torch.stack(distinct)
    to_picture = torch.tensor([height / size[0], width / size[1]])
    return torch.cat([((poses[..., :2] + 0.5) * to_picture - 0.5).flip(-1), poses[..., 2:]], dim=-1)


class PseudoLabelled(NamedTuple):
    """A photograph with the pseudo-labels of its people."""

    picture: torch.Tensor  # (3, H, W) uint8
    keypoints: torch.Tensor  # (P, 17, 3): x, y in pixels and the score
    people: torch.Tensor  # (H, W) uint8: k on the k-th person; where P is 0, 1 on all pixels that look like a person


def photographs(split: str) -> list[PseudoLabelled]:
    """The photographs of `cutouts.all_photographs` that have people; a pixel belongs to the person of its nearest
    keypoint."""
    keypoint_network, mask_network = posenet(), deeplab()
    found = []
    for picture in cutouts.all_photographs(split):
        mask = cutouts.person_mask(mask_network, picture) > MASK_SCORE
        if mask.float().mean() < cutouts.NOBODY:
            continue
        poses = decode(keypoint_network, picture)
        counted = poses[..., 2] > KEYPOINT_SCORE  # (P, 17)
        counted[:, :FACE_KEYPOINTS] = False
        enough = counted.sum(1) >= MIN_KEYPOINTS
        poses, counted = poses[enough], counted[enough]
        people = mask.to(torch.uint8)
        if len(poses):
            pixels = mask.nonzero().flip(1).float()
            nearest = torch.cdist(pixels, poses[counted][:, :2]).argmin(1)
            people[mask] = (counted.nonzero()[:, 0][nearest] + 1).to(torch.uint8)
        found.append(PseudoLabelled(picture, poses, people))
    return found
