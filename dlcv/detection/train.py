"""Train the detectors that ship: python -m dlcv.detection.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

import functools
from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.utils.data import ConcatDataset, Dataset
from torchvision import tv_tensors
from torchvision.ops import masks_to_boxes
from torchvision.transforms import v2

from .. import cutouts, weights
from ..backbones import deeplab
from ..datasets import Varied, blood, coco, nuclei
from ..training import Recipe, command_line, fit, passport_recipe
from . import loss as objectives
from .model import Detector, DetectorConfig

CONFIGS = {
    "maskrcnn-nuclei": DetectorConfig(("nucleus",), masks=True, shorter=384, longer=640, proposals=500, detections=300),
    "fasterrcnn-blood": DetectorConfig(blood.CLASSES),
    "maskrcnn-people": DetectorConfig(("person",), masks=True, shorter=480, longer=800),
}
SIDE = {
    "maskrcnn-nuclei": 256,
    "fasterrcnn-blood": 448,
    "maskrcnn-people": 320,
}  # pixels of the crops that are learned from
SMALLEST, SLIVER = 3, 8  # pixels of a side that must be left of an object with a mask, and of one with a box
LICENCES = {"maskrcnn-nuclei": "cc0-1.0", "fasterrcnn-blood": "mit", "maskrcnn-people": "cc-by-nc-sa-4.0"}  # the data's
SCENES, CROWD, THINGS = 2000, 8, 4  # made pictures an epoch, people in one at most, and other things
LEAST = 24  # pixels of the sides of what is cut out of COCO
NO_JOINTS = torch.zeros(14, 3)
# How many layers of the backbone stay as they were published. The first ones have the largest maps, half of the time of
# a step; of people's most do, so that nothing is learned of how a pasted outline looks (Hinterstoisser et al. 2017).
FROZEN = {"maskrcnn-nuclei": 3, "fasterrcnn-blood": 3, "maskrcnn-people": 14}
HEIGHTS = (0.06, 0.8)  # of pasted people, as parts of the picture's
MOSAICS, CELL = 1000, 192  # mosaics of four whole photographs an epoch, and pixels of a photograph's side there
REAL = 12  # times that each real picture of people is shown an epoch


def recipes(nuclei: int, blood: int, people: int, **settings) -> dict[str, Recipe]:
    """Epochs of each detector, and what else is not as usual."""
    usual = replace(Recipe(batch_size=4, learning_rate=1e-3, weight_decay=0.01, clip=5.0, average=0.998), **settings)
    epochs = {"maskrcnn-nuclei": nuclei, "fasterrcnn-blood": blood, "maskrcnn-people": people}
    return {name: replace(usual, epochs=count) for name, count in epochs.items()}


PRESETS = {
    "cpu": recipes(nuclei=14, blood=20, people=8),
    "gpu": recipes(nuclei=100, blood=100, people=50, batch_size=16, workers=8),
}


def cut_from_coco() -> tuple[list[cutouts.Person], list[cutouts.Person]]:
    """People and other things of COCO's training photographs, cut out along their masks."""
    people, others = [], []
    for picture, objects, _ in coco.load("train"):
        for thing in objects:
            if thing["iscrowd"] or min(thing["bbox"][2:]) < LEAST:
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

        def one_of(some: list):
            return some[number(len(some))]

        people = [one_of(self.real_people if number(4) == 0 else self.people) for _ in range(1 + number(CROWD))]
        things = [one_of(self.things) for _ in range(number(THINGS + 1))]
        order = torch.randperm(len(people) + len(things), generator=generator).tolist()
        background, before = one_of(self.photographs) if number(2) else (one_of(self.empty), None)
        scene = cutouts.compose(background, [(people + things)[place] for place in order], generator, HEIGHTS)
        is_person = torch.tensor([False, *(place < len(people) for place in order)])  # by number in the map
        instances = scene.instances * is_person[scene.instances]
        if before is not None:
            instances = torch.where((scene.instances == 0) & (before > 0), before + len(order), instances)
        return scene.picture, instances


class Mosaics(Dataset):
    """Four photographs of one person each, two by two, with a map of the people: their outlines are those of the
    teacher, and nothing is pasted. The number of a mosaic is its seed."""

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
    """Photographs of COCO, each with a map of its people; of a crowd nobody is told apart, so none of those."""
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


def samples_of(name: str) -> tuple[Dataset | list, str]:
    """What a detector learns from, and how to say so."""
    if name == "maskrcnn-nuclei":
        data = nuclei.load()
        return data, f"{len(data)} microscope pictures of the Data Science Bowl 2018"
    if name == "fasterrcnn-blood":
        data = blood.load("train") + blood.load("val")
        return data, f"{len(data)} blood smears of BCCD"
    made, mosaics, real = MadeScenes(SCENES), Mosaics(MOSAICS), real_people("train")
    source = (
        f"{len(made):,} pictures made by pasting {len(made.people):,} people of Leeds Sports Extended, cut out by a"
        f" published DeepLab, with people and things of COCO into photographs; {len(mosaics):,} mosaics of"
        f" {len(mosaics.photographs):,} of its photographs; and {len(real)} photographs of COCO"
    )
    return ConcatDataset([made, mosaics, REAL * real]), source


def target_of(instances: torch.Tensor) -> dict[str, torch.Tensor]:
    """What Mask R-CNN should find where a map (H, W) has k on the k-th object, 0 elsewhere; all of class 1."""
    numbers = instances.unique()
    masks = instances == numbers[numbers > 0, None, None]
    boxes = masks_to_boxes(masks) if len(masks) else torch.zeros(0, 4)
    boxes = boxes + torch.tensor([0.0, 0, 1, 1])  # up to the far edge of the last pixel
    large = (boxes[:, 2:] - boxes[:, :2] >= SMALLEST).all(1)
    return {"boxes": boxes[large], "labels": torch.ones(int(large.sum()), dtype=torch.int64), "masks": masks[large]}


def variation(side: int, upright: bool = False) -> v2.Transform:
    """A crop at another scale, mirrored, in other light: for a picture and what goes with it. What is `upright` in
    the world stays so."""
    return v2.Compose(
        [
            v2.RandomResizedCrop(side, scale=(0.3, 1), ratio=(0.8, 1.25), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.RandomVerticalFlip(0.0 if upright else 0.5),
            v2.ColorJitter(0.4, 0.4, 0.3, 0.05),
            v2.RandomGrayscale(0.1),
            v2.ToDtype({tv_tensors.Image: torch.float32, "others": None}, scale=True),
        ]
    )


def varied(sample: tuple[torch.Tensor, ...], vary: v2.Transform) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """A picture (3, H, W) bytes with a map of its objects, or with boxes and labels, as it is learned from."""
    picture, *truth = sample
    if len(truth) == 1:
        picture, instances = vary(tv_tensors.Image(picture), tv_tensors.Mask(truth[0]))
        target = target_of(instances.as_subclass(torch.Tensor))
        return picture.as_subclass(torch.Tensor), target | {"masks": target["masks"].to(torch.uint8)}
    boxes = tv_tensors.BoundingBoxes(truth[0], format="XYXY", canvas_size=picture.shape[1:])
    tidy = v2.SanitizeBoundingBoxes(min_size=SLIVER)
    picture, target = tidy(*vary(tv_tensors.Image(picture), {"boxes": boxes, "labels": truth[1]}))
    return picture.as_subclass(torch.Tensor), target | {"boxes": target["boxes"].as_subclass(torch.Tensor)}


def detection_loss(model, batch, progress, generator):
    """The losses of a detector."""
    torch.manual_seed(generator.initial_seed())  # what torchvision's samplers draw from
    pictures, targets = zip(*batch)
    return objectives.loss(model(list(pictures), list(targets)))


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one detector, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    data, source = samples_of(name)
    vary = variation(SIDE[name], upright=name == "maskrcnn-people")
    model = Detector(CONFIGS[name], published=True)
    layers = model.parts.backbone.body
    if name == "maskrcnn-people":
        layers.load_state_dict(deeplab().features.state_dict())  # knows people
    for layer in list(layers.values())[: FROZEN[name]]:
        layer.requires_grad_(False)
    if name == "maskrcnn-people":  # crops of its photographs as large as they are, not as large as a whole one
        model.parts.transform.min_size = (SIDE[name],)
    model = fit(model, detection_loss, Varied(data, functools.partial(varied, vary=vary)), recipe, runs / name)
    made_by = passport_recipe("dlcv.detection.train", name, recipe)
    begun = "those of DeepLabV3 for Pascal VOC" if name == "maskrcnn-people" else "for ImageNet"
    source += f"; begun with MobileNetV2's weights, {begun} (Apache 2.0)"
    weights.save(model, name, topic="detection", recipe=made_by, licence=LICENCES[name], source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
