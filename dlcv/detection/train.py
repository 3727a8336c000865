"""Train the detectors that ship: python -m dlcv.detection.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

import copy
import functools
from dataclasses import asdict
from pathlib import Path

import torch
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import Dataset
from torchvision.transforms import v2

from ..core.datasets import Varied
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from . import loss as objectives
from .model import Detector, PeopleDetector
from .presets import CONFIGS, CROP_SIDE, FROZEN, LICENCES, PEOPLE, PRESETS, people_turns
from .samples import people_samples, samples_of, variation, varied


def detection_loss(model, batch, step):
    """The losses of a detector."""
    pictures, targets = zip(*batch)
    return objectives.loss(model(list(pictures), list(targets)))


def fit_detector(model: Detector, data: Dataset | list, vary: v2.Transform, recipe: Recipe, run: Path) -> Detector:
    """The detector trained on varied samples."""
    return fit(model, detection_loss, Varied(data, functools.partial(varied, vary=vary)), recipe, run)


def mean_of(models: list[Detector]) -> Detector:
    """The detector with the mean of the weights, which is better than most of them (Wortsman et al. 2022, Model
    soups)."""
    mean = AveragedModel(models[0], use_buffers=True)
    for model in models:
        mean.update_parameters(model)
    return mean.module


def train_people(model: Detector, recipe: Recipe, runs: Path) -> tuple[Detector, list[Recipe], list[str]]:
    """The detector of people after all turns, the recipe of each phase, and what each phase learned from."""
    recipes, sources = [], []
    for turn in people_turns(recipe.epochs):
        trained = turn.kept * [model]
        for phase in turn.phases:
            (data, source), start = people_samples(phase.mix), copy.deepcopy(model)
            start.parts.transform.min_size = (phase.side,)  # a crop is not enlarged as a whole photograph is
            vary, own_recipe = variation(phase.side, upright=True, part=phase.crop), phase.recipe(recipe)
            trained.append(fit_detector(start, data, vary, own_recipe, runs / phase.run))
            recipes.append(own_recipe)
            sources.append(source)
        model = mean_of(trained)
    return model, recipes, sources


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one detector, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    model = (PeopleDetector if name == PEOPLE else Detector)(CONFIGS[name], published=True)
    for layer in list(model.parts.backbone.body.children())[: FROZEN[name]]:
        layer.requires_grad_(False)
    if name == PEOPLE:
        model, recipes, sources = train_people(model, recipe, runs)
        more = {"then": [asdict(own_recipe) for own_recipe in recipes[1:]]}
        source = f"At first {sources[0]}; at last {sources[-1]}"
        begun = "on the body of a DeepLabV3 for Pascal VOC and PoseNet for COCO's keypoints, as published"
    else:
        more = {}
        data, source = samples_of(name)
        model = fit_detector(model, data, variation(CROP_SIDE[name]), recipe, runs / name)
        begun = "begun with MobileNetV2's weights for ImageNet"
    source += f"; {begun} (Apache 2.0)"
    save_checkpoint(model, name, "dlcv.detection.train", recipe, licence=LICENCES[name], source=source, **more)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
