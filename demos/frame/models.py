"""Predictors, loaded when a tab first needs them."""

import importlib
from collections.abc import Callable
from typing import Any

from dlcv.core import runtime


def model(module: str, *names: Any) -> Callable[[Any], Any]:
    """The function `predictor(name)` of a module of dlcv, which is imported on first use; without a name the first.

    On ZeroGPU all of the names are loaded at once, as `runtime.preload` says.
    """

    def predictor(name=names[0]):
        return importlib.import_module(module).predictor(name)

    runtime.preload(predictor, *names)
    return predictor
