"""Train the network of photographs: python -m dlcv.depth.photographs_train [--preset cpu|gpu] [--data DIR]

A mixture, each part known up to a scale and a shift at least: what a published network says of photographs of every
kind, where its answers at two sizes agree (distillation, and the passport says so); true disparities of Middlebury's
places, of a kitchen and of made scenes; what matching is sure of in pairs of two drives; and of people an order, for
what is inside of their outlines is nearer than what is beside.

In two phases: first of whole samples of what stands on floors and streets; then of all, half of them parts enlarged,
with things thrown into the air and people outlined by other hands, so that the row alone no longer says what is near.
"""

from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch.utils.data import Dataset
from torchvision.transforms import v2
from tqdm import tqdm

from ..core.datasets import archive, coco, kitchen, kitti, middlebury, mnist_m, root
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from . import held_out, scenes
from . import loss as objectives
from .evaluate import PUBLISHED
from .metrics import rank_correlation
from .photonet import PhotoConfig, PhotoNet
from .predictor import predictor, resized, semi_global

NAME = "depth-photos"
HEIGHT, WIDTH = 256, 384  # pixels of the input in training
AGREED = 0.6  # rank correlation of the teacher's two answers, below which it teaches nothing
SCENES = 600  # made ones, of either kind
OFTEN = {"middlebury": 12, "kitchen": 1, "kitti": 3, "made": 1, "teacher": 1}  # times that a sample is shown an epoch
ORDER = 0.2  # weight of the order of people and what is beside them
FOLDER = "photographs"  # of DLCV_DATA: any JPEG files, the more kinds the better
OUTLINES = "outlines"  # of DLCV_DATA: JPEG files, and beside each a PNG file of its size, white on a person
NEARER = 0.45  # of a sample's sides that is seen, at least, where parts of it are shown
WHOLE = Recipe(epochs=8, batch_size=8, learning_rate=5e-4, average=0.998)  # first, of whole samples, nothing thrown
PRESETS = {
    "cpu": {NAME: replace(WHOLE, seed=1)},
    "gpu": {NAME: Recipe(epochs=60, batch_size=32, learning_rate=1e-3, workers=8, preset="gpu", seed=1)},
}
LICENCE = "cc-by-nc-sa-4.0"  # KITTI and 7-Scenes are for research only
LIGHT = v2.ColorJitter(0.3, 0.3, 0.3, 0.03)
LATER = "thrown", "outlined"  # parts of the mixture that are learned from after the whole samples


class Sample(NamedTuple):
    """A photograph and what is known of it, as large as the network sees it."""

    picture: torch.Tensor  # (3, HEIGHT, WIDTH) uint8
    disparity: torch.Tensor  # (1, HEIGHT, WIDTH) float16: up to a scale and a shift, 0 where unknown
    order: torch.Tensor  # (1, HEIGHT, WIDTH) int8: 1 inside of a person, -1 beside, 0 elsewhere


def sample(picture: torch.Tensor, disparity: torch.Tensor, order: torch.Tensor | None = None) -> Sample:
    """A sample of a picture (3, H, W) in [0, 1], cut to the middle in the shape of the input; disparities (H, W) of
    any range."""
    height, width = picture.shape[1:]
    scale = min(height / HEIGHT, width / WIDTH)
    middle = [round(HEIGHT * scale), round(WIDTH * scale)]
    cut = v2.functional.center_crop
    seen = v2.functional.resize(cut(picture, middle), [HEIGHT, WIDTH], antialias=True)
    order = torch.zeros(disparity.shape, dtype=torch.int8) if order is None else order
    maps = [
        v2.functional.resize(cut(one[None], middle), [HEIGHT, WIDTH], interpolation=v2.InterpolationMode.NEAREST)
        for one in (disparity / disparity.max().clamp_min(1e-9), order)
    ]
    return Sample((255 * seen).round().byte(), maps[0].half(), maps[1])


def taught(pictures: Iterator[torch.Tensor]) -> Iterator[Sample]:
    """What the published network says of pictures (3, H, W) uint8, where its answers at two sizes agree."""
    teacher = predictor(PUBLISHED)
    for picture in pictures:
        seen = teacher.predict(picture / 255)
        if seen.agreement >= AGREED:
            yield sample(picture / 255, resized(seen.inverse_depth, picture.shape[1:]))


def outlined(split: str = "train") -> Iterator[Sample]:
    """Large people of COCO's photographs, of whom the order alone is known."""
    for person in held_out.people(split):
        order = person.inside.to(torch.int8) - person.beside.to(torch.int8)
        yield sample(person.picture, torch.zeros(order.shape), order)


def outlined_by_hand() -> Iterator[Sample]:
    """People whose outlines a folder has, one person or group a picture."""
    for path in sorted((root()[0] / OUTLINES).rglob("*.jpg")):
        mask = archive.picture(path.with_suffix(".png"))[0] > 127
        if mask.any():
            inside, beside = held_out.sides(mask, mask)
            order = inside.to(torch.int8) - beside.to(torch.int8)
            yield sample(archive.picture(path) / 255, torch.zeros(order.shape), order)


def photographs() -> Iterator[torch.Tensor]:
    """The photographs that the teacher looks at, (3, H, W) uint8: BSDS500's, COCO's and a folder's."""
    yield from mnist_m.photographs("train")
    yield from (picture for picture, *_ in coco.load("train"))
    yield from (archive.picture(path) for path in sorted((root()[0] / FOLDER).rglob("*.jpg")))


def parts() -> dict[str, Iterator[Sample]]:
    """The parts of the mixture by name."""
    made = (scenes.pair(seed, HEIGHT, WIDTH) for seed in range(SCENES))
    thrown = (scenes.thrown(seed, HEIGHT, WIDTH) for seed in range(SCENES))
    return {
        "middlebury": (sample(place.picture / 255, place.disparity) for place in middlebury.load("train")),
        "kitchen": (
            sample(picture / 255, torch.where(depth[0] > 0, 1 / depth[0].clamp_min(1e-3), 0))
            for picture, depth in kitchen.load("train")
        ),
        "kitti": (
            sample(left / 255, semi_global(left / 255, right / 255).disparity) for left, right in kitti.load("train")
        ),
        "made": (sample(pair.left, pair.disparity_left[0]) for pair in made),
        "people": outlined(),
        "teacher": taught(photographs()),
        "thrown": (sample(picture, inverse[0]) for picture, inverse in thrown),
        "outlined": outlined_by_hand(),
    }


def mixture(runs: Path) -> dict[str, list[Sample]]:
    """The samples of each part, as often as OFTEN says; made once, and kept in the folder `runs`."""
    found = {}
    for name, samples in parts().items():
        kept = runs / f"{name}.pt"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            torch.save([tuple(one) for one in tqdm(samples, name)], kept)
        found[name] = OFTEN.get(name, 1) * [Sample(*one) for one in torch.load(kept)]
    return found


def nearer(maps: list[torch.Tensor], generator: torch.Generator) -> list[torch.Tensor]:
    """Maps (N, C, H, W), of each sample another part of the same shape, enlarged to the whole size."""
    height, width = maps[0].shape[2:]
    parts = []
    for number in range(len(maps[0])):
        share, top, left = torch.rand(3, generator=generator, device=generator.device).tolist()
        size = [round(side * (NEARER + (1 - NEARER) * share)) for side in (height, width)]
        corner = round(top * (height - size[0])), round(left * (width - size[1]))
        parts.append([v2.functional.crop(one[number], *corner, *size) for one in maps])
    smooth = [v2.InterpolationMode.BILINEAR] + [v2.InterpolationMode.NEAREST] * (len(maps) - 1)
    return [
        torch.stack([v2.functional.resize(part, [height, width], interpolation=mode, antialias=True) for part in one])
        for one, mode in zip(zip(*parts), smooth)
    ]


def photograph_loss(model, batch, step, whole: bool = False):
    """The loss that knows neither scale nor shift, and the order of people; half of the pictures are mirrored, and
    where they are not `whole`, half of them are parts."""
    pictures = torch.stack([LIGHT(one.picture) for one in batch]).float() / 255
    disparity = torch.stack([one.disparity.float() for one in batch])  # autocast of bfloat16 stacks no float16
    order = torch.stack([one.order for one in batch])
    mirrored = torch.rand(len(batch), generator=step.generator, device=step.generator.device).to(pictures.device) < 0.5
    mirrored = mirrored[:, None, None, None]
    pictures, disparity, order = (torch.where(mirrored, x.flip(3), x) for x in (pictures, disparity, order))
    if not whole:
        half = len(batch) // 2
        parts = nearer([pictures[:half], disparity[:half], order[:half]], step.generator)
        pictures, disparity, order = (
            torch.cat(both) for both in zip(parts, (x[half:] for x in (pictures, disparity, order)))
        )
    found = model(pictures).disparity
    known = disparity > 0
    truth_there = known.flatten(1).any(1)
    terms = {"loss": 0.0 * found.sum()}
    if truth_there.any():
        terms |= objectives.photograph_loss(found[truth_there], disparity[truth_there], known[truth_there])
    there = (order > 0).flatten(1).any(1)
    if there.any():
        terms["order"] = order_loss(found[there], order[there])
        terms["loss"] = terms["loss"] + ORDER * terms["order"]
    return terms


def order_loss(found: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    """The cost of rows (of N pictures) in which people are not nearer than what is beside them."""
    near = objectives.normalised(found, torch.ones_like(order, dtype=torch.bool))
    sides = [(order > 0).float(), (order < 0).float()]
    both = (sides[0].sum(3) > 0) & (sides[1].sum(3) > 0)  # (N, 1, H)
    inside, beside = ((near * side).sum(3) / side.sum(3).clamp_min(1) for side in sides)
    return objectives.order(inside[both], beside[both]) if both.any() else 0.0 * near.sum()


def watch():
    """The rank correlation on Middlebury's places that are kept for watching."""
    places = middlebury.load("val")

    @torch.no_grad()
    def validate(model):
        device = next(model.parameters()).device
        found = []
        for place in places:
            small = v2.functional.resize(place.picture / 255, [HEIGHT, WIDTH], antialias=True)[None].to(device)
            seen = resized(model(small).disparity[0, 0].float().cpu(), place.disparity.shape)
            known = place.disparity > 0
            found.append(rank_correlation(seen[known], place.disparity[known]))
        return {"rank": sum(found) / len(found)}

    return validate


class Samples(Dataset):
    """The mixture, indexed a sample at a time."""

    def __init__(self, samples: list[Sample]):
        self.samples = samples

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train the network, or go on with it, and write checkpoints/depth-photos."""
    torch.manual_seed(recipe.seed)
    mixed = mixture(runs / "mixture")
    data = Samples([one for samples in mixed.values() for one in samples])
    first = Samples([one for name, samples in mixed.items() if name not in LATER for one in samples])
    model = PhotoNet(PhotoConfig(), published=True)
    whole = replace(WHOLE, preset=recipe.preset)
    model = fit(model, partial(photograph_loss, whole=True), first, whole, runs / f"{name}-whole", watch())
    model = fit(model, photograph_loss, data, recipe, runs / name, watch())
    source = (
        f"{len(data)} samples: Tiefenrausch's answers (Kopf et al. 2020, MIT) on photographs, true disparities of"
        " Middlebury, 7-Scenes' red kitchen and made scenes, matched pairs of two KITTI drives, people's outlines of"
        " COCO and by other hands; begun with MobileNetV2's weights for ImageNet (Apache 2.0)"
    )
    module, before = "dlcv.depth.photographs_train", [asdict(whole)]
    save_checkpoint(model, name, module, recipe, licence=LICENCE, source=source, before=before)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
