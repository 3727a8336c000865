"""Answers to the boards of digits: how little fools each network, and one doodle against many digits."""

import functools
from typing import TYPE_CHECKING, Any

from demos import frame
from dlcv.core.images import draw
from dlcv.core.images.draw import data_uri

from .models import RETRAINED, UNIVERSAL, USUAL, levels, measured, predictor, shown

if TYPE_CHECKING:
    import torch

SIDE = 28
BOUND = frame.Slider("At most this change of a pixel", 0.02, 0.6, step=0.02)
SOME, ALL = 256, 1000  # generated digits, while the pen moves and when it is lifted
EXAMPLES = 12  # of digits that were fooled


class Digit(frame.Query):
    """Question for what fools each network about a drawn digit."""

    picture: Any = None
    target: frame.Whole(-1, 9) = -1  # -1 for any class but the present one


class Doodle(frame.Query):
    """Question for what a doodle does: 784 bytes in base64, 0 darker, 128 nothing, 255 brighter."""

    doodle: frame.Text
    bound: BOUND = 0.3
    whole: frame.Yes = False


def fool_digit(query: Digit) -> dict:
    """What each network takes a digit for, before and after DeepFool, and how long r is."""
    from dlcv.core.images import digits

    x = digits.read(query.picture)
    return {"seen": shown(x), "networks": [one(name, x, query.target) for name in RETRAINED]}


def one(name: str, x: "torch.Tensor", target: int) -> dict:
    """The same for one network; where it takes the digit for the target already, nothing is changed."""
    model = predictor(name)
    before = int(model.probabilities(x).argmax())
    film = model.fool(x, target=None if target in (-1, before) else target) if target != before else None
    r = film.perturbations[-1:] if film else 0 * x
    probabilities = model.probabilities(x + r)[0]
    after = int(probabilities.argmax())
    return {
        "name": name,
        "before": before,
        "after": after,
        "fooled": after != before if target < 0 else after == target,
        "probabilities": frame.rounded(probabilities),
        "norm": r.norm().item(),
        "relative": (r.norm() / x.norm()).item(),
        "steps": len(film.perturbations) - 1 if film else 0,
        "pushes": shown(0.5 + r / 2),
        "sum": shown(x + r),
        **levels(r),
    }


def scores() -> list[dict]:
    """What `evaluate` measured of each network: its error, and rho_adv by DeepFool and by FGSM, in percent."""
    found = []
    for name, title in RETRAINED.items():
        rho, error = (measured(name, metric) for metric in ("rho_adv", "error"))
        by = {"DeepFool": [row for row in rho if row["data"].endswith("DeepFool")]}
        by["FGSM"] = [row for row in rho if "FGSM of" in row["data"]]
        values = {method: rows[0]["value"] if rows else None for method, rows in by.items()}
        found.append({"title": title, "error": error[0]["value"] if error else None, **values})
    return found


# ---- one doodle against many digits


@functools.cache
def crowd() -> tuple["torch.Tensor", "torch.Tensor"]:
    """Generated digits (N, 1, 28, 28) that the judge is sure of, and what the usual network takes them for (N,)."""
    from dlcv.core import pool

    made = pool.pool("digits")
    found = predictor(USUAL).probabilities(made.pictures).argmax(1)
    kept = ((made.certainty > pool.SURE) & (found == made.labels)).nonzero()[:ALL, 0]
    return made.pictures[kept], found[kept]


@functools.cache
def ready_made() -> dict[str, "torch.Tensor"]:
    """Perturbations (1, 28, 28) whose largest change is 1: the universal one, and noise."""
    import torch

    from dlcv.core import weights

    v = weights.load(weights.model_class(UNIVERSAL["digits"]), UNIVERSAL["digits"]).v.detach()
    noise = torch.rand(1, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) - 0.5
    return {"universal": v / v.abs().max(), "noise": noise.sign()}


@functools.lru_cache(maxsize=64)
def rates(bound: float) -> dict[str, float]:
    """How many of the crowd the universal perturbation and noise fool at that bound."""
    x, clean = crowd()
    model = predictor(USUAL)
    answers = {name: model.probabilities((x + bound * v).clamp(0, 1)).argmax(1) for name, v in ready_made().items()}
    return {name: (found != clean).float().mean().item() for name, found in answers.items()}


def count_fooled(query: Doodle) -> dict:
    """How many generated digits a doodle fools, from which class to which, and some of them."""
    import torch

    levels = frame.decoded(query.doodle, "u1", "A doodle has 28 x 28 bytes.", count=SIDE * SIDE)
    v = torch.from_numpy(levels.astype("float32")).view(1, SIDE, SIDE).sub(128).div(127).clamp(-1, 1)
    x, clean = (part[: ALL if query.whole else SOME] for part in crowd())
    changed = (x + query.bound * v).clamp(0, 1)
    found = predictor(USUAL).probabilities(changed).argmax(1)
    fooled = (found != clean).nonzero()[:, 0]
    answer = {
        "count": len(x),
        "fooled": len(fooled),
        "flow": torch.bincount(10 * clean + found, minlength=100).tolist(),
        "examples": [{"from": int(clean[i]), "to": int(found[i])} for i in fooled[:EXAMPLES]],
        "sheet": shown(changed[fooled[:EXAMPLES]]) if len(fooled) else "",
        "sample": data_uri(draw.sheet(changed[:1])),
    }
    return answer | ({"rates": rates(query.bound)} if query.whole else {})


def universal_doodle(query: frame.Query) -> dict:
    """The universal perturbation as a doodle has it: 784 bytes in base64."""
    return {"doodle": frame.coded((128 + 127 * ready_made()["universal"]).round().clamp(1, 255), "u1")}
