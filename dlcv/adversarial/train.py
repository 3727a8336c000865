"""Train and retrain the classifiers that ship: python -m dlcv.adversarial.train [--preset cpu|gpu] [--model NAME ...]

Retraining is that of DeepFool's paper: five epochs at half the rate on perturbed training pictures alone, which are
made once. It is not Madry's training, where they are made anew for every batch. The folder DLCV_START has MobileNetV2.
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import functional as F
from torchvision.models import MobileNet_V2_Weights

from ..core import weights
from ..core.datasets import TensorBatches, mnist
from ..core.training.classifiers import ClassifierConfig
from ..core.training.evaluation import accuracy
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from .attacks import universal
from .model import SIDE, FullyConnected, LeNet, Photographs, Universal, UniversalConfig
from .robustness import by_deepfool, signs, strength
from .samples import of_garments

HELD_OUT = 1000  # the last training pictures, for validation; the test set is left to evaluate.py
MADE_FROM = {"universal-mnist": 1000, "universal-photographs": 200}  # training pictures
# classes whose borders a picture's push looks at: more of them take longer and find hardly shorter ones
CANDIDATES = {"lenet-mnist-deepfool": 4, "universal-mnist": 10, "universal-photographs": 4}
PLAIN = {"lenet-mnist": LeNet, "lenet-fashion": LeNet, "perceptron-mnist": FullyConnected}
RETRAINED = {
    "lenet-mnist-deepfool": "each changed by DeepFool until it fooled that network",
    "lenet-mnist-fgsm": "each changed by FGSM of the strength that fools that network nine times in ten",
}
PHOTOGRAPHS = "mobilenet-photographs"
UNIVERSAL = {
    "universal-mnist": UniversalConfig("lenet-mnist", 0.25),
    "universal-photographs": UniversalConfig(PHOTOGRAPHS, 10 / 255, (3, SIDE, SIDE)),
}
BEGIN = Recipe(epochs=10, batch_size=128, learning_rate=1e-3, warmup=0.05, weight_decay=1e-4, average=0.995)
AGAIN = replace(BEGIN, epochs=5, learning_rate=BEGIN.learning_rate / 2)
PRESETS = {
    "cpu": {
        **dict.fromkeys(PLAIN, BEGIN),
        **dict.fromkeys(RETRAINED, AGAIN),
        PHOTOGRAPHS: Recipe(epochs=0),
        **dict.fromkeys(UNIVERSAL, Recipe(epochs=2)),
    },
}
PRESETS["gpu"] = PRESETS["cpu"]


def loss(model, batch, step):
    """Cross-entropy of a batch."""
    pictures, labels = batch
    return {"loss": F.cross_entropy(model(pictures).logits, labels)}


def perturbed(name: str, pictures: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Training pictures (N, 1, 28, 28) that fool the network that is retrained; those it gets wrong stay."""
    network = weights.load(LeNet, "lenet-mnist")

    def classify(x):
        return network(x).logits

    if name.endswith("deepfool"):
        return pictures + by_deepfool(classify, pictures, bounded=False, candidates=CANDIDATES[name])
    up = signs(classify, pictures, labels)
    return (pictures + strength(classify, pictures[:5000], up[:5000]) * up).clamp(0, 1)


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one model, or resume its training, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    if name == PHOTOGRAPHS:
        names = tuple(MobileNet_V2_Weights.IMAGENET1K_V1.meta["categories"])
        model = Photographs(ClassifierConfig(names), published=True)
        source = "MobileNetV2 for ImageNet's 1,000 classes, as google-coral published it"
        save_checkpoint(model, name, "dlcv.adversarial.train", recipe, licence="apache-2.0", source=source)
        return
    if name in UNIVERSAL:
        save_universal(name, recipe)
        return
    data = "fashion" if "fashion" in name else "mnist"
    pictures, labels = mnist.load(data, "train")
    seen, truth = pictures[-HELD_OUT:], labels[-HELD_OUT:]
    pictures, labels = pictures[:-HELD_OUT], labels[:-HELD_OUT]
    source, licence = ("MNIST, 59,000 training digits", "cc-by-sa-3.0")
    if data == "fashion":
        source, licence = ("Fashion-MNIST, 59,000 training garments", "mit")
    if name in PLAIN:
        model = PLAIN[name](ClassifierConfig(tuple(mnist.CLASSES[data])))
    else:
        model = weights.load(LeNet, "lenet-mnist")
        kept = runs / name / "perturbed.pt"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            torch.save(perturbed(name, pictures, labels), kept)
        pictures = torch.load(kept, weights_only=True)
        source = f"lenet-mnist, and its 59,000 training digits, {RETRAINED[name]}"
    batches = TensorBatches(pictures, labels)
    model = fit(
        model, loss, batches, recipe, runs / name, lambda averaged: {"accuracy": accuracy(averaged, seen, truth)}
    )
    save_checkpoint(model.cpu(), name, "dlcv.adversarial.train", recipe, licence=licence, source=source)


def save_universal(name: str, recipe: Recipe) -> None:
    """Make the one perturbation for all pictures, the sign of what `universal` finds, and write checkpoints/<name>."""
    config, count = UNIVERSAL[name], MADE_FROM[name]
    network = weights.load(weights.model_class(config.of), config.of)
    if name == "universal-mnist":
        x, _ = mnist.load("mnist", "train")
        x, source, licence = x[:count], f"MNIST, the first {count:,} training digits", "cc-by-sa-3.0"
    else:
        x, source, licence = of_garments(count), f"{count} photographs of the clothing dataset (small), CC0", "cc0-1.0"
    model = Universal(config)
    generator = torch.Generator().manual_seed(recipe.seed)
    found = universal(
        lambda x: network(x).logits, x, config.bound, generator, passes=recipe.epochs, candidates=CANDIDATES[name]
    )
    for number, (v, rate) in enumerate(found, 1):
        print(f"{name}: pass {number}: {100 * rate:.1f} % of {len(x)} pictures fooled", flush=True)
        model.v.data = config.bound * v.sign()  # every value as far as it may go: the sum of short pushes stays small
    save_checkpoint(model, name, "dlcv.adversarial.train", recipe, licence=licence, source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
