"""Answers to the boards: what a bird is and where the networks looked, and what they would say of other windows."""

from typing import TYPE_CHECKING, Annotated, Any

import gradio as gr
from pydantic import Field

from demos import frame
from demos.frame.questions import Asked
from dlcv.core.errors import InputError
from dlcv.core.images import draw

from .models import FILM, MOST_WINDOWS, NETWORKS, USUAL, predictor, read_square, shown, square_of

if TYPE_CHECKING:
    from dlcv.finegrained.predictor import Answer, FineGrainedPredictor

SPECIES = 20
ACROSS = 15  # centres along each side of a landscape, which is asked for by rows
REACH = 0.5  # how far a window's centre may be from the picture's
LONGEST = 480  # pixels of the picture on the screen

Heights = Annotated[
    list[frame.Clamped(-REACH, REACH)],
    Field(min_length=1, max_length=ACROSS),
    Asked(f"a list of up to {ACROSS} numbers"),
]


class Look(frame.Query):
    """Question for what a picture shows: the square that the tab has made of it, in a data URI."""

    picture: Any = None
    network: frame.Choice(NETWORKS) = USUAL


class Steer(Look):
    """Question for what one window says around another centre; the picture spans [-1, 1]."""

    window: frame.Whole(0, MOST_WINDOWS - 1) = 0
    at: frame.Numbers(2, -REACH, REACH)


class Rows(Look):
    """Question for rows of p(species | centre of one window), at heights in [-REACH, REACH]."""

    window: frame.Whole(0, MOST_WINDOWS - 1) = 0
    species: frame.Whole(0, SPECIES - 1)
    heights: Heights


class Pull(Look):
    """Question for where windows around these centres would move for a species."""

    species: frame.Whole(0, SPECIES - 1)
    centres: frame.Points(1, MOST_WINDOWS, REACH)


class Filmed(frame.Query):
    """Question for where the windows lay on a picture in the course of the training."""

    picture: Any = None


def with_windows(query: Look, window: int = 0) -> "FineGrainedPredictor":
    """The network of a query; InputError where it has no window of that number."""
    model = predictor(query.network)
    if window >= model.windows:
        raise InputError(f"This network has no window {window + 1}.")
    return model


def told(answer: "Answer") -> dict:
    """What a network says of a picture, as boards have it."""
    return {
        "logits": frame.rounded(answer.logits),
        "centres": [] if answer.centres is None else frame.rounded(answer.centres),
        "unlike": answer.unlike,
        "unlikeness": round(answer.unlikeness, 4),
    }


def look(query: Look) -> dict:
    """What a network says of a picture, and where it looked."""
    return told(predictor(query.network).answer(read_square(query.picture)))


def see(picture) -> dict:
    """The board's value for a visitor's photograph, and what the usual network says of it."""
    from demos.frame import pictures

    square = square_of(picture)
    return {
        "picture": draw.data_uri(pictures.image(pictures.tensor(picture, LONGEST)), "JPEG"),
        "square": shown(square),
        "answer": told(predictor(USUAL).answer(square)),
    }


def see_again(picture) -> Any:
    """`see`, unless the photograph was taken away."""
    return gr.skip() if picture is None else see(picture)


def steer(query: Steer) -> dict:
    """What one window says around another centre."""
    import torch

    model = with_windows(query, query.window)
    found = model.read(read_square(query.picture), query.window, torch.tensor([query.at]))
    return {"logits": frame.rounded(found[0])}


def landscape(query: Rows) -> dict:
    """Rows of p(species | centre) by one window alone, from left to right."""
    model = with_windows(query, query.window)
    found = model.landscape(read_square(query.picture), query.window, query.heights, ACROSS)
    return {"rows": frame.rounded(found[..., query.species])}


def pull(query: Pull) -> dict:
    """-dL / dtheta of each window, for the loss of a species."""
    import torch

    model = with_windows(query)
    if len(query.centres) != model.windows:
        raise InputError(f"This network has {model.windows} windows.")
    found = model.pull(read_square(query.picture), torch.tensor(query.centres), query.species)
    return {"pull": frame.rounded(found, 5)}


def film(query: Filmed) -> dict:
    """Centres of the windows on a picture at moments of the training, and the steps of these moments."""
    import torch

    from dlcv.core import runtime, weights
    from dlcv.finegrained.film import Film

    taken = runtime.shelf.get(("finegrained", FILM), lambda: weights.load(Film, FILM))
    with torch.inference_mode():
        ways = taken(read_square(query.picture))[:, 0].cpu()
    return {"steps": list(taken.config.steps), "centres": frame.rounded(ways)}
