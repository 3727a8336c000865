"""Networks of others: pulled from a Hub, refused unless they are the files that were published."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.support.loopback_hub import LoopbackHub, on_a_fresh_computer

REPO, FILE, CONTENT = "author/model", "net.pth", b"the weights of somebody else"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PULL = """
import json, sys
from dlcv.core.weights import WeightsError, foreign
asked = json.loads(sys.argv[1])
if asked.pop("no_links", False):
    from huggingface_hub import file_download
    file_download.are_symlinks_supported = lambda *_: False
published = foreign.Published(licence="none", **asked)
print(foreign.at_hand(published))
try:
    print(foreign.fetch("their network", published).read_text())
except WeightsError as error:
    print(error)
"""


@pytest.fixture
def hub():
    with LoopbackHub() as hub:
        hub.commit(REPO, {FILE: CONTENT, "small.txt": b"a plain file"})
        yield hub


def pull(hub: LoopbackHub, home: Path, file: str = FILE, sha256: str | None = None, **asked) -> tuple[bool, str]:
    """Whether a visitor's computer had the file before, and what it says who asks for it."""
    (revision,) = hub.commits[REPO]
    asked |= {"repo": REPO, "revision": revision, "file": file, "sha256": sha256}
    there, said = on_a_fresh_computer(home, PULL, json.dumps(asked), HF_ENDPOINT=hub.endpoint)
    return there == "True", said


def cached(home: Path) -> list[Path]:
    """The files of weights in a cache, by whatever name."""
    return [path for path in home.rglob("*") if path.is_file() and b"somebody" in path.read_bytes()]


@pytest.mark.parametrize("sha256", [SHA256, None], ids=["pinned", "announced"])
def test_the_file_that_was_published_is_accepted_and_kept(hub, tmp_path, sha256):
    assert pull(hub, tmp_path, sha256=sha256) == (False, CONTENT.decode())
    hub.log.clear()
    assert pull(hub, tmp_path, sha256=sha256) == (True, CONTENT.decode())
    assert hub.log == []


@pytest.mark.parametrize("sha256", [SHA256, None], ids=["pinned", "announced"])
def test_a_file_that_is_altered_on_the_way_is_refused_and_not_left_in_place(hub, tmp_path, sha256):
    hub.underway = bytes.swapcase
    there, said = pull(hub, tmp_path, sha256=sha256)
    assert not there and said.startswith("The file of their network is not the one that was published: its sha256 is ")
    assert SHA256[:12] in said and hashlib.sha256(CONTENT.swapcase()).hexdigest()[:12] in said
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == CONTENT.swapcase()]
    hub.underway = bytes
    assert pull(hub, tmp_path, sha256=sha256) == (False, CONTENT.decode())


@pytest.mark.parametrize("sha256", [SHA256, None], ids=["pinned", "announced"])
def test_a_file_that_is_altered_in_the_cache_is_refused(hub, tmp_path, sha256):
    pull(hub, tmp_path, sha256=sha256)
    for path in cached(tmp_path):
        if not path.is_symlink():
            path.write_bytes(b"from somebody who means no good")
    there, said = pull(hub, tmp_path, sha256=sha256)
    assert there and "is not the one that was published" in said
    assert cached(tmp_path) == []


def test_another_file_under_the_same_name_is_refused_where_the_digest_is_pinned(hub, tmp_path):
    hub.files(REPO)[FILE] = b"other weights of somebody"
    assert "is not the one that was published" in pull(hub, tmp_path, sha256=SHA256)[1]


def test_a_file_of_which_nobody_says_the_digest_is_refused(hub, tmp_path):
    said = pull(hub, tmp_path, file="small.txt")[1]
    assert said.startswith("The file of their network is refused: author/model announces no sha256 for it")


def test_where_the_cache_has_no_links_the_hub_is_asked(hub, tmp_path):
    assert pull(hub, tmp_path, no_links=True) == (False, CONTENT.decode())
    assert pull(hub, tmp_path, no_links=True) == (True, CONTENT.decode())
    hub.underway = bytes.swapcase
    shutil.rmtree(tmp_path / "hub")
    assert "is not the one that was published" in pull(hub, tmp_path, no_links=True)[1]
    hub.underway = bytes
    pull(hub, tmp_path, no_links=True)
    hub.__exit__()
    assert "cannot be checked" in pull(hub, tmp_path, no_links=True)[1]
    assert cached(tmp_path)  # a good file is not thrown away for want of a network
