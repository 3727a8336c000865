"""What the server remembers between two questions: for the boards, by names that cannot be guessed, and the answer to
what everybody asks first."""

import functools
import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import gradio as gr
import PIL.Image

from dlcv.core.errors import InputError

T = TypeVar("T")


class Keep(Generic[T]):
    """The newest things that may still be asked for: what was asked for the longest time ago is given up for a new one.

    Safe to use from many threads.
    """

    def __init__(self, most: int, gone: str, weight: Callable[[T], int] = lambda thing: 1):
        """Keep things of `most` weight together, and the newest one in any case; without `weight` that is their number.
        `gone` is what a visitor reads who asks for one that was given up."""
        self.most, self._gone, self._weight = most, gone, weight
        self._lock, self._things = threading.Lock(), OrderedDict()

    def add(self, thing: T) -> str:
        """Keep a thing; returns its name."""
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._things[name] = thing
            while len(self._things) > 1 and sum(map(self._weight, self._things.values())) > self.most:
                self._things.popitem(last=False)
        return name

    def get(self, name) -> T:
        """The thing of that name; InputError where it was given up."""
        with self._lock:
            if not isinstance(name, str) or name not in self._things:
                raise InputError(self._gone)
            self._things.move_to_end(name)
            return self._things[name]


def remembered(fn: Callable) -> Callable:
    """The function, which keeps its last answer: whoever opens a tab asks the same as the one before, and a painting
    takes seconds. For first questions alone, in which there is nothing of a visitor's own."""
    last = (None, None)  # a question and its answer, exchanged at once for the sake of other threads

    @functools.wraps(fn)
    def answer(*args):
        nonlocal last
        asked, answered = last
        question = [_compared(value) for value in args if not isinstance(value, gr.Progress)]
        if question != asked:
            answered = fn(*args)
            last = question, answered
        return answered

    return answer


def _compared(value: Any) -> Any:
    """What tells a value from others: of a picture its size, and a digest of its pixels."""
    if isinstance(value, PIL.Image.Image):
        return value.mode, value.size, hashlib.sha256(value.tobytes()).digest()
    return value
