"""What may be asked, stated once: the type of a field is its check, the sentence of its refusal, and its slider.

    class Sampled(Query):
        model: Choice(MODELS)
        seed: Whole(0, 999_999) = 0
        temperature: Slider("Temperature", 0, 2, step=0.01) = 1.0

A board's function takes such a model, `def sample(query: Sampled) -> dict`, and `live` makes it of what arrived; the
parameters of an endpoint have the same types (`api`). pydantic checks in strict mode: a text or a truth value is no
number, and no number is NaN or infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import gradio as gr
import PIL.Image
from annotated_types import Ge, Le
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from dlcv.core.errors import InputError

from .components import SafeFile, SafeImage

NOT_UNDERSTOOD = "This request is not understood."


class Query(BaseModel):
    """What a board's script asks; what else its object has is ignored."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, strict=True, allow_inf_nan=False, arbitrary_types_allowed=True
    )


@dataclass(frozen=True)
class Asked:
    """Beside a type: how its value must be, as 'z' must be `must`, and the component in which a client sends it."""

    must: str
    component: Callable[..., gr.components.Component] = gr.JSON
    keywords: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Limits:
    """Beside a type: what its slider looks like."""

    label: str
    low: float
    high: float
    step: float
    unit: str = ""


def _whole(value: Any) -> Any:
    """3 for 3.0, as JSON may have it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def Whole(low: int, high: int) -> Any:
    """A whole number from low to high."""
    asked = Asked(f"a whole number from {low:,} to {high:,}", gr.Number)
    return Annotated[int, Field(ge=low, le=high), BeforeValidator(_whole), asked]


def Real(low: float, high: float) -> Any:
    """A number from low to high; one outside is refused."""
    return Annotated[float, Field(ge=low, le=high), Asked(f"a number between {low:g} and {high:g}", gr.Number)]


def Clamped(low: float, high: float) -> Any:
    """A number that is held within low and high, as the drag of a point wants it."""
    asked = Asked(f"a number between {low:g} and {high:g}", gr.Number)
    return Annotated[float, AfterValidator(lambda value: min(max(value, low), high)), asked]


def Slider(label: str, low: float, high: float, *, step: float, unit: str = "") -> Any:
    """A number from low to high that a slider sets: `sliders` gives the board what it needs to draw one."""
    return Annotated[Real(low, high), Limits(label, low, high, step, unit)]


def Numbers(count: int, low: float, high: float) -> Any:
    """A list of `count` numbers, each held within low and high."""
    asked = Asked(f"a list of {count} numbers")
    return Annotated[list[Clamped(low, high)], Field(min_length=count, max_length=count), asked]


def Points(fewest: int, most: int, reach: float) -> Any:
    """A list of points [x, y], each number held within -reach and reach."""
    asked = Asked(f"a list of {fewest} to {most:,} points")
    return Annotated[list[Numbers(2, -reach, reach)], Field(min_length=fewest, max_length=most), asked]


def Choice(options: Iterable[str | int]) -> Any:
    """One of the options: names, or the keys of a table."""
    options = tuple(options)
    # custom values are let through, to be refused with a sentence and without a traceback in the log
    keywords = (("choices", list(options)), ("allow_custom_value", True))
    return Annotated[Literal[options], Asked(f"one of {', '.join(map(str, options))}", gr.Dropdown, keywords)]


Text = Annotated[str, Asked("a text", gr.Textbox)]
Yes = Annotated[bool, Asked("true or false", gr.Checkbox)]
Picture = Annotated[PIL.Image.Image | None, Asked("a picture", SafeImage)]
"""A picture that a client sends, as Pillow has it, or None; `frame.pictures` makes a tensor of it."""
File = Annotated[str | None, Asked("a file", SafeFile)]
"""The path of a file that a client sends, or None."""


def beside(field: FieldInfo, kind: type) -> Any:
    """What of a kind (Asked, Limits) stands beside the type of a field; None where nothing does."""
    return next((one for one in field.metadata if isinstance(one, kind)), None)


def sliders(model: type[Query]) -> list[dict]:
    """What a board needs to draw the sliders of a model: name, label, low, high, step, unit, and the default value."""
    found = {name: beside(field, Limits) for name, field in model.model_fields.items()}
    return [
        {"name": name, **vars(limits), "value": model.model_fields[name].default}
        for name, limits in found.items()
        if limits
    ]


def bounds(field: FieldInfo) -> str:
    """The limits of a number's field as attributes of an <input>: min, max and step."""
    low = next(one.ge for one in field.metadata if isinstance(one, Ge))
    high = next(one.le for one in field.metadata if isinstance(one, Le))
    slider = beside(field, Limits)
    step = slider.step if slider else 1 if field.annotation is int else "any"
    return f'min="{low}" max="{high}" step="{step}"'


def understood(model: type[Query], values: dict) -> Query:
    """The model made of values that came from outside; InputError with a sentence about the first that is no good."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if isinstance(said := first.get("ctx", {}).get("error"), InputError):  # by a validator of the topic's own
            raise said from None
        asked = beside(model.model_fields[first["loc"][0]], Asked) if first["loc"] else None
        raise InputError(f"'{first['loc'][0]}' must be {asked.must}." if asked else NOT_UNDERSTOOD) from None
