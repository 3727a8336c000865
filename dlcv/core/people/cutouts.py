"""People cut out of one photograph and pasted into another: pictures of many people with masks and joints.

Leeds Sports shows one person a picture and annotates the joints; a published DeepLab finds the outline. A cut-out is
good where the joints lie inside of it.
"""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn import functional as F
from torchvision.ops import masks_to_boxes

from ..backbones.deeplab import PERSON, DeepLab, deeplab
from ..datasets import CACHE, lspet, mnist_m, paintings
from ..datasets.keypoints import JOINTS

SIDE = 385  # pixels of the longer side of DeepLab's input
MIN_INSIDE = 0.85  # of the annotated joints must lie in the mask
MIN_JOINTS = 8  # that must be annotated
NOBODY = 0.002  # of a photograph's pixels may look like a person, for it to count as empty
HEAD_TOP, NECK, HIPS = 13, 12, (2, 3)  # numbers of joints


class Person(NamedTuple):
    """A person cut out, upright."""

    picture: torch.Tensor  # (3, h, w) uint8
    alpha: torch.Tensor  # (h, w) uint8: 255 on the person, between at the edge
    joints: torch.Tensor  # (14, 3): x, y in pixels, and 1 where marked


class Outlined(NamedTuple):
    """A photograph, upright, and the outline of the person whose joints are marked."""

    picture: torch.Tensor  # (3, H, W) uint8
    alpha: torch.Tensor  # (H, W) uint8, as of a `Person`
    joints: torch.Tensor  # (14, 3), as of a `Person`
    alone: bool  # nobody else is in it


class Scene(NamedTuple):
    """People pasted into a photograph."""

    picture: torch.Tensor  # (3, H, W) uint8
    instances: torch.Tensor  # (H, W) int64: 0 for the photograph, k on the k-th person
    joints: torch.Tensor  # (people, 14, 3): 2 seen, 1 hidden by another, 0 outside of the picture, -1 never marked


@torch.inference_mode()
def person_mask(network: DeepLab, picture: torch.Tensor) -> torch.Tensor:
    """The probability of a person at each pixel of a picture (3, H, W) uint8: (H, W) in [0, 1]."""
    height, width = picture.shape[1:]
    scale = (SIDE - 1) / max(height, width)
    size = [max(16, round(side * scale / 16) * 16) + 1 for side in (height, width)]
    x = F.interpolate(picture[None].float() / 127.5 - 1, size, mode="bilinear", antialias=True)
    found = network(x).softmax(1)[:, PERSON : PERSON + 1]
    return F.interpolate(found, (height, width), mode="bilinear", antialias=True)[0, 0]


def upright(picture: torch.Tensor, joints: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A picture (3, H, W) and joints (14, 3), turned by half a turn where the head is below the hips."""
    marked = joints[:, 2] > 0
    hips = [joint for joint in HIPS if marked[joint]]
    head = next((joint for joint in (HEAD_TOP, NECK) if marked[joint]), None)
    if head is None or not hips or joints[head, 1] <= joints[hips, 1].mean():
        return picture, joints
    height, width = picture.shape[1:]
    corner = torch.tensor([width - 1.0, height - 1])
    return picture.flip(1, 2), torch.cat([corner - joints[:, :2], joints[:, 2:]], dim=1)


def parts_at(mask: torch.Tensor, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The connected parts of a mask (H, W), numbered from 1, and the numbers (P,) of the parts at points (P, 2)."""
    from scipy.ndimage import label

    parts = torch.from_numpy(label(mask.numpy())[0]).long()
    height, width = mask.shape
    x, y = points.round().long().T
    return parts, parts[y.clamp(0, height - 1), x.clamp(0, width - 1)]


def part_with(mask: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """The connected part of a mask (H, W) that holds most of the points (P, 2); empty where none does."""
    parts, at = parts_at(mask, points)
    counts = torch.bincount(at, minlength=int(parts.max()) + 1)
    counts[0] = 0
    return (parts == counts.argmax()) & (counts.max() > 0)


def outlined(network: DeepLab, picture: torch.Tensor, joints: torch.Tensor) -> Outlined | None:
    """The outline of the person in a picture (3, H, W) uint8 with joints (14, 3); None where it misses joints."""
    picture, joints = upright(picture, joints)
    sure, marked = person_mask(network, picture), joints[:, 2] > 0
    mask = part_with(sure > 0.5, joints[marked, :2])
    x, y = joints[marked, :2].round().long().T
    there = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    inside = there & mask[y.clamp(0, mask.shape[0] - 1), x.clamp(0, mask.shape[1] - 1)]
    if marked.sum() < MIN_JOINTS or inside.float().mean() < MIN_INSIDE:
        return None
    near = F.max_pool2d(mask[None, None].float(), 5, stride=1, padding=2)[0, 0]  # the soft edge, and no other part
    alpha = (255 * ((sure * near - 0.25) * 2).clamp(0, 1)).to(torch.uint8)
    others = (sure * (1 - near) > 0.5).float().mean()
    return Outlined(picture, alpha, joints, bool(others < NOBODY))


def cropped(whole: Outlined) -> Person:
    """The person of a photograph, without the rest of it."""
    left, top, right, bottom = masks_to_boxes(whole.alpha[None] > 127)[0].long().tolist()
    area = slice(top, bottom + 1), slice(left, right + 1)
    moved = torch.cat([whole.joints[:, :2] - torch.tensor([left, top]), whole.joints[:, 2:]], dim=1)
    return Person(whole.picture[:, area[0], area[1]].clone(), whole.alpha[area].clone(), moved)


def photographs(split: str = "train") -> list[Outlined]:
    """All photographs of Leeds Sports Extended with a good outline, "train" or "test"; kept beside the data sets after
    the first time."""

    def found():
        network = deeplab()
        seen = (outlined(network, picture, joints) for picture, joints in lspet.load(split))
        return [tuple(whole) for whole in seen if whole]

    return [Outlined(*whole) for whole in _kept(f"outlines-{split}", found)]


def people(split: str = "train") -> list[Person]:
    """The people of those photographs, cut out."""
    return [cropped(whole) for whole in photographs(split)]


def all_photographs(split: str = "train") -> list[torch.Tensor]:
    """Photographs (3, H, W) uint8 of landscapes and of much else, "train" or "test"."""
    return mnist_m.photographs("train" if split == "train" else "val") + list(paintings.load("photo", split))


def backgrounds(split: str = "train") -> list[torch.Tensor]:
    """Photographs (3, H, W) uint8 in which DeepLab finds nobody, "train" or "test"; kept like `photographs`."""

    def found():
        network, photographs = deeplab(), all_photographs(split)
        return [photo for photo in photographs if person_mask(network, photo).gt(0.5).float().mean() < NOBODY]

    return _kept(f"backgrounds-{split}", found)


def _kept(name: str, make: Callable[[], list]) -> list:
    """The list that `make` returns, read from a file beside the data sets where the settings are those of that file."""
    settings = hashlib.sha256(f"{SIDE} {MIN_INSIDE} {MIN_JOINTS} {NOBODY}".encode()).hexdigest()[:8]
    path = CACHE / f"{name}-{settings}.pt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(make(), path)
    return torch.load(path, weights_only=True)


def _resized(person: Person, height: float, mirrored: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Colours (3, h, w) in [0, 255], alpha (h, w) in [0, 1] and joints of a person that many pixels high."""
    scale = height / person.alpha.shape[0]
    size = [max(2, round(side * scale)) for side in person.alpha.shape]
    layers = torch.cat([person.picture, person.alpha[None]]).float()[None]
    layers = F.interpolate(layers, size, mode="bilinear", antialias=True)[0]
    xy = (person.joints[:, :2] + 0.5) * torch.tensor([size[1], size[0]]) / torch.tensor(person.alpha.shape).flip(
        0
    ) - 0.5
    marked = person.joints[:, 2]
    if mirrored:
        swapped = [JOINT_PAIRS.get(joint, joint) for joint in range(len(marked))]
        layers = layers.flip(2)
        xy = torch.stack([size[1] - 1 - xy[:, 0], xy[:, 1]], dim=1)[swapped]
        marked = marked[swapped]
    return layers[:3], layers[3] / 255, torch.cat([xy, marked[:, None]], dim=1)


JOINT_PAIRS = {
    JOINTS.index(name): JOINTS.index(name.replace(*sides))
    for name in JOINTS
    for sides in (("left", "right"), ("right", "left"))
    if name.startswith(sides[0])
}


def compose(
    background: torch.Tensor,
    chosen: list[Person],
    generator: torch.Generator,
    heights: tuple[float, float] = (0.2, 0.9),
) -> Scene:
    """People pasted one after the other into a photograph (3, H, W) uint8, anywhere, larger ones in front.

    `heights` are the least and most that a person's height is of the photograph's, drawn evenly in its logarithm.
    """
    high, wide = background.shape[1:]
    picture = background.float()
    instances, joints = torch.zeros(high, wide, dtype=torch.int64), []

    def uniform(low: float, up: float) -> float:
        return low + (up - low) * torch.rand((), generator=generator).item()

    low, up = (torch.tensor(height).log().item() for height in heights)
    tall = sorted(high * float(torch.tensor(uniform(low, up)).exp()) for _ in chosen)
    for number, (person, height) in enumerate(zip(chosen, tall), 1):
        colours, alpha, where = _resized(person, height, uniform(0, 1) < 0.5)
        colours = (colours * uniform(0.7, 1.3) + uniform(-20, 20)).clamp(0, 255)
        h, w = alpha.shape
        left, top = round(uniform(-0.2 * w, wide - 0.8 * w)), round(uniform(-0.1 * h, high - 0.8 * h))
        to = slice(max(0, top), min(high, top + h)), slice(max(0, left), min(wide, left + w))
        of = slice(to[0].start - top, to[0].stop - top), slice(to[1].start - left, to[1].stop - left)
        over = alpha[of]
        picture[:, to[0], to[1]] = over * colours[:, of[0], of[1]] + (1 - over) * picture[:, to[0], to[1]]
        instances[to][over > 0.5] = number
        joints.append(torch.cat([where[:, :2] + torch.tensor([left, top]), where[:, 2:]], dim=1))
    found = torch.stack(joints) if joints else torch.zeros(0, len(JOINTS), 3)
    return Scene(picture.round().to(torch.uint8), instances, _with_visibility(found, instances))


def _with_visibility(joints: torch.Tensor, instances: torch.Tensor) -> torch.Tensor:
    """Joints (N, 14, 3) of the people of a map (H, W): 2 seen, 1 behind another, 0 outside, -1 where not marked."""
    high, wide = instances.shape
    x, y = joints[..., :2].round().long().unbind(-1)
    there = (x >= 0) & (y >= 0) & (x < wide) & (y < high)
    top = instances[y.clamp(0, high - 1), x.clamp(0, wide - 1)]
    hidden = top > torch.arange(1, len(joints) + 1)[:, None]
    seen = torch.where(joints[..., 2] > 0, there * (2 - hidden.long()), -1)
    return torch.cat([joints[..., :2], seen[..., None].float()], dim=-1)
