"""Publishing to a Hub and pulling from it, through huggingface_hub itself."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from huggingface_hub import ModelCard

from dlcv.core import weights
from tests.support import processes
from tests.support.loopback_hub import LoopbackHub
from tests.support.tiny import ABOUT, Tiny, score, tiny

REPO = "you/models"


def environment(**settings) -> dict[str, str]:
    """What a process on a fresh computer sees: no token, no proxy, no cache but the one it is given."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_") and "proxy" not in key.lower()}
    return {**kept, "HF_HUB_DISABLE_XET": "1", "DLCV_DEVICE": "cpu", **{key: str(settings[key]) for key in settings}}


def run(*command: str, **settings) -> subprocess.CompletedProcess:
    """Run Python in the repository; the Hub's address is read when huggingface_hub is imported, so it is a setting."""
    return processes.run(*command, environment=environment(**settings))


FIND = """
import socket, sys, time
import huggingface_hub
from dlcv.core import weights
if sys.argv[1:] == ["no names"]:
    socket.getaddrinfo = lambda *_, **__: time.sleep(60)
start = time.perf_counter()
try:
    print(weights.folder("tiny"))
except weights.WeightsError as error:
    print(error)
print(time.perf_counter() - start)
"""
LOAD = """
import torch
from dlcv.core import weights
from tests.support.tiny import Tiny
print(weights.load(Tiny, "tiny")(torch.ones(1, 3)).tolist())
"""


class Published(NamedTuple):
    """What `publish` left behind."""

    checkpoints: Path
    files: dict[str, bytes]
    log: list[str]
    revision: str
    answer: str  # of the model that was published


def publish(hub: LoopbackHub, checkpoints: Path, **settings) -> subprocess.CompletedProcess:
    command = ["-m", "dlcv.core.weights", "publish", "--repo", REPO, "--endpoint", hub.endpoint]
    return run(*command, DLCV_CHECKPOINTS=checkpoints, HF_HOME=checkpoints.parent / "home", **settings)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Published:
    """Two models on a Hub."""
    checkpoints = tmp_path_factory.mktemp("publisher") / "checkpoints"
    with pytest.MonkeyPatch.context() as patch, LoopbackHub() as hub:
        patch.setenv("DLCV_CHECKPOINTS", str(checkpoints))
        patch.setenv("DLCV_DEVICE", "cpu")
        weights.save(tiny(), "tiny", **ABOUT)
        weights.save(tiny(1), "tiny-too", **ABOUT | {"licence": "cc-by-sa-3.0"})
        score("tiny")
        result = publish(hub, checkpoints, HF_TOKEN=hub.token)
        assert result.returncode == 0, result.stderr
        [revision] = hub.commits[REPO]
        assert revision in result.stdout
        answer = str(weights.load(Tiny, "tiny")(torch.ones(1, 3)).tolist())
        yield Published(checkpoints, hub.files(REPO), list(hub.log), revision, answer)


@pytest.fixture
def hub(published):
    """A Hub that holds what was published, to be changed at will."""
    with LoopbackHub() as hub:
        hub.commits[REPO] = {published.revision: dict(published.files)}
        yield hub


@pytest.fixture
def visitor(published, tmp_path) -> dict[str, Path]:
    """Settings of a computer that has the passports, and neither checkpoints nor a cache."""
    for name in ("tiny", "tiny-too"):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
        shutil.copy(published.checkpoints / name / "passport.json", tmp_path / "checkpoints" / name)
    return {"DLCV_CHECKPOINTS": tmp_path / "checkpoints", "HF_HOME": tmp_path / "home"}


def find(*arguments: str, **settings) -> tuple[str, float]:
    """What `weights.folder` says, and after how many seconds."""
    result = run("-c", FIND, *arguments, **settings)
    assert result.returncode == 0, result.stderr
    said, seconds = result.stdout.splitlines()
    return said, float(seconds)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_publish(published):
    own = {"config.json", "model.safetensors", "README.md"}
    expected = {f"{name}/{file}" for name in ("tiny", "tiny-too") for file in own} | {"tiny/metrics.json", "README.md"}
    assert set(published.files) == expected
    for path in expected - {"README.md"}:
        assert published.files[path] == (published.checkpoints / path).read_bytes()
    assert any(line.startswith("PUT /lfs/") for line in published.log)
    for name in ("tiny", "tiny-too"):
        entry = json.loads((published.checkpoints / name / "passport.json").read_text())
        assert (entry["repo"], entry["revision"]) == (REPO, published.revision)
    index = published.files["README.md"].decode()
    assert "| [tiny-too](tiny-too) | tiny | CC BY-SA 3.0 |" in index
    assert ModelCard(index).data.license == "other"


def test_publish_again_changes_nothing(published, hub):
    result = publish(hub, published.checkpoints, HF_TOKEN=hub.token)
    assert result.returncode == 0, result.stderr
    assert list(hub.commits[REPO]) == [published.revision]
    assert published.revision in result.stdout


def test_publish_without_a_token(published, hub):
    result = publish(hub, published.checkpoints)
    assert result.returncode == 1
    assert result.stderr.strip() == "Publishing needs a token of the Hub: run `hf auth login`, or set HF_TOKEN."
    assert hub.log == []


def test_pull_and_second_start_with_the_hub_gone(published, hub, visitor):
    first = run("-c", LOAD, HF_ENDPOINT=hub.endpoint, **visitor)
    assert first.stdout.strip() == published.answer, first.stderr
    assert any(line.startswith("GET /cdn/") for line in hub.log)
    hub.log.clear()
    again, _ = find(HF_ENDPOINT=hub.endpoint, **visitor)
    assert Path(again, "model.safetensors").exists()
    assert hub.log == []  # what is in the cache is not asked for again
    hub.__exit__()
    second = run("-c", LOAD, HF_ENDPOINT=hub.endpoint, **visitor)
    assert second.stdout.strip() == published.answer, second.stderr
    script = "from dlcv.core import weights; print(weights.metrics('tiny')['rows'][0]['value'])"
    assert run("-c", script, HF_ENDPOINT=hub.endpoint, **visitor).stdout.strip() == "0.75"


def test_a_model_without_scores_is_pulled_too(hub, visitor):
    del hub.files(REPO)["tiny/metrics.json"]
    said, _ = find(HF_ENDPOINT=hub.endpoint, **visitor)
    assert Path(said, "model.safetensors").exists()


def test_wrong_hash_is_refused(published, hub, visitor):
    content = bytearray(published.files["tiny/model.safetensors"])
    content[-1] ^= 1
    hub.files(REPO)["tiny/model.safetensors"] = bytes(content)
    said, _ = find(HF_ENDPOINT=hub.endpoint, **visitor)
    assert "The model tiny is refused" in said
    assert f"sha256 {hashlib.sha256(content).hexdigest()[:12]}... instead of" in said
    blob = Path(said.partition("because ")[2].partition(" is not the file")[0])
    blob.unlink()  # as the sentence advises
    hub.files(REPO)["tiny/model.safetensors"] = published.files["tiny/model.safetensors"]
    said, _ = find(HF_ENDPOINT=hub.endpoint, **visitor)
    assert Path(said, "model.safetensors").exists()


@pytest.mark.parametrize("file", ["tiny/model.safetensors", "tiny/config.json"])
def test_missing_file_is_explained(hub, visitor, file):
    del hub.files(REPO)[file]
    said, seconds = find(HF_ENDPOINT=hub.endpoint, **visitor)
    assert f"{REPO} on {hub.endpoint} has no file {file} at commit" in said
    assert said.endswith("Train it with: python -m tiny")
    assert seconds < 5


def test_missing_repository_is_explained(hub, visitor):
    del hub.commits[REPO]
    said, seconds = find(HF_ENDPOINT=hub.endpoint, **visitor)
    assert f"{hub.endpoint} does not hand out {REPO} at commit" in said
    assert seconds < 5


def test_hub_gone_and_nothing_cached(visitor):
    endpoint = f"http://127.0.0.1:{closed_port()}"
    said, seconds = find(HF_ENDPOINT=endpoint, **visitor)
    assert said.startswith(f"The model tiny is not on this computer yet, and {endpoint} cannot be reached to fetch it.")
    assert seconds < 5


def test_hub_that_never_answers(visitor):
    with socket.create_server(("127.0.0.1", 0)) as server:  # takes connections and says nothing
        said, seconds = find(HF_ENDPOINT=f"http://127.0.0.1:{server.getsockname()[1]}", **visitor)
    assert "cannot be reached to fetch it" in said
    assert seconds < 5


def test_name_server_that_never_answers(visitor):
    said, seconds = find("no names", HF_ENDPOINT="https://hub.invalid", **visitor)
    assert "cannot be reached to fetch it" in said
    assert seconds < 5


def test_offline_by_choice(hub, visitor):
    said, seconds = find(HF_ENDPOINT=hub.endpoint, HF_HUB_OFFLINE=1, **visitor)
    assert "cannot be reached to fetch it" in said
    assert hub.log == []
    assert seconds < 5
