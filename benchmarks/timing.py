"""Timing: runs in turns, and their summary."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

BUDGET = 5.0  # seconds for one number, after which no further run is begun


@dataclass
class Times:
    """Milliseconds of many runs of one thing."""

    p50: float
    p95: float

    @classmethod
    def of(cls, taken: list[float]) -> Times:
        """Summary of a list of milliseconds."""
        return cls(statistics.median(taken), sorted(taken)[int(0.95 * (len(taken) - 1))])


def in_turns(*runs: Callable[[], object], rounds: int) -> list[Times]:
    """Times `rounds` runs of each after an unseen one, at least three and as many as the budget allows.

    One after the other in every round, so that whatever slows the machine for a while slows all of them.
    """
    taken: list[list[float]] = [[] for _ in runs]
    for run in runs:
        run()
    limit = time.perf_counter() + len(runs) * BUDGET
    while len(taken[0]) < rounds and (len(taken[0]) < 3 or time.perf_counter() < limit):
        for run, times in zip(runs, taken, strict=True):
            began = time.perf_counter()
            run()
            times.append((time.perf_counter() - began) * 1000)
    return [Times.of(times) for times in taken]


def verdict(targets: list[tuple[str, bool]]) -> int:
    """Prints which targets are met; the exit status, 1 when one is missed."""
    for target, met in targets:
        print(f"{'met' if met else 'MISSED':8}{target}")
    return int(not all(met for _, met in targets))
