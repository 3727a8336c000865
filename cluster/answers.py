"""What a replica of Models says: "answer", "refused" or "progress", and the thing itself."""

import inspect
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import gradio as gr
from gradio.blocks import Block

from demos.frame import elsewhere
from dlcv.core.errors import InputError

Asked = tuple[int, str]  # a function's number, and its name
Said = tuple[str, Any]


def _function(asked: Asked) -> Callable:
    """The function; InputError while the page is of another version than this replica."""
    number, name = asked
    if not name or elsewhere.named(number) != name:
        raise InputError(elsewhere.AGAIN)
    return elsewhere.COMPUTES[number]


def one(asked: Asked, args: tuple) -> Said:
    """The answer of a function, or its refusal. Raises what is a mistake of the gallery."""
    try:
        return "answer", _plain(_function(asked)(*args))
    except InputError as error:
        return "refused", InputError(str(error))
    except gr.Error as error:
        return "refused", error


def many(asked: Asked, args: tuple) -> Iterator[Said]:
    """The answers that a function yields; of one that says how far it is that, and then its answer."""
    try:
        fn = _function(asked)
        if not inspect.isgeneratorfunction(fn):
            yield from _progressing(asked, args)
            return
        for value in fn(*args):
            yield "answer", _plain(value)
    except InputError as error:
        yield "refused", InputError(str(error))
    except gr.Error as error:
        yield "refused", error


class Told(gr.Progress):
    """Progress that a function says here, for the page where the visitor is."""

    def __init__(self, said: SimpleQueue):
        super().__init__()
        self.said = said

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Pass it on."""
        self.said.put(("progress", (args, kwargs)))


def _progressing(asked: Asked, args: tuple) -> Iterator[Said]:
    """How far a function is, and at last its answer."""
    said: SimpleQueue = SimpleQueue()
    args = tuple(Told(said) if isinstance(value, gr.Progress) else value for value in args)

    def compute() -> None:
        try:
            said.put(one(asked, args))
        except Exception as error:
            said.put(("failed", error))

    threading.Thread(target=compute, daemon=True).start()
    kind = "progress"
    while kind == "progress":
        kind, what = said.get()
        if kind == "failed":
            raise what
        yield kind, what


def _plain(value: Any) -> Any:
    """An answer without Gradio's components, which cannot be sent: what each would change on the page."""
    if isinstance(value, (tuple, list)) and any(isinstance(part, Block) for part in value):
        return [_plain(part) for part in value]
    return {**value.constructor_args, "__type__": "update"} if isinstance(value, Block) else value
