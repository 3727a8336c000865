"""Trainings of visitors, a slice of one per question.

Nothing runs between two questions: a visitor who pauses, stops or leaves has stopped the training with it.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from dlcv.core.errors import InputError

from .keep import Keep

LASTS = 600  # seconds of training that one run may have
RUNS = 64  # kept; the one that was asked for the longest time ago is given up for a new one

T = TypeVar("T")


@dataclass
class Training(Generic[T]):
    """What learns, and for how many seconds it has."""

    learner: T
    seconds: float = 0.0


class Trainings(Keep[Training[T]]):
    """The newest trainings of a board; the slices of all visitors are computed one after the other."""

    def __init__(self):
        super().__init__(RUNS, "This training has ended. Start it again.")
        self._computing = threading.Lock()

    def begin(self, learner: T) -> str:
        """Name of a new training."""
        return self.add(Training(learner))

    @contextmanager
    def turn(self, name: str) -> Iterator[Training[T]]:
        """The training of that name, in its turn; InputError where it was given up or has had its time."""
        training = self.get(name)
        if training.seconds > LASTS:
            raise InputError("This training has had its ten minutes. Start it again.")
        with self._computing:
            began = time.perf_counter()
            yield training
            training.seconds += time.perf_counter() - began


def rounds(most: int, seconds: float) -> Iterator[int]:
    """Numbers of the rounds of a slice: `most` of them, or those that begin within so many seconds."""
    began = time.perf_counter()
    for number in range(most):
        yield number
        if time.perf_counter() - began > seconds:
            break
