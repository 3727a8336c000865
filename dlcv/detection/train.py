"""Train the detectors that ship: python -m dlcv.detection.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch.utils.data import ConcatDataset, Dataset
from torchvision import tv_tensors
from torchvision.ops import masks_to_boxes
from torchvision.transforms import v2

from .. import cutouts, weights
from ..datasets import blood, coco, nuclei
from ..training import Recipe, command_line, fit
from . import loss as objectives
from .model import Detector, DetectorConfig

CONFIGS = {
    "maskrcnn-nuclei": DetectorConfig(("nucleus",), masks=True, shorter=384, longer=640, proposals=500, detections=300),
    "fasterrcnn-blood": DetectorConfig(blood.CLASSES),
    "maskrcnn-people": DetectorConfig(("person",), masks=True),
}
SIDE = {
    "maskrcnn-nuclei": 256,
    "fasterrcnn-blood": 448,
    "maskrcnn-people": 320,
}  # pixels of the crops that are learned from
SMALLEST, SLIVER = 3, 8  # pixels of a side that must be left of an object with a mask, and of one with a box
LICENCES = {"maskrcnn-nuclei": "cc0-1.0", "fasterrcnn-blood": "mit", "maskrcnn-people": "cc-by-nc-sa-4.0"}  # the data's
SCENES, CROWD = 4000, 8  # made pictures of people an epoch, and people in one at most
REAL = 4  # times that each real picture of people is shown an epoch


def recipes(nuclei: int, blood: int, people: int) -> dict[str, Recipe]:
    """Epochs of each detector."""
    usual = Recipe(batch_size=4, learning_rate=1e-3, weight_decay=0.01, clip=5.0, average=0.998)
    epochs = {"maskrcnn-nuclei": nuclei, "fasterrcnn-blood": blood, "maskrcnn-people": people}
    return {name: replace(usual, epochs=count) for name, count in epochs.items()}


PRESETS = {"cpu": recipes(nuclei=20, blood=30, people=6), "gpu": recipes(nuclei=100, blood=100, people=50)}


class MadeScenes(Dataset):
    """Cut-out people pasted into photographs, with a map of them; the number of a scene is its seed."""

    def __init__(self, count: int):
        self.count, self.people, self.backgrounds = count, cutouts.people(), cutouts.backgrounds()

    def __len__(self):
        return self.count

    def __getitem__(self, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator().manual_seed(seed)

        def one_of(things: list):
            return things[torch.randint(len(things), (), generator=generator).item()]

        count = 1 + torch.randint(CROWD, (), generator=generator).item()
        chosen = [one_of(self.people) for _ in range(count)]
        scene = cutouts.compose(one_of(self.backgrounds), chosen, generator)
        return scene.picture, scene.instances


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
    made, real = MadeScenes(SCENES), real_people("train")
    source = (
        f"{len(made):,} pictures made by pasting {len(made.people):,} people of Leeds Sports Extended, cut out by a"
        f" published DeepLab, into photographs; and {len(real)} photographs of COCO"
    )
    return ConcatDataset([made, REAL * real]), source


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


def make_loss(name: str):
    """The losses of a detector on pictures that are varied each time."""
    vary = variation(SIDE[name], upright=name == "maskrcnn-people")

    def loss(model, batch, progress, generator):
        torch.manual_seed(generator.initial_seed())  # what torchvision's transforms and samplers draw from
        pictures, targets = zip(*(varied(sample, vary) for sample in batch))
        return objectives.loss(model(list(pictures), list(targets)))

    return loss


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one detector, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    data, source = samples_of(name)
    model = fit(Detector(CONFIGS[name], published=True), make_loss(name), data, recipe, runs / name)
    made_by = {"command": f"python -m dlcv.detection.train --model {name}", **asdict(recipe)}
    source += "; begun with MobileNetV2's weights for ImageNet (Apache 2.0)"
    weights.save(model, name, topic="detection", recipe=made_by, licence=LICENCES[name], source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
