"""Train the networks that ship: python -m dlcv.finegrained.train [--model NAME ...] [--data DIR]

Four networks, without transformers and with 1, 2 and 4, each three times from other random numbers. They learn for as
long as one another, from the same pictures.
"""

from pathlib import Path

import torch

from ..core.datasets import TensorBatches, cub
from ..core.training.evaluation import accuracy, outputs
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from .film import Film, FilmConfig
from .loss import losses
from .model import FineGrained, FineGrainedConfig
from .samples import varied

SETTINGS = {"whole": 0, "one-window": 1, "two-windows": 2, "four-windows": 4}  # transformers
SEEDS = 3
HELD_OUT = 3  # of each species' 30 training pictures, the last ones: to watch, and for what is unlike them all
FILMED, FILM, MOMENTS = "birds-two-windows-0", "birds-film", 25  # whose training is filmed, and in so many pictures
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


def keep_species(model: FineGrained, pictures: torch.Tensor, labels: torch.Tensor, others: torch.Tensor) -> None:
    """Note where the species lie: the means of what they were learned from, and how far `others` of them lie.

    Pictures (N, 3, S, S) and labels (N,) are those that it learned, `others` (M, 3, S, S) it never saw.
    """
    (descriptors,) = outputs(model, pictures, "descriptors")
    for species in range(len(model.means)):
        model.means[species] = descriptors[labels == species].mean(0)
    model.reach.copy_(model.unlikeness(outputs(model, others, "descriptors")[0]).quantile(0.95))


def filmed(film: Film):
    """`loss`, which has a film taken on the way."""

    def loss_and_film(model, batch, step):
        film.take(step.number, getattr(model, "module", model).localise)
        return loss(model, batch, step)

    return loss_and_film


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one model, or resume its training, and write checkpoints/<name>."""
    birds = cub.load("train")
    learned, held_out = parted(birds)
    seen = birds.pictures[held_out].float() / 255, birds.labels[held_out]
    torch.manual_seed(recipe.seed)
    model = FineGrained(CONFIGS[name])
    batches = TensorBatches(birds.pictures[learned], birds.labels[learned])
    steps = recipe.epochs * (len(batches) // recipe.batch_size)
    moments = tuple(sorted({round(steps * (moment / (MOMENTS - 1)) ** 2) for moment in range(MOMENTS)}))
    film = Film(FilmConfig(cub.SPECIES, CONFIGS[FILMED].transformers, steps=moments))
    which, remembered = (filmed(film), [film]) if name == FILMED else (loss, [])

    def watch(averaged):
        return {"accuracy": accuracy(averaged, *seen)}

    model = fit(model, which, batches, recipe, runs / name, watch, remembered=remembered).cpu()
    keep_species(model, birds.pictures[learned].float() / 255, birds.labels[learned], seen[0])
    source = f"CUB-200-2011, {len(learned)} training pictures of 20 species; begun with MobileNetV2 (Apache 2.0)"
    if name == FILMED:
        film.take(steps, model.localise)  # the average, as of every training
        save_checkpoint(film, FILM, "dlcv.finegrained.train", recipe, licence="cc-by-nc-4.0", source=source)
    save_checkpoint(model, name, "dlcv.finegrained.train", recipe, licence="cc-by-nc-4.0", source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
