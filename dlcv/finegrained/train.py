"""Train the networks that ship: python -m dlcv.finegrained.train [--model NAME ...] [--data DIR]

Four networks, without transformers and with 1, 2 and 4, each three times from other random numbers. They learn for as
long as one another, from the same pictures.
"""

from pathlib import Path

import torch

from ..core.datasets import TensorBatches, cub
from ..core.training.evaluation import accuracy
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from .loss import losses
from .model import FineGrained, FineGrainedConfig
from .samples import varied

SETTINGS = {"whole": 0, "one-window": 1, "two-windows": 2, "four-windows": 4}  # transformers
SEEDS = 3
HELD_OUT = 3  # of each species' 30 training pictures, the last ones: to watch, and for what is unlike them all
NUDGE = 0.15  # standard deviation of the windows' moves at the beginning; it falls to nothing


def named(setting: str, seed: int) -> str:
    """Name of a network's checkpoint."""
    return f"birds-{setting}-{seed}"


CONFIGS = {
    named(setting, seed): FineGrainedConfig(cub.SPECIES, count)
    for seed in range(SEEDS)
    for setting, count in SETTINGS.items()
}
PRESETS = {
    preset: {
        name: Recipe(
            epochs=epochs, batch_size=18, learning_rate=1e-3, warmup=0.1, weight_decay=1e-3, average=0.99,
            seed=int(name[-1]), save_minutes=5,
        )
        for name in CONFIGS
    }
    for preset, epochs in (("cpu", 36), ("gpu", 100))
}  # fmt: skip


def parted(birds: cub.Birds) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices of the pictures to learn from, and of the HELD_OUT last ones of each species."""
    held_out = torch.zeros(len(birds.labels), dtype=torch.bool)
    for species in range(len(cub.SPECIES)):
        held_out[(birds.labels == species).nonzero()[-HELD_OUT:, 0]] = True
    return (~held_out).nonzero()[:, 0], held_out.nonzero()[:, 0]


def loss(model: FineGrained, batch: tuple, step) -> dict[str, torch.Tensor]:
    """The loss of a batch of pictures, each varied anew, seen through windows that are moved a little."""
    pictures, labels = batch
    nudges = None
    if count := getattr(model, "module", model).config.transformers:
        nudges = torch.randn(len(pictures), count, 2, generator=step.generator, device=pictures.device)
        nudges = NUDGE * (1 - step.progress) * nudges
    output = model(varied(pictures, step.generator), nudges)
    terms = losses(output.logits, output.each, labels)
    return terms | {"error": 100 * (output.logits.argmax(1) != labels).float().mean()}


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one model, or resume its training, and write checkpoints/<name>."""
    birds = cub.load("train")
    learned, held_out = parted(birds)
    seen = birds.pictures[held_out].float() / 255, birds.labels[held_out]
    torch.manual_seed(recipe.seed)
    model = FineGrained(CONFIGS[name])
    batches = TensorBatches(birds.pictures[learned], birds.labels[learned])
    model = fit(model, loss, batches, recipe, runs / name, lambda averaged: {"accuracy": accuracy(averaged, *seen)})
    source = f"CUB-200-2011, {len(learned)} training pictures of 20 species; begun with MobileNetV2 (Apache 2.0)"
    save_checkpoint(model.cpu(), name, "dlcv.finegrained.train", recipe, licence="cc-by-nc-4.0", source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
