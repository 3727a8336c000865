"""The training board: real digits are put into the plane, by any loss and mining, a slice per question."""

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from demos import frame
from demos.frame.trainings import Trainings, rounds

if TYPE_CHECKING:
    from dlcv.siamese.laboratory import Laboratory

SLICE = 0.06  # seconds of training that one question may ask for
LOSSES = {"slide": "The slide's", "hadsell": "Hadsell's", "triplets": "Triplets"}
MINING = {"random": "Random", "semi_hard": "Semi-hard", "hardest": "Hardest"}


class Settings(frame.Query):
    """Settings of a training, which may change while it goes on."""

    loss: frame.Choice(LOSSES) = "slide"
    mining: frame.Choice(MINING) = "random"
    negatives: frame.Yes = True
    margin: frame.Slider("Margin", 0.1, 4, step=0.05) = 1.0


class Begin(Settings):
    """Question for a new training."""

    seed: frame.Whole(0, 999_999) = 0


class Advance(Settings):
    """Question for a slice of training, of at most so many updates; none: for what the settings alone change."""

    run: frame.Text
    rounds: frame.Whole(0, 500)


runs: "Trainings[Laboratory]" = Trainings()


@functools.cache
def digits() -> tuple:
    """scikit-learn's digits, 1,797 real ones of 8 x 8, shuffled: (N, 64) in [0, 1], and labels (N,)."""
    import torch
    from sklearn.datasets import load_digits

    known = load_digits()
    order = torch.randperm(len(known.data), generator=torch.Generator().manual_seed(0))
    return torch.tensor(known.data / 16, dtype=torch.float32)[order], torch.tensor(known.target)[order]


def chosen(query: Settings) -> dict:
    """The settings of a question."""
    return {name: getattr(query, name) for name in Settings.model_fields}


def begin(query: Begin) -> dict:
    """Name of a new training, its state before the first step, and the classes of the points."""
    from dlcv.siamese import laboratory

    made = laboratory.Laboratory(*digits(), laboratory.Settings(**chosen(query), seed=query.seed))
    labels = digits()[1][: laboratory.HELD_OUT]
    return {"run": runs.begin(made), "labels": frame.coded(labels, "u1"), "seen": sent(made)}


def advance(query: Advance) -> dict:
    """State of a training after a slice of it."""
    with runs.turn(query.run) as training:
        training.learner.settings = replace(training.learner.settings, **chosen(query))
        for _ in rounds(query.rounds, SLICE):
            training.learner.step()
        seen = sent(training.learner)
    return {"seen": seen}


def sent(laboratory: "Laboratory") -> dict:
    """The present state as JSON."""
    moment = laboratory.snapshot()
    return {
        "step": moment.step,
        "loss": moment.loss,
        "active": moment.active,
        "right": moment.right,
        "imploded": moment.imploded,
        "points": numbers(moment.points),
        "batch": numbers(moment.batch),
        "forces": numbers(moment.forces),
        "at": numbers(moment.at),
        "height": numbers(moment.height),
        "curve": frame.rounded(laboratory.curve()),
    }


def numbers(values) -> str:
    """A tensor as boards read it."""
    return frame.coded(values.clamp(-1e4, 1e4), "f4")


def board() -> "frame.gr.HTML":
    """The training board."""
    value = {"losses": LOSSES, "mining": MINING, "numbers": frame.sliders(Settings)}
    return frame.Board("siamese/laboratory", server_functions=[begin, advance], gpu=False, value=value)
