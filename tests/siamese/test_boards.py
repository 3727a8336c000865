"""The boards' and the endpoints' answers beside what the models say."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from demos import frame
from demos.frame import trainings
from demos.frame.pictures import drawn_seven
from demos.siamese import api, boards, laboratory, models, space, takeaway
from dlcv.core.errors import InputError
from dlcv.core.images import digits
from dlcv.core.images.draw import data_uri
from tests.support.asking import ask

SHAPES = {
    "hook": [(90, 60), (90, 210), (150, 220), (180, 170), (140, 130)],
    "crossed": [(60, 70), (210, 210), (130, 140), (210, 70), (70, 210)],
    "triangle": [(140, 60), (220, 210), (60, 210), (140, 60)],
    "zigzag": [(50, 170), (95, 100), (140, 170), (185, 100), (230, 170)],
    "step": [(60, 210), (60, 140), (140, 140), (140, 70), (220, 70)],
    "circle": [(140 + 75 * np.cos(t), 140 + 75 * np.sin(t)) for t in np.linspace(0, 6.2, 13)],
    "spiral": [(140 + 7 * t * np.cos(t), 140 + 7 * t * np.sin(t)) for t in np.linspace(1, 12, 25)],
    "eight": [(140 + 45 * np.sin(2 * t), 140 + 80 * np.cos(t)) for t in np.linspace(0, 6.2, 17)],
    "wave": [(50 + 30 * t, 140 + 45 * np.sin(2 * t)) for t in np.linspace(0, 6, 17)],
    "bow": [(140 + 80 * np.cos(t), 170 - 80 * np.sin(t)) for t in np.linspace(0, 3.1, 9)],
}
"""Ten shapes of two kinds: five with corners, five curves; in 280 pixels."""


def drawn(shape: str, seed: int, off: float = 6.0) -> str:
    """A shape by a hand that is off by so many of 280 pixels at each point, as a data URI."""
    random = np.random.default_rng(seed)
    paper = Image.new("L", (280, 280), 255)
    points = [tuple(np.add(point, random.uniform(-off, off, 2))) for point in SHAPES[shape]]
    ImageDraw.Draw(paper).line(points, fill=0, width=18, joint="curve")
    return data_uri(paper)


def written(strokes: list) -> str:
    """Strokes [x, y, x, y, ...] in twentieths of the paper, as a data URI."""
    paper = Image.new("L", (280, 280), 255)
    for stroke in strokes:
        ImageDraw.Draw(paper).line([14 * value for value in stroke], fill=0, width=14, joint="curve")
    return data_uri(paper)


@pytest.fixture(scope="module")
def fourth() -> dict[str, str]:
    """A further drawing of each shape, embedded."""
    return {shape: ask(boards.judge, {"picture": drawn(shape, 10)})["embedding"] for shape in SHAPES}


@pytest.mark.parametrize("shape", SHAPES)
def test_three_enrolled_accept_a_fourth_and_refuse_other_shapes(shape, fourth):
    kept = [ask(boards.judge, {"picture": drawn(shape, seed)}) for seed in range(3)]
    assert all(answer["verdict"] is None for answer in kept)
    enrolled = [answer["embedding"] for answer in kept]
    own = ask(boards.judge, {"picture": drawn(shape, 10), "enrolled": enrolled})
    assert own["verdict"]["accepted"] and own["verdict"]["distance"] < own["verdict"]["threshold"]
    assert len(own["places"]) == 4
    assert np.sum(own["places"][:3], axis=0) == pytest.approx([0, 0], abs=1e-2)
    model = models.predictor()
    known = model.enrol(models.known(enrolled))
    accepted = {other for other in SHAPES if model.verify(known, models.known([fourth[other]])[0]).accepted}
    assert accepted == {shape}


def test_an_alphabet_of_omniglot_is_read_from_the_hand_of_another_drawer():
    fixture = json.loads(Path(__file__).with_name("omniglot.json").read_text(encoding="utf-8"))
    alphabet = ask(boards.read_alphabet, {"pictures": [written(strokes) for strokes in models.omniglot()]})
    assert len(alphabet["embeddings"]) == 20
    right = 0
    for strokes, which in zip(fixture["characters"], fixture["which"], strict=True):
        asked = {"picture": written(strokes), "alphabet": alphabet["embeddings"]}
        right += ask(boards.name_character, asked)["nearest"] == which
    assert right >= 8


def test_embeddings_can_be_taken_away_with_their_distances():
    first, second = (ask(boards.judge, {"picture": drawn(shape, 0)})["embedding"] for shape in ("hook", "step"))
    asked = {"embeddings": [first, second], "names": ["enrolled 1", "drawing"]}
    files = {name: base64.b64decode(ask(takeaway.take, asked | {"file": name})["file"]) for name in takeaway.FILES}
    truth = models.known([first, second])
    apart = (truth[0] - truth[1]).norm().item()
    with np.load(io.BytesIO(files["embeddings.npz"])) as arrays:
        assert arrays["names"].tolist() == asked["names"]
        assert arrays["embeddings"] == pytest.approx(truth.numpy())
        assert arrays["distances"] == pytest.approx(np.array([[0, apart], [apart, 0]]), abs=1e-6)
    head, *rows = [line.split(",") for line in files["embeddings.csv"].decode().splitlines()]
    assert len(head) == 1 + models.UNITS and [row[0] for row in rows] == asked["names"]
    assert np.array(rows)[:, 1:].astype(float) == pytest.approx(truth.numpy(), abs=1e-5)
    head, one, _ = files["distances.csv"].decode().splitlines()
    assert head == "name,enrolled 1,drawing" and float(one.split(",")[2]) == pytest.approx(apart, abs=1e-5)
    for wrong in ({"names": []}, {"names": ["a", "=1+1"]}, {"file": "weights"}):
        with pytest.raises(InputError):
            ask(takeaway.take, asked | {"file": "embeddings.csv"} | wrong)


def test_a_drawing_lies_where_its_projection_does_and_its_nearest_are_nearest_in_all_directions():
    model = models.predictor()
    assert sum(space.ALPHABETS.values()) == len(model.means)
    shown = ask(space.characters, {})
    known = np.frombuffer(base64.b64decode(shown["places"]), "f4").reshape(-1, 3)
    assert 0.1 < shown["share"] < 1 and np.abs(known.mean(0)).max() < 1e-3
    spread = known.var(0)
    assert spread[0] > spread[1] > spread[2] > 0
    embedding = ask(boards.judge, {"picture": drawn("eight", 1)})["embedding"]
    found = ask(space.locate, {"picture": drawn("eight", 1), "enrolled": [embedding]})
    assert found["places"]["enrolled"] == found["places"]["drawing"] and found["places"]["alphabet"] == ""
    distances = (model.means - models.known([embedding])).norm(dim=1)
    assert found["distances"] == pytest.approx(distances.sort().values[: space.NEAREST].tolist(), abs=0.006)
    assert found["nearest"][0] == int(distances.argmin())


def test_an_alphabet_is_read_after_one_look():
    shapes = ["hook", "crossed"]
    known = ask(boards.read_alphabet, {"pictures": [drawn(shape, 0) for shape in shapes]})
    for place, shape in enumerate(shapes):
        answer = ask(boards.name_character, {"picture": drawn(shape, 5), "alphabet": known["embeddings"]})
        assert answer["nearest"] == place == int(np.argmin(answer["distances"]))
    references = [api.siamese_embed(digits.decode_data_uri(drawn(shape, 0)))["embedding"] for shape in shapes]
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
