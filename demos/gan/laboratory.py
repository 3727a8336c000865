"""The laboratory board of the GAN tab: a training on the plane, a slice of it per question."""

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from demos import frame
from demos.frame.questions import Asked, Limits, beside
from demos.frame.trainings import Trainings, rounds
from dlcv.core.errors import InputError
from dlcv.gan import WINDOW

from .boards import FORMULATIONS

if TYPE_CHECKING:
    from dlcv.gan.algorithm import Line
    from dlcv.gan.laboratory import Laboratory, Snapshot

DATA = ["ring of 8", "grid of 25", "moons", "spiral", "drawn"]
OPTIMISERS = ["Adam", "RMSProp", "SGD"]
STEPS = ["both", "critic", "generator", "line"]  # "both": a training iteration; "line": the algorithm's next line
SLICE = 0.12  # seconds of training that one question may ask for


class Exponent(Limits):
    """Limits of a slider that sets the exponent of a power of ten."""


def Power(label: str, low: int, high: int):
    """A number from 10^low to 10^high; a slider sets its exponent."""
    return Annotated[frame.Clamped(10.0**low, 10.0**high), Exponent(label, low, high, step=0.1)]


class Begin(frame.Query):
    """Settings of a training of one formulation, or of two side by side."""

    data: frame.Choice(DATA)
    formulations: Annotated[
        list[frame.Choice(FORMULATIONS)], Field(min_length=1, max_length=2), Asked("one or two formulations")
    ]
    saturating: frame.Yes = False
    critic_steps: Annotated[frame.Whole(1, 10), Limits("Critic's steps, k", 1, 10, step=1)] = 5
    clip: Power("Clipping bound, c", -3, 0) = 0.1
    penalty: Power("Penalty's weight, λ", -2, 1) = 0.1
    critic_rate: Power("Critic's learning rate", -4, -1) = 2e-3
    generator_rate: Power("Generator's learning rate", -4, -1) = 1e-3
    seed: Annotated[frame.Whole(0, 999_999), Limits("Seed", 0, 20, step=1)] = 0
    optimiser: frame.Choice(OPTIMISERS) = "Adam"
    drawn: frame.Points(0, 1000, reach=1.2) = []

    def points(self):
        """The visitor's own points (P, 2) where the data are drawn, else None."""
        import torch

        if self.data != "drawn":
            return None
        if len(self.drawn) < 8:
            raise InputError("Draw something on the plane first.")
        return torch.tensor(self.drawn)


class Advance(frame.Query):
    """Question for a slice of training, of at most so many rounds."""

    run: frame.Text
    who: frame.Choice(STEPS)
    rounds: frame.Whole(1, 200)


runs: "Trainings[list[Laboratory]]" = Trainings()  # one, or two side by side from the same seed


def begin(query: Begin) -> dict:
    """Name of a new training of one or two formulations, and its state before the first step."""
    from dlcv.gan.laboratory import Laboratory, Settings

    drawn = query.points()
    settings = query.model_dump(exclude={"formulations", "drawn"})
    laboratories = [Laboratory(Settings(formulation=name, **settings), drawn) for name in query.formulations]
    return {"run": runs.begin(laboratories), "seen": [_sent(one.snapshot()) for one in laboratories]}


def advance(query: Advance) -> dict:
    """State of a training after a slice of it, and the lines of the algorithm that its last round executed."""
    with runs.turn(query.run) as training:
        for _ in rounds(query.rounds, SLICE):
            for laboratory in training.learner:  # in step with each other
                lines = _round(laboratory, query.who)
        seen = [_sent(laboratory.snapshot()) for laboratory in training.learner]
    return {"seen": seen, "lines": [line._asdict() for line in lines]}


def _round(laboratory: "Laboratory", who: str) -> "list[Line]":
    """Lines that were executed: of an iteration, of an update of one network, or the next one."""
    if who == "both":
        return laboratory.step()
    return laboratory.advance() if who == "line" else laboratory.update(who)


def _sent(moment: "Snapshot") -> dict:
    """A snapshot as JSON: points rounded to a thousandth, the heat map as bytes between its extremes."""
    low, high = moment.heat.min().item(), moment.heat.max().item()

    def flat(points):
        return frame.rounded(points.clamp(-9, 9).flatten(), 3)

    def finite(value):
        return value if abs(value) < 1e9 else None  # NaN where there is none yet, or ever

    return {
        "step": moment.step,
        "real": flat(moment.real),
        "fake": flat(moment.fake),
        "pull": flat(moment.pull),
        "net": flat(moment.net),
        "heat": frame.coded((moment.heat - low) / max(high - low, 1e-9) * 255, "u1"),
        "side": moment.heat.shape[0],
        "range": [low, high],
        "critic_loss": finite(moment.critic_loss),
        "generator_loss": finite(moment.generator_loss),
        "distance": moment.distance,
        "estimate": finite(moment.estimate),
        "bound": finite(moment.estimate / max(moment.steepest, 1e-9)),
        "slope": moment.slope,
        "covered": moment.covered,
    }


def _sliders() -> list[dict]:
    """The sliders of the settings; one that sets an exponent begins with that of its default."""
    sliders = []
    for slider in frame.sliders(Begin):
        power = isinstance(beside(Begin.model_fields[slider["name"]], Limits), Exponent)
        value = round(math.log10(slider["value"]), 1) if power else slider["value"]
        sliders.append(slider | {"power": power, "value": value})
    return sliders


def board() -> "frame.gr.HTML":
    """The laboratory's board."""
    value = {"data": DATA, "formulations": FORMULATIONS, "optimisers": OPTIMISERS}
    value |= {"numbers": _sliders(), "window": WINDOW}
    return frame.Board("gan/laboratory", server_functions=[begin, advance], gpu=False, value=value)
