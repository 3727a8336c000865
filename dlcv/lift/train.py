"""Train LIFT in the order of the paper: python -m dlcv.lift.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]

lift-descriptor   DESC, on patches of the same points
lift-orientation  ORI, through DESC, which stays as it is
lift-detector     DET, through both
lift              all three together, by the global cost
"""

import functools
import math
from dataclasses import replace
from pathlib import Path

import torch

from ..core import weights
from ..core.datasets import TensorBatches
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from . import loss
from .glue import angle_of, rotate, soft_maximum, softmax_weights
from .matching import fpr95
from .model import Descriptor, Detector, Lift, LiftConfig, Orientation
from .patches import SIDE, Bank, bank
from .variation import at_wrong_scale, lit, quarter_turned, seen

CONFIG = LiftConfig()
FARTHEST = 8  # pixels between the point of a patch and the middle of the window in which DET looks for it
OFF = 0.16  # radians by which an angle may be wrong that DESC is given
NEAR = 1.5  # pixels from the point that count as the point
PLACE = 0.25  # weight of the place of the point beside the slide's terms
EMPTY = 150  # places without a point, of each picture
PRESETS = {
    "cpu": {
        "lift-descriptor": Recipe(
            epochs=48, batch_size=512, learning_rate=4e-3, warmup=0.03, weight_decay=0.02, average=0.995
        ),
        "lift-orientation": Recipe(
            epochs=18, batch_size=256, learning_rate=3e-3, warmup=0.03, weight_decay=0.02, average=0.995
        ),
        "lift-detector": Recipe(epochs=4, batch_size=96, learning_rate=3e-3, warmup=0.03, average=0.99),
        "lift": Recipe(epochs=2, batch_size=128, learning_rate=1e-4, warmup=0.1, average=0.99),
    },
}
PRESETS["gpu"] = {name: replace(recipe, epochs=5 * recipe.epochs) for name, recipe in PRESETS["cpu"].items()}


@functools.cache
def training_bank() -> Bank:
    """The patches that all stages learn from."""
    return bank("train", torch.Generator().manual_seed(0), EMPTY)


def two_views(start: torch.Tensor, points: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Two different patches of each of these points (B,), as rows of the bank: (2, B)."""
    first, count = start[points], start[points + 1] - start[points]
    one = (torch.rand(len(points), generator=generator) * count).long()
    other = (one + 1 + (torch.rand(len(points), generator=generator) * (count - 1)).long()) % count
    return torch.stack([first + one, first + other])


def on_cpu(step) -> torch.Generator:
    """Random numbers of an update for the bank, which stays where it is."""
    return torch.Generator().manual_seed(step.generator.initial_seed())


def pictured(patches: torch.Tensor, device) -> torch.Tensor:
    """Patches (N, S, S) uint8 as a network takes them, (N, 1, S, S) in [0, 1]."""
    return patches.to(device)[:, None].float() / 255


def descriptor_loss(known: Bank):
    """The loss of DESC: half of the points turned as SIFT says for each patch, half of them by any common angle."""

    def of(model, batch, step):
        generator = on_cpu(step)
        points = batch[0].cpu()
        rows = two_views(known.start, points, generator)
        common = 2 * math.pi * torch.rand(len(points), generator=generator)
        by_sift = torch.rand(len(points), generator=generator) < 0.5
        angle = torch.where(by_sift, known.angle[rows], common).flatten()
        angle = (angle + OFF * torch.randn(len(angle), generator=generator)).to(step.device)
        patches = pictured(known.patches[rows.flatten()], step.device)
        a, b = model(lit(seen(patches, angle, CONFIG.side, step.generator), step.generator)).chunk(2)
        return {"loss": loss.triplet(a, b).mean(), "near": loss.positive(a, b).mean()}

    return of


def orientation_loss(known: Bank, descriptor: Descriptor):
    """The loss of ORI: L_pair of patches that it has set upright, each of which was turned by any angle before.

    The photographs are upright, so that the angles plus those turns should be equal, too: far from the truth the
    descriptors are equally different whatever the angle, and L_pair has no slope.
    """

    def of(model, batch, step):
        generator = on_cpu(step)
        rows = two_views(known.start, batch[0].cpu(), generator).flatten()
        turn = (2 * math.pi * torch.rand(len(rows), generator=generator)).to(step.device)
        x = seen(pictured(known.patches[rows], step.device), turn, SIDE, step.generator)
        x = lit(x, step.generator)
        angle = angle_of(model(rotate(x, torch.zeros_like(turn), CONFIG.side)))
        pair = loss.positive(*descriptor(rotate(x, angle, CONFIG.side)).chunk(2)).mean()
        apart = loss.apart(*(turn + angle).chunk(2)).mean()
        return {"loss": pair + apart, "pair": pair, "apart": apart}

    return of


def quadruplet_loss(known: Bank):
    """The global cost of the last slide, and how sure DET is of the place and scale of the point.

    Patches come in three parts: B points in two views, P^1 and P^2; P^4, half as many as points; and the views once
    more at a wrong scale. P^3 is the one of the other points that looks most like P^1 or P^2. What DET has to learn
    moves with the window: the point is as far from its middle as chance wants, so that no place of it is better.
    """

    def of(model, batch, step):
        generator = on_cpu(step)
        rows = two_views(known.start, batch[0].cpu(), generator).flatten()
        empty = torch.randint(len(known.empty), (len(batch[0]) // 2,), generator=generator)
        x = pictured(torch.cat([known.patches[rows], known.empty[empty]]), step.device)
        x = lit(quarter_turned(x, step.generator), step.generator)
        count = len(rows)
        x = torch.cat([x, at_wrong_scale(x[:count], step.generator)])
        shift = torch.randint(-FARTHEST, FARTHEST + 1, (len(x), 2), generator=step.generator, device=step.device)
        out = model(x, shift=shift, described=count)
        scores, none, wrong = out.scores.split([count, len(empty), count])
        beta = CONFIG.beta
        terms = {
            "point": loss.class_loss(soft_maximum(scores, beta), +1).mean(),
            "none": loss.class_loss(soft_maximum(none, beta), -1).mean(),
            **loss.pairs(*out.descriptor.chunk(2)),
            "place": loss.place(
                softmax_weights(torch.cat([scores, wrong], 1), beta), -shift[:count] - 0.5, NEAR
            ).mean(),
        }
        total = sum(terms.values()) - (1 - PLACE) * terms["place"]
        return {"loss": total, **terms}

    return of


def on_held_out(known: Bank, turned: bool):
    """What DESC, or with `turned` ORI, has learned after an epoch, by two patches of each point of a place
    that nothing is learned from: FPR95 with SIFT's angles; the share in percent of angles within 20 degrees."""
    generator = torch.Generator().manual_seed(0)
    rows = two_views(known.start, torch.arange(len(known.start) - 1), generator).flatten()
    angle = 2 * math.pi * torch.rand(len(rows), generator=generator) if turned else known.angle[rows]

    @torch.inference_mode()
    def of(model) -> dict[str, float]:
        device, found = next(model.parameters()).device, []
        for chosen, turn in zip(rows.split(256), angle.split(256)):
            x = rotate(pictured(known.patches[chosen], device), turn.to(device), CONFIG.side)
            found.append(model(x).cpu())
        a, b = torch.cat(found).chunk(2)
        if turned:
            missed = loss.apart(*(angle_of(one) + turn for one, turn in zip((a, b), angle.chunk(2))))
            return {"within_20": 100 * (missed < 1 - math.cos(math.radians(20))).double().mean().item()}
        distance = torch.cat([(a - b).norm(dim=1), (a - b.roll(1, 0)).norm(dim=1)])
        return {"fpr95": fpr95(distance, torch.arange(len(distance)) < len(a))}

    return of


def held_out() -> Bank:
    """The patches of the place by which trainings are judged."""
    return bank("val", torch.Generator().manual_seed(0))


def points_of(known: Bank) -> TensorBatches:
    """The points by their numbers."""
    return TensorBatches(torch.arange(len(known.start) - 1))


def train_descriptor(recipe: Recipe, run: Path) -> Descriptor:
    """DESC, trained on points of the training places."""
    known = training_bank()
    validate = on_held_out(held_out(), turned=False)
    return fit(Descriptor(CONFIG), descriptor_loss(known), points_of(known), recipe, run, validate)


def train_orientation(recipe: Recipe, run: Path) -> Orientation:
    """ORI, trained through the DESC that ships."""
    known = training_bank()
    descriptor = weights.load(Descriptor, "lift-descriptor").requires_grad_(False)
    validate = on_held_out(held_out(), turned=True)
    return fit(Orientation(CONFIG), orientation_loss(known, descriptor), points_of(known), recipe, run, validate)


def train_detector(recipe: Recipe, run: Path) -> Detector:
    """DET, trained through the ORI and the DESC that ship."""
    known, model = training_bank(), Lift(CONFIG)
    model.orientation.load_state_dict(weights.load(Orientation, "lift-orientation").state_dict())
    model.descriptor.load_state_dict(weights.load(Descriptor, "lift-descriptor").state_dict())
    model.orientation.requires_grad_(False)
    model.descriptor.requires_grad_(False)
    return fit(model, quadruplet_loss(known), points_of(known), recipe, run).detector


def train_together(recipe: Recipe, run: Path) -> Lift:
    """All three, from those that ship."""
    known, model = training_bank(), Lift(CONFIG)
    parts = {"detector": Detector, "orientation": Orientation, "descriptor": Descriptor}
    for name, part in parts.items():
        getattr(model, name).load_state_dict(weights.load(part, f"lift-{name}").state_dict())
    return fit(model, quadruplet_loss(known), points_of(known), recipe, run)


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one model, or resume its training, and write checkpoints/<name>."""
    model = TRAINERS[name](recipe, runs / name).cpu()
    save_checkpoint(model, name, "dlcv.lift.train", recipe, licence=LICENCE, source=SOURCE)


TRAINERS = {
    "lift-descriptor": train_descriptor,
    "lift-orientation": train_orientation,
    "lift-detector": train_detector,
    "lift": train_together,
}
SOURCE = "134,536 patches of 37,466 points that reconstructions of 15 places agree on"
LICENCE = "cc-by-nc-sa-4.0"

if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
