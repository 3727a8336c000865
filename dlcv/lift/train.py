"""Train LIFT in the order of the paper: python -m dlcv.lift.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]

lift-descriptor   DESC, on patches of the same points
lift-orientation  ORI, through DESC, which stays as it is
lift-detector     DET, through both
lift              all three together, by the global cost
"""

from dataclasses import replace
from pathlib import Path

import torch

from ..core.datasets import TensorBatches
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from . import loss
from .model import Descriptor, LiftConfig
from .patches import Bank, bank
from .variation import lit, seen

CONFIG = LiftConfig()
PRESETS = {
    "cpu": {
        "lift-descriptor": Recipe(
            epochs=48, batch_size=512, learning_rate=4e-3, warmup=0.03, weight_decay=0.02, average=0.995
        ),
    },
}
PRESETS["gpu"] = {name: replace(recipe, epochs=5 * recipe.epochs) for name, recipe in PRESETS["cpu"].items()}


def two_views(start: torch.Tensor, points: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Two different patches of each of these points (B,), as rows of the bank: (2, B)."""
    first, count = start[points], start[points + 1] - start[points]
    one = (torch.rand(len(points), generator=generator) * count).long()
    other = (one + 1 + (torch.rand(len(points), generator=generator) * (count - 1)).long()) % count
    return torch.stack([first + one, first + other])


def descriptor_loss(known: Bank):
    """The loss of DESC: half of the points turned as SIFT says for each patch, half of them by any common angle."""

    def of(model, batch, step):
        (points,), device = batch, step.device
        generator = torch.Generator().manual_seed(step.generator.initial_seed())
        rows = two_views(known.start, points.cpu(), generator)
        common = 2 * torch.pi * torch.rand(len(points), generator=generator)
        by_sift = torch.rand(len(points), generator=generator) < 0.5
        angle = torch.where(by_sift, known.angle[rows], common).flatten().to(device)
        patches = known.patches[rows.flatten()].to(device)[:, None].float() / 255
        x = lit(seen(patches, angle, CONFIG.side, step.generator), step.generator)
        a, b = model(x).chunk(2)
        return {"loss": loss.triplet(a, b).mean(), "near": loss.squared_distance(a, b).mean()}

    return of


def train_descriptor(recipe: Recipe, run: Path) -> Descriptor:
    """DESC, trained on points of the training places."""
    known = bank("train", torch.Generator().manual_seed(recipe.seed))
    data = TensorBatches(torch.arange(len(known.start) - 1))
    return fit(Descriptor(CONFIG), descriptor_loss(known), data, recipe, run)


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one model, or resume its training, and write checkpoints/<name>."""
    model = TRAINERS[name](recipe, runs / name).cpu()
    save_checkpoint(model, name, "dlcv.lift.train", recipe, licence=LICENCE, source=SOURCE)


TRAINERS = {"lift-descriptor": train_descriptor}
SOURCE = "134,536 patches of 37,466 points in photographs of 15 places"
LICENCE = "cc-by-nc-sa-4.0"

if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
