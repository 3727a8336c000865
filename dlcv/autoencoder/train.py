"""Train the autoencoders that ship: python -m dlcv.autoencoder.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]

PCA is computed in closed form, in seconds.
"""

from pathlib import Path

import torch

from ..core.datasets import TensorBatches, mnist
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from .loss import spoiled, squared_error
from .model import PCA, PIXELS, Autoencoder, AutoencoderConfig, Coder, PCAConfig

HELD_OUT = 1000  # the last training pictures, for validation; the test set is left to evaluate.py
KEPT = 5000  # test pictures whose place in a code of two units is shown
COPYING = AutoencoderConfig(32 * 49, hidden=0, deep=48, blocks=1)
DENOISING = AutoencoderConfig(32 * 49, hidden=0, deep=48, blocks=2)

CONFIGS = {
    "autoencoder-mnist-2d": AutoencoderConfig(2, kept=KEPT),
    "autoencoder-mnist-30d": AutoencoderConfig(30),
    "autoencoder-fashion-2d": AutoencoderConfig(2, kept=KEPT, class_names=mnist.GARMENTS),
    "autoencoder-fashion-30d": AutoencoderConfig(30, class_names=mnist.GARMENTS),
    "autoencoder-mnist-wide": COPYING,
    "autoencoder-mnist-denoising": DENOISING,
    "pca-mnist": PCAConfig(30, kept=KEPT),
    "pca-fashion": PCAConfig(30, kept=KEPT, class_names=mnist.GARMENTS),
}
SOURCES = {
    "mnist": ("MNIST, 59,000 training digits", "cc-by-sa-3.0"),
    "fashion": ("Fashion-MNIST, 59,000 training garments", "mit"),
}  # training set and licence of each model
# A sum over 784 pixels has large gradients, and an output that has gone black as a whole learns nothing any more: so
# training begins gently.
GENTLE = {"batch_size": 128, "learning_rate": 1.5e-3, "warmup": 0.1, "clip": 100.0}
PRESETS = {
    "cpu": {
        "autoencoder-mnist-2d": Recipe(epochs=3, **(GENTLE | {"warmup": 0.25})),
        "autoencoder-mnist-30d": Recipe(epochs=14, **GENTLE),
        "autoencoder-fashion-2d": Recipe(epochs=2, **(GENTLE | {"warmup": 0.25})),
        "autoencoder-fashion-30d": Recipe(epochs=20, **GENTLE),
        "autoencoder-mnist-wide": Recipe(epochs=3, **(GENTLE | {"learning_rate": 3e-3})),
        "autoencoder-mnist-denoising": Recipe(epochs=16, **GENTLE),
        "pca-mnist": Recipe(),
        "pca-fashion": Recipe(),
    },
    "gpu": {name: Recipe(epochs=400, average=0.9995, **GENTLE) for name in CONFIGS},
}


def loss(model, batch, step):
    """Mean of the squared error (1) over a batch."""
    (pictures,) = batch
    return {"loss": squared_error(model(pictures).reconstruction, pictures).mean()}


def denoising_loss(model, batch, step):
    """Mean squared error between clean pictures and what is made of spoiled ones, spoiled anew at each visit."""
    (pictures,) = batch
    return {"loss": squared_error(model(spoiled(pictures, step.generator)).reconstruction, pictures).mean()}


@torch.inference_mode()
def watch(model: Coder, pictures: torch.Tensor) -> dict[str, float]:
    """Squared error on held-out training pictures."""
    errors = [squared_error(model(batch).reconstruction, batch) for batch in pictures.split(500)]
    return {"held_out": round(torch.cat(errors).mean().item(), 4)}


@torch.inference_mode()
def encoded(model: Coder, pictures: torch.Tensor) -> torch.Tensor:
    """Codes (N, d) of pictures."""
    return torch.cat([model.encode(batch) for batch in pictures.split(500)])


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one model, or resume its training, and write checkpoints/<name>."""
    data = "fashion" if "fashion" in name else "mnist"
    pictures, _ = mnist.load(data, "train")
    config = CONFIGS[name]
    source, licence = SOURCES[data]
    if isinstance(config, PCAConfig):
        model = PCA(config).fit(pictures)
        source = source.replace("59,000", "all 60,000")
    else:
        held_out = pictures[-HELD_OUT:]
        model = fit(
            Autoencoder(config),
            denoising_loss if name.endswith("denoising") else loss,
            TensorBatches(pictures[:-HELD_OUT]),
            recipe,
            runs / name,
            lambda averaged: watch(averaged, held_out.to(next(averaged.parameters()).device)),
        ).cpu()
    if config.units < PIXELS:
        test, labels = mnist.load(data, "test")
        model.keep_codes(encoded(model, pictures), encoded(model, test), labels)
    save_checkpoint(model, name, "dlcv.autoencoder.train", recipe, licence=licence, source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
