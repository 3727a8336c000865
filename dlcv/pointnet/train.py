"""Train the networks that ship: python -m dlcv.pointnet.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

import math
from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import functional as F

from ..core.datasets import TensorBatches, modelnet
from ..core.training.evaluation import accuracy, outputs
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from . import shapes
from .kinds import KINDS, PARTS
from .learned import ANY_ANGLE, FEWEST, LITTLE_TURN, MOST_NOISE, MOST_OUTLIERS
from .loss import loss as objective
from .model import FlatConfig, FlatMLP, PartNet, PartNetConfig, PointNet, PointNetConfig, by_height

WITHOUT = {f"pointnet-without-{name}": name for name in modelnet.CLASSES}  # each trained without one class
CONFIGS = {
    "pointnet-max": PointNetConfig(),
    "pointnet-sum": PointNetConfig(symmetric="sum"),
    "pointnet-flat": FlatConfig(),
    "pointnet-parts": PartNetConfig(PARTS),
} | {
    name: PointNetConfig(tuple(other for other in modelnet.CLASSES if other != left_out), transforms=False)
    for name, left_out in WITHOUT.items()
}
HELD_OUT = 10  # one in so many training clouds is left out, to watch the training and to set bounds with
SMOOTHING = 0.1  # of the labels
REMEMBERED = 2  # one in so many training clouds is in the bank of the OOD score
SHAPES = 1200  # made shapes of each kind to learn parts from
SHAPES_SEED, HELD_OUT_SEED = 0, 1


def recipes(longest: int, middle: int, flat: int, parts: int, short: int) -> dict[str, Recipe]:
    """Epochs of the network with max, the one with sum, the flat one, the one of parts, and those without a class."""
    paper = Recipe(batch_size=32, learning_rate=2e-3, weight_decay=0.02, clip=1.0, average=0.998)
    epochs = {"pointnet-max": longest, "pointnet-sum": middle, "pointnet-flat": flat, "pointnet-parts": parts}
    return {name: replace(paper, epochs=epochs.get(name, short)) for name in CONFIGS}


PRESETS = {"cpu": recipes(60, 6, 40, 10, 12), "gpu": recipes(200, 200, 200, 40, 100)}


def turned(clouds: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    """Clouds (N, P, 3), each turned about z by its angle (N,), radians."""
    cos, sin, zero, one = angles.cos(), angles.sin(), torch.zeros_like(angles), torch.ones_like(angles)
    matrix = torch.stack([cos, sin, zero, -sin, cos, zero, zero, zero, one], dim=1).unflatten(1, (3, 3))
    return clouds @ matrix


def varied(clouds: torch.Tensor, generator: torch.Generator, any_angle: float = ANY_ANGLE) -> torch.Tensor:
    """Clouds (N, P, 3) as a visitor might bring them: mirrored, turned a little about z (the part `any_angle` of them
    by any angle), stretched, shifted, and with points that are not quite where they belong."""
    count, device = len(clouds), clouds.device

    def uniform(low, high, *shape):
        return low + (high - low) * torch.rand(count, *shape, generator=generator, device=device)

    mirror = torch.ones(count, 1, 3, device=device)
    mirror[:, :, 0] = uniform(-1, 1, 1).sign()  # ModelNet10 has the mirror image of nearly all it has
    angles = torch.where(uniform(0, 1) < any_angle, uniform(-math.pi, math.pi), uniform(-LITTLE_TURN, LITTLE_TURN))
    noise = torch.randn(clouds.shape, generator=generator, device=device) * uniform(0, MOST_NOISE, 1, 1)
    return turned(clouds * mirror * uniform(0.8, 1.2, 1, 3), angles) + uniform(-0.1, 0.1, 1, 3) + noise


def thinned(count: int, generator: torch.Generator, low: int = FEWEST) -> torch.Tensor:
    """Numbers of some of `count` points, at random: all of them in every second batch or so, and else any number."""
    whole, share = torch.rand(2, generator=generator, device=generator.device).tolist()
    few = math.log(low / count) * share * (whole < 0.6)
    return torch.randperm(count, generator=generator, device=generator.device)[: round(count * math.exp(few))]


def with_outliers(clouds: torch.Tensor, generator: torch.Generator, most: float = MOST_OUTLIERS) -> torch.Tensor:
    """Clouds (N, P, 3), in a tenth of which up to `most` of the points are anywhere in the cube around them."""
    count, points = clouds.shape[:2]

    def rand(*shape):
        return torch.rand(*shape, generator=generator, device=clouds.device)

    share = most * rand(count, 1) * (rand(count, 1) < 1 / 10)
    return torch.where((rand(count, points) < share).unsqueeze(2), 2 * rand(count, points, 3) - 1, clouds)


def class_loss(model, batch, step):
    """Of the classes of clouds; the transforms are to stay near rotations."""
    clouds, labels = batch
    clouds = varied(clouds[:, thinned(clouds.shape[1], step.generator)], step.generator)
    out = model(with_outliers(clouds, step.generator))
    right = (out.logits.argmax(1) == labels).float().mean() * 100
    return {"loss": objective(out.logits, labels, out.feature_transform, SMOOTHING), "right": right}


def flat_loss(model, batch, step):
    """Of the classes of lists: always as many points, from the lowest to the highest."""
    clouds, labels = batch
    logits = model(by_height(varied(clouds, step.generator))).logits
    right = (logits.argmax(1) == labels).float().mean() * 100
    return {"loss": F.cross_entropy(logits, labels, label_smoothing=SMOOTHING), "right": right}


def part_loss(model, batch, step):
    """Of the parts of made shapes, turned to all sides."""
    clouds, parts, kinds = batch
    chosen = thinned(clouds.shape[1], step.generator, low=256)
    out = model(varied(clouds[:, chosen], step.generator, any_angle=0.5), kinds)
    first = shapes.first_parts(kinds).unsqueeze(1)
    return {"loss": objective(out.logits, first + parts[:, chosen], out.feature_transform)}


@torch.inference_mode()
def part_iou(model: PartNet, clouds: torch.Tensor, parts: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
    """Mean over the parts of each shape of intersection over union, (N,), percent.

    Args:
        clouds: (N, P, 3); parts (N, P) and kinds (N,) as `shapes.collection` has them.

    As usual for ShapeNet's parts, one that is neither there nor found counts as found.
    """
    device, scores = next(model.parameters()).device, []
    for some, truth, kind in zip(clouds.split(32), parts.split(32), kinds.split(32)):
        logits = model(some.to(device), kind.to(device)).logits.cpu()
        for found, true, of, first in zip(logits, truth, kind.tolist(), shapes.first_parts(kind).tolist()):
            count = len(PARTS[KINDS[of]])
            found, true = F.one_hot(found[:, first : first + count].argmax(1), count), F.one_hot(true, count)
            both, either = (found & true).sum(0), (found | true).sum(0)
            scores.append(100 * torch.where(either > 0, both / either.clamp_min(1), 1.0).mean())
    return torch.stack(scores)


def split(name: str) -> tuple[tuple[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
    """Clouds and labels that a network of classes learns from, and those of the training set held out from it."""
    clouds, labels = modelnet.load("train")
    if name in WITHOUT:
        left_out = modelnet.CLASSES.index(WITHOUT[name])
        stays = labels != left_out
        clouds, labels = clouds[stays], labels[stays]
        labels = labels - (labels > left_out).long()
    held_out = torch.arange(len(labels)) % HELD_OUT == HELD_OUT - 1
    return (clouds[~held_out], labels[~held_out]), (clouds[held_out], labels[held_out])


def train_classes(name: str, recipe: Recipe, runs: Path) -> tuple[PointNet | FlatMLP, str]:
    """A network of classes, and what it learned from."""
    config = CONFIGS[name]
    flat = isinstance(config, FlatConfig)
    seen, held_out = split(name)
    if flat:
        held_out = by_height(held_out[0]), held_out[1]
    source = f"ModelNet10, {len(seen[1]):,} training clouds" + (
        f", none of the class {WITHOUT[name]}" if name in WITHOUT else ""
    )

    def validate(model):
        return {"held_out_right": round(accuracy(model, *held_out), 2)}

    model = FlatMLP(config) if flat else PointNet(config)
    model = fit(model, flat_loss if flat else class_loss, TensorBatches(*seen), recipe, runs / name, validate)
    return (model if flat else with_bank(model, seen[0], held_out[0])), source


def with_bank(model: PointNet, seen: torch.Tensor, held_out: torch.Tensor) -> PointNet:
    """The same network with a bank of its training clouds (N, P, 3), fitted so that the OOD score of held-out clouds
    is known: of clouds that it learned from, it is too sure."""
    seen = seen[::REMEMBERED]
    knowing = PointNet(replace(model.config, known=len(seen)))
    knowing.load_state_dict(model.state_dict(), strict=False)  # all but the bank
    knowing = knowing.eval().to(next(model.parameters()).device)
    knowing.fit_ood(*(outputs(knowing, some, "global_feature", "embedding", at_once=32) for some in (seen, held_out)))
    return knowing


def train_parts(name: str, recipe: Recipe, runs: Path) -> tuple[PartNet, str]:
    """The network of parts, and what it learned from."""
    data = shapes.collection(SHAPES, SHAPES_SEED)
    held_out = shapes.collection(20, HELD_OUT_SEED)

    def validate(model):
        return {"held_out_iou": round(part_iou(model, *held_out).mean().item(), 2)}

    model = fit(PartNet(CONFIGS[name]), part_loss, TensorBatches(*data), recipe, runs / name, validate)
    return model, f"{len(data[0]):,} shapes made by dlcv.pointnet.shapes; none of a real object"


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one network, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    model, source = (train_parts if name == "pointnet-parts" else train_classes)(name, recipe, runs)
    licence = "mit" if name == "pointnet-parts" else "cc-by-nc-sa-4.0"  # ModelNet10 is for academic research
    save_checkpoint(model, name, "dlcv.pointnet.train", recipe, licence=licence, source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
