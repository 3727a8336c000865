"""What the laboratory board of the GAN tab asks for: a training on the plane, a slice of it per question.

Nothing runs between two questions: a visitor who pauses, stops or leaves has stopped the training with it.
"""

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demos import frame
from demos.frame.keep import Keep
from dlcv.core.errors import InputError
from dlcv.gan import WINDOW

from .boards import FORMULATIONS

if TYPE_CHECKING:
    from dlcv.gan.laboratory import Laboratory, Snapshot

DATA = ["ring of 8", "grid of 25", "moons", "spiral", "drawn"]
LIMITS = {  # of what may be chosen: low, high, whether it is a whole number
    "critic_steps": (1, 10, True),
    "clip": (0.001, 1, False),
    "penalty": (0, 20, False),
    "critic_rate": (1e-5, 0.1, False),
    "generator_rate": (1e-5, 0.1, False),
    "seed": (0, 999_999, True),
}
STEPS = {"both": "step", "critic": "step_critic", "generator": "step_generator"}  # who moves, and how
OPTIMISERS = ["Adam", "RMSProp", "SGD"]
SLICE = 0.12  # seconds of training that one question may ask for
LASTS = 600  # seconds of training that one run may have
RUNS = 64  # kept; the one that was asked for the longest time ago is given up for a new one


@dataclass
class Run:
    """One training, or two side by side from the same seed."""

    laboratories: "list[Laboratory]"
    trained: float = 0.0  # seconds


runs: Keep[Run] = Keep(RUNS, "This training has ended. Start it again.")
computing = threading.Lock()  # slices of all visitors, one after the other


def _settings(query: dict, formulation: str):
    """Settings of one laboratory, checked."""
    from dlcv.gan.laboratory import Settings

    numbers = {}
    for name, (low, high, whole) in LIMITS.items():
        value = frame.number(query, name, low, high)
        numbers[name] = round(value) if whole else value
    return Settings(
        data=frame.choice(query, "data", DATA),
        formulation=formulation,
        saturating=query.get("saturating") is True,
        optimiser=frame.choice(query, "optimiser", OPTIMISERS),
        **numbers,
    )


def _drawn(query: dict):
    """The visitor's own points, (P, 2), where that is what is to be learned."""
    import torch

    if query.get("data") != "drawn":
        return None
    if not query.get("drawn"):
        raise InputError("Draw something on the plane first.")
    return torch.tensor(frame.points(query, "drawn", 8, 1000, reach=1.2))


def begin(query: dict) -> dict:
    """A new training of one or two formulations: its name, and what can be seen before the first step."""
    from dlcv.gan.laboratory import Laboratory

    chosen = query.get("formulations")
    if not isinstance(chosen, list) or not 1 <= len(chosen) <= 2:
        raise InputError("Choose one or two formulations.")
    drawn = _drawn(query)
    names = [frame.choice({"formulation": one}, "formulation", FORMULATIONS) for one in chosen]
    run = Run([Laboratory(_settings(query, name), drawn) for name in names])
    return {"run": runs.add(run), "seen": [_seen(one.look()) for one in run.laboratories]}


def advance(query: dict) -> dict:
    """A slice of training, and what can be seen after it.

    `query`: run; who ("both", "critic" or "generator"); rounds, at most so many steps of the algorithm.
    """
    run, rounds = runs.get(query.get("run")), round(frame.number(query, "rounds", 1, 200))
    who = frame.choice(query, "who", STEPS)
    if run.trained > LASTS:
        raise InputError("This training has had its ten minutes. Start it again.")
    with computing:
        began = time.perf_counter()
        for _ in range(rounds):
            for laboratory in run.laboratories:  # in step with each other
                getattr(laboratory, STEPS[who])()
            if time.perf_counter() - began > SLICE:
                break
        seen = [_seen(laboratory.look()) for laboratory in run.laboratories]
        run.trained += time.perf_counter() - began
    return {"seen": seen}


def _seen(moment: "Snapshot") -> dict:
    """A snapshot for the wire: points to a thousandth, the heat map as bytes between its extremes."""
    import base64

    low, high = moment.heat.min().item(), moment.heat.max().item()
    heat = ((moment.heat - low) / max(high - low, 1e-9) * 255).byte().numpy().tobytes()

    def flat(points):
        return [round(value, 3) for value in points.clamp(-9, 9).flatten().tolist()]

    def finite(value):
        return value if abs(value) < 1e9 else None  # NaN before the first step

    return {
        "step": moment.step,
        "real": flat(moment.real),
        "fake": flat(moment.fake),
        "pull": flat(moment.pull),
        "net": flat(moment.net),
        "heat": base64.b64encode(heat).decode(),
        "side": moment.heat.shape[0],
        "range": [low, high],
        "critic_loss": finite(moment.critic_loss),
        "generator_loss": finite(moment.generator_loss),
        "distance": moment.distance,
        "covered": moment.covered,
    }


def board() -> "frame.gr.HTML":
    """The laboratory on the screen."""

    def slider(name, label, low, high, step, value, power=False):
        return {"name": name, "label": label, "low": low, "high": high, "step": step, "value": value, "power": power}

    numbers = [
        slider("critic_steps", "Critic's steps, k", 1, 10, 1, 5),
        slider("clip", "Clipping bound, c", -3, 0, 0.1, -1, power=True),
        slider("penalty", "Penalty's weight, λ", -2, 1, 0.1, -1, power=True),
        slider("critic_rate", "Critic's learning rate", -4, -1, 0.1, -2.7, power=True),
        slider("generator_rate", "Generator's learning rate", -4, -1, 0.1, -3, power=True),
        slider("seed", "Seed", 0, 20, 1, 0),
    ]
    names = {"data": DATA, "formulations": FORMULATIONS, "optimisers": OPTIMISERS}
    value = names | {"numbers": numbers, "window": WINDOW}
    return frame.Board("gan/laboratory", server_functions=[begin, advance], gpu=False, value=value)
