"""Train the networks that ship: python -m dlcv.correspondence.train [--preset cpu|gpu] [--model NAME ...]"""

from dataclasses import replace
from pathlib import Path

import torch

from ..core.datasets import TensorBatches, two_view
from ..core.geometry.poses import pose_map
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from .geometry import essential_of, sampson
from .loss import loss as objective
from .metrics import counted, pose_errors
from .model import CorrespondenceConfig, CorrespondenceNet, side_information
from .variation import Batch, varied

RIGHT, WRONG = 2.0, 8.0  # pixels from the epipolar line: nearer is right, farther is wrong, between is in doubt
CONFIGS = {
    "correspondence": CorrespondenceConfig(),
    "correspondence-pointnet": CorrespondenceConfig(context_normalisation=False),
}
PAPER = Recipe(batch_size=16, learning_rate=2e-3, weight_decay=1e-3, clip=1.0, average=0.998)
PRESETS = {
    "cpu": {"correspondence": replace(PAPER, epochs=60), "correspondence-pointnet": replace(PAPER, epochs=12)},
    "gpu": dict.fromkeys(CONFIGS, replace(PAPER, epochs=300, batch_size=32, average=0.999)),
}


def labelled(views: two_view.TwoView) -> Batch:
    """Pairs with what is right and what is wrong of their matches."""
    side = side_information(views.ratio, views.mutual, views.scale, views.turn)
    essential = essential_of(views.rotation, views.translation)
    pixels = sampson(essential, views.first, views.second).sqrt() * views.focal.log().mean(1).exp()[:, None]
    return Batch(views.first, views.second, side, pixels < RIGHT, pixels > WRONG, essential)


def loss(model, batch, step):
    """Of varied pairs."""
    batch = varied(Batch(*batch), step.generator)
    out = model(batch.first, batch.second, batch.side)
    return objective(out, batch.right, batch.wrong, batch.essential.double(), step.progress)


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one network, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    views = two_view.load("val")
    held_out = labelled(views)

    @torch.inference_mode()
    def validate(model):
        device = next(model.parameters()).device
        out = model(*(part.to(device) for part in held_out[:3]))
        logits, essential = out.logits.cpu(), out.essential.cpu()
        errors = pose_errors(essential, views, out.weights.cpu())
        return {"f1": round(counted(logits > 0, held_out.right)["F1"], 2), "map_5": round(pose_map(errors, 5), 2)}

    data = TensorBatches(*labelled(two_view.load("train")))
    model = fit(CorrespondenceNet(CONFIGS[name]), loss, data, recipe, runs / name, validate)
    source = "Matches of 1,268 pairs of photographs of 15 places, with the poses of their cameras"
    save_checkpoint(model, name, "dlcv.correspondence.train", recipe, licence="cc-by-nc-sa-4.0", source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
