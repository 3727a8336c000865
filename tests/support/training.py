"""A training that is stopped and goes on, beside one that was not stopped."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dlcv.core.training.loop import fit


def losses(run: Path, begin: Callable[[], dict], stop: int | None = None) -> dict[int, float]:
    """The loss of each step of a training that is stopped before a step, or goes on where one was stopped.

    `begin()` gives the arguments of `fit`, from the same start each time.
    """
    torch.manual_seed(0)
    arguments, found = begin(), {}

    def loss(model, batch, step):
        if step.number == stop:
            raise KeyboardInterrupt
        terms = arguments["loss"](model, batch, step)
        found[step.number] = terms["loss"].item()
        return terms

    with contextlib.suppress(SystemExit):
        fit(**arguments | {"loss": loss, "run": run})
    return found


def check_that_it_goes_on(folder: Path, begin: Callable[[], dict], stop: int) -> None:
    """Asserts that a training that was stopped before a step has the losses of one that was not."""
    whole = losses(folder / "whole", begin)
    before, after = losses(folder / "stopped", begin, stop), losses(folder / "stopped", begin)
    assert list(before) + list(after) == list(whole) and list(after)[0] == stop
    assert before | after == pytest.approx(whole, rel=1e-4)
