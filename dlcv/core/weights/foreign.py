"""Networks that others published: pulled from their publisher when a visitor asks, never copied, refused when altered.

A file is compared with the sha256 in its `Published`. Where nobody's record of that sha256 could be found, the digest
that the Hub announces for the file at the pinned commit takes its place: the Hub stores large files by their sha256,
and a commit of 40 hex digits names one version for ever. So a file that was altered or cut off on the way, in the
Hub's delivery network or in the cache, is refused in both cases; only a pinned digest also guards against the Hub.
"""

import os
import pickle
import re
import shutil
import urllib.request
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path

from . import hub
from .passports import WeightsError, sha256

STALLED = 30  # seconds without a byte, after which a download is given up


@dataclass(frozen=True)
class Published:
    """A file of weights that others published: on the Hub at a commit, or at an address of its own."""

    file: str  # its path in the repository
    sha256: str | None  # None: what the Hub announces for the file at this commit
    licence: str
    repo: str = ""
    revision: str = ""  # 40 hex digits
    repo_type: str = "model"
    url: str = ""  # where it is not on the Hub


def at_hand(published: Published) -> bool:
    """Whether the file is on this computer already; asks nobody."""
    if published.url:
        return _place(published).exists()
    return hub.cached(published.repo, [published.file], published.revision, published.repo_type) is not None


def fetch(name: str, published: Published) -> Path:
    """The file, from this computer or else from its publisher, which then keeps it.

    Raises WeightsError with a sentence about the network `name` when the file is out of reach, and when it is not the
    one that was published; then it is deleted.
    """
    if published.url:
        path = _download(name, published)
    else:
        path = hub.fetch(name, published.repo, [published.file], published.revision, repo_type=published.repo_type)[0]
    expected = published.sha256 or _announced(name, published, path)
    if (digest := sha256(path.resolve())) != expected:
        _delete(path)
        raise WeightsError(
            f"The file of {name} is not the one that was published: its sha256 is {digest[:12]}..., and should be "
            f"{expected[:12]}.... It was deleted; ask again to have it fetched again."
        )
    return path


@contextmanager
def as_published(name: str) -> Iterator[None]:
    """A WeightsError with a sentence where a file that others published does not fit the network it is read into."""
    try:
        yield
    except (RuntimeError, pickle.UnpicklingError, AttributeError) as error:
        found = " ".join(str(error).split())[:200]
        raise WeightsError(f"The file of {name} is not the one that was published: {found}") from error


def _announced(name: str, published: Published, path: Path) -> str:
    """The sha256 that the Hub announced for the file; WeightsError where it announced none.

    The Hub's cache names a file by it: snapshots/<revision>/<file> is a link to blobs/<sha256>. Where a system has no
    links, the Hub is asked again.
    """
    found = Path(os.readlink(path)).name if path.is_symlink() else _asked(name, published)
    if not re.fullmatch("[0-9a-f]{64}", found):  # a small file has git's own hash, of 40 digits
        raise WeightsError(
            f"The file of {name} is refused: {published.repo} announces no sha256 for it, so that nobody can tell "
            "whether it is the one that was published."
        )
    return found


def _asked(name: str, published: Published) -> str:
    """The name that the Hub has for the content of the file; WeightsError where it does not answer."""
    import httpx2
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(published.repo, published.file, revision=published.revision, repo_type=published.repo_type)
    try:
        found = hub.within(hub.PROBE_SECONDS + 1, lambda: get_hf_file_metadata(url, timeout=hub.PROBE_SECONDS))
    except (httpx2.TransportError, futures.TimeoutError, OSError) as error:
        raise WeightsError(
            f"The file of {name} cannot be checked, because the Hub cannot be reached to ask for its sha256. "
            "Try again with a network connection."
        ) from error
    return found.etag or ""


def _delete(path: Path) -> None:
    """Delete a file of the cache, and what it is a link to."""
    while path.is_symlink():
        target = path.parent / os.readlink(path)
        path.unlink()
        path = target
    path.unlink(missing_ok=True)


def _place(published: Published) -> Path:
    """Where a file that is not on the Hub is kept: as torch itself does."""
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints" / Path(published.url).name


def _download(name: str, published: Published) -> Path:
    """The file at an address of its own; WeightsError where it cannot be reached."""
    place = _place(published)
    if place.exists():
        return place
    try:
        question = urllib.request.Request(published.url, method="HEAD")
        hub.within(hub.PROBE_SECONDS + 1, lambda: urllib.request.urlopen(question, timeout=hub.PROBE_SECONDS).close())
        hub.arriving(name, "its publisher", published.url, partial(_save, published.url, place))
    except (OSError, HTTPException, futures.TimeoutError) as error:  # OSError: everything that the network may do
        raise WeightsError(
            f"The model {name} is not on this computer yet, and its publisher cannot be reached to fetch it. "
            "Try again with a network connection."
        ) from error
    return place


def _save(url: str, place: Path) -> None:
    """Save what is at the address; the file is in its place once it is whole."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(place.name + ".part")
    with urllib.request.urlopen(url, timeout=STALLED) as answer, part.open("wb") as file:
        shutil.copyfileobj(answer, file, 2**20)
    os.replace(part, place)
