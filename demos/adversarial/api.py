"""The public endpoints of the adversarial tab."""

from typing import Annotated

import PIL.Image
from pydantic import Field

from demos import frame
from demos.frame.pictures import drawn_seven
from demos.frame.questions import Asked
from dlcv.core.errors import InputError

from .models import METHODS, NETWORKS, NORMS, PHOTOGRAPHS, USUAL, predictor, read_picture, shown

MOST = 32  # pictures whose robustness one request may ask for

Pictures = Annotated[
    list[frame.Text], Field(min_length=1, max_length=MOST), Asked(f"a list of 1 to {MOST} pictures in data URIs")
]


def adversarial_fool(
    picture: frame.Picture = None,
    network: frame.Choice(NETWORKS) = PHOTOGRAPHS,
    method: frame.Choice(METHODS) = "DeepFool",
    norm: frame.Choice(NORMS) = "2",
    target: frame.Whole(-1, 999) = -1,
):
    """Classes of a picture before and after an attack, which ends in any other class or in `target`, and x + r.

    The picture that is given is x + r in 8 bits, pushed as far as it takes to fool in 8 bits, too, where that can be.
    """
    if picture is None:
        raise InputError("Send a picture.")
    model, x = predictor(network), read_picture(picture, network)
    wanted = None if target < 0 else target
    film = model.fool(x, method, NORMS[norm], wanted)
    r = film.perturbations[-1:]
    lasting = model.lasting(x, r, wanted)
    given = x + r if lasting is None else lasting
    names = model.class_names
    return {
        "before": names[film.before],
        "after": names[film.after],
        "fooled": film.fooled if wanted is None else film.after == wanted,
        "steps": len(film.perturbations) - 1,
        "norm": r.norm().item(),
        "largest_change": r.abs().max().item(),
        "relative": (r.norm() / x.norm()).item(),
        "picture": shown(given),
        "picture_fools": lasting is not None,
    }


def adversarial_robustness(pictures: Pictures, network: frame.Choice(NETWORKS) = USUAL):
    """||r|| / ||x|| of DeepFool for each picture of a list of data URIs, and their mean, rho_adv."""
    import torch

    x = torch.cat([read_picture(picture, network) for picture in pictures])
    found = predictor(network).robustness(x)
    return {"relative": found.tolist(), "rho_adv": found.mean().item()}


def offer() -> None:
    """Make the endpoints."""
    from dlcv.core.images.draw import data_uri

    from .photograph import EXAMPLES

    frame.endpoint(
        adversarial_fool, ["json"], example={"picture": lambda: PIL.Image.open(EXAMPLES[0])}, **frame.COMPUTE
    )
    example = {"pictures": lambda: [data_uri(drawn_seven())]}
    frame.endpoint(adversarial_robustness, ["json"], example=example, **frame.COMPUTE)
