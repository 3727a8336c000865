"""The public endpoints of the siamese tab."""

from typing import Annotated

from pydantic import Field

from demos import frame
from demos.frame.pictures import drawn_seven
from demos.frame.questions import Asked
from dlcv.core.errors import InputError

from .models import UNITS, predictor, read_drawing, seen

References = Annotated[
    list[frame.Numbers(UNITS, -1, 1)],
    Field(min_length=1, max_length=100),
    Asked(f"a list of 1 to 100 embeddings of {UNITS} numbers"),
]


def drawing_of(picture):
    """A picture that a client sent as the network sees it, (1, 1, 32, 32) uint8."""
    if picture is None:
        raise InputError("Send a picture.")
    return read_drawing(picture)


def embedding_of(picture):
    """Embedding (1, 128) of a picture that a client sent."""
    return predictor().embed(drawing_of(picture))


def siamese_embed(picture: frame.Picture = None):
    """Embedding of a drawn character or signature, 128 numbers of length 1 together, and what the network saw."""
    drawing = drawing_of(picture)
    return {"embedding": predictor().embed(drawing)[0].tolist(), "seen": seen(drawing)}


def siamese_compare(a: frame.Picture = None, b: frame.Picture = None, margin: frame.Real(0.1, 4) = 1.0):
    """Distance of two drawings, and what they cost as a positive or negative pair, by the slide and by Hadsell."""
    from dlcv.siamese.loss import negative, negative_of_hadsell, positive

    squared = (embedding_of(a) - embedding_of(b)).square().sum()
    return {
        "distance": squared.sqrt().item(),
        "positive": positive(squared).item(),
        "negative": negative(squared, margin).item(),
        "negative_of_hadsell": negative_of_hadsell(squared, margin**0.5).item(),
    }


def siamese_one_shot(references: References, picture: frame.Picture = None):
    """Distances of a drawing from embeddings of one sample a class, as `siamese_embed` gives them, and the nearest."""
    import torch

    distances = torch.cdist(embedding_of(picture), torch.tensor(references, dtype=torch.float32))[0]
    return {"distances": distances.tolist(), "nearest": int(distances.argmin())}


def offer() -> None:
    """Make the endpoints."""
    frame.endpoint(siamese_embed, ["json"], example={"picture": drawn_seven})
    frame.endpoint(siamese_compare, ["json"], example={"a": drawn_seven, "b": drawn_seven})
    example = {"references": [[0.1] * UNITS, [-0.1] * UNITS], "picture": drawn_seven}
    frame.endpoint(siamese_one_shot, ["json"], example=example)
