"""The boards' and the endpoints' answers beside what the models say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from demos import frame
from demos.frame import trainings
from demos.frame.pictures import drawn_seven
from demos.siamese import api, boards, laboratory, models
from dlcv.core.errors import InputError
from dlcv.core.images import digits
from dlcv.core.images.draw import data_uri
from tests.support.asking import ask

SHAPES = {
    "hook": [(90, 60), (90, 210), (150, 220), (180, 170), (140, 130)],
    "crossed": [(60, 70), (210, 210), (130, 140), (210, 70), (70, 210)],
}


def drawn(shape: str, seed: int, off: float = 8.0) -> str:
    """A shape by a hand that is off by so many of 280 pixels at each corner, as a data URI."""
    random = np.random.default_rng(seed)
    paper = Image.new("L", (280, 280), 255)
    corners = [tuple(np.add(corner, random.uniform(-off, off, 2))) for corner in SHAPES[shape]]
    ImageDraw.Draw(paper).line(corners, fill=0, width=18, joint="curve")
    return data_uri(paper)


@pytest.mark.parametrize(("shape", "other"), [("hook", "crossed"), ("crossed", "hook")])
def test_three_enrolled_accept_a_fourth_and_refuse_another_shape(shape, other):
    kept = [ask(boards.judge, {"picture": drawn(shape, seed)}) for seed in range(3)]
    assert all(answer["verdict"] is None for answer in kept)
    enrolled = [answer["embedding"] for answer in kept]
    for seed in range(10, 15):
        own = ask(boards.judge, {"picture": drawn(shape, seed), "enrolled": enrolled})
        forged = ask(boards.judge, {"picture": drawn(other, seed), "enrolled": enrolled})
        assert own["verdict"]["accepted"] and not forged["verdict"]["accepted"]
        assert own["verdict"]["distance"] < own["verdict"]["threshold"] < forged["verdict"]["distance"]
        assert len(own["places"]) == 4
        assert np.sum(own["places"][:3], axis=0) == pytest.approx([0, 0], abs=1e-2)


def test_an_alphabet_is_read_after_one_look():
    known = ask(boards.read_alphabet, {"pictures": [drawn(shape, 0) for shape in SHAPES]})
    for place, shape in enumerate(SHAPES):
        answer = ask(boards.name_character, {"picture": drawn(shape, 5), "alphabet": known["embeddings"]})
        assert answer["nearest"] == place == int(np.argmin(answer["distances"]))
    references = [api.siamese_embed(digits.decode_data_uri(drawn(shape, 0)))["embedding"] for shape in SHAPES]
    again = api.siamese_one_shot(references, digits.decode_data_uri(drawn("crossed", 0)))
    assert again["nearest"] == 1 and again["distances"][1] == pytest.approx(0, abs=2e-3)


def test_both_halves_are_one_network_and_the_curves_are_the_losses():
    pair = ask(boards.compare, {"a": drawn("hook", 1), "b": drawn("hook", 1)})
    assert pair["distance"] == pytest.approx(0, abs=1e-3)
    assert pair["twins"][0]["embedding"] == pair["twins"][1]["embedding"]
    apart = ask(boards.compare, {"a": drawn("hook", 1), "b": drawn("crossed", 1)})
    assert apart["distance"] > 0.5
    curves = ask(boards.loss_curves, {"margin": 1.0})
    d = np.linspace(0, 2, 81)
    assert curves["positive"]["loss"] == pytest.approx(d**2 / 2, abs=1e-3)
    assert curves["negative"]["loss"] == pytest.approx(np.maximum(0, 1 - d**2) / 2, abs=1e-3)
    assert curves["negative"]["slope"][:40] == pytest.approx(d[:40], abs=1e-3)
    assert curves["hadsell"]["slope"][1:40] == pytest.approx(1 - d[1:40], abs=1e-3)
    found = api.siamese_compare(drawn_seven(), drawn_seven(), 2.0)
    assert found["distance"] == pytest.approx(0, abs=1e-3) and found["negative"] == pytest.approx(1, abs=1e-3)


def test_what_is_known_of_others_is_sorted():
    for kinds in ask(boards.evaluation_pairs, {})["quantiles"]:
        same, other, forged = (np.array(kind) for kind in kinds)
        assert all((np.diff(kind) >= 0).all() for kind in (same, other, forged))
        assert np.median(same) < np.median(forged) < np.median(other)


def test_a_training_goes_on_by_slices_and_takes_new_settings(monkeypatch):
    settings = {"loss": "slide", "mining": "hardest", "negatives": True, "margin": 1.0}
    begun = ask(laboratory.begin, settings | {"seed": 0})
    asked = settings | {"run": begun["run"]}
    first = ask(laboratory.advance, asked | {"rounds": 3})["seen"]
    assert 0 < first["step"] <= 3
    looked = ask(laboratory.advance, asked | {"rounds": 0, "loss": "triplets", "mining": "random"})["seen"]
    assert looked["step"] == first["step"] and looked["curve"] != first["curve"]
    monkeypatch.setattr(trainings, "LASTS", -1)
    with pytest.raises(InputError, match="ten minutes"):
        ask(laboratory.advance, asked | {"rounds": 1})


@pytest.mark.parametrize(
    "forged", [{"enrolled": ["AAAA"]}, {"enrolled": ["?"]}, {"enrolled": [""] * 21}, {"picture": None}, {"enrolled": 3}]
)
def test_bad_questions_get_a_sentence(forged):
    with pytest.raises(InputError):
        ask(boards.judge, {"picture": drawn("hook", 0)} | forged)


def test_an_embedding_that_comes_back_is_held_within_bounds():
    wild = frame.coded(np.full(models.UNITS, np.inf), "f4")
    assert torch.equal(models.known([wild]), torch.ones(1, models.UNITS))
