"""Answers to the boards that take drawings: embeddings, distances, verdicts."""

from typing import Annotated, Any

from pydantic import Field

from demos import frame
from demos.frame.questions import Asked
from dlcv.core import weights

from .models import known, predictor, read_drawing, seen

MOST = 20  # drawings that are enrolled, or characters of an alphabet
CURVE = 81  # points of the curves of losses
FARTHEST = 2.0  # the distance of two points of the unit sphere

Embeddings = Annotated[list[frame.Text], Field(max_length=MOST), Asked(f"a list of up to {MOST} embeddings")]
Margin = frame.Slider("Margin m", 0.1, 4, step=0.05)


class Signed(frame.Query):
    """Question about a drawing, and what is enrolled."""

    picture: Any = None
    enrolled: Embeddings = []


class Pair(frame.Query):
    """Question about two drawings."""

    a: Any = None
    b: Any = None


class Curves(frame.Query):
    """Question for the curves of the losses."""

    margin: Margin = 1.0


class Alphabet(frame.Query):
    """Question for the embeddings of an alphabet, a drawing a character."""

    pictures: Annotated[list[Any], Field(min_length=1, max_length=MOST), Asked(f"a list of up to {MOST} pictures")]


class Read(frame.Query):
    """Question for the distances of a drawing from an alphabet."""

    picture: Any = None
    alphabet: Annotated[Embeddings, Field(min_length=1)]


def coded(embedding) -> str:
    """An embedding as boards keep it."""
    return frame.coded(embedding, "f4")


def one_shot(name: str) -> float:
    """Percentage of right answers among twenty characters of one alphabet that `evaluate` measured."""
    rows = weights.metrics(name)["rows"]
    return next(row["value"] for row in rows if row["metric"] == "one_shot_20" and "of one alphabet" in row["data"])


def judge(query: Signed) -> dict:
    """Embedding of a drawing, and the verdict on it where something is enrolled."""
    from dlcv.siamese.predictor import places

    model = predictor()
    picture = read_drawing(query.picture)
    (embedding,) = model.embed(picture)
    answer = {"seen": seen(picture), "embedding": coded(embedding), "verdict": None}
    if query.enrolled:
        enrolled = model.enrol(known(query.enrolled))
        verdict = model.verify(enrolled, embedding)
        answer["verdict"] = {
            "distance": verdict.distance,
            "threshold": verdict.threshold,
            "accepted": verdict.accepted,
            "same_beyond": verdict.same_beyond,
            "other_within": verdict.other_within,
            "spread": enrolled.spread,
        }
        answer["places"] = frame.rounded(places(enrolled, embedding))
    return answer


def compare(query: Pair) -> dict:
    """What both twins make of a drawing each, and the distance of their answers."""
    import torch

    from dlcv.core.images import draw

    model = predictor()
    pictures = torch.cat([read_drawing(query.a), read_drawing(query.b)])
    found = model.look(pictures)
    embeddings = model.embed(pictures)
    return {
        "twins": [
            {
                "seen": seen(pictures[i : i + 1]),
                "strokes": draw.data_uri(draw.heat_sheet(found.strokes[i], 8)),
                "features": draw.data_uri(draw.heat_sheet(found.features[i], 16)),
                "embedding": frame.rounded(embeddings[i], 3),
            }
            for i in range(2)
        ],
        "distance": (embeddings[0] - embeddings[1]).norm().item(),
    }


def loss_curves(query: Curves) -> dict:
    """The three losses of a pair by its distance, from 0 to 2, and the length of each one's gradient."""
    import torch

    from dlcv.siamese.loss import negative, negative_of_hadsell, positive

    kinds = {
        "positive": positive,
        "negative": lambda squared: negative(squared, query.margin),
        "hadsell": lambda squared: negative_of_hadsell(squared, query.margin**0.5),
    }
    answer = {}
    for name, loss in kinds.items():
        d = torch.linspace(0, FARTHEST, CURVE, dtype=torch.double, requires_grad=True)
        values = loss(d.square())
        (slope,) = torch.autograd.grad(values.sum(), d)
        answer[name] = {"loss": frame.rounded(values), "slope": frame.rounded(slope.abs())}
    return answer


def read_alphabet(query: Alphabet) -> dict:
    """Embeddings of an alphabet's characters, and each as the network sees it."""
    import torch

    pictures = torch.cat([read_drawing(picture) for picture in query.pictures])
    return {"seen": seen(pictures), "embeddings": [coded(one) for one in predictor().embed(pictures)]}


def name_character(query: Read) -> dict:
    """Distances of a drawing from each character of an alphabet, known by one sample."""
    import torch

    picture = read_drawing(query.picture)
    distances = torch.cdist(predictor().embed(picture), known(query.alphabet))[0]
    return {"seen": seen(picture), "distances": frame.rounded(distances), "nearest": int(distances.argmin())}


def evaluation_pairs(query: frame.Query) -> dict:
    """Quantiles of distances of the evaluation set, [one or three enrolled][same, other, forged][...]."""
    model = predictor()
    return {"quantiles": [frame.rounded(model.quantiles(kept), 3) for kept in (1, 3)]}
