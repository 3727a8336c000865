"""Train the evaluator of garments: python -m dlcv.gan.garments_train [--preset cpu|gpu] [--data DIR]"""

from pathlib import Path

import torch
from torch.nn import functional as F

from ..core.datasets import TensorBatches, clothing
from ..core.training.classifiers import ClassifierConfig
from ..core.training.evaluation import accuracy
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from .garments import NAME, SIDE, GarmentClassifier
from .grow import move, recolour

PRESETS = {
    "cpu": {NAME: Recipe(epochs=15, batch_size=64, learning_rate=1e-3, weight_decay=0.05, average=0.99)},
    "gpu": {NAME: Recipe(epochs=40, batch_size=64, learning_rate=1e-3, weight_decay=0.05, average=0.99)},
}


def loss(model, batch, step):
    """Cross-entropy with smoothed labels, on photographs whose colours and place are augmented at random."""
    pictures, labels = batch
    pictures = recolour(pictures.float() / 255, step.generator, brightness=0.25, saturation=1.0, contrast=0.5)
    pictures = move(pictures, step.generator).clamp(0, 1)
    return {"loss": F.cross_entropy(model(pictures).logits, labels, label_smoothing=0.1)}


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train the classifier, or resume its training, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    pictures, labels = clothing.load("train", SIDE)
    held_out, truth = clothing.load("validation", SIDE)

    def validate(model):
        return {"validation_accuracy": round(accuracy(model, held_out.float() / 255, truth), 2)}

    model = GarmentClassifier(ClassifierConfig(tuple(clothing.CLASSES)), published=True)
    model = fit(model, loss, TensorBatches(pictures, labels), recipe, runs / name, validate)
    source = f"clothing dataset (small), {len(pictures):,} training photographs, starting from MobileNetV2 as published"
    save_checkpoint(model, name, "dlcv.gan.garments_train", recipe, licence="apache-2.0", source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
