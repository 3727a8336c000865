"""Public endpoints: a function whose parameters, or the fields of whose `Query`, say what a client may send."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import gradio as gr
import PIL.Image
from pydantic import create_model
from pydantic.fields import FieldInfo

from dlcv.core.images import draw

from .checks import guard
from .components import notes_of
from .questions import Asked, Query, beside, understood

GIVES: dict[str, Callable[..., gr.components.Component]] = {
    "json": gr.JSON,
    "text": gr.Textbox,
    "png": functools.partial(gr.Image, format="png"),
    "jpeg": functools.partial(gr.Image, format="jpeg"),
}


@dataclass(frozen=True)
class Endpoint:
    """One public endpoint: the function behind it, and an example of what a client sends."""

    name: str
    fn: Callable
    asks: type[Query]
    call: Callable[[Query], Any]
    """`fn`, as a function of what was asked."""
    example: dict[str, Any]

    def understood(self, values: Iterable) -> Query:
        """What a client sent, in the order of the parameters, checked; InputError with a sentence."""
        return understood(self.asks, dict(zip(self.asks.model_fields, values)))

    def request(self) -> list:
        """The example as JSON, every parameter in order: a picture as a data URI, what can be called called anew."""
        given = {name: field.get_default() for name, field in self.asks.model_fields.items()} | self.example
        return [_sent(value() if callable(value) else value) for value in given.values()]


ENDPOINTS: dict[str, Endpoint] = {}
"""All endpoints by name, such as /vae_decode, once the tabs are built."""


def _sent(value: Any) -> Any:
    """A value as JSON has it."""
    return {"url": draw.data_uri(value)} if isinstance(value, PIL.Image.Image) else value


def endpoint(fn: Callable, gives: list[str], *, example: dict[str, Any], **kwargs: Any) -> None:
    """Offer fn as the public endpoint /<name of fn>; call it inside of a tab's build().

    The types of its parameters are those of `questions` (Picture, Choice(...), Whole(...), ...), checked before fn is
    called; a parameter's default is what a client need not send. A function that takes a `Query` alone, as those of
    boards do, has its fields for parameters. `gives` names the kinds of what it returns: json, text, png, jpeg.
    `example` has values for parameters by name: the README, the benchmark and the tests send them. The endpoint skips
    the queue unless kwargs (COMPUTE) say otherwise. The first sentence of the docstring says in the README what it
    answers.
    """
    asks, call = _asked(fn)
    made = Endpoint(f"/{fn.__name__}", fn, asks, call, example)
    fields = asks.model_fields

    def checked(*values):
        return _with_notes(call(made.understood(values)), notes_of(values))

    functools.update_wrapper(checked, fn)
    checked.__signature__ = _signature(fields)
    inputs = []
    for name, field in fields.items():
        how, value = beside(field, Asked), None if field.is_required() else field.default
        inputs.append(how.component(value=value, label=f"{name}: {how.must}", visible=False, **dict(how.keywords)))
    outputs = [GIVES[kind](label=kind, visible=False) for kind in gives]
    queue = {} if "concurrency_id" in kwargs else {"queue": False}
    gr.on([], guard(checked), inputs, outputs, api_name=fn.__name__, **queue, **kwargs)
    ENDPOINTS[made.name] = made


def _with_notes(answer: Any, notes: list[str]) -> Any:
    """An answer whose objects also have what was noted when the pictures that were sent were read."""
    if isinstance(answer, tuple):
        return tuple(_with_notes(part, notes) for part in answer)
    return answer | {"notes": notes} if notes and isinstance(answer, dict) else answer


def _signature(fields: dict[str, FieldInfo]) -> inspect.Signature:
    """What clients read: the names of the parameters, and which of them need not be sent. Gradio has a default from a
    component with a value; one without, such as that of a file, is optional where this signature says None."""
    kind, required = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
    defaults = {name: required if field.is_required() else field.default for name, field in fields.items()}
    return inspect.Signature([inspect.Parameter(name, kind, default=value) for name, value in defaults.items()])


def _asked(fn: Callable) -> tuple[type[Query], Callable[[Query], Any]]:
    """What fn may be asked, and fn as a function of that."""
    hints, parameters = inspect.get_annotations(fn, eval_str=True), inspect.signature(fn).parameters
    takes = hints[next(iter(parameters))]
    if isinstance(takes, type) and issubclass(takes, Query):
        return takes, fn
    defaults = {name: ... if one.default is one.empty else one.default for name, one in parameters.items()}
    model = create_model(fn.__name__, __base__=Query, **{name: (hints[name], defaults[name]) for name in parameters})
    return model, lambda query: fn(**{name: getattr(query, name) for name in parameters})
