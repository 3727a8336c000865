"""The Hub: files of a repository at a commit, into its cache, and the checkpoints of this gallery onto it."""

import threading
from collections.abc import Callable
from concurrent import futures
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from . import passports
from .passports import CONFIG, WeightsError

T = TypeVar("T")

METRICS, CARD = "metrics.json", "README.md"
PROBE_SECONDS = 3  # how long the Hub may take to connect, and to answer, before it counts as out of reach
FETCH_SECONDS = 100  # how long a visitor waits for a file, which goes on arriving afterwards

_downloads: dict[str, futures.Future] = {}  # those under way
_lock = threading.Lock()


def cached(repo: str, files: list[str], revision: str, repo_type: str = "model") -> list[Path] | None:
    """The files as they are in the Hub cache, or None where one is missing; no network."""
    from huggingface_hub import try_to_load_from_cache

    found = [try_to_load_from_cache(repo, file, revision=revision, repo_type=repo_type) for file in files]
    return [Path(file) for file in found] if all(isinstance(file, str) for file in found) else None


def fetch(
    name: str, repo: str, files: list[str], revision: str, *, repo_type: str = "model", otherwise: str = ""
) -> list[Path]:
    """Files of a repository on the Hub at a commit (40 hex digits), from the Hub cache, else from the Hub into it.

    Raises WeightsError with a sentence about the model `name`, which ends with `otherwise`.
    """
    import httpx2  # what huggingface_hub talks through, and whose errors it lets pass
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError, RemoteEntryNotFoundError

    where, otherwise = {"revision": revision, "repo_type": repo_type}, otherwise and f" {otherwise}"
    if found := cached(repo, files, **where):
        return found
    try:
        # hf_hub_download asks a server that is out of reach six times, 23 seconds in all, with the visitor waiting.
        # This question is asked once and with a time limit; the files are fetched only when it was answered.
        for path in files:
            url = hf_hub_url(repo, path, **where)
            within(PROBE_SECONDS + 1, lambda url=url: get_hf_file_metadata(url, timeout=PROBE_SECONDS))
        found = []
        for file in files:
            download = partial(hf_hub_download, repo, file, **where)
            found.append(Path(arriving(name, constants.ENDPOINT, f"{repo} {revision} {file}", download)))
        return found
    except RemoteEntryNotFoundError as error:
        raise WeightsError(
            f"The model {name} cannot be loaded: {repo} on {constants.ENDPOINT} has no file {path} at commit "
            f"{revision[:12]}.{otherwise}"
        ) from error
    except HfHubHTTPError as error:
        raise WeightsError(
            f"The model {name} cannot be loaded: {constants.ENDPOINT} does not hand out {repo} at commit "
            f"{revision[:12]} (HTTP status {error.response.status_code}).{otherwise}"
        ) from error
    except httpx2.TooManyRedirects as error:
        raise WeightsError(
            f"The model {name} cannot be fetched: {constants.ENDPOINT} sends whoever asks for it round in circles. "
            f"Try again later.{otherwise}"
        ) from error
    except (httpx2.RequestError, futures.TimeoutError, ConnectionError, FileNotFoundError) as error:
        raise WeightsError(
            f"The model {name} is not on this computer yet, and {constants.ENDPOINT} cannot be reached to fetch it. "
            f"Try again with a network connection.{otherwise}"
        ) from error
    except OSError as error:  # a full disk, a cache that cannot be written, a server that is no Hub
        cut = "Consistency check" in str(error)  # huggingface_hub's words for a file that is not as long as announced
        why = "It was cut off on its way. Ask again to have it fetched again." if cut else str(error)
        raise WeightsError(f"The model {name} could not be fetched from {constants.ENDPOINT}. {why}") from error


def within(seconds: float, call: Callable[[], T]) -> T:
    """The result of `call()`, or futures.TimeoutError when it takes longer.

    A time limit of the HTTP client does not cover looking up the host's name, which alone can take half a minute
    where a firewall swallows the question. The thread is left behind then; being a daemon, it keeps no exit waiting.
    """
    return _begun(call).result(timeout=seconds)


def arriving(name: str, place: str, file: str, download: Callable[[], T]) -> T:
    """The result of `download()`, which is begun once however many ask for the file, and goes on where it is slow.

    Raises WeightsError when that takes longer than FETCH_SECONDS, and whatever the download raises.
    """
    with _lock:
        answer = _downloads.get(file)
        if answer is None:
            answer = _downloads[file] = _begun(download)
            answer.add_done_callback(lambda _: _downloads.pop(file, None))
    futures.wait([answer], FETCH_SECONDS)
    if not answer.done():
        raise WeightsError(
            f"The model {name} is still on its way: {place} sends it slowly. Ask again in a few minutes."
        )
    return answer.result()


def _begun(call: Callable[[], T]) -> "futures.Future[T]":
    """The result to be of `call()`, in a thread that keeps no exit waiting."""
    answer: futures.Future = futures.Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer


def cached_checkpoint(name: str) -> Path | None:
    """The folder of a published checkpoint in the Hub cache, or None where it is not complete there; no network."""
    entry = passports.passport(name)
    if not entry.repo:
        return None
    found = cached(entry.repo, [f"{name}/{CONFIG}", f"{name}/{entry.file}"], entry.revision)
    return found[0].parent if found else None


def fetch_checkpoint(name: str) -> Path:
    """The folder of a published checkpoint, fetched from the Hub at the commit of its passport into the Hub cache."""
    entry = passports.passport(name)
    otherwise = f"Train it with: {entry.command}"
    if not entry.repo:
        raise WeightsError(f"The model {name} is not in {passports.root()}, and it is not published. {otherwise}")
    files = [f"{name}/{CONFIG}", f"{name}/{entry.file}"]
    place = fetch(name, entry.repo, files, entry.revision, otherwise=otherwise)[0].parent

    import httpx2
    from huggingface_hub import hf_hub_download

    try:
        hf_hub_download(entry.repo, f"{name}/{METRICS}", revision=entry.revision)  # the model works without
    except (httpx2.TransportError, OSError):  # OSError: among them everything that the Hub may answer
        pass
    return place


def publishable() -> list[str]:
    """The names of the checkpoints whose weights are in `passports.root()`; WeightsError where there is none."""
    found = [name for name in passports.names() if (passports.root() / name / passports.passport(name).file).exists()]
    if not found:
        raise WeightsError(f"There is nothing to publish in {passports.root()}.")
    return found


def publish(names: list[str], index: str, repo: str, endpoint: str | None = None) -> str:
    """The commit that uploads these checkpoints, a folder each, and the card `index` to one model repository.

    Makes the repository where there is none and records repository and commit in the passports. The token is that of
    `hf auth login` or HF_TOKEN. Raises huggingface_hub's own errors when the Hub refuses.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    additions = [CommitOperationAdd(CARD, index.encode())]
    entries = {name: passports.passport(name) for name in names}
    for name, entry in entries.items():
        for file in (entry.file, CONFIG, METRICS, CARD):
            if (path := passports.root() / name / file).exists():
                additions.append(CommitOperationAdd(f"{name}/{file}", path))
    hub = HfApi(endpoint=endpoint)
    hub.create_repo(repo, exist_ok=True)
    commit = hub.create_commit(repo, additions, commit_message=f"Publish {len(names)} models").oid
    for name, entry in entries.items():
        passports.record(name, replace(entry, repo=repo, revision=commit))
    return commit


def require_token() -> None:
    """Raise WeightsError where there is no token to publish with."""
    from huggingface_hub import get_token

    if not get_token():
        raise WeightsError("Publishing needs a token of the Hub: run `hf auth login`, or set HF_TOKEN.")
