"""The public endpoints of the PointNet tab."""

from typing import Annotated

import gradio as gr

from demos import frame
from dlcv.core.errors import InputError

from . import boards
from .boards import AXES, SHAPES, Cloud, Disturbance, Kind, Symmetric

Columns = Annotated[str, frame.Asked("three columns of a table between commas, by name or by number", gr.Textbox)]
"""Which columns of a table are x, y and z; empty, the file says it."""


class Given(frame.Query):
    """A cloud that a client sends as a file, or where there is none the example of that name."""

    file: frame.File = None
    example: frame.Choice(SHAPES) = "chair"
    up: frame.Choice(("guess", *AXES)) = "guess"


class GivenKind(Given):
    """The same, to be read as a shape of this kind."""

    kind: Kind = "chair"
    columns: Columns = ""


class GivenSymmetric(Given):
    """The same, for the network with this symmetric function."""

    symmetric: Symmetric = "max"


class GivenShuffled(GivenSymmetric):
    """The same, in many orders."""

    columns: Columns = ""


class GivenDisturbed(Disturbance, GivenSymmetric):
    """The same, and what is done to the cloud."""

    columns: Columns = ""


def cloud_of(given: GivenKind | GivenShuffled | GivenDisturbed, **more) -> Cloud:
    """The question of a board about that cloud."""
    from dlcv.pointnet.reading import read

    if given.file is not None:
        reading = read(given.file, columns=boards.three(given.columns))
    elif given.columns:
        raise InputError("'columns' are those of a file: send the file, too.")
    else:
        reading = boards.example(given.example, SHAPES[given.example])
    up = reading.up if given.up == "guess" else given.up
    return Cloud(cloud=boards.packed(reading.points), up=up, **more)


def pointnet_classify(query: GivenDisturbed) -> dict:
    """The class of a cloud, how unlike the training clouds it is, and its critical points."""
    cloud = cloud_of(query, symmetric=query.symmetric, **query.model_dump(include=set(Disturbance.model_fields)))
    model, spoilt = boards.classifier(cloud), boards.disturbed(cloud)
    seen = model.classify(spoilt.points)
    best = model.class_names[seen.probabilities.argmax()]
    return {
        "class": best if seen.ood_score <= 1 else None,
        "probabilities": dict(zip(model.class_names, frame.rounded(seen.probabilities))),
        "strangeness": round(seen.ood_score, 4),
        "up": cloud.up,
        "points": frame.rounded(spoilt.points, 5),
        "critical": seen.critical.tolist(),
    }


def pointnet_parts(query: GivenKind) -> dict:
    """The part of every point of a cloud, read as a shape of this kind."""
    spoilt = boards.disturbed(cloud_of(query))
    found = boards.predictor(boards.PARTS).parts(spoilt.points, query.kind)
    return {"names": list(found.names), "labels": found.labels.tolist(), "points": frame.rounded(spoilt.points, 5)}


def pointnet_shuffle(query: GivenShuffled) -> dict:
    """The largest change of a probability over 100 orders of the points: PointNet's, and that of a plain MLP."""
    return boards.differences(cloud_of(query, symmetric=query.symmetric))["largest"]


def offer() -> None:
    """Make the endpoints."""
    for fn in (pointnet_classify, pointnet_parts, pointnet_shuffle):
        frame.endpoint(fn, ["json"], example={}, **frame.COMPUTE)
