"""Answers to the picture boards of the GAN tab: trained networks, asked while the visitor drags, draws and clicks."""

import functools
from typing import Annotated, Any

from pydantic import Field

from demos import frame
from demos.frame.questions import Asked
from dlcv.core import runtime
from dlcv.core.errors import InputError
from dlcv.core.images.draw import data_uri, grey, sheet

FORMULATIONS = {"gan": "Original", "wgan": "WGAN, clipped", "wgan-gp": "WGAN-GP"}
COLLAPSED = "gan-collapsed"
COUNTED_OF = {COLLAPSED: "Original, collapsed"} | FORMULATIONS  # whose samples are counted
DIGITS_ALONE = [COLLAPSED]  # trained on no garments
DATA = {"digits": "mnist", "garments": "fashion"}
EVALUATORS = [f"judge-{data}" for data in DATA.values()]
START = {"digits": [16, 59, 42], "garments": [17, 57, 8]}  # the first anchors, by their place on the first sheet
OF_ONE = [f"{formulation}-{data}" for data in DATA.values() for formulation in FORMULATIONS]
OF_ONE += [f"{formulation}-{DATA['digits']}" for formulation in DIGITS_ALONE]
TRAINED = [*OF_ONE, *(f"{formulation}-stacked" for formulation in FORMULATIONS)]
SAMPLES = 64  # pictures on a sheet
CELLS = 9  # of the plane along each axis
EDGE = 0.25  # how far the plane goes on beyond its anchors
COUNTED = 1000  # samples whose classes are counted

Data, Formulation, Seed, Truncation = (
    frame.Choice(DATA),
    frame.Choice(FORMULATIONS),
    frame.Whole(0, 999_999),
    frame.Slider("Temperature τ", 0, 2, step=0.05),
)

Counted = frame.Choice(COUNTED_OF)

of_checkpoint = frame.model("dlcv.gan.predictor", *OF_ONE)


def predictor(formulation: str, data: str):
    """The GAN of a formulation, trained on a data set of the boards."""
    return of_checkpoint(f"{formulation}-{DATA[data]}")


def evaluator(data: str):
    """The classifier of a data set of the boards, loaded on first use."""
    from dlcv.gan.predictor import evaluator

    return evaluator(f"judge-{DATA[data]}")


runtime.preload(evaluator, *DATA)


class Samples(frame.Query):
    """Question for a sheet of samples."""

    data: Data
    seed: Seed
    truncation: Truncation


class Place(frame.Query):
    """An anchor: the sheet that shows its picture, and the picture's place on it."""

    seed: Seed
    index: frame.Whole(0, SAMPLES - 1)


class Plane(frame.Query):
    """A plane through three anchors."""

    data: Data
    truncation: Truncation
    anchors: Annotated[list[Place], Field(min_length=3, max_length=3), Asked("three pictures: A, B and C")]

    def latents(self, model):
        """Its anchors' latents (3, d)."""
        import torch

        found = [model.latent(place.seed, SAMPLES)[place.index] for place in self.anchors]
        return self.truncation * torch.stack(found)


class WholePlane(Plane):
    """Question for the plane as one formulation sees it."""

    formulation: Formulation


class Point(Plane):
    """Question for one point of the plane; u and v are 0 at A, u is 1 at B, v is 1 at C."""

    u: frame.Clamped(-EDGE, 1 + EDGE)
    v: frame.Clamped(-EDGE, 1 + EDGE)


class Drawing(frame.Query):
    """Question about a drawing, a data URI."""

    data: Data
    picture: Any = None


class Variety(frame.Query):
    """Question for the classes of samples."""

    data: Data
    seed: Seed
    formulation: Counted


def show_samples(query: Samples) -> dict:
    """Sheets of the same 64 latents through all three generators."""
    pictures = {
        name: predictor(name, query.data).sample(SAMPLES, query.seed, query.truncation) for name in FORMULATIONS
    }
    return {"sheets": {name: data_uri(sheet(samples, 8)) for name, samples in pictures.items()}}


def show_plane(query: WholePlane) -> dict:
    """Sheet of the plane through the anchors, from -EDGE to 1 + EDGE, by one formulation."""
    import torch

    from dlcv.gan.predictor import through_anchors

    model = predictor(query.formulation, query.data)
    line = torch.linspace(-EDGE, 1 + EDGE, 2 * CELLS + 1)[1::2]  # the cells' centres
    v, u = torch.meshgrid(line.flip(0), line, indexing="ij")
    pictures = model.generate(through_anchors(query.latents(model), u.flatten(), v.flatten()))
    return {"sheet": data_uri(sheet(pictures, CELLS)), "edge": EDGE}


def decode_point(query: Point) -> dict:
    """Pictures of one latent of the plane by all three generators, with the critics' scores: asked during a drag."""
    import torch

    from dlcv.gan.predictor import through_anchors

    models = {name: predictor(name, query.data) for name in FORMULATIONS}
    z = through_anchors(query.latents(models["gan"]), torch.tensor([query.u]), torch.tensor([query.v]))
    outputs = {name: model.generate_scored(z) for name, model in models.items()}
    return {
        "seen": {
            name: {
                "pixels": frame.coded(grey(output.pictures), "u1"),
                "score": output.scores.item(),
                "real": models[name].real_score,
            }
            for name, output in outputs.items()
        }
    }


def score_drawing(query: Drawing) -> dict:
    """Scores of a drawing by the three critics, beside those of real and of generated pictures."""
    from dlcv.core.images import digits

    x = digits.read(query.picture, garment=query.data == "garments")
    scores = {name: predictor(name, query.data).scores(x) for name in FORMULATIONS}
    return {
        "seen": data_uri(sheet(x)),
        "scores": {
            name: {"picture": one.picture, "real": one.real.tolist(), "fake": one.fake.tolist()}
            for name, one in scores.items()
        },
    }


@functools.lru_cache(maxsize=32)
def _variety(query: Variety) -> dict:
    from dlcv.gan.classifier import covered, misplaced

    found = predictor(query.formulation, query.data).variety(evaluator(query.data), COUNTED, query.seed)
    return {
        "counts": found.counts.tolist(),
        "covered": covered(found.counts),
        "misplaced": misplaced(found.counts),
        "distance": found.distance,
        "pictures": data_uri(sheet(found.pictures[:32], 16)),
    }


MEANING = {  # what the counts of a column mean
    COLLAPSED: "Whatever z is, it gives nearly one picture. D looks at each picture alone, and cannot say that it saw"
    " it before: nothing in the original objective asks for variety. The networks are small: with twice the width as"
    " short a training covered all ten classes; with larger batches, from other first weights, or with the batch"
    " normalisation that its first layer lacks, three at most.",
    "gan": "The same game did not collapse here, with twice the width and a longer training: the objective itself asks"
    " for neither.",
    "wgan": "Of the three that did not collapse it is the least even, though W is only 0 where every class has its"
    " share: a critic whose weights are clipped is nearly linear, and hardly feels how many there are of each.",
    "wgan-gp": "The same distance, with a critic that may bend as long as it is not steep: it feels a class that is"
    " left out.",
}


def show_variety(query: Variety) -> dict:
    """Classes of 1,000 samples of one formulation, what the counts mean, and the distance of two real pictures."""
    if query.formulation in DIGITS_ALONE and query.data != "digits":
        raise InputError("The generator that collapsed was trained on digits alone.")
    classifier = evaluator(query.data)
    return _variety(query) | {
        "classes": list(classifier.config.class_names),
        "real": classifier.real_distance.item(),
        "count": COUNTED,
        "meaning": MEANING[query.formulation],
    }
