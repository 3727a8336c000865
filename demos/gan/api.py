"""The public endpoints of the GAN tab."""

import itertools

from demos import frame
from demos.frame.pictures import drawn_seven
from dlcv.core.images.draw import sheet

from . import boards
from .boards import Counted, Data, Formulation, Seed, Truncation

FRESH = itertools.count()  # seeds for which no answer is kept


def gan_generate(
    formulation: Formulation = "wgan-gp", data: Data = "digits", seed: Seed = 0, truncation: Truncation = 1
):
    """64 samples as one PNG of 224 x 224 pixels, 8 in a row."""
    return sheet(boards.predictor(formulation, data).sample(boards.SAMPLES, seed, truncation), 8)


def gan_critic(picture: frame.Picture = None, formulation: Formulation = "wgan-gp", data: Data = "digits"):
    """The critic's score of a picture, and the shares of real and of generated pictures whose score is not above it."""
    from dlcv.core.images import digits

    scores = boards.predictor(formulation, data).scores(digits.read(picture, garment=data == "garments"))
    return {
        "score": scores.picture,
        "share_of_real_below": (scores.real <= scores.picture).float().mean().item(),
        "share_of_generated_below": (scores.fake <= scores.picture).float().mean().item(),
    }


def gan_variety(formulation: Counted = "wgan-gp", data: Data = "digits", seed: Seed = 0):
    """Number of 1,000 samples in each class, classes that are covered, and the mean distance of two samples."""
    answer = boards.show_variety(boards.Variety(formulation=formulation, data=data, seed=seed))
    counts = dict(zip(answer["classes"], answer["counts"], strict=True))
    of_counts = {key: answer[key] for key in ("covered", "misplaced", "meaning")}
    return {"counts": counts, "distance": answer["distance"], "distance_of_real": answer["real"]} | of_counts


def offer() -> None:
    """Make the endpoints."""
    frame.endpoint(gan_generate, ["png"], example={})
    frame.endpoint(gan_critic, ["json"], example={"picture": drawn_seven})
    frame.endpoint(gan_variety, ["json"], example={"seed": FRESH.__next__}, **frame.COMPUTE)
