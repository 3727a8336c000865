"""The public endpoints of the autoencoder tab.

Codes are in deviations: each unit as so many standard deviations of the training pictures' codes from their mean. A
picture that a model gives is a PNG of 28 x 28 greys in a data URI, as those of the VAE tab.
"""

from typing import Annotated

from pydantic import Field

from demos import frame
from demos.frame.pictures import drawn_seven
from demos.frame.questions import Asked
from dlcv.core.errors import InputError
from dlcv.core.images import draw

from .models import ALL, COPYING, DENOISING, FAMILIES, NARROW, predictor, read_picture, sheet
from .neighbours import MEASURES, nearest

FIRST = FAMILIES["digits"].network
Model = frame.Choice(ALL)
Narrow = frame.Choice(NARROW)
Code = Annotated[list[frame.Real(-10, 10)], Field(max_length=100), Asked("a list of numbers between -10 and 10")]


def data_of(model: str) -> str:
    """The data set, "digits" or "garments", that a model knows."""
    return next((data for data, family in FAMILIES.items() if model in family), "digits")


def picture_for(model: str, picture):
    """A picture that a client sent as one of the model's data set, (1, 1, 28, 28)."""
    if picture is None:
        raise InputError("Send a picture.")
    return read_picture(picture, data_of(model))


def autoencoder_encode(picture: frame.Picture = None, model: Model = FIRST):
    """Code of a picture in deviations (none of a wide network), its reconstruction, and the squared error."""
    from dlcv.autoencoder.loss import squared_error

    x = picture_for(model, picture)
    network = predictor(model)
    if model in (COPYING, DENOISING):
        rebuilt = network.rebuild(x)
        code, error = [], squared_error(rebuilt, x).item()
    else:
        found = network.read(x)
        rebuilt, code, error = found.reconstruction, found.deviations.tolist(), found.error
    return {
        "code": code,
        "units": network.units,
        "seen": sheet(x),
        "reconstruction": sheet(rebuilt),
        "squared_error": error,
    }


def autoencoder_decode(code: Code, model: Narrow = FIRST):
    """g(code) as a PNG of 28 x 28 greys in a data URI, for a code of 30 or 2 numbers, in deviations."""
    import torch

    network = predictor(model)
    if len(code) != network.units:
        raise InputError(f"A code of this model is a list of {network.units} numbers.")
    return sheet(network.decode(network.code_at(torch.tensor([code], dtype=torch.float32))))


def autoencoder_walk(
    a: frame.Picture = None, b: frame.Picture = None, model: Narrow = FIRST, steps: frame.Whole(2, 100) = 10
):
    """Pictures on the straight way between the codes of two pictures, side by side."""
    pictures = predictor(model).walk(picture_for(model, a), picture_for(model, b), steps)
    return draw.sheet(pictures.clamp(0, 1), steps)


def autoencoder_nearest(
    picture: frame.Picture = None,
    data: frame.Choice(FAMILIES) = "digits",
    measure: frame.Choice(MEASURES) = "network",
    count: frame.Whole(1, 50) = 6,
):
    """The nearest of 2,000 generated pictures by one measure: numbers, classes and distances, and the pictures."""
    if picture is None:
        raise InputError("Send a picture.")
    found = nearest(data, read_picture(picture, data), count)[measure]
    numbers = {"places": found.places, "classes": found.labels, "distances": found.distances}
    return numbers, draw.sheet(found.pictures, count)


def offer() -> None:
    """Make the endpoints."""
    frame.endpoint(autoencoder_encode, ["json"], example={"picture": drawn_seven})
    frame.endpoint(autoencoder_decode, ["text"], example={"code": [0.1] * 30})
    frame.endpoint(autoencoder_walk, ["png"], example={"a": drawn_seven, "b": drawn_seven})
    frame.endpoint(autoencoder_nearest, ["json", "png"], example={"picture": drawn_seven}, **frame.COMPUTE)
