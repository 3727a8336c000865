"""Checkpoints and their passports; publishing to a Hub and pulling from it, through huggingface_hub itself."""

import hashlib
import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file, save_file

from dlcv.core import weights
from dlcv.core.weights import __main__ as command_line
from dlcv.core.weights import cards, passports
from tests.support.loopback_hub import LoopbackHub
from tests.support.tiny import Tiny, TinyConfig

ROOT = Path(__file__).resolve().parent.parent.parent
REPO = "you/models"
ABOUT = {"topic": "tiny", "licence": "mit", "source": "Trained on points.", "recipe": {"command": "python -m tiny"}}
SHIPPED = sorted(passports.read_json(passports.PACKAGE / "passports.json"))


def tiny(seed: int = 0) -> Tiny:
    """A model whose every parameter and buffer differs from a fresh one's."""
    torch.manual_seed(seed)
    model = Tiny(TinyConfig(width=3, classes=2))
    model(torch.randn(8, 3))  # moves the statistics of the normalisation
    return model


@pytest.fixture
def checkpoints(tmp_path, monkeypatch) -> Path:
    """A checkpoints folder of its own, empty."""
    monkeypatch.setenv("DLCV_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("DLCV_DEVICE", "cpu")
    return tmp_path / "checkpoints"


def score(name: str, **changes) -> None:
    """Leave scores beside a checkpoint, as an evaluation does."""
    row = {"metric": "error", "unit": "percent", "data": "points, all 8", "value": 0.75, "better": "lower"}
    row |= {"bar": 1.0, "paper": 0.5, "paper_source": "Euclid, Table 1"}
    content = {"model": name, "topic": "tiny", "command": "python -m tiny.evaluate", "rows": [row]}
    content |= {"weights_sha256": weights.passport(name)["sha256"], **changes}
    (weights.root() / name / weights.METRICS).write_text(json.dumps(content))


# ---- saving and loading


def test_round_trip_in_half_precision(checkpoints, capsys):
    model = tiny()
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    assert weights.save(model, "tiny", **ABOUT) == checkpoints / "tiny"
    stored = load_file(checkpoints / "tiny" / "model.safetensors")
    assert stored["linear.weight"].dtype == torch.float16
    assert stored["norm.num_batches_tracked"].dtype == torch.int64
    assert (checkpoints / "tiny" / "model.safetensors").stat().st_mode & 0o444 == 0o444  # for whoever serves it

    loaded = weights.load(Tiny, "tiny")
    assert loaded.config == TinyConfig(3, 2)
    assert not loaded.training
    assert capsys.readouterr().out == ""
    for key, tensor in loaded.state_dict().items():
        assert tensor.dtype == before[key].dtype
        torch.testing.assert_close(tensor, before[key], rtol=1e-3, atol=1e-6)
        torch.testing.assert_close(model.state_dict()[key], before[key], rtol=0, atol=0)  # saving changes nothing


def test_full_precision_is_exact(checkpoints):
    weights.save(tiny(), "tiny", half=False, **ABOUT)
    for key, tensor in weights.load(Tiny, "tiny").state_dict().items():
        assert torch.equal(tensor, tiny().state_dict()[key])


def test_too_large_for_half_precision(checkpoints):
    model = tiny()
    model.linear.bias.data[0] = 1e6
    with pytest.raises(ValueError, match="linear.bias has values that are not finite as float16"):
        weights.save(model, "tiny", **ABOUT)
    assert weights.names("tiny") == []


def test_passport(checkpoints):
    place = weights.save(tiny(), "tiny", **ABOUT)
    entry, file = weights.passport("tiny"), place / "model.safetensors"
    assert entry["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert entry["size"] == file.stat().st_size
    assert entry["model"] == "tests.support.tiny.Tiny"
    assert weights.model_class("tiny") is Tiny
    assert {key: entry[key] for key in ABOUT} == ABOUT
    assert entry["repo"] is entry["revision"] is None
    assert weights.names("tiny") == ["tiny"]
    assert weights.names("other") == []


def test_the_package_keeps_its_passports(checkpoints):
    before = (passports.PACKAGE / "passports.json").read_bytes()
    weights.save(tiny(), "tiny", **ABOUT)
    assert (passports.PACKAGE / "passports.json").read_bytes() == before
    assert set(SHIPPED) < set(weights.names())


def test_trainings_that_finish_together(checkpoints):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: weights.save(tiny(number), f"tiny-{number}", **ABOUT), range(8)))
    table = json.loads((checkpoints / "passports.json").read_text())
    assert list(table) == [f"tiny-{number}" for number in range(8)]


def test_address_on_the_hub_belongs_to_the_weights(checkpoints):
    weights.save(tiny(), "tiny", **ABOUT)
    passports.record({"tiny": weights.passport("tiny") | {"repo": REPO, "revision": "0" * 40}})
    weights.save(tiny(), "tiny", **ABOUT | {"licence": "cc-by-sa-3.0"})
    assert weights.passport("tiny")["repo"] == REPO
    assert weights.passport("tiny")["licence"] == "cc-by-sa-3.0"
    weights.save(tiny(seed=1), "tiny", **ABOUT)
    assert weights.passport("tiny")["repo"] is weights.passport("tiny")["revision"] is None


# ---- refusing


def test_a_name_that_is_not_known(checkpoints):
    with pytest.raises(weights.WeightsError, match="There is no model named nothing."):
        weights.load(Tiny, "nothing")


def test_not_trained_and_not_published(checkpoints):
    (weights.save(tiny(), "tiny", **ABOUT) / "model.safetensors").unlink()
    with pytest.raises(weights.WeightsError, match="is not in .*, and it is not published. Train it with: python -m"):
        weights.load(Tiny, "tiny")


def test_other_weights_are_refused(checkpoints):
    file = weights.save(tiny(), "tiny", **ABOUT) / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(weights.WeightsError, match="refused, .* not the file of its passport: sha256 .* Retrain"):
        weights.load(Tiny, "tiny")
    file.write_bytes(content[:-1])
    with pytest.raises(weights.WeightsError, match=f"{len(content) - 1} bytes instead of {len(content)}"):
        weights.load(Tiny, "tiny")


def test_other_settings_are_refused(checkpoints):
    config = weights.save(tiny(), "tiny", **ABOUT) / "config.json"
    config.write_text('{"width":3,\r\n"classes":2}')  # the same in another layout
    weights.load(Tiny, "tiny")
    config.write_text('{"width": 3, "classes": 2, "depth": 1}')
    with pytest.raises(weights.WeightsError, match="its settings are others"):
        weights.load(Tiny, "tiny")
    config.unlink()
    with pytest.raises(weights.WeightsError, match="its settings, .*config.json, are missing"):
        weights.load(Tiny, "tiny")


def test_weights_that_do_not_fit_the_class(checkpoints):
    place = weights.save(tiny(), "tiny", **ABOUT)
    state = load_file(place / "model.safetensors")
    del state["linear.bias"]
    save_file(state, place / "model.safetensors")
    file = place / "model.safetensors"
    passports.record({"tiny": weights.passport("tiny") | {"sha256": weights.sha256(file), "size": file.stat().st_size}})
    with pytest.raises(weights.WeightsError, match="does not fit Tiny: .*linear.bias"):
        weights.load(Tiny, "tiny")


def test_settings_that_do_not_fit_the_class(checkpoints):
    config = weights.save(tiny(), "tiny", **ABOUT) / "config.json"
    config.write_text('{"width": 3, "classes": 2, "depth": 1}')
    passports.record({"tiny": weights.passport("tiny") | {"config": passports.config_sha256(config)}})
    with pytest.raises(weights.WeightsError, match="does not fit Tiny: .*depth"):
        weights.load(Tiny, "tiny")


def test_a_file_is_hashed_once(checkpoints):
    weights.save(tiny(), "tiny", **ABOUT)
    weights.folder("tiny")
    before = passports._sha256.cache_info().misses
    weights.folder("tiny")
    assert passports._sha256.cache_info().misses == before


# ---- scores and cards


def test_scores_of_other_weights_are_not_shown(checkpoints):
    weights.save(tiny(), "tiny", **ABOUT)
    assert weights.metrics("tiny") == {}
    score("tiny")
    assert weights.metrics("tiny")["rows"][0]["value"] == 0.75
    score("tiny", weights_sha256="0" * 64)
    assert weights.metrics("tiny") == {}


def test_card(checkpoints):
    weights.save(tiny(), "tiny", **ABOUT)
    score("tiny")
    command_line.main(["card", "tiny"])
    text = (checkpoints / "tiny" / "README.md").read_text()
    data = ModelCard(text).data
    assert (data.license, data.library_name, data.pipeline_tag) == ("mit", "dlcv", "image-classification")
    assert "tiny" in data.tags
    [result] = data.eval_results
    assert (result.metric_type, result.metric_value, result.dataset_name) == ("error", 0.75, "points, all 8")
    assert "A line through a normalised point." in text
    assert "second paragraph" not in text
    assert "14 parameters" in text
    assert "Trained on points. Licence of the weights: MIT." in text
    assert "| error, percent: points, all 8 | 0.75 | 0.5 | 0.25 worse | Euclid, Table 1 |" in text
    assert "from tests.support.tiny import Tiny" in text
    assert "python -m tiny\n" in text


def test_card_without_scores(checkpoints):
    weights.save(tiny(), "tiny", **ABOUT)
    assert "These weights have not been scored." in cards.card("tiny")


# ---- the Hub


def environment(**settings) -> dict[str, str]:
    """What a process on a fresh computer sees: no token, no proxy, no cache but the one it is given."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_") and "proxy" not in key.lower()}
    return {**kept, "HF_HUB_DISABLE_XET": "1", "DLCV_DEVICE": "cpu", **{key: str(settings[key]) for key in settings}}


def run(*command: str, **settings) -> subprocess.CompletedProcess:
    """Run Python in the repository; the Hub's address is read when huggingface_hub is imported, so it is a setting."""
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment(**settings), capture_output=True, text=True, timeout=60
    )


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
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "passports.json").write_bytes((published.checkpoints / "passports.json").read_bytes())
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
    table = json.loads((published.checkpoints / "passports.json").read_text())
    assert {(entry["repo"], entry["revision"]) for entry in table.values()} == {(REPO, published.revision)}
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


# ---- what ships


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_checkpoint(name, monkeypatch):
    monkeypatch.delenv("DLCV_CHECKPOINTS", raising=False)
    monkeypatch.setenv("DLCV_DEVICE", "cpu")
    place = weights.folder(name)
    assert place == ROOT / "checkpoints" / name
    assert weights.passport(name)["size"] <= 24 * 2**20
    assert weights.passport(name)["licence"] in weights.LICENCES
    assert weights.metrics(name), f"{name} has no scores of these weights: run its evaluate"
    assert (place / "README.md").read_text() == cards.card(name), "stale: run python -m dlcv.core.weights card"


def test_shipped_checkpoints_are_small_together():
    table = passports.read_json(passports.PACKAGE / "passports.json")
    together = sum(entry["size"] for entry in table.values())
    assert together <= 185 * 2**20  # nine topics, each with the networks that show what its losses are for
