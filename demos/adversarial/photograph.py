"""Answers to the boards of photographs: what fools the network, what survives, and one perturbation for all."""

import functools
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import frame
from demos.frame import pictures

from .models import METHODS, NORMS, UNIVERSAL, levels, predictor, read_photograph, shown

if TYPE_CHECKING:
    import torch

    from dlcv.adversarial.predictor import AdversarialPredictor, Film

EXAMPLES = [
    *(str(Path(find_spec("skimage").origin).parent / "data" / name) for name in ("coffee.png", "chelsea.png")),
    frame.PHOTOGRAPHS[2],
    *(str(Path(find_spec("skimage").origin).parent / "data" / name) for name in ("rocket.jpg", "camera.png")),
    frame.PHOTOGRAPHS[0],
]
"""Photographs that come with packages, whose classes the network knows."""
CURVES, POINTS = 6, 31  # classes whose probabilities are followed, at so many points of the way
TILES = 9  # of the film
BOUND = frame.Slider("Largest change of a value, of 255 levels", 1, 20, step=1)


class Fool(frame.Query):
    """Question for what fools the network that names a photograph, a data URI."""

    picture: Any = None
    target: frame.Whole(-1, 999) = -1  # -1 for any class but the present one
    method: frame.Choice(METHODS) = "DeepFool"
    norm: frame.Choice(NORMS) = "2"


def see(picture) -> dict:
    """The board's value for a visitor's photograph: what the network sees of it, and the names of its classes."""
    from dlcv.adversarial.predictor import squared

    x = squared(pictures.tensor(picture, 1600))
    return {"picture": shown(x[None]), "names": list(predictor().class_names)}


def see_first(picture) -> dict:
    """The same for the photograph that the tab opens with, and what fools the network about it."""
    value = see(picture)
    return value | {"answer": fool(Fool(picture=value["picture"]))}


def see_again(picture) -> Any:
    """`see`, unless the photograph was taken away."""
    return gr.skip() if picture is None else see(picture)


def fool(query: Fool) -> dict:
    """All that is shown of an attack on a photograph: film, probabilities on the way, what survives, a file."""
    x = read_photograph(query.picture)
    values = (x * 255).round().byte().numpy().tobytes()
    return attack(values, query.method, query.norm, None if query.target < 0 else query.target)


@frame.lately(8)  # an answer is about 1 MB
def attack(values: bytes, method: str, norm: str, target: int | None) -> dict:
    """The same of the values of a picture, channels first, for any class that is not the present one or `target`."""
    import torch

    from dlcv.adversarial.model import SIDE

    model, x = predictor(), torch.frombuffer(bytearray(values), dtype=torch.uint8).view(1, 3, SIDE, SIDE) / 255
    film = model.fool(x, method, NORMS[norm], target)
    places, way = model.along(x, film, POINTS)
    end = int((places < 1 - 1e-6).sum())  # where the film ends
    r = film.perturbations[-1:]
    after = film.after if target is None else target
    ends = [film.before, after, *way[end].topk(CURVES).indices.tolist(), *way[0].topk(CURVES).indices.tolist()]
    classes = list(dict.fromkeys(ends))[:CURVES]
    return {
        "fooled": film.fooled and (target is None or film.after == target),
        "before": film.before,
        "after": film.after,
        "classes": classes,
        "places": frame.rounded(places),
        "curves": frame.rounded(way[:, classes].T),
        "film": tiles(film),
        **levels(r),
        "norm": r.norm().item(),
        "relative": (r.norm() / x.norm()).item(),
        "fooling": shown(x + r),
        **survivors(model, x, r, film.before, target),
    }


def tiles(film: "Film") -> list[dict]:
    """Some of a film's steps: r so far, the class, and the class whose border was nearest."""
    last = len(film.perturbations) - 1
    some = sorted({round(i * last / max(1, min(TILES - 1, last))) for i in range(min(TILES, last + 1))})
    lengths = film.perturbations.flatten(1).diff(dim=0).norm(dim=1).cumsum(0)
    brightest = film.perturbations[-1].abs().max().clamp_min(1e-12)
    return [
        {
            "step": step,
            "place": float(lengths[step - 1] / lengths[-1]) if step else 0.0,
            "picture": shown(0.5 + film.perturbations[step][None] / (2 * brightest)),
            "norm": film.perturbations[step].norm().item(),
            "now": int(film.probabilities[step].argmax()),
            "towards": film.chosen[step] if step < len(film.chosen) else None,
        }
        for step in some
    ]


def survivors(
    model: "AdversarialPredictor", x: "torch.Tensor", r: "torch.Tensor", before: int, target: int | None
) -> dict:
    """What is left of x + r, and of a longer push that survives rounding, after what may happen to a picture."""
    lasting = model.lasting(x, r, target)
    answer = {"survival": [], "lasting": None}
    found = {"plain": model.survival(x + r)}
    if lasting is not None:
        found["lasting"] = model.survival(lasting)
        answer["lasting"] = {"picture": shown(lasting), "times": ((lasting - x).norm() / r.norm()).item()}
    for what in found["plain"]:
        row = {"what": what}
        for which, verdicts in found.items():
            now, probability = verdicts[what]
            fools = now != before if target is None else now == target
            row[which] = {"now": now, "probability": probability, "fools": fools}
        answer["survival"].append(row)
    return answer


class Over(frame.Query):
    """Question for what the one perturbation for all does to a photograph."""

    picture: Any = None
    bound: BOUND = 10


@functools.cache
def universal() -> "torch.Tensor":
    """The one perturbation for all photographs, (1, 3, 224, 224), its largest change 1."""
    from dlcv.core import weights

    v = weights.load(weights.model_class(UNIVERSAL["photographs"]), UNIVERSAL["photographs"]).v.detach()[None]
    return v / v.abs().max()


def lay_over(query: Over) -> dict:
    """A photograph with the one perturbation for all, and with noise of the same strength, and its classes."""
    import torch

    model, x = predictor(), read_photograph(query.picture)
    noise = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)).sub(0.5).sign()
    over = [x, *((x + query.bound / 255 * v).clamp(0, 1) for v in (universal(), noise))]
    tops = model.probabilities(torch.cat(over)).topk(3)
    return {
        "pictures": [shown(one) for one in over],
        "v": shown(0.5 + universal() / 2),
        "classes": tops.indices.tolist(),
        "probabilities": frame.rounded(tops.values),
    }
