"""Train the pose machines that ship: python -m dlcv.pose.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]

Leeds Sports marks one person a picture. Here its people, cut out, are pasted into other photographs, one to eight at
all sizes, so that the machine learns to tell several apart.
"""

from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.utils.data import ConcatDataset, Dataset
from torchvision.transforms import v2

from .. import cutouts, weights
from ..datasets import lspet
from ..training import Recipe, command_line, fit
from . import loss as objectives
from . import targets
from .model import STRIDE, PoseConfig, PoseMachine
from .skeleton import JOINTS, LIMBS

CONFIGS = {"pose-people": PoseConfig(), "pose-people-large": PoseConfig(stages=6, width=160)}
SIDE = 256  # pixels of the pictures that are learned from
SCENES, CROWD = 6000, 8  # made pictures an epoch, and people in one at most
LICENCE = "cc-by-nc-sa-4.0"  # the photographs are for research only


def recipes(small: int, large: int) -> dict[str, Recipe]:
    """Epochs of each machine."""
    usual = Recipe(batch_size=16, learning_rate=1e-3, weight_decay=0.01, clip=10.0)
    return {"pose-people": replace(usual, epochs=small), "pose-people-large": replace(usual, epochs=large)}


PRESETS = {"cpu": recipes(small=8, large=2), "gpu": recipes(small=60, large=60)}


def square(picture: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A square of a photograph (3, H, W) uint8, anywhere in it, as (3, SIDE, SIDE)."""
    side = min(picture.shape[1:])
    top, left = (torch.randint(length - side + 1, (), generator=generator).item() for length in picture.shape[1:])
    return v2.functional.resize(picture[:, top : top + side, left : left + side], [SIDE, SIDE], antialias=True)


class MadeScenes(Dataset):
    """Cut-out people in photographs: picture, joints (people, 14, 3), and a map (H, W) of the people."""

    def __init__(self, count: int):
        self.count, self.people, self.backgrounds = count, cutouts.people(), cutouts.backgrounds()

    def __len__(self):
        return self.count

    def __getitem__(self, seed: int):
        generator = torch.Generator().manual_seed(seed)

        def any_below(count: int) -> int:
            return torch.randint(count, (), generator=generator).item()

        chosen = [self.people[any_below(len(self.people))] for _ in range(1 + any_below(CROWD))]
        background = square(self.backgrounds[any_below(len(self.backgrounds))], generator)
        scene = cutouts.compose(background, chosen, generator, heights=(0.15, 0.95))
        return scene.picture, scene.joints, scene.instances


class OnePerson(Dataset):
    """The pictures of Leeds Sports as they are, on grey, in the same form as `MadeScenes`."""

    def __init__(self):
        self.samples = lspet.load("train")

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index: int):
        picture, joints = self.samples[index]
        height, width = picture.shape[1:]
        scale = SIDE / max(height, width)
        size = [round(scale * height), round(scale * width)]
        canvas = torch.full((3, SIDE, SIDE), 128, dtype=torch.uint8)
        canvas[:, : size[0], : size[1]] = v2.functional.resize(picture, size, antialias=True)
        moved = torch.cat([(joints[:, :2] + 0.5) * scale - 0.5, 2 * joints[:, 2:]], dim=1)
        return canvas, moved[None], torch.ones(SIDE, SIDE, dtype=torch.int64)


def what_is_known(joints: torch.Tensor, instances: torch.Tensor) -> torch.Tensor:
    """Where something is known of each map: people (N, 14, 3) and their map (H, W) -> (J + 2 L, H / 8, W / 8).

    On a person of whom a joint is not marked, nothing is known of that joint and its limbs.
    """
    known = torch.ones(len(JOINTS) + 2 * len(LIMBS), *instances.shape)
    height, width = instances.shape
    for number, person in enumerate(joints, 1):
        inside = (person[:, 0] >= 0) & (person[:, 1] >= 0) & (person[:, 0] < width) & (person[:, 1] < height)
        unmarked = set(((person[:, 2] == 0) & inside | (person.abs().sum(1) == 0)).nonzero()[:, 0].tolist())
        limbs = [limb for limb, ends in enumerate(LIMBS) if unmarked & set(ends)]
        maps = [*unmarked, *(len(JOINTS) + 2 * limb + axis for limb in limbs for axis in (0, 1))]
        known[maps] *= instances != number
    return F.avg_pool2d(known, STRIDE).floor()


def truth_of(joints: torch.Tensor) -> torch.Tensor:
    """People (N, 14, 3) in pixels -> belief maps and affinity fields, (J + 2 L, SIDE / 8, SIDE / 8)."""
    inside = ((joints[..., :2] >= 0) & (joints[..., :2] < SIDE)).all(-1)
    on_maps = torch.stack(
        [*((joints[..., axis] + 0.5) / STRIDE - 0.5 for axis in (0, 1)), joints[..., 2] * inside], dim=-1
    )
    side = SIDE // STRIDE
    return torch.cat(
        [targets.belief_maps(on_maps, side, side), targets.affinity_fields(on_maps, side, side).flatten(0, 1)]
    )


LIGHT = v2.Compose([v2.ColorJitter(0.3, 0.3, 0.3, 0.05), v2.RandomGrayscale(0.1)])


def pose_loss(model, batch, progress, generator):
    """Of all stages, on pictures in other light each time."""
    torch.manual_seed(generator.initial_seed())  # what torchvision's transforms draw from
    pictures = torch.stack([LIGHT(picture) for picture, _, _ in batch]).float() / 255
    truth = torch.stack([truth_of(joints) for _, joints, _ in batch])
    known = torch.stack([what_is_known(joints, instances) for _, joints, instances in batch])
    out = model(pictures)
    stages = [torch.cat([b, f.flatten(1, 2)], dim=1) for b, f in zip(out.beliefs, out.fields)]
    terms = {f"stage_{number}": objectives.stage_loss(found, truth, known) for number, found in enumerate(stages, 1)}
    return {"loss": objectives.loss(stages, truth, known)} | terms


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one machine, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    made, alone = MadeScenes(SCENES), OnePerson()
    model = fit(
        PoseMachine(CONFIGS[name], published=True), pose_loss, ConcatDataset([made, alone]), recipe, runs / name
    )
    made_by = {"command": f"python -m dlcv.pose.train --model {name}", **asdict(recipe)}
    source = (
        f"{len(alone):,} people of Leeds Sports Extended, and {len(made):,} pictures of one to {CROWD} of them, cut out"
        " by a published DeepLab; begun with MobileNetV2's weights for ImageNet (Apache 2.0)"
    )
    weights.save(model, name, topic="pose", recipe=made_by, licence=LICENCE, source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
