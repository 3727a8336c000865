"""The cores of this process: how many long computations go on at once, and work that is spread over cores that rest.

A long computation has one thread of torch, so that its answer is the same whatever else is computed.
"""

import itertools
import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from . import runtime

T, R = TypeVar("T"), TypeVar("R")

MOST = 8  # that one process puts to use: of more, Python's own part of the work would leave some idle
most = MOST
"""A process that shares its machine with others of its kind sets this to its own share."""

_lock, _busy = threading.Lock(), 0
_threads = ThreadPoolExecutor(MOST - 1, "cores")


def count() -> int:
    """Cores that this process may use."""
    machine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(most, math.ceil(min(machine, runtime.cpu_quota())))


@contextmanager
def computing() -> Iterator[None]:
    """Counts one more core that is not idle, for as long as the block lasts."""
    global _busy
    with _lock:
        _busy += 1
    try:
        yield
    finally:
        with _lock:
            _busy -= 1


def idle() -> int:
    """Cores that rest now; that of the caller, who is about to compute, is none of them. None where torch computes on a
    GPU, or on several cores by itself."""
    import torch

    if runtime.device().type != "cpu" or torch.get_num_threads() > 1:
        return 0
    return max(0, count() - max(1, _busy))


def spread(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Results of `map(work, items)`, in this order and bit by bit, computed by the caller and by what cores are idle.

    `work` must not depend on what came before; items are drawn one after the other, by the caller.
    """
    import torch

    gradients, inference = torch.is_grad_enabled(), torch.is_inference_mode_enabled()

    def helped(item: T) -> R:  # these modes are a thread's own
        with computing(), torch.inference_mode(inference), torch.set_grad_enabled(gradients):
            return work(item)

    items = iter(items)
    for item in items:
        others = [_threads.submit(helped, other) for other in itertools.islice(items, idle())]
        yield work(item)
        yield from (other.result() for other in others)
