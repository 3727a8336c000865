"""A small U-Net that learns in the page from a few strokes, some updates per question."""

from typing import TYPE_CHECKING

from demos import frame
from demos.frame.trainings import Trainings
from dlcv.core.errors import InputError

from .kept import EVERYDAY, OfPicture, labels_uri, predictor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlcv.segmentation.painting import Snapshot


class Strokes(OfPicture):
    """Question for a new training, by the class of every pixel of a picture, in base64; 255 where nobody painted."""

    strokes: frame.Text


class Advance(frame.Query):
    """Question for the next state of a training."""

    run: frame.Text


runs: "Trainings[Iterator[Snapshot]]" = Trainings()


def begin(query: Strokes) -> dict:
    """Name of a new training, and its state before the first update."""
    import torch

    from dlcv.segmentation.painting import Settings, learn

    picture = query.kept().picture
    height, width = picture.shape[1:]
    painted = frame.decoded(query.strokes, "u1", "Paint on the picture first.", count=height * width)
    strokes = torch.from_numpy(painted.copy()).view(height, width)
    settings = Settings()
    learner = learn(predictor(EVERYDAY).model, picture, strokes, settings)
    return {"run": runs.begin(learner), "seen": sent(next(learner)), "updates": settings.updates}


def advance(query: Advance) -> dict:
    """State of a training some updates later. InputError where it is over."""
    with runs.turn(query.run) as training:
        state = next(training.learner, None)
    if state is None:
        raise InputError("This training is over. Paint some more, or start it again.")
    return {"seen": sent(state)}


def sent(state: "Snapshot") -> dict:
    """A state as JSON."""
    return {"step": state.step, "loss": state.loss, "labels": labels_uri(state.labels)}
