"""Train the networks that ship: python -m dlcv.depth.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

import os
from dataclasses import replace
from pathlib import Path

import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from ..core.datasets import kitchen, kitti
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from . import loss as objectives
from . import metrics, scenes
from .model import DepthConfig, DepthNet, sized

CONFIGS = {
    "depth-stereo": DepthConfig(),
    "depth-kitchen": DepthConfig(stereo=False, height=192, width=256),
}
SCENES = 1500  # made pairs; their numbers are their seeds, and those from TEST_SCENES on are for testing
TEST_SCENES = 10**6
WATCHED = 32  # of the latter, looked at after each epoch
REAL = 10  # times that each real pair is shown an epoch
LICENCE = "cc-by-nc-sa-4.0"  # KITTI and 7-Scenes are for research only


def recipes(stereo: int, kitchen: int, **settings) -> dict[str, Recipe]:
    """The recipes of all networks by name; `settings` differ from the usual ones."""
    usual = replace(Recipe(batch_size=8, learning_rate=5e-4, clip=5.0), **settings)
    return {"depth-stereo": replace(usual, epochs=stereo), "depth-kitchen": replace(usual, epochs=kitchen)}


PRESETS = {
    "cpu": recipes(stereo=13, kitchen=40),
    "gpu": recipes(stereo=26, kitchen=80, batch_size=16),
}


class MadePairs(Dataset):
    """Made scenes as pairs of bytes."""

    def __init__(self, count: int, config: DepthConfig):
        self.count, self.config = count, config

    def __len__(self):
        return self.count

    def __getitem__(self, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        pair = scenes.pair(seed, self.config.height, self.config.width)
        return tuple((255 * picture).round().to(torch.uint8) for picture in (pair.left, pair.right))


LIGHT = v2.ColorJitter(0.2, 0.2, 0.2, 0.02)


def pair_loss(model, batch, step):
    """The self-supervised loss; half of the pairs are mirrored, which swaps the eyes."""
    pairs = torch.stack([torch.stack([left, right]) for left, right in batch]).float() / 255  # (N, 2, 3, H, W)
    generator = step.generator
    mirrored = torch.rand(len(pairs), generator=generator, device=generator.device).to(pairs.device) < 0.5
    pairs = torch.where(mirrored[:, None, None, None, None], pairs.flip(1, 4), pairs)
    left, right = torch.stack([LIGHT(pair) for pair in pairs]).unbind(1)  # the same light for both eyes
    return objectives.stereo_loss(model(left).maps, left, right)


def kitchen_loss(model, batch, step):
    """The supervised loss; half of the pictures are mirrored."""
    pictures = torch.stack([LIGHT(picture) for picture, _ in batch]).float() / 255
    depth = torch.stack([depth for _, depth in batch])
    generator = step.generator
    mirrored = (torch.rand(len(depth), generator=generator, device=generator.device).to(depth.device) < 0.5)[
        :, None, None, None
    ]
    pictures, depth = (torch.where(mirrored, batch.flip(3), batch) for batch in (pictures, depth))
    return {"loss": objectives.depth_loss(model(pictures).maps, depth)}


def samples_of(name: str, config: DepthConfig, split: str = "train") -> tuple[Dataset | list, str]:
    """The training data of a network, and a description of it."""
    if name == "depth-kitchen":
        frames = [
            (sized(picture, config), v2.functional.resize(depth, [config.height, config.width], interpolation=0))
            for picture, depth in kitchen.load(split)
        ]
        return frames, f"{len(frames)} frames of the red kitchen of 7-Scenes"
    made = DataLoader(MadePairs(SCENES, config), batch_size=None, num_workers=os.cpu_count())
    made = [tuple(picture.clone() for picture in pair) for pair in made]  # else each keeps a file of a worker open
    real = [tuple(sized(picture, config) for picture in pair) for pair in kitti.load(split)]
    source = f"{len(real)} pairs of two KITTI drives and {SCENES:,} of made scenes, no depth"
    return made + REAL * real, source


def watch(config: DepthConfig):
    """The scores after each epoch: `d1` of held-out made scenes, or `abs_rel` of the kitchen's held-out frames."""
    if config.stereo:
        pairs = [scenes.pair(TEST_SCENES + k, config.height, config.width) for k in range(WATCHED)]
        pictures, truth = (torch.stack([getattr(pair, part) for pair in pairs]) for part in ("left", "disparity_left"))
    else:
        pictures, truth = (torch.stack(samples) for samples in zip(*samples_of("depth-kitchen", config, "test")[0]))
        pictures = pictures.float() / 255

    @torch.no_grad()
    def validate(model):
        device = next(model.parameters()).device
        found = torch.cat([model(batch.to(device)).maps[0][:, :1].cpu() for batch in pictures.split(8)])
        if config.stereo:
            return {"d1": metrics.d1(config.width * found, truth)}
        return {"abs_rel": metrics.abs_rel(found[truth > 0], truth[truth > 0])}

    return validate


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one network, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    config = CONFIGS[name]
    data, source = samples_of(name, config)
    loss = pair_loss if config.stereo else kitchen_loss
    model = DepthNet(config, published=True)
    model = fit(model, loss, data, recipe, runs / name, watch(config))
    source += "; begun with MobileNetV2's weights for ImageNet (Apache 2.0)"
    save_checkpoint(model, name, "dlcv.depth.train", recipe, licence=LICENCE, source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
