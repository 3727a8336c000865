"""The pictures that pose machines learn from, made in batches where the network runs: on a GPU thousands a second.

    ground    a photograph: without people, of one person alone, or of a real group
    layers    people cut out of others, pasted on it one over the other, the larger ones in front
    camera    all of it turned, mirrored, nearer or farther, in other light, sharper or less sharp

Each pixel is read once from where it comes from. Joints are x, y in pixels, pixel centres at integers, and what is
known of them: above 0 where marked, -1 where not, and in a made picture 0 where outside.
"""

import math
from typing import NamedTuple

import torch
from torch.nn import functional as F
from torchvision.ops import masks_to_boxes
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as v2f

from ..core.datasets import coco, lspet
from ..core.people import cutouts, pseudo_labels
from .skeleton import IN_COCO, JOINTS

GREY = 128  # beyond the border of a photograph
FINER = 2  # points along a side of a pixel at which a large photograph is read, as it is made smaller
HEIGHTS = (0.25, 1.0)  # of pasted people, as parts of the picture's
NEARER, ZOOM = (0.7, 1.2), (1.2, 2.0)  # scales; with the second not all of a person is seen
AROUND = (0.8, 2.8)  # how much larger than a real person its part of the photograph is
SMALLEST = 96  # pixels of that part at least
REAL_SIDE = 480  # pixels of the longer side of a real photograph
LIGHT = 0.3  # how much brightness, contrast and saturation change at most
MIRRORED = [cutouts.JOINT_PAIRS.get(joint, joint) for joint in range(len(JOINTS))]


class Camera(NamedTuple):
    """Bounds of the camera's movements, to either side."""

    turn: float  # degrees
    shift: float  # of the picture's side
    zoomed: float  # share of pictures with the scales ZOOM


class Grounds(NamedTuple):
    """M square photographs with P people at most, and the Q squares of them that may be shown."""

    pictures: torch.Tensor  # (M, 3, S, S) uint8
    people: torch.Tensor  # (M, S, S) uint8: k on the k-th person
    joints: torch.Tensor  # (M, P, 14, 3)
    number: torch.Tensor  # (Q,): of the photograph
    squares: torch.Tensor  # (Q, 3): x and y of the middle, and the side
    real: bool = False  # large photographs, of which more or less of what is around the squares is shown

    def to(self, device: torch.device) -> "Grounds":
        """The grounds on another device."""
        return Grounds(*(part.to(device) for part in self[:5]), self.real)


class Cutouts(NamedTuple):
    """C people in the middle of squares."""

    layers: torch.Tensor  # (C, 4, S, S) uint8: colours and alpha
    heights: torch.Tensor  # (C,) pixels
    joints: torch.Tensor  # (C, 14, 3)

    def to(self, device: torch.device) -> "Cutouts":
        """The cut-outs on another device."""
        return Cutouts(*(part.to(device) for part in self))


class Scenes(NamedTuple):
    """N pictures with P people at most."""

    pictures: torch.Tensor  # (N, 3, S, S) in [0, 255]
    people: torch.Tensor  # (N, S, S): k on the k-th person, where the people in front leave some of it
    joints: torch.Tensor  # (N, P, 14, 3)


def centred(
    picture: torch.Tensor, side: int, fill: int = 0, mode: str = "constant"
) -> tuple[torch.Tensor, torch.Tensor]:
    """A picture (C, h, w) in the middle of a square, (C, side, side), and where its corner is then, (2,)."""
    height, width = picture.shape[-2:]
    left, top = (side - width) // 2, (side - height) // 2
    padding = [left, top, side - width - left, side - height - top]
    return v2f.pad(picture, padding, fill=fill, padding_mode=mode), torch.tensor([left, top])


def moved(joints: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
    """Joints (..., 3), moved by (2,)."""
    return torch.cat([joints[..., :2] + by, joints[..., 2:]], dim=-1)


def outside_marked(joints: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Joints (..., 3) of a picture, those marked that are not in it set to 0."""
    inside = ((joints[..., :2] > 0) & (joints[..., :2] < joints.new_tensor([width - 1, height - 1]))).all(-1, True)
    return torch.cat([joints[..., :2], torch.where(inside, joints[..., 2:], joints[..., 2:].clamp_max(0))], dim=-1)


def whole_squares(count: int, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The squares of `Grounds` that show each of `count` photographs as a whole."""
    return torch.arange(count), torch.tensor([(side - 1) / 2, (side - 1) / 2, side]).expand(count, 3)


def empty_grounds(split: str) -> Grounds:
    """Photographs without people, their shorter side cut to a square at both ends."""
    pictures = []
    for photograph in cutouts.backgrounds(split):
        shorter = min(photograph.shape[1:])
        for square in {(0, 0), tuple(length - shorter for length in photograph.shape[1:])}:
            part = v2f.crop(photograph, *square, shorter, shorter)
            pictures.append(v2f.resize(part, [256, 256], antialias=True))
    pictures = torch.stack(pictures)
    nobody = torch.zeros(len(pictures), 256, 256, dtype=torch.uint8)
    return Grounds(pictures, nobody, torch.zeros(len(pictures), 0, 14, 3), *whole_squares(len(pictures), 256))


def single_grounds(split: str) -> Grounds:
    """The photographs of Leeds Sports as they are: one person is marked, of others nothing is known."""
    pictures, joints = [], []
    for picture, of_person in lspet.load(split):
        of_person = outside_marked(torch.where(of_person[:, 2:] > 0, of_person, -1.0), *picture.shape[1:])
        picture, corner = centred(picture, lspet.LONGEST, GREY)
        pictures.append(picture)
        joints.append(moved(of_person, corner)[None])
    pictures = torch.stack(pictures)
    everywhere = torch.ones(len(pictures), *pictures.shape[2:], dtype=torch.uint8)
    return Grounds(pictures, everywhere, torch.stack(joints), *whole_squares(len(pictures), lspet.LONGEST))


def coco_samples(split: str) -> list[tuple[torch.Tensor, ...]]:
    """Photographs of COCO, the joints (P, 14, 3) of their people, and a map (H, W) of these people.

    COCO annotates neither necks and head tops nor the joints of a crowd.
    """
    found = []
    for picture, _, people in coco.load(split):
        where = torch.zeros(picture.shape[1:], dtype=torch.uint8)
        joints = torch.full((len(people), len(JOINTS), 3), -1.0)
        for number, person in enumerate(sorted(people, key=lambda person: -person["area"])):
            where[coco.mask_of(person, *picture.shape[1:])] = number + 1
            joints[number, :12] = torch.tensor(person["keypoints"]).float().unflatten(0, (17, 3))[IN_COCO]
        joints[joints[..., 2] == 0] = -1
        found.append((picture, joints, where))
    return found


def pseudo_labelled_samples(split: str) -> list[tuple[torch.Tensor, ...]]:
    """Photographs with pseudo-labels in place of annotations, in the form of `coco_samples`."""
    found = []
    for picture, people, where in pseudo_labels.photographs(split):
        joints = torch.full((max(1, len(people)), len(JOINTS), 3), -1.0)
        if len(people):
            shared = people[:, IN_COCO]
            joints[:, :12] = torch.where(shared[..., 2:] > pseudo_labels.KEYPOINT_SCORE, shared, -1.0)
        found.append((picture, joints, where))
    return found


def real_grounds(samples: list[tuple[torch.Tensor, ...]]) -> Grounds:
    """Photographs with people, each as a whole and around each of its people with a joint."""
    parts, joints, number, squares = [], [], [], []
    for picture, of_people, people in samples:
        scale = REAL_SIDE / max(people.shape)
        size = [round(length * scale) for length in people.shape]
        of_people = outside_marked(of_people, *picture.shape[1:])
        picture, corner = centred(v2f.resize(picture, size, antialias=True), REAL_SIDE, GREY)
        people, _ = centred(v2f.resize(people[None], size, v2.InterpolationMode.NEAREST), REAL_SIDE)
        where = (of_people[..., :2] + 0.5) * scale - 0.5 + corner
        joints.append(torch.cat([where, of_people[..., 2:]], dim=-1))
        marked = 1 + (of_people[..., 2] > 0).any(1).nonzero()[:, 0]
        seen = marked[torch.isin(marked, people)]  # the others are hidden
        boxes = masks_to_boxes(people == seen[:, None, None]) if len(seen) else torch.zeros(0, 4)
        middles, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).amax(1, keepdim=True)
        whole = torch.tensor([[(REAL_SIDE - 1) / 2, (REAL_SIDE - 1) / 2, REAL_SIDE / AROUND[1]]])
        squares.append(torch.cat([whole, torch.cat([middles, sides.clamp_min(SMALLEST)], dim=1)]))
        number += [len(parts)] * len(squares[-1])
        parts.append(torch.cat([picture, people]))
    parts = torch.stack(parts)
    joints = torch.nn.utils.rnn.pad_sequence(joints, batch_first=True, padding_value=-1.0)
    return Grounds(parts[:, :3], parts[:, 3], joints, torch.tensor(number), torch.cat(squares), real=True)


def cut_people(split: str) -> Cutouts:
    """The people of Leeds Sports whose outlines are good."""
    layers, heights, joints = [], [], []
    for person in cutouts.people(split):
        colours, corner = centred(person.picture, lspet.LONGEST, mode="edge")
        layers.append(torch.cat([colours, centred(person.alpha[None], lspet.LONGEST)[0]]))
        heights.append(person.alpha.shape[0])
        joints.append(moved(torch.where(person.joints[:, 2:] > 0, person.joints, -1.0), corner))
    return Cutouts(torch.stack(layers), torch.tensor(heights).float(), torch.stack(joints))


class Draw:
    """Random numbers for N pictures."""

    def __init__(self, count: int, generator: torch.Generator):
        self.count, self.generator = count, generator

    def uniform(self, low: float, high: float, *more: int) -> torch.Tensor:
        """(N, *more)."""
        noise = torch.rand(self.count, *more, generator=self.generator, device=self.generator.device)
        return low + (high - low) * noise

    def below(self, end: int) -> torch.Tensor:
        """(N,) integers."""
        return self.uniform(0, end).long().clamp_max(end - 1)

    def chance(self, share: float) -> torch.Tensor:
        """(N,) bool."""
        return self.uniform(0, 1) < share


def similarity(
    of: torch.Tensor, to: torch.Tensor, scale: torch.Tensor, turn: torch.Tensor, mirrored: torch.Tensor
) -> torch.Tensor:
    """Matrices (..., 3, 3) that scale, mirror and turn about the points `of` (..., 2), and bring these to `to`."""
    cosine, sine = scale * turn.cos(), scale * turn.sin()
    flip = torch.where(mirrored, -1.0, 1.0)
    linear = torch.stack([torch.stack([flip * cosine, -sine], -1), torch.stack([flip * sine, cosine], -1)], -2)
    matrix = torch.zeros(*scale.shape, 3, 3, device=scale.device)
    matrix[..., :2, :2], matrix[..., 2, 2] = linear, 1
    matrix[..., :2, 2] = to - (linear @ of[..., None])[..., 0]
    return matrix


def read(layers: torch.Tensor, placed: torch.Tensor, side: int, mode: str = "bilinear", finer: int = 1) -> torch.Tensor:
    """Squares (N, C, S, S) where `placed` (N, 3, 3) takes their points: (N, C, side, side), 0 where there are none."""
    steps = (torch.arange(side * finer, device=layers.device) + 0.5) / finer - 0.5
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    points = torch.stack([x, y, torch.ones_like(x)]).flatten(1)  # (3, pixels)
    source = torch.linalg.inv_ex(placed).inverse[:, :2] @ points  # unlike `inverse`, this does not wait for the GPU
    grid = ((2 * source + 1) / layers.shape[-1] - 1).unflatten(2, x.shape).movedim(1, -1)
    found = F.grid_sample(layers.float(), grid, mode, align_corners=False)
    return F.avg_pool2d(found, finer) if finer > 1 else found


def carried(joints: torch.Tensor, placed: torch.Tensor, mirrored: torch.Tensor, side: int) -> torch.Tensor:
    """Joints (N, P, 14, 3), moved by matrices (N, 3, 3): left is right where mirrored, 0 where outside."""
    joints = torch.where(mirrored[:, None, None, None], joints[:, :, MIRRORED], joints)
    where = joints[..., :2] @ placed[:, None, :2, :2].transpose(-1, -2) + placed[:, None, None, :2, 2]
    return outside_marked(torch.cat([where, joints[..., 2:]], dim=-1), side, side)


def scenes(grounds: Grounds, people: Cutouts, side: int, pasted: tuple[int, int], camera: Camera, draw: Draw) -> Scenes:
    """Pictures with so many pasted people each, at least and at most, as the camera sees them."""
    square = draw.below(len(grounds.number))
    number, at = grounds.number[square], grounds.squares[square]
    shown = at[:, 2] * (draw.uniform(*AROUND) if grounds.real else 1)
    middle = torch.full((draw.count, 2), (side - 1) / 2, device=at.device)
    nearer = torch.where(draw.chance(camera.zoomed), draw.uniform(*ZOOM), draw.uniform(*NEARER))
    mirrored = draw.chance(0.5)
    turn = draw.uniform(-camera.turn, camera.turn).deg2rad()
    view = similarity(middle, middle + side * draw.uniform(-camera.shift, camera.shift, 2), nearer, turn, mirrored)
    upright = torch.zeros_like(turn)
    placed = view @ similarity(at[:, :2], middle, side / shown, upright, torch.zeros_like(mirrored))
    photographs = grounds.pictures[number].float() - GREY
    pictures = read(photographs, placed, side, finer=FINER if grounds.real else 1) + GREY
    on = read(grounds.people[number][:, None], placed, side, "nearest")[:, 0]
    joints = [carried(grounds.joints[number], placed, mirrored, side)]

    fewest, most = pasted
    low, high = (math.log(height) for height in HEIGHTS)
    tall = side * draw.uniform(low, high, most).exp().sort(dim=1).values
    count = fewest + draw.below(most - fewest + 1)
    for layer in range(most):
        chosen, flipped = draw.below(len(people.layers)), draw.chance(0.5)
        centre = torch.full((draw.count, 2), (people.layers.shape[-1] - 1) / 2, device=at.device)
        where = side * draw.uniform(0.1, 0.9, 2)
        scale = tall[:, layer] / people.heights[chosen]
        placed = view @ similarity(centre, where, scale, upright, flipped)
        colours, alpha = read(people.layers[chosen], placed, side).split([3, 1], dim=1)
        there = layer >= most - count
        alpha = (alpha / 255) * there[:, None, None, None]
        light = draw.uniform(0.7, 1.3)[:, None, None, None], draw.uniform(-20, 20)[:, None, None, None]
        pictures = pictures.lerp((colours * light[0] + light[1]).clamp(0, 255), alpha)
        on = torch.where(alpha[:, 0] > 0.5, grounds.joints.shape[1] + layer + 1, on)
        its_joints = carried(people.joints[chosen][:, None], placed, mirrored ^ flipped, side)
        joints.append(torch.where(there[:, None, None, None], its_joints, 0.0))
    return Scenes(pictures, on, torch.cat(joints, dim=1))


def jittered(pictures: torch.Tensor, draw: Draw) -> torch.Tensor:
    """Pictures (N, 3, S, S) in [0, 255] with brightness, contrast and saturation changed, a tenth grey, and blurred."""
    grey = v2f.rgb_to_grayscale(pictures)
    saturation = draw.uniform(1 - LIGHT, 1 + LIGHT) * ~draw.chance(0.1)
    contrast, brightness = draw.uniform(1 - LIGHT, 1 + LIGHT), draw.uniform(1 - LIGHT, 1 + LIGHT)
    saturation, contrast, brightness, blurred = (
        values[:, None, None, None] for values in (saturation, contrast, brightness, draw.uniform(0, 1).square())
    )
    pictures = grey + saturation * (pictures - grey)
    mean = pictures.mean((1, 2, 3), keepdim=True)
    pictures = brightness * (mean + contrast * (pictures - mean))
    soft = F.avg_pool2d(F.pad(pictures, (2, 2, 2, 2), mode="replicate"), 5, stride=1)
    return pictures.lerp(soft, blurred).clamp(0, 255)
