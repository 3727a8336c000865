"""What a generated garment is of, and whether it is a copy: python -m dlcv.gan.wardrobe trains the classifier.

It starts from MobileNetV2 as published for ImageNet, and sees the photographs at the size of generated pictures.
"""

from dataclasses import asdict
from pathlib import Path

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from .. import weights
from ..backbones import mobilenet_v2
from ..datasets import TensorBatches, clothing
from ..training import Recipe, command_line, fit
from .classifier import ClassifierConfig, Judgement, accuracy
from .grow import augment

SIDE = 64  # of the pictures it learns from
NAME = "judge-clothing"
PRESETS = {
    "cpu": {NAME: Recipe(epochs=15, batch_size=64, learning_rate=1e-3, weight_decay=0.05, average=0.99)},
    "gpu": {NAME: Recipe(epochs=40, batch_size=64, learning_rate=1e-3, weight_decay=0.05, average=0.99)},
}


class GarmentClassifier(
    nn.Module, PyTorchModelHubMixin, pipeline_tag="image-classification", tags=["clothing", "mobilenet_v2"]
):
    """Ten classes of garments (N, 3, S, S) in [0, 1]: MobileNetV2 on the picture enlarged to 128 x 128."""

    def __init__(self, config: ClassifierConfig, published: bool = False):
        super().__init__()
        self.config = config
        self.features = mobilenet_v2(published).features
        self.classes = nn.Sequential(nn.Dropout(0.3), nn.Linear(1280, len(config.class_names)))

    def forward(self, x: torch.Tensor) -> Judgement:
        """Classify garments (N, 3, S, S) in [0, 1]; the features (N, 1280) are what the last layer reads."""
        x = F.interpolate(x, size=(128, 128), mode="bilinear", antialias=x.shape[-1] > 128)
        features = self.features(x * 2 - 1).mean((2, 3)).float()
        return Judgement(self.classes(features), features)


def loss(model, batch, progress, generator):
    """Cross-entropy with smoothed labels, on photographs whose colours and place change at each visit."""
    pictures, labels = batch
    pictures = augment(pictures.float() / 255, generator).clamp(0, 1)
    return {"loss": F.cross_entropy(model(pictures).logits, labels, label_smoothing=0.1)}


@torch.inference_mode()
def nearest(pictures: torch.Tensor, training: torch.Tensor, count: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """The training pictures that are most like each of N, and how far they are, (N, count) each.

    Distance is the root mean square over pixels and colours, at 32 x 32 so that a shifted edge does not count for all;
    training pictures (M, 3, S, S) in [0, 1] are looked at both ways round, since the augmentation mirrors them.
    """

    def small(x):
        return F.adaptive_avg_pool2d(x, 32).flatten(1)

    scale = small(pictures).shape[1] ** 0.5
    apart = torch.minimum(*(torch.cdist(small(pictures), small(x)) / scale for x in (training, training.flip(3))))
    distance, index = apart.topk(count, largest=False)
    return index, distance


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train the classifier, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    pictures, labels = clothing.load("train", SIDE)
    seen, truth = clothing.load("validation", SIDE)

    def validate(model):
        return {"validation_accuracy": round(accuracy(model, seen.float() / 255, truth), 2)}

    model = GarmentClassifier(ClassifierConfig(tuple(clothing.CLASSES)), published=True)
    model = fit(model, loss, TensorBatches(pictures, labels), recipe, runs / name, validate)
    made_by = {"command": f"python -m dlcv.gan.wardrobe --model {name}", **asdict(recipe)}
    source = f"clothing dataset (small), {len(pictures):,} training photographs, starting from MobileNetV2 as published"
    weights.save(model, name, topic="gan", recipe=made_by, licence="apache-2.0", source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
