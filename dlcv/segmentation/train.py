"""Train the segmenters that ship: python -m dlcv.segmentation.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]

The folder DLCV_START has the published networks: MobileNetV2, which one training begins with, and DeepLab.
Hour-glass, SegNet and U-Net learn for as long as one another from the same crops: only what crosses differs.
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch.utils.data import Subset

from ..core.datasets import TensorBatches, camvid, isbi2012
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from .everyday import NAME as EVERYDAY
from .everyday import Everyday, EverydayConfig
from .loss import median_frequency, pixel_loss, pixel_weights, weighted_mean
from .metrics import confusion, intersection_over_union
from .model import Segmenter, SegmenterConfig
from .samples import MEMBRANES, STREETS, borders, varied

# A decoder level of U-Net reads twice as many maps, so its inner width is less: weights and operations are as many.
UNPOOLED = (24, 56, 80, 128)
MEMBRANE_NETWORK = SegmenterConfig(
    isbi2012.CLASSES, colours=1, stride=1, channels=(16, 24, 32, 48), widths=(16, 24, 32, 48)
)
CONFIGS = {
    "hourglass-camvid": SegmenterConfig(camvid.CLASSES, "nothing", widths=UNPOOLED),
    "segnet-camvid": SegmenterConfig(camvid.CLASSES, "indices", widths=UNPOOLED),
    "unet-camvid": SegmenterConfig(camvid.CLASSES),
    "unet-mobilenet-camvid": SegmenterConfig(camvid.CLASSES, encoder="mobilenet", widths=(32, 48, 64, 80)),
    "unet-membranes": MEMBRANE_NETWORK,
    "unet-membranes-unweighted": MEMBRANE_NETWORK,  # the same without the weights of borders
}
BALANCE = 0.5  # power of the median-frequency weights: rare classes count for more, but not as much as common ones
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of what these weights do to the logits, that may be taken back in the end
REPEATED = 20  # crops of each membrane slice in an epoch
WATCHED = 10  # one validation frame in so many is looked at after an epoch
SCRATCH = Recipe(epochs=150, batch_size=8, learning_rate=3e-3, warmup=0.03, weight_decay=0.03, average=0.998)
SLICES = replace(SCRATCH, epochs=12, batch_size=4)
PRESETS = {
    "cpu": {
        "hourglass-camvid": SCRATCH,
        "segnet-camvid": SCRATCH,
        "unet-camvid": SCRATCH,
        "unet-mobilenet-camvid": replace(SCRATCH, epochs=80, learning_rate=1e-3),
        "unet-membranes": SLICES,
        "unet-membranes-unweighted": SLICES,
        EVERYDAY: Recipe(epochs=0),
    }
}
PRESETS["gpu"] = {name: replace(recipe, epochs=8 * recipe.epochs) for name, recipe in PRESETS["cpu"].items()}


def streets(class_weights: torch.Tensor):
    """The loss of a batch of frames, each cropped and lit anew, with weights of the classes (L,)."""

    def loss(model, batch, step):
        x, (labels,) = varied(batch[0], [batch[1]], STREETS, step.generator)
        weights = pixel_weights(labels, class_weights.to(x.device))
        return {"loss": weighted_mean(pixel_loss(model(x).logits, labels), weights)}

    return loss


def membranes(class_weights: torch.Tensor):
    """The same of slices, with the weights of borders beside those of the classes."""

    def loss(model, batch, step):
        x, (labels, border) = varied(batch[0], list(batch[1:]), MEMBRANES, step.generator)
        weights = pixel_weights(labels, class_weights.to(x.device), border)
        return {"loss": weighted_mean(pixel_loss(model(x).logits, labels), weights)}

    return loss


@torch.inference_mode()
def watch(model: Segmenter, pictures: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """Mean intersection over union of pictures (N, C, H, W) uint8 with labels (N, H, W)."""
    classes, device = len(model.config.class_names), next(model.parameters()).device
    found = [model(x.to(device).float() / 255).logits.argmax(1).cpu() for x in pictures.split(1)]
    return {"miou": round(intersection_over_union(confusion(labels, torch.cat(found), classes)).mean().item(), 4)}


@torch.inference_mode()
def take_back(model: Segmenter, class_weights: torch.Tensor, pictures: torch.Tensor, labels: torch.Tensor) -> float:
    """The share of log w_c that is taken off the logits of a network in eval mode, for good: the one of SHARES with the
    largest mean intersection over union on pictures (N, C, H, W) uint8 with labels (N, H, W).

    Who learned with weights w_c of the classes gives p_c w_c for p_c: rare classes are found too often (Menon et al.
    2021).
    """
    shifts = torch.tensor(SHARES)[:, None] * class_weights.log()
    tables = torch.zeros(len(SHARES), *2 * class_weights.shape, dtype=torch.int64)
    for picture, truth in zip(pictures, labels):
        logits = model(picture[None] / 255).logits[0]
        for table, shift in zip(tables, shifts):
            table += confusion(truth, (logits - shift[:, None, None]).argmax(0), len(class_weights))
    best = max(range(len(SHARES)), key=lambda place: intersection_over_union(tables[place]).mean())
    model.head.bias -= shifts[best]
    return SHARES[best]


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one model, or resume its training, and write checkpoints/<name>; of the published one, the copy alone."""
    torch.manual_seed(recipe.seed)
    source, licence = next(SOURCES[word] for word in SOURCES if word in name)
    if name == EVERYDAY:
        model = Everyday(EverydayConfig(), published=True)
        save_checkpoint(model, name, "dlcv.segmentation.train", recipe, licence=licence, source=source)
        return
    model = Segmenter(CONFIGS[name], published=True)
    classes = len(model.config.class_names)
    on_streets = name.endswith("camvid")
    data = camvid if on_streets else isbi2012
    pictures, labels = data.load("train")
    class_weights = median_frequency(labels, classes) ** BALANCE
    if on_streets:
        samples, seen, loss = TensorBatches(pictures, labels), camvid.load("val", WATCHED), streets(class_weights)
    else:
        border = torch.zeros(labels.shape) if name.endswith("unweighted") else borders(labels)
        every = TensorBatches(pictures, labels, border)
        samples, loss = Subset(every, list(range(len(every))) * REPEATED), membranes(class_weights)
        seen = pictures[:2], labels[:2]  # the held-out slices are for the score alone
    model = fit(model, loss, samples, recipe, runs / name, lambda averaged: watch(averaged, *seen)).cpu()
    more = {"taken_back": take_back(model, class_weights, *camvid.load("val"))} if on_streets else {}
    if model.config.encoder == "mobilenet":
        source += "; begun with MobileNetV2's weights for ImageNet (Apache 2.0)"
    save_checkpoint(model, name, "dlcv.segmentation.train", recipe, licence=licence, source=source, **more)


SOURCES = {
    "camvid": ("CamVid, its 367 training frames as SegNet's authors published them", "cc-by-nc-4.0"),
    "membranes": ("ISBI 2012, the first 24 of its 30 slices", "other"),
    "everyday": ("DeepLabV3 on MobileNetV2 for Pascal VOC's 21 classes, as google-coral published it", "apache-2.0"),
}  # what each model learned from, and the licence of the weights

if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
