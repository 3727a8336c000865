"""Train the detectors that ship: python -m dlcv.detection.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

import copy
import functools
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import ConcatDataset, Dataset
from torchvision import tv_tensors
from torchvision.ops import masks_to_boxes
from torchvision.transforms import v2

from ..core import weights
from ..core.datasets import Varied, blood, coco, nuclei
from ..core.people import cutouts, pseudo_labels
from ..core.training.loop import Recipe, command_line, fit, passport_recipe
from . import loss as objectives
from .model import Detector, DetectorConfig

CONFIGS = {
    "maskrcnn-nuclei": DetectorConfig(("nucleus",), masks=True, shorter=384, longer=640, proposals=500, detections=300),
    "fasterrcnn-blood": DetectorConfig(blood.CLASSES),
    "maskrcnn-people": DetectorConfig(
        ("person",), masks=True, shorter=640, longer=1067, knows_people=True, overlap=0.4, sure=0.7, proposals=1000
    ),
}
SIDE = {
    "maskrcnn-nuclei": 256,
    "fasterrcnn-blood": 448,
    "maskrcnn-people": 320,
}  # pixels of the crops that are learned from
NEAR_SIDE, NEAR_RATE, NEAR_PART = 448, 7e-4, 2  # crops and rate of a second part for people; its share of epochs
TRIAL_RATE = 5e-4  # of the trials after it, whose weights are averaged
SMALLEST, SLIVER = 3, 8  # pixels of a side that must be left of an object with a mask, and of one with a box
LICENCES = {"maskrcnn-nuclei": "cc0-1.0", "fasterrcnn-blood": "mit", "maskrcnn-people": "cc-by-nc-sa-4.0"}  # the data's
CROWD, THINGS = 8, 4  # people in a made picture at most, and other things
LEAST = 24  # pixels of the sides of what is cut out of COCO
NO_JOINTS = torch.zeros(14, 3)
# How many parts of the backbone stay as they were published. The first layers have the largest maps, half of the time
# of a step; of people's both bodies do, so that nothing is learned of how a pasted outline looks (Hinterstoisser et al.
# 2017), and what they know of real people is not forgotten.
FROZEN = {"maskrcnn-nuclei": 3, "fasterrcnn-blood": 3, "maskrcnn-people": 2}
HEIGHTS = (0.06, 0.8)  # of pasted people, as parts of the picture's
CELL = 192  # pixels of a photograph's side in a mosaic of four
# What people are learned from in an epoch: made pictures, mosaics, and times that each picture of COCO is shown, and
# each that published networks marked.
MIX = (1200, 500, 20, 0)
# What such a photograph may have: people at most, joints that are on one at least, and an outline without joints at
# most, these as shares of the joints and of the picture.
MOST_MARKED, ON_PEOPLE, LOST = 12, 0.8, 0.0015
# Trials, in turns: each begins where the turn before ended, which has so many parts in the mean. Name, epochs, mix, the
# least and the largest part of a picture in a crop, seed. "d" sees small people larger, as the detector will.
TRIALS = (
    (1, (("made", 1, (2800, 500, 20, 0), (0.3, 1), 1), ("wide", 1, (900, 450, 60, 0), (0.15, 1), 1))),
    (0, (("a", 2, (900, 450, 60, 0), (0.15, 1), 2), ("b", 2, (1200, 500, 30, 0), (0.25, 1), 3))),
    (2, (("d", 2, (900, 450, 60, 0), (0.08, 0.6), 7),)),
    (3, (("f", 2, (650, 330, 20, 36), (0.1, 1), 9),)),
)


def recipes(nuclei: int, blood: int, people: int, **settings) -> dict[str, Recipe]:
    """Epochs of each detector, and what else is not as usual."""
    usual = replace(Recipe(batch_size=4, learning_rate=1e-3, weight_decay=0.01, clip=5.0, average=0.998), **settings)
    epochs = {"maskrcnn-nuclei": nuclei, "fasterrcnn-blood": blood, "maskrcnn-people": people}
    return {name: replace(usual, epochs=count) for name, count in epochs.items()}


PRESETS = {
    "cpu": recipes(nuclei=14, blood=20, people=2),
    "gpu": recipes(nuclei=100, blood=100, people=16, batch_size=16, workers=8),
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


def marked_people(split: str) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Photographs that nobody labelled, each with a map of its people as published networks see them; of these the
    ones where joints and outlines agree."""
    found = []
    for picture, keypoints, people in pseudo_labels.photographs(split):
        body = keypoints[:, pseudo_labels.FACE_ENDS :]
        parts, at = cutouts.parts_at(people > 0, body[body[..., 2] > pseudo_labels.MARKED][:, :2])
        has_joints = torch.isin(torch.arange(int(parts.max()) + 1), at)
        has_joints[0] = True  # the background, which has nobody to lose
        lost = torch.bincount(parts.flatten())[~has_joints]
        instances = people.long() * has_joints[parts]
        agree = len(at) and (at > 0).float().mean() >= ON_PEOPLE and not (lost > LOST * parts.numel()).any()
        if agree and len(instances.unique()) <= MOST_MARKED + 1:
            found.append((picture, instances))
    return found


def samples_of(name: str, mix: tuple[int, int, int, int] = MIX) -> tuple[Dataset | list, str]:
    """What a detector learns from, people in that `mix`, and how to say so."""
    if name == "maskrcnn-nuclei":
        data = nuclei.load()
        return data, f"{len(data)} microscope pictures of the Data Science Bowl 2018"
    if name == "fasterrcnn-blood":
        data = blood.load("train") + blood.load("val")
        return data, f"{len(data)} blood smears of BCCD"
    count, quartets, times, times_marked = mix
    made, mosaics, real = MadeScenes(count), Mosaics(quartets), real_people("train")
    others = marked_people("train") if times_marked else []
    source = (
        f"{len(made):,} pictures made by pasting {len(made.people):,} people of Leeds Sports Extended, cut out by a"
        f" published DeepLab, with people and things of COCO into photographs; {len(mosaics):,} mosaics of"
        f" {len(mosaics.photographs):,} of its photographs; {len(real)} photographs of COCO"
    )
    if others:
        source += f"; and {len(others)} that nobody labelled, as published DeepLab and PoseNet see them"
    return ConcatDataset([made, mosaics, times * real + times_marked * others]), source


def target_of(instances: torch.Tensor) -> dict[str, torch.Tensor]:
    """What Mask R-CNN should find where a map (H, W) has k on the k-th object, 0 elsewhere; all of class 1."""
    numbers = instances.unique()
    masks = instances == numbers[numbers > 0, None, None]
    boxes = masks_to_boxes(masks) if len(masks) else torch.zeros(0, 4)
    boxes = boxes + torch.tensor([0.0, 0, 1, 1])  # up to the far edge of the last pixel
    large = (boxes[:, 2:] - boxes[:, :2] >= SMALLEST).all(1)
    return {"boxes": boxes[large], "labels": torch.ones(int(large.sum()), dtype=torch.int64), "masks": masks[large]}


def variation(side: int, upright: bool = False, part: tuple[float, float] = (0.3, 1)) -> v2.Transform:
    """A crop at another scale, mirrored, in other light: for a picture and what goes with it. What is `upright` in
    the world stays so; a crop has such a part of a picture, at least and at most."""
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


def detection_loss(model, batch, step):
    """The losses of a detector."""
    pictures, targets = zip(*batch)
    return objectives.loss(model(list(pictures), list(targets)))


def mean_of(models: list[Detector]) -> Detector:
    """The mean of the weights, which is better than most of them (Wortsman et al. 2022, Model soups)."""
    mean = AveragedModel(models[0], use_buffers=True)
    for model in models:
        mean.update_parameters(model)
    return mean.module


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one detector, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    data, source = samples_of(name)
    model = Detector(CONFIGS[name], published=True)
    for layer in list(model.parts.backbone.body.children())[: FROZEN[name]]:
        layer.requires_grad_(False)
    made_by = passport_recipe("dlcv.detection.train", name, recipe)
    if name != "maskrcnn-people":
        model = part(model, data, variation(SIDE[name]), recipe, runs / name)
        begun = "begun with MobileNetV2's weights for ImageNet"
    else:
        model, then, last = people(model, data, recipe, runs)
        made_by["then"] = [asdict(its_recipe) for its_recipe in then]
        source = f"At first {source}; at last {last}"
        begun = "on the body of a DeepLabV3 for Pascal VOC and PoseNet for COCO's keypoints, as published"
    source += f"; {begun} (Apache 2.0)"
    weights.save(model, name, topic="detection", recipe=made_by, licence=LICENCES[name], source=source)


def part(model: Detector, data: Dataset | list, vary: v2.Transform, recipe: Recipe, run: Path) -> Detector:
    """A part of a training, or all of it."""
    return fit(model, detection_loss, Varied(data, functools.partial(varied, vary=vary)), recipe, run)


def people(model: Detector, data: Dataset, recipe: Recipe, runs: Path) -> tuple[Detector, list[Recipe], str]:
    """The training of the people, the recipes of what comes after its first steps on small crops, which are fast, and
    what the last trial learned from.

    Then on larger crops; then the turns of trials.
    """
    name, near = "maskrcnn-people", replace(recipe, epochs=NEAR_PART * recipe.epochs, learning_rate=NEAR_RATE)
    then = [near]
    for side, its_recipe, run in ((SIDE[name], recipe, name), (NEAR_SIDE, near, f"{name}-near")):
        model.parts.transform.min_size = (side,)  # crops of its photographs as large as they are, not as a whole one
        model = part(model, data, variation(side, upright=True), its_recipe, runs / run)
    for before, trials in TRIALS:
        tried = before * [model]
        for trial, epochs, mix, crop, seed in trials:
            its_recipe = replace(recipe, epochs=epochs, learning_rate=TRIAL_RATE, seed=seed)
            (samples, source), vary = samples_of(name, mix), variation(NEAR_SIDE, True, crop)
            tried.append(part(copy.deepcopy(model), samples, vary, its_recipe, runs / f"{name}-{trial}"))
            then.append(its_recipe)
        model = mean_of(tried)
    return model, then, source


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
