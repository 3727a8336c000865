"""Everything loaded and run once, before a lecture, so that nobody waits for a network that is asked first."""

import logging
from collections.abc import Callable, Iterator
from functools import partial

from dlcv.core import runtime
from dlcv.core.errors import InputError
from dlcv.core.weights import WeightsError

from .endpoints import ENDPOINTS, Endpoint
from .questions import Asked, Query, Whole, beside, understood

log = logging.getLogger("gallery")


class Progress(Query):
    """How many steps are done."""

    done: Whole(0, 100_000) = 0


def next_step(query: Progress) -> dict:
    """The next step, done: how many are `done` `of` how many, the `name` of what is ready now, and what went `wrong`,
    in a sentence."""
    steps = list(_steps())
    if query.done >= len(steps):
        return {"done": len(steps), "of": len(steps), "name": "", "wrong": ""}
    (name, act), wrong = steps[query.done], ""
    try:
        act()
    except InputError as error:
        wrong = str(error)
    except Exception:
        log.exception("%s cannot be made ready", name)
        wrong = f"{name.capitalize()} cannot be made ready; the log of the gallery says why."
    return {"done": query.done + 1, "of": len(steps), "name": name, "wrong": wrong}


def make_ready(say: Callable[[dict], None]) -> None:
    """Do all steps, saying each."""
    step = {"done": 0, "of": 1}
    while step["done"] < step["of"]:
        step = next_step(Progress(done=step["done"]))
        say(step)


def _steps() -> Iterator[tuple[str, Callable]]:
    """What is to be done, with its name: every network is loaded; every endpoint answers its example, and that again
    with each of what there is to choose from, such as networks, data and styles."""
    for load, name in runtime.LOADS:
        yield name if isinstance(name, str) else ", ".join(name), partial(load, name)
    for endpoint in ENDPOINTS.values():
        title = endpoint.name[1:].replace("_", " ")
        yield title, partial(_ask, endpoint, {})
        for name, field in endpoint.asks.model_fields.items():
            given = endpoint.example.get(name, field.default)
            for choice in dict(beside(field, Asked).keywords).get("choices", ()):
                if choice != given:
                    yield f"{title}, {choice}", partial(_ask, endpoint, {name: choice})


def _ask(endpoint: Endpoint, chosen: dict) -> None:
    """Let an endpoint answer its example, with another choice. One that the example rules out is no matter."""
    example = {name: value() if callable(value) else value for name, value in endpoint.example.items()}
    try:
        endpoint.call(understood(endpoint.asks, example | chosen))
    except WeightsError:
        raise
    except InputError:
        pass
