"""What the page sends to Models instead of computing it."""

import inspect
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder, is_in_or_equal
from ray.exceptions import RayError, RayTaskError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from demos.frame import elsewhere
from demos.frame.questions import Query
from dlcv.core import runtime
from dlcv.core.errors import InputError

LONGEST = 4096  # of a path
NAME = re.compile(r"(\w{8})\.[\w-]{16}")  # of something kept: the replica, then what nobody guesses


class Questions:
    """`elsewhere.send`: a function's number and its arguments go to a replica of Models."""

    def __init__(self, models: DeploymentHandle):
        self.one = models.options(method_name="answer")
        self.many = models.options(method_name="answers", stream=True)

    def __call__(self, number: int, args: tuple) -> Any:
        """The answer, or an iterator of answers."""
        fn = elsewhere.COMPUTES[number]
        if any(map(_uploaded, args)):  # a file is here, and nowhere else
            runtime.import_torch()
            return fn(*args)
        asked = number, elsewhere.named(number)
        if inspect.isgeneratorfunction(fn):
            return self._heard(asked, args)
        if any(isinstance(value, gr.Progress) for value in args):
            *_, last = self._heard(asked, args)
            return last
        try:
            return _taken(self.one.options(session_id=_place(args)).remote(asked, args).result())
        except (RayError, RayServeException) as error:
            raise _gone(error) from error

    def _heard(self, asked: tuple[int, str], args: tuple) -> Iterator[Any]:
        """The answers of a function that yields, or says how far it is."""
        say = next((value for value in args if isinstance(value, gr.Progress)), None)
        stream = self.many.options(session_id=_place(args)).remote(asked, args)
        try:
            for kind, what in stream:
                if kind == "progress":
                    say(*what[0], **what[1])
                else:
                    yield _taken((kind, what))
        except (RayError, RayServeException) as error:
            raise _gone(error) from error
        finally:
            stream.cancel()  # of one that a visitor stopped; no matter for one that is over


def _taken(said: tuple[str, Any]) -> Any:
    """The answer; raises what was refused."""
    kind, what = said
    if kind == "refused":
        raise what
    return what


def _gone(error: Exception) -> Exception:
    """What a visitor's function raises: its own error, or, where its process ended, that it be asked again."""
    return error if isinstance(error, RayTaskError) else InputError(elsewhere.AGAIN)


def _uploaded(value: Any) -> bool:
    """Whether an argument is the path of an uploaded file."""
    known = isinstance(value, str) and len(value) < LONGEST and os.path.isabs(value)
    return known and is_in_or_equal(value, get_upload_folder())


def _place(values: Iterable) -> str:
    """The replica that keeps what the arguments name; an empty text where they name nothing."""
    for value in values:
        if isinstance(value, str):
            found = NAME.fullmatch(value)
            place = found[1] if found else ""
        elif isinstance(value, Query):
            place = _place(vars(value).values())
        else:
            place = _place(value.values()) if isinstance(value, dict) else ""
        if place:
            return place
    return ""
