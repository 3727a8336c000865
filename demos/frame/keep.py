"""What the server remembers between two questions: for the boards, by names that cannot be guessed, and the answer to
what everybody asks first."""

import functools
import hashlib
import secrets
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakSet, WeakValueDictionary

import gradio as gr
import PIL.Image

from dlcv.core import runtime
from dlcv.core.errors import InputError

T = TypeVar("T")

LASTS = 3000  # seconds after which is forgotten what nobody asked for
EVERY = 60  # seconds: with these two, nothing of a visitor is here an hour later
KEEPS: "WeakSet[Keep]" = WeakSet()
place = ""
"""The name of the process that keeps things, where there are several: names of things begin with it."""


class Keep(Generic[T]):
    """The newest things that may still be asked for: what was asked for the longest time ago is given up for a new one,
    and after a while in any case.

    Safe to use from many threads.
    """

    def __init__(self, most: int, gone: str, weight: Callable[[T], int] = lambda thing: 1):
        """Keep things of `most` weight together, and the newest one in any case; without `weight` that is their number.
        `gone` is what a visitor reads who asks for one that was given up."""
        self.most, self._gone, self._weight = most, gone, weight
        self._lock = threading.Lock()
        self._things: OrderedDict[str, tuple[T, float]] = OrderedDict()  # each with when it was last asked for
        KEEPS.add(self)

    def add(self, thing: T, name: str | None = None) -> str:
        """Keep a thing; returns its name, which nobody guesses unless it is given."""
        name = name or place + secrets.token_urlsafe(12)
        with self._lock:
            self._things[name] = thing, time.monotonic()
            while len(self._things) > 1 and sum(self._weight(one) for one, _ in self._things.values()) > self.most:
                self._things.popitem(last=False)
        return name

    def get(self, name) -> T:
        """The thing of that name; InputError where it was given up."""
        with self._lock:
            if not isinstance(name, str) or name not in self._things:
                raise InputError(self._gone)
            thing = self._things.pop(name)[0]
            self._things[name] = thing, time.monotonic()  # the newest now
            return thing

    def forget(self, since: float) -> None:
        """Give up what was last asked for before that time."""
        with self._lock:
            for name in [name for name, (_, asked) in self._things.items() if asked < since]:
                del self._things[name]


def forget() -> None:
    """Give up what visitors brought and nobody asked for any more."""
    for keep in list(KEEPS):
        keep.forget(time.monotonic() - LASTS)
    if digits := sys.modules.get("dlcv.core.images.digits"):
        digits.forget()


def forget_in_time() -> None:
    """Do that for as long as the gallery runs, and hold no more memory than is in use."""
    while True:
        time.sleep(EVERY)
        forget()
        runtime.give_back_memory()


def shared(fn: Callable) -> Callable:
    """The function, which keeps its answers: of those who ask the same at the same time, the others wait for the answer
    of the first."""
    asked: WeakValueDictionary[tuple, threading.Lock] = WeakValueDictionary()
    asking = threading.Lock()

    @functools.wraps(fn)
    def answer(*args):
        with asking:
            one = asked.setdefault(args, threading.Lock())
        with one:
            return fn(*args)

    return answer


def lately(most: int) -> Callable[[Callable], Callable]:
    """The function, which keeps so many of its newest answers: a choice that is taken back has its answer at once."""

    def wrap(fn: Callable) -> Callable:
        answers: Keep = Keep(most, "")

        @shared
        @functools.wraps(fn)
        def answer(*args):
            name = hashlib.sha256(repr(args).encode()).hexdigest()
            try:
                return answers.get(name)
            except InputError:
                return answers.get(answers.add(fn(*args), name))

        return answer

    return wrap


handed: Keep[tuple[PIL.Image.Image, PIL.Image.Image]] = Keep(
    8, "These two photographs are no longer remembered. Choose them again."
)
"""Two photographs of a visitor, by which one tab hands them to another: its address has their name."""


def remembered(fn: Callable) -> Callable:
    """The function, which keeps its last answer: whoever opens a tab asks the same as the one before, and a painting
    takes seconds; those who ask meanwhile wait for it. For first questions alone, in which there is nothing of a
    visitor's own."""
    asked, answered, answering = None, None, threading.Lock()

    @functools.wraps(fn)
    def answer(*args):
        nonlocal asked, answered
        question = [_compared(value) for value in args if not isinstance(value, gr.Progress)]
        with answering:
            if question != asked:
                answered = fn(*args)
                asked = question
            return answered

    return answer


def _compared(value: Any) -> Any:
    """What tells a value from others: of a picture its size, and a digest of its pixels."""
    if isinstance(value, PIL.Image.Image):
        return value.mode, value.size, hashlib.sha256(value.tobytes()).digest()
    return value
