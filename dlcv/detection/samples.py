"""What detectors learn from: photographs, pictures of people that are made of them, and how all of these are varied."""

import functools

import torch
from torch.nn import functional as F
from torch.utils.data import ConcatDataset, Dataset
from torchvision import tv_tensors
from torchvision.ops import masks_to_boxes
from torchvision.transforms import v2

from ..core.datasets import blood, coco, nuclei
from ..core.people import cutouts, pseudo_labels
from .presets import Mix

MIN_SIDE, MIN_BOX_SIDE = 3, 8  # pixels of a side that must be left of an object with a mask, and of one with a box
MAX_PEOPLE, MAX_THINGS = 8, 4  # people in a made picture at most, and other things
MIN_CUTOUT = 24  # pixels of the sides of what is cut out of COCO
HEIGHTS = (0.06, 0.8)  # of pasted people, as parts of the picture's
CELL = 192  # pixels of a photograph's side in a mosaic of four
NO_JOINTS = torch.zeros(14, 3)
# What a photograph with pseudo-labels may have: people at most, joints that are on one at least, and an outline without
# joints at most, these as shares of the joints and of the picture.
MAX_PSEUDO_LABELLED, MIN_JOINTS_ON_PEOPLE, MAX_WITHOUT_JOINTS = 12, 0.8, 0.0015


def cut_from_coco() -> tuple[list[cutouts.Person], list[cutouts.Person]]:
    """People and other things of COCO's training photographs, cut out along their masks."""
    people, others = [], []
    for picture, objects, _ in coco.load("train"):
        for thing in objects:
            if thing["iscrowd"] or min(thing["bbox"][2:]) < MIN_CUTOUT:
                continue
            mask = coco.mask_of(thing, *picture.shape[1:])
            soft = F.avg_pool2d(mask[None].float(), 3, stride=1, padding=1)[0]
            whole = cutouts.Outlined(picture, (255 * soft).to(torch.uint8), NO_JOINTS, alone=False)
            (people if thing["category_id"] == coco.PERSON else others).append(cutouts.cropped(whole))
    return people, others


class MadeScenes(Dataset):
    """People and other things, cut out and pasted into photographs, with a map of the people; the number of a scene is
    its seed. The other things are there to be told from people; photographs of COCO keep the people that they have."""

    def __init__(self, count: int):
        self.count = count
        self.people, (self.real_people, self.things) = cutouts.people(), cut_from_coco()
        self.empty, self.photographs = cutouts.backgrounds(), real_people("train")

    def __len__(self):
        return self.count

    def __getitem__(self, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator().manual_seed(seed)

        def number(end: int) -> int:
            return torch.randint(end, (), generator=generator).item()

        def one_of(candidates: list):
            return candidates[number(len(candidates))]

        people = [one_of(self.real_people if number(4) == 0 else self.people) for _ in range(1 + number(MAX_PEOPLE))]
        things = [one_of(self.things) for _ in range(number(MAX_THINGS + 1))]
        order = torch.randperm(len(people) + len(things), generator=generator).tolist()
        background, before = one_of(self.photographs) if number(2) else (one_of(self.empty), None)
        scene = cutouts.compose(background, [(people + things)[place] for place in order], generator, HEIGHTS)
        is_person = torch.tensor([False, *(place < len(people) for place in order)])  # by number in the map
        instances = scene.instances * is_person[scene.instances]
        if before is not None:
            instances = torch.where((scene.instances == 0) & (before > 0), before + len(order), instances)
        return scene.picture, instances


class Mosaics(Dataset):
    """Four photographs of one person each, two by two, with a map of the people, whose outlines are a published
    DeepLab's; nothing is pasted. The number of a mosaic is its seed."""

    def __init__(self, count: int):
        self.count, self.photographs = count, [whole for whole in cutouts.photographs() if whole.alone]

    def __len__(self):
        return self.count

    def __getitem__(self, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        torch.manual_seed(seed)  # what torchvision's transforms draw from
        cut = v2.RandomResizedCrop(CELL, scale=(0.5, 1), ratio=(0.7, 1.4), antialias=True)
        cells = []
        for number in range(1, 5):
            whole = self.photographs[torch.randint(len(self.photographs), ()).item()]
            instances = (whole.alpha > 127).long() * number
            cells.append(cut(tv_tensors.Image(whole.picture), tv_tensors.Mask(instances)))
        picture, instances = (
            torch.cat([torch.cat(parts[:2], -1), torch.cat(parts[2:], -1)], -2).as_subclass(torch.Tensor)
            for parts in zip(*cells)
        )
        return picture, instances


def real_people(split: str) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Photographs of COCO, each with a map of its people; none with a crowd, in which people are not told apart."""
    found = []
    for picture, objects, _ in coco.load(split):
        people = [thing for thing in objects if thing["category_id"] == coco.PERSON]
        if any(person["iscrowd"] for person in people):
            continue
        instances = torch.zeros(picture.shape[1:], dtype=torch.int64)
        for number, person in enumerate(sorted(people, key=lambda person: -person["area"]), 1):
            instances[coco.mask_of(person, *picture.shape[1:])] = number
        found.append((picture, instances))
    return found


def pseudo_labelled_people(split: str) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Photographs, each with a map of its people as published networks found them; the ones where joints and outlines
    agree."""
    found = []
    for picture, keypoints, people in pseudo_labels.photographs(split):
        body = keypoints[:, pseudo_labels.FACE_KEYPOINTS :]
        parts, at = cutouts.parts_at(people > 0, body[body[..., 2] > pseudo_labels.KEYPOINT_SCORE][:, :2])
        has_joints = torch.isin(torch.arange(int(parts.max()) + 1), at)
        has_joints[0] = True  # the background, which has nobody to lose
        lost = torch.bincount(parts.flatten())[~has_joints]
        instances = people.long() * has_joints[parts]
        on_people = len(at) > 0 and (at > 0).float().mean() >= MIN_JOINTS_ON_PEOPLE
        agree = on_people and not (lost > MAX_WITHOUT_JOINTS * parts.numel()).any()
        if agree and len(instances.unique()) <= MAX_PSEUDO_LABELLED + 1:
            found.append((picture, instances))
    return found


def samples_of(name: str) -> tuple[list, str]:
    """Samples of nuclei or blood cells, and a sentence about them."""
    if name == "maskrcnn-nuclei":
        data = nuclei.load()
        return data, f"{len(data)} microscope pictures of the Data Science Bowl 2018"
    data = blood.load("train") + blood.load("val")
    return data, f"{len(data)} blood smears of BCCD"


@functools.lru_cache(maxsize=1)  # two phases in a row may have the same mix, and making one takes minutes
def people_samples(mix: Mix) -> tuple[Dataset, str]:
    """Samples of people, and a sentence about them."""
    made, mosaics, real = MadeScenes(mix.made), Mosaics(mix.mosaics), real_people("train")
    others = pseudo_labelled_people("train") if mix.pseudo_labelled else []
    source = (
        f"{len(made):,} pictures made by pasting {len(made.people):,} people of Leeds Sports Extended, cut out by a"
        f" published DeepLab, with people and things of COCO into photographs; {len(mosaics):,} mosaics of"
        f" {len(mosaics.photographs):,} of its photographs; {len(real)} photographs of COCO"
    )
    if others:
        source += f"; and {len(others)} that nobody labelled, as published DeepLab and PoseNet see them"
    return ConcatDataset([made, mosaics, mix.coco * real + mix.pseudo_labelled * others]), source


def target_of(instances: torch.Tensor) -> dict[str, torch.Tensor]:
    """Boxes, labels and masks of the objects in a map (H, W) that has k on the k-th object, 0 elsewhere; class 1."""
    numbers = instances.unique()
    masks = instances == numbers[numbers > 0, None, None]
    boxes = masks_to_boxes(masks) if len(masks) else torch.zeros(0, 4)
    boxes = boxes + torch.tensor([0.0, 0, 1, 1])  # up to the far edge of the last pixel
    large = (boxes[:, 2:] - boxes[:, :2] >= MIN_SIDE).all(1)
    return {"boxes": boxes[large], "labels": torch.ones(int(large.sum()), dtype=torch.int64), "masks": masks[large]}


def variation(side: int, upright: bool = False, part: tuple[float, float] = (0.3, 1)) -> v2.Transform:
    """A transform to a crop of `side` pixels, at another scale, mirrored, in other light, of a picture and its target.

    What is `upright` in the world is not turned over; a crop has `part` of the picture's area, at least and at most.
    """
    return v2.Compose(
        [
            v2.RandomResizedCrop(side, scale=part, ratio=(0.8, 1.25), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.RandomVerticalFlip(0.0 if upright else 0.5),
            v2.ColorJitter(0.4, 0.4, 0.3, 0.05),
            v2.RandomGrayscale(0.1),
            v2.ToDtype({tv_tensors.Image: torch.float32, "others": None}, scale=True),
        ]
    )


def varied(sample: tuple[torch.Tensor, ...], vary: v2.Transform) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """A varied picture (3, S, S) in [0, 1] and its target, of a picture (3, H, W) bytes with a map of its objects, or
    with boxes and labels."""
    picture, *truth = sample
    if len(truth) == 1:
        picture, instances = vary(tv_tensors.Image(picture), tv_tensors.Mask(truth[0]))
        target = target_of(instances.as_subclass(torch.Tensor))
        return picture.as_subclass(torch.Tensor), target | {"masks": target["masks"].to(torch.uint8)}
    boxes = tv_tensors.BoundingBoxes(truth[0], format="XYXY", canvas_size=picture.shape[1:])
    tidy = v2.SanitizeBoundingBoxes(min_size=MIN_BOX_SIDE)
    picture, target = tidy(*vary(tv_tensors.Image(picture), {"boxes": boxes, "labels": truth[1]}))
    return picture.as_subclass(torch.Tensor), target | {"boxes": target["boxes"].as_subclass(torch.Tensor)}
