"""Where answers are computed: in this process, unless one that only serves the page has them sent for."""

import functools
from collections.abc import Callable
from typing import Any

from dlcv.core import runtime

AGAIN = "The computer that worked on this answer has stopped. Try again."
COMPUTES: list[Callable] = []
"""Every function that answers visitors, by its number: the order of the page, the same in every process."""

send: Callable[[int, tuple], Any] | None = None
"""Gives the answer of another process to the function of that number, for these arguments; an iterator of answers
where the function is a generator. None where this process computes."""


def computed(fn: Callable) -> Callable:
    """The function, computed here or where `send` takes it."""
    number = len(COMPUTES)
    COMPUTES.append(fn)

    @functools.wraps(fn)
    def compute(*args):
        if send is not None:
            return send(number, args)
        runtime.import_torch()
        return fn(*args)

    return compute


def named(number: int) -> str:
    """The name of the function of that number, by which two processes know that they mean the same one; an empty text
    where there is none."""
    fn = COMPUTES[number] if number < len(COMPUTES) else None
    return f"{fn.__module__}.{getattr(fn, '__qualname__', '')}" if fn else ""
