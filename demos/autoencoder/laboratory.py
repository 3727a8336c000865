"""The training board: an autoencoder learns from nothing, a slice of its training per question."""

from typing import TYPE_CHECKING, Annotated

from demos import frame
from demos.frame.questions import Limits
from demos.frame.trainings import Trainings, rounds

from .models import FAMILIES, sheet

if TYPE_CHECKING:
    from dlcv.autoencoder.laboratory import Laboratory, Snapshot

SLICE = 0.1  # seconds of training that one question may ask for
WIDEST = 32  # units of the code


class Begin(frame.Query):
    """Settings of a training."""

    data: frame.Choice(FAMILIES)
    width: Annotated[frame.Whole(2, WIDEST), Limits("Units of the code", 2, WIDEST, step=1)] = 2
    seed: Annotated[frame.Whole(0, 999_999), Limits("Seed", 0, 20, step=1)] = 0


class Advance(frame.Query):
    """Question for a slice of training, of at most so many updates."""

    run: frame.Text
    rounds: frame.Whole(1, 500)


runs: "Trainings[Laboratory]" = Trainings()


def begin(query: Begin) -> dict:
    """Name of a new training, its state before the first step, and what PCA of the same width reaches."""
    from dlcv.autoencoder.laboratory import Laboratory, Settings

    laboratory = Laboratory(Settings(**query.model_dump()))
    error, rebuilt = laboratory.pca()
    shown = laboratory.held_out[: len(rebuilt)]
    return {
        "run": runs.begin(laboratory),
        "true": sheet(shown, len(shown)),
        "pca": {"error": error, "sheet": sheet(rebuilt, len(rebuilt))},
        "labels": frame.coded(laboratory.labels[: len(laboratory.held_out)], "u1"),
        "seen": _sent(laboratory.snapshot()),
    }


def advance(query: Advance) -> dict:
    """State of a training after a slice of it."""
    with runs.turn(query.run) as training:
        for _ in rounds(query.rounds, SLICE):
            training.learner.step()
        seen = _sent(training.learner.snapshot())
    return {"seen": seen, "trained": training.seconds}


def _sent(moment: "Snapshot") -> dict:
    """A snapshot as JSON."""
    return {
        "step": moment.step,
        "error": moment.error,
        "sheet": sheet(moment.rebuilt, len(moment.rebuilt)),
        "codes": frame.coded(moment.codes.clamp(-1e4, 1e4), "f4"),
    }


def board() -> "frame.gr.HTML":
    """The training board."""
    value = {"numbers": frame.sliders(Begin)}
    return frame.Board("autoencoder/laboratory", server_functions=[begin, advance], gpu=False, value=value)
