"""The way to a Space: what is uploaded starts a gallery, and what a Space does not need stays behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.loopback_hub import LoopbackHub
from tests.support.serving import ROOT, serve

SPACE = "spaces/you/lecture"


def upload(hub: LoopbackHub, home: Path, token: str, name: str = "you/lecture") -> subprocess.CompletedProcess:
    """`python -m scripts.space` of somebody whose computer knows no other Hub."""
    settings = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(home), "HF_TOKEN": token, "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-m", "scripts.space", name]
    return subprocess.run(command, env=os.environ | settings, cwd=ROOT, capture_output=True, text=True, timeout=200)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackHub]:
    """A Hub with a Space that was made before, has a module that is gone since, and got the gallery."""
    with LoopbackHub() as hub:
        hub.commit(SPACE, {".gitattributes": b"*.safetensors filter=lfs", "demos/gone.py": b""})
        done = upload(hub, tmp_path_factory.mktemp("home"), hub.token)
        assert done.returncode == 0, done.stderr
        assert f"{hub.endpoint}/spaces/you/lecture" in done.stdout
        yield hub


def test_a_space_gets_what_it_needs_and_no_more(hub: LoopbackHub):
    files = hub.files(SPACE)
    assert {name.partition("/")[0] for name in files} == {
        *(".gitattributes", "README.md", "LICENSE", "requirements.txt", "app.py"),
        *("demos", "dlcv", "checkpoints", "docs"),
    }
    assert "demos/gone.py" not in files
    assert not [name for name in files if "__pycache__" in name]
    listed = subprocess.run(["git", "ls-files", "-z", *files], cwd=ROOT, capture_output=True, text=True, check=True)
    assert files.keys() - {".gitattributes"} <= set(listed.stdout.split("\0"))


def test_binary_files_go_to_the_storage_that_the_hub_wants_them_in(hub: LoopbackHub):
    sent = {line for line in hub.log if line.startswith("PUT /lfs/")}  # two files may be alike
    assert len(sent) == len({content for content in hub.files(SPACE).values() if b"\0" in content[:512]})


def test_the_uploaded_files_are_a_gallery(hub: LoopbackHub, tmp_path: Path):
    for name, content in hub.files(SPACE).items():
        path = tmp_path / "space" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with serve(tmp_path, root=tmp_path / "space") as gallery:
        assert "Traceback" not in gallery.log()


def test_without_a_login_a_sentence_says_so(hub: LoopbackHub, tmp_path: Path):
    done = upload(hub, tmp_path, "")
    assert done.returncode == 1
    assert done.stderr.startswith("A Space needs your token of the Hub")


@pytest.mark.parametrize("token, name", [("hf_of_somebody_else", "you/lecture"), ("hf_loopback", "you/no/lecture")])
def test_what_the_hub_refuses_ends_in_a_sentence(hub: LoopbackHub, tmp_path: Path, token: str, name: str):
    done = upload(hub, tmp_path, token, name)
    assert done.returncode == 1
    assert "The Hub did not take it: " in done.stderr and "Traceback" not in done.stderr
