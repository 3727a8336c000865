"""Where weights come from: the repository's checkpoints/, then the Hub cache, then the Hub, in this order.

Wherever they come from, they are the file of their passport (passports.py) or they are refused, and they are loaded
strictly. The checkpoints are in checkpoints/ beside the package, or where DLCV_CHECKPOINTS says.
"""

import copy
import importlib
import json
import os
import tempfile
import typing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .. import runtime
from . import hub
from .passports import (
    CONFIG,
    Passport,
    WeightsError,
    check,
    config_sha256,
    names,
    passport,
    read_json,
    record,
    root,
    sha256,
)

if TYPE_CHECKING:
    from torch import nn

__all__ = ["WeightsError", "folder", "load", "metrics", "model_class", "names", "passport", "root", "save"]

Model = TypeVar("Model", bound="nn.Module")

WEIGHTS = "model.safetensors"


def folder(name: str) -> Path:
    """The folder with config.json and the weights of a checkpoint, both checked against its passport.

    Looks in checkpoints/, then in the Hub cache (no network), then on the Hub. Raises WeightsError with a sentence
    for the visitor when the files are wrong, missing or out of reach.
    """
    place = root() / name
    if not (place / passport(name).file).exists():
        place = hub.cached_checkpoint(name) or hub.fetch_checkpoint(name)
    check(name, place)
    return place


def metrics(name: str) -> dict:
    """What a checkpoint scored, as in its metrics.json; {} where it was never measured, or on other weights.

    Reads checkpoints/ and the Hub cache, never the network.
    """
    for place in (root() / name, hub.cached_checkpoint(name)):
        if place and (found := read_json(place / hub.METRICS)).get("weights_sha256") == passport(name).sha256:
            return found
    return {}


def model_class(name: str) -> type:
    """The class that a checkpoint loads into, imported by the path in its passport."""
    module, _, class_name = passport(name).model.rpartition(".")
    return getattr(importlib.import_module(module), class_name)


def load(model_class: type[Model], name: str) -> Model:
    """A checkpoint as a model in eval() on `runtime.device()`, every one of its weights read from the file (strict).

    `model_class` is an nn.Module whose one argument, `config`, is annotated with a dataclass. Weights stored as float16
    become the float32 of the model. Raises WeightsError as `folder` does, and when the file does not fit the class.
    """
    from safetensors.torch import load_model

    place = folder(name)
    try:
        config_class = typing.get_type_hints(model_class.__init__)["config"]
        model = model_class(config_class(**read_json(place / CONFIG)))
        load_model(model, place / passport(name).file, strict=True)
    except (RuntimeError, TypeError) as error:
        found = " ".join(str(error).split())  # torch lists the missing keys on lines of their own
        raise WeightsError(f"The model {name} does not fit {model_class.__name__}: {found}") from error
    return model.eval().to(runtime.device())


def save(
    model: "nn.Module",
    name: str,
    *,
    topic: str,
    recipe: dict,
    licence: str,
    source: str = "Trained from scratch for this gallery.",
    half: bool = True,
) -> Path:
    """The folder checkpoints/<name>, with config.json, model.safetensors and passport.json written.

    With `half`, floating-point weights and buffers are stored as float16 and integers as they are; `model` itself is
    not changed. `licence` by its name on the Hub, `source` says what the model was trained on, `recipe["command"]`
    trains it again. Raises ValueError when a value is not finite, or too large for float16.
    """
    from safetensors.torch import save_model

    stored = copy.deepcopy(model).cpu()
    stored = stored.half() if half else stored
    for key, tensor in stored.state_dict().items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ValueError(f"{name}: {key} has values that are not finite{' as float16' if half else ''}.")
    before = passport(name) if name in names() else None
    place = root() / name
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as scratch:  # replaced whole, never seen half written
        Path(scratch, CONFIG).write_text(json.dumps(asdict(model.config), indent=2, sort_keys=True), encoding="utf-8")
        save_model(stored, f"{scratch}/{WEIGHTS}", metadata={"format": "pt"})
        os.chmod(f"{scratch}/{WEIGHTS}", 0o644)  # safetensors lets only its owner read it
        for file in (CONFIG, WEIGHTS):
            os.replace(f"{scratch}/{file}", place / file)
    digest, config = sha256(place / WEIGHTS), config_sha256(place / CONFIG)
    same = before is not None and (before.sha256, before.config) == (digest, config)
    entry = Passport(
        topic=topic,
        model=f"{type(model).__module__}.{type(model).__qualname__}",
        file=WEIGHTS,
        sha256=digest,
        size=(place / WEIGHTS).stat().st_size,
        config=config,
        licence=licence,
        source=source,
        recipe=recipe,
        repo=before.repo if same else None,
        revision=before.revision if same else None,
    )
    record(name, entry)
    return place
