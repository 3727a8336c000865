"""Where weights come from: the repository's checkpoints/, then the Hub cache, then the Hub, in this order.

Wherever they come from, they are the file of their passport (passports.py) or they are refused, and they are loaded
strictly. The checkpoints are in checkpoints/ beside the package, or where DLCV_CHECKPOINTS says.
"""

import copy
import importlib
import os
import pickle
import tempfile
import threading
import typing
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .. import runtime
from .passports import (
    CONFIG,
    LICENCES,
    WeightsError,
    check,
    config_sha256,
    names,
    passport,
    read_json,
    record,
    root,
    sha256,
    table,
)

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "LICENCES",
    "WeightsError",
    "folder",
    "load",
    "metrics",
    "model_class",
    "names",
    "passport",
    "table",
    "root",
    "save",
    "sha256",
]

T = TypeVar("T")
Model = TypeVar("Model", bound="nn.Module")

WEIGHTS, METRICS = "model.safetensors", "metrics.json"
PROBE_SECONDS = 3  # how long the Hub may take to connect, and to answer, before it counts as out of reach


def folder(name: str) -> Path:
    """The folder with config.json and the weights of a checkpoint, both checked against its passport.

    Looks in checkpoints/, then in the Hub cache (no network), then on the Hub. Raises WeightsError with a sentence
    for the visitor when the files are wrong, missing or out of reach.
    """
    place = root() / name
    if not (place / passport(name)["file"]).exists():
        place = _cached(name) or _download(name)
    check(name, place)
    return place


def metrics(name: str) -> dict:
    """What a checkpoint scored, as in its metrics.json; {} where it was never measured, or on other weights.

    Reads checkpoints/ and the Hub cache, never the network.
    """
    for place in (root() / name, _cached(name)):
        if place and (found := read_json(place / METRICS)).get("weights_sha256") == passport(name)["sha256"]:
            return found
    return {}


def _cached(name: str) -> Path | None:
    """The checkpoint's folder in the Hub cache, or None where it is not complete there; no network."""
    entry = passport(name)
    if not entry["repo"]:
        return None
    from huggingface_hub import try_to_load_from_cache

    files = [
        try_to_load_from_cache(entry["repo"], f"{name}/{file}", revision=entry["revision"])
        for file in (CONFIG, entry["file"])
    ]
    return Path(files[0]).parent if all(isinstance(file, str) for file in files) else None


def _download(name: str) -> Path:
    """Fetch the checkpoint's folder from the Hub, at the commit of its passport, into the Hub cache."""
    entry = passport(name)
    otherwise = f"Train it with: {entry['recipe']['command']}"
    if not entry["repo"]:
        raise WeightsError(f"The model {name} is not in {root()}, and it is not published. {otherwise}")
    files = [f"{name}/{CONFIG}", f"{name}/{entry['file']}"]
    place = fetch(name, entry["repo"], files, entry["revision"], otherwise=otherwise)[0].parent

    import httpx2
    from huggingface_hub import hf_hub_download

    try:
        hf_hub_download(entry["repo"], f"{name}/{METRICS}", revision=entry["revision"])  # the model works without
    except (httpx2.TransportError, OSError):  # OSError: among them everything that the Hub may answer
        pass
    return place


def fetch(
    name: str, repo: str, files: list[str], revision: str, *, repo_type: str = "model", otherwise: str = ""
) -> list[Path]:
    """Files of a repository on the Hub at a commit (40 hex digits), from the Hub cache, else from the Hub into it.

    Raises WeightsError with a sentence about the model `name`, which ends with `otherwise`.
    """
    import httpx2  # what huggingface_hub talks through, and whose errors it lets pass
    from huggingface_hub import (
        constants,
        get_hf_file_metadata,
        hf_hub_download,
        hf_hub_url,
        try_to_load_from_cache,
    )
    from huggingface_hub.errors import HfHubHTTPError, RemoteEntryNotFoundError

    where = {"revision": revision, "repo_type": repo_type}
    cached = [try_to_load_from_cache(repo, file, **where) for file in files]
    if all(isinstance(file, str) for file in cached):
        return [Path(file) for file in cached]
    try:
        # hf_hub_download asks a server that is out of reach six times, 23 seconds in all, with the visitor waiting.
        # This question is asked once and with a time limit; the files are fetched only when it was answered.
        for path in files:
            url = hf_hub_url(repo, path, **where)
            within(PROBE_SECONDS + 1, lambda url=url: get_hf_file_metadata(url, timeout=PROBE_SECONDS))
        return [Path(hf_hub_download(repo, file, **where)) for file in files]
    except RemoteEntryNotFoundError as error:
        raise WeightsError(
            f"The model {name} cannot be loaded: {repo} on {constants.ENDPOINT} has no file {path} at commit "
            f"{revision[:12]}. {otherwise}"
        ) from error
    except HfHubHTTPError as error:
        raise WeightsError(
            f"The model {name} cannot be loaded: {constants.ENDPOINT} does not hand out {repo} at commit "
            f"{revision[:12]} (HTTP status {error.response.status_code}). {otherwise}"
        ) from error
    except (httpx2.TransportError, futures.TimeoutError, ConnectionError, FileNotFoundError) as error:
        raise WeightsError(
            f"The model {name} is not on this computer yet, and {constants.ENDPOINT} cannot be reached to fetch it. "
            f"Try again with a network connection. {otherwise}"
        ) from error
    except OSError as error:  # a full disk, a cache that cannot be written, a server that is no Hub
        raise WeightsError(f"The model {name} could not be fetched from {constants.ENDPOINT}: {error}") from error


def within(seconds: float, call: Callable[[], T]) -> T:
    """The result of `call()`, or futures.TimeoutError when it takes longer.

    A time limit of the HTTP client does not cover looking up the host's name, which alone can take half a minute
    where a firewall swallows the question. The thread is left behind then; being a daemon, it keeps no exit waiting.
    """
    answer: futures.Future = futures.Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(timeout=seconds)


@contextmanager
def as_published(name: str) -> Iterator[None]:
    """What reads a file that others published: that the file does not fit becomes a WeightsError with a sentence."""
    try:
        yield
    except (RuntimeError, pickle.UnpicklingError, AttributeError) as error:
        found = " ".join(str(error).split())[:200]
        raise WeightsError(f"The file of {name} is not the one that was published: {found}") from error


def model_class(name: str) -> type:
    """The class that a checkpoint loads into, imported by the path in its passport."""
    module, _, class_name = passport(name)["model"].rpartition(".")
    return getattr(importlib.import_module(module), class_name)


def load(model_class: type[Model], name: str) -> Model:
    """A checkpoint as a model in eval() on `runtime.device()`, every one of its weights read from the file (strict).

    `model_class` is an nn.Module and PyTorchModelHubMixin whose one argument, `config`, is annotated with a dataclass.
    Weights stored as float16 become the float32 of the model. Raises WeightsError as `folder` does, and when the file
    does not fit the class.
    """
    from huggingface_hub import hub_mixin

    hub_mixin.print = lambda *_: None  # from_pretrained announces every local load on stdout
    place = folder(name)
    try:
        # The mixin could read config.json itself, but drops the keys that the dataclass does not know. And its strict
        # is False by default: weights that the file lacks would silently stay random.
        config_class = typing.get_type_hints(model_class.__init__)["config"]
        model = model_class.from_pretrained(place, config=config_class(**read_json(place / CONFIG)), strict=True)
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
    """Write checkpoints/<name>/{config.json, model.safetensors} and the passport; returns the folder.

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
    place = root() / name
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as scratch:  # replaced whole, never seen half written
        stored.save_pretrained(scratch)  # config.json; the weights are written once more, to name their format
        save_model(stored, f"{scratch}/{WEIGHTS}", metadata={"format": "pt"})
        os.chmod(f"{scratch}/{WEIGHTS}", 0o644)  # safetensors lets only its owner read it
        for file in (CONFIG, WEIGHTS):
            os.replace(f"{scratch}/{file}", place / file)
    entry = {
        "topic": topic,
        "model": f"{type(model).__module__}.{type(model).__qualname__}",
        "file": WEIGHTS,
        "sha256": sha256(place / WEIGHTS),
        "size": (place / WEIGHTS).stat().st_size,
        "config": config_sha256(place / CONFIG),
        "licence": licence,
        "source": source,
        "recipe": recipe,
    }
    before = table().get(name, {})
    same = all(before.get(key) == entry[key] for key in ("sha256", "config"))
    record({name: entry | {key: before.get(key) if same else None for key in ("repo", "revision")}})
    return place
