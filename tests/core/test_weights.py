"""Checkpoints and their passports: saved, loaded, refused; what ships."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from dlcv.core import weights
from dlcv.core.weights import cards, passports
from tests.support.tiny import ABOUT, Tiny, TinyConfig, score, tiny

ROOT = Path(__file__).resolve().parent.parent.parent
SHIPPED = sorted(path.parent.name for path in passports.SHIPPED.glob("*/passport.json"))
LARGEST, TOGETHER = 16 * 2**20, 280 * 2**20  # bytes: of one checkpoint, of all of them


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
    assert entry.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert entry.size == file.stat().st_size
    assert entry.model == "tests.support.tiny.Tiny"
    assert weights.model_class("tiny") is Tiny
    assert {key: getattr(entry, key) for key in ABOUT} == ABOUT
    assert entry.command == "python -m tiny"
    assert entry.repo is entry.revision is None
    assert weights.names("tiny") == ["tiny"]
    assert weights.names("other") == []


def test_a_folder_of_its_own_leaves_the_shipped_passports_alone(checkpoints):
    shipped = passports.SHIPPED / "vae-mnist-2d" / "passport.json"
    before = shipped.read_bytes()
    weights.save(tiny(), "vae-mnist-2d", **ABOUT)
    assert shipped.read_bytes() == before
    assert weights.passport("vae-mnist-2d").topic == "tiny"
    assert weights.names("tiny") == ["vae-mnist-2d"]
    assert set(SHIPPED) == set(weights.names())


def test_a_passport_that_lacks_a_field_or_has_one_more_is_an_error(checkpoints):
    path = weights.save(tiny(), "tiny", **ABOUT) / "passport.json"
    content = json.loads(path.read_text())
    for wrong in (content | {"colour": "red"}, {key: content[key] for key in content if key != "sha256"}):
        path.write_text(json.dumps(wrong))
        with pytest.raises(TypeError, match="colour|sha256"):
            weights.passport("tiny")


def test_address_on_the_hub_belongs_to_the_weights(checkpoints):
    weights.save(tiny(), "tiny", **ABOUT)
    passports.record("tiny", replace(weights.passport("tiny"), repo="you/models", revision="0" * 40))
    weights.save(tiny(), "tiny", **ABOUT | {"licence": "cc-by-sa-3.0"})
    assert weights.passport("tiny").repo == "you/models"
    assert weights.passport("tiny").licence == "cc-by-sa-3.0"
    weights.save(tiny(seed=1), "tiny", **ABOUT)
    assert weights.passport("tiny").repo is weights.passport("tiny").revision is None


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
    entry = weights.passport("tiny")
    passports.record("tiny", replace(entry, sha256=passports.sha256(file), size=file.stat().st_size))
    with pytest.raises(weights.WeightsError, match="does not fit Tiny: .*linear.bias"):
        weights.load(Tiny, "tiny")


def test_settings_that_do_not_fit_the_class(checkpoints):
    config = weights.save(tiny(), "tiny", **ABOUT) / "config.json"
    config.write_text('{"width": 3, "classes": 2, "depth": 1}')
    passports.record("tiny", replace(weights.passport("tiny"), config=passports.config_sha256(config)))
    with pytest.raises(weights.WeightsError, match="does not fit Tiny: .*depth"):
        weights.load(Tiny, "tiny")


def test_a_file_is_hashed_once(checkpoints):
    weights.save(tiny(), "tiny", **ABOUT)
    weights.folder("tiny")
    before = passports._sha256.cache_info().misses
    weights.folder("tiny")
    assert passports._sha256.cache_info().misses == before


def test_scores_of_other_weights_are_not_shown(checkpoints):
    weights.save(tiny(), "tiny", **ABOUT)
    assert weights.metrics("tiny") == {}
    score("tiny")
    assert weights.metrics("tiny")["rows"][0]["value"] == 0.75
    score("tiny", weights_sha256="0" * 64)
    assert weights.metrics("tiny") == {}


# ---- what ships


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_checkpoint(name, monkeypatch):
    monkeypatch.delenv("DLCV_CHECKPOINTS", raising=False)
    monkeypatch.setenv("DLCV_DEVICE", "cpu")
    place, entry = weights.folder(name), weights.passport(name)
    assert place == ROOT / "checkpoints" / name
    assert entry.size <= LARGEST
    assert entry.licence in passports.LICENCES
    assert weights.metrics(name), f"{name} has no scores of these weights: run its evaluate"
    assert (place / "README.md").read_text() == cards.card(name), "stale: run python -m dlcv.core.weights card"


def test_every_folder_of_checkpoints_has_a_passport():
    assert [path.name for path in sorted((ROOT / "checkpoints").iterdir()) if path.is_dir()] == SHIPPED


def test_shipped_checkpoints_are_small_together():
    assert sum(weights.passport(name).size for name in SHIPPED) <= TOGETHER
