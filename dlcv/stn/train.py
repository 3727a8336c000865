"""Train the networks that ship: python -m dlcv.stn.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import functional as F

from ..core.datasets import TensorBatches, distorted, mnist
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from .model import STN, STNConfig

# the parts of a transformer's training: digits upright until, distortions grown at, classifier learning again from
UPRIGHT, GROWN, RELEASED = 0.06, 0.3, 0.45
HELD_OUT = 2000  # the last training digits, to watch the training with; the test set is left to evaluate.py

NETWORKS = {  # hidden units are chosen so that all networks of a kind have about as many weights
    "cnn": STNConfig(hidden=190),
    "affine": STNConfig(transformer="affine"),
    "projective": STNConfig(transformer="projective"),
    "tps": STNConfig(transformer="tps"),
    "fcn": STNConfig(classifier="fcn", hidden=108),
    "fcn-affine": STNConfig(classifier="fcn", transformer="affine"),
}
CONFIGS = {
    f"stn-{network}-{kind}": replace(config, size=distorted.SIZES[kind])
    for kind in distorted.SIZES
    for network, config in NETWORKS.items()
    if config.classifier == "cnn" or kind == "r"
}
CPU = Recipe(epochs=16, batch_size=128, learning_rate=4e-3, average=0.998)
PRESETS = {
    # turned by up to 90 degrees and nothing else, digits are hardest to set upright
    "cpu": {name: replace(CPU, epochs=64) if name.endswith("-r") else CPU for name in CONFIGS},
    "gpu": dict.fromkeys(CONFIGS, Recipe(epochs=100, batch_size=128, learning_rate=4e-3)),
}


def strength(progress: float) -> float:
    """How much of the distortion a transformer meets, 0 to 1: it grows from UPRIGHT to GROWN."""
    return min(1.0, max(0.0, (progress - UPRIGHT) / (GROWN - UPRIGHT)))


def make_loss(kind: str, transformer: str | None):
    """Cross-entropy of the ten classes on digits distorted anew at each visit; theta learns from it alone.

    A classifier that met turned digits from the start would learn to read them as they are, and theta would never
    move. So it first learns to read upright digits, then is held still while the distortions grow and for a while
    longer: theta alone can keep the loss down, of a spline its affine part. Then all learn together. The plain
    networks train on all of the distortion throughout: that is what serves them best.
    """

    def loss(model, batch, step):
        digits, labels = batch
        parameters = distorted.draw(kind, len(digits), torch.Generator().manual_seed(step.generator.initial_seed()))
        if transformer:
            parameters = distorted.weakened(parameters, strength(step.progress))
            network = getattr(model, "module", model)
            network.classify.requires_grad_(not UPRIGHT < step.progress < RELEASED)
            if transformer == "tps":
                network.offsets.requires_grad_(step.progress >= RELEASED)
        logits = model(distorted.distort(digits, parameters, distorted.SIZES[kind])).logits
        return {"loss": F.cross_entropy(logits, labels), "error": (logits.argmax(1) != labels).float().mean() * 100}

    return loss


@torch.inference_mode()
def error(model: STN, pictures: torch.Tensor, labels: torch.Tensor) -> float:
    """Percentage of pictures (N, 1, S, S) that get another class than their label."""
    wrong = [
        (model(some).logits.argmax(1) != truth).float() for some, truth in zip(pictures.split(500), labels.split(500))
    ]
    return 100 * torch.cat(wrong).mean().item()


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one network, or go on with it, and write checkpoints/<name>."""
    kind = name.rsplit("-", 1)[1]
    digits, labels = mnist.load("mnist", "train")
    seen, held_out = TensorBatches(digits[:-HELD_OUT], labels[:-HELD_OUT]), digits[-HELD_OUT:]
    truth, held_out = labels[-HELD_OUT:], distorted.test_set(held_out, kind)

    def validate(model):
        device = next(model.parameters()).device
        return {"held_out_error": round(error(model, held_out.to(device), truth.to(device)), 3)}

    torch.manual_seed(recipe.seed)
    model = STN(CONFIGS[name])
    model = fit(model, make_loss(kind, model.config.transformer), seen, recipe, runs / name, validate)
    source = f"MNIST, {len(seen):,} training digits; {distorted.TITLES[kind]}"
    save_checkpoint(model, name, "dlcv.stn.train", recipe, source=source, licence="cc-by-sa-3.0")


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
