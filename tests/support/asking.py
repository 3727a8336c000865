"""A board's question without a browser."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from demos.frame.questions import understood


def ask(fn: Callable[..., dict], query: dict) -> dict:
    """The answer of a board's function to what its script sends; InputError where the question is refused."""
    (parameter,) = inspect.signature(fn).parameters.values()
    return fn(understood(parameter.annotation, query))
