"""Train the classifiers that judge translations: python -m dlcv.cyclegan.judges [--preset cpu|gpu] [--data DIR]

A reader of digits learns from one domain, as it is or translated into another by the CycleGAN that ships, and is then
asked about the other: how much better does it read there for having seen translations? No label of the other domain
is ever used.
"""

import math
from pathlib import Path

import torch
from torch.nn import functional as F
from torchvision.transforms import v2

from ..core import weights
from ..core.datasets import TensorBatches
from ..core.geometry import grids
from ..core.training.classifiers import ClassifierConfig
from ..core.training.evaluation import accuracy, classify
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from . import domains
from .classifier import MONET, Classifier, SceneClassifier
from .model import CycleGAN
from .presets import LICENCE

HELD_OUT = 0.1  # of its training pictures, to watch a classifier with
READERS = {  # whose digits and labels it learns from, and the CycleGAN and generator that translate them first
    "reader-mnist": ("MNIST", None),
    "reader-usps": ("USPS", None),
    "reader-mnist-as-usps": ("MNIST", ("cyclegan-usps", "G")),
    "reader-usps-as-mnist": ("USPS", ("cyclegan-usps", "F")),
    "reader-mnist-as-mnist-m": ("MNIST", ("cyclegan-mnist-m", "G")),
}
PRESETS = {  # USPS has an eighth of MNIST's digits: its readers see each eight times as often
    preset: {MONET: Recipe(30, batch_size=32, learning_rate=1e-3, weight_decay=0.05, average=0.99)}
    | {
        name: Recipe(40 if domain == "USPS" else 4, 128, 2e-3, weight_decay=0.01, average=0.998)
        for name, (domain, _) in READERS.items()
    }
    for preset in ("cpu", "gpu")
}


def moved(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Digits (N, C, S, S), each turned by up to 10 degrees, scaled by up to a tenth and shifted by up to 2 pixels."""
    turn, scale, x, y = 2 * torch.rand(4, len(pictures), generator=generator, device=pictures.device) - 1
    turn, scale, shift = turn * math.radians(10), 1 + 0.1 * scale, 4 / (pictures.shape[-1] - 1)
    cos, sin = turn.cos() / scale, turn.sin() / scale
    theta = torch.stack([cos, -sin, shift * x, sin, cos, shift * y], dim=1).view(-1, 2, 3)
    height, width = pictures.shape[-2:]
    return grids.warp(pictures + 1, grids.affine_grid(theta, height, width)) - 1  # -1, not 0, outside


def reading_loss(name: str):
    """Cross-entropy on digits that are moved, then translated, each time with the residual of another picture of B."""
    _, translated_by = READERS[name]
    if translated_by:
        translator, direction = translated_by
        cyclegan = weights.load(CycleGAN, translator)
        others, _ = domains.digits(cyclegan.config.names[1])

    def translate(digits, generator):
        if direction == "F":
            return cyclegan.decompose(digits)[0]
        chosen = torch.randint(len(others), (len(digits),), generator=generator, device=generator.device).cpu()
        return cyclegan.compose(digits, cyclegan.decompose(others[chosen].to(digits.device))[1])

    def loss(model, batch, step):
        digits, labels = batch
        digits = moved(digits, step.generator)
        if translated_by:
            with torch.no_grad():
                digits = translate(digits, step.generator)
        return {"loss": F.cross_entropy(model(digits).logits, labels)}

    return loss


def painting_loss(labels: torch.Tensor):
    """Cross-entropy on crops of all sizes, each class counting for as much; `labels` are all that are trained on."""
    vary = v2.Compose(
        [
            v2.RandomResizedCrop(128, scale=(0.25, 1), ratio=(1, 1)),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(0.2, 0.2, 0.2),
        ]
    )
    weight = len(labels) / (2 * torch.bincount(labels).float())

    def loss(model, batch, step):
        pictures, truth = batch
        pictures = domains.spread(torch.stack([vary(picture) for picture in pictures]))
        return {"loss": F.cross_entropy(model(pictures).logits, truth, weight.to(truth.device), label_smoothing=0.05)}

    return loss


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one classifier, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    if name == MONET:
        classes = tuple(domains.SCENES)
        scenes = [domains.scenes(of) for of in classes]
        pictures, labels = torch.cat(scenes), torch.arange(2).repeat_interleave(torch.tensor([*map(len, scenes)]))
        source = "monet2photo, {:,} training photographs and paintings"
    else:
        domain, translated_by = READERS[name]
        classes = ClassifierConfig.class_names
        pictures, labels = domains.digits(domain)
        source = f"{domain}, {{:,}} training digits" + (f", translated by {translated_by[0]}" if translated_by else "")
    order = torch.randperm(len(labels))
    held, kept = order[: int(HELD_OUT * len(labels))], order[int(HELD_OUT * len(labels)) :]
    loss = painting_loss(labels[kept]) if name == MONET else reading_loss(name)

    def validate(model):
        held_out = domains.spread(pictures[held]) if name == MONET else pictures[held]
        return {"held_out_accuracy": round(accuracy(model, held_out, labels[held]), 2)}

    data = TensorBatches(pictures[kept], labels[kept])
    classifier = SceneClassifier if name == MONET else Classifier
    model = fit(classifier(ClassifierConfig(classes)), loss, data, recipe, runs / name, validate)
    if name == MONET:
        learned, others = (some[labels[some] == classes.index("photograph")] for some in (kept, held))
        model.cpu().fit_ood(
            *(classify(model, domains.spread(pictures[photographs])).features for photographs in (learned, others))
        )
    save_checkpoint(model, name, "dlcv.cyclegan.judges", recipe, licence=LICENCE, source=source.format(len(kept)))


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
