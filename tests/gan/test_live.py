"""The boards of the GAN tab as they ask: the same latents through all three, checked questions. Networks untrained."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from demos.gan import api, boards, progressive
from dlcv.core import runtime, weights
from dlcv.core.errors import InputError
from dlcv.core.images import draw
from dlcv.core.training.classifiers import ClassifierConfig
from dlcv.gan.classifier import Classifier
from dlcv.gan.model import GAN, GANConfig
from dlcv.gan.progressive import ProgressiveConfig, ProgressiveGAN
from tests.support.asking import ask

ANCHORS = [{"seed": 1, "index": index} for index in (0, 5, 63)]
POINT = {"data": "digits", "truncation": 1.0, "anchors": ANCHORS, "u": 0.2, "v": 0.3}


@pytest.fixture(autouse=True)
def untrained(monkeypatch):
    """Small networks of the same shape in place of those that ship."""
    monkeypatch.setattr(runtime, "shelf", runtime.Shelf(2**30))
    boards._variety.cache_clear()

    def load(cls, name):
        torch.manual_seed(len(name))
        if cls is GAN:
            return GAN(GANConfig(name.rsplit("-", 1)[0], width=4)).eval()
        if cls is ProgressiveGAN:
            return ProgressiveGAN(ProgressiveConfig(8, (8, 8, 8, 8, 8))).eval()
        return Classifier(ClassifierConfig()).eval()

    monkeypatch.setattr(weights, "load", load)


def picture_of(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def seven() -> Image.Image:
    paper = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(paper).line([(80, 70), (200, 70), (130, 220)], fill=0, width=18)
    return paper


def test_a_sheet_of_samples_for_each_formulation():
    sheets = ask(boards.show_samples, {"data": "digits", "seed": 3, "truncation": 0.7})["sheets"]
    assert set(sheets) == set(boards.FORMULATIONS)
    assert all(picture_of(sheet).shape == (224, 224) for sheet in sheets.values())


def test_an_anchor_is_the_picture_that_was_clicked():
    """At a corner of the triangle stands what the sheet shows at the anchor's place."""
    sheets = ask(boards.show_samples, {"data": "digits", "seed": 1, "truncation": 1.0})["sheets"]
    for anchor, (u, v) in zip(ANCHORS, ((0, 0), (1, 0), (0, 1)), strict=True):
        seen = ask(boards.decode_point, POINT | {"u": u, "v": v})["seen"]
        row, column = divmod(anchor["index"], 8)
        for name, sheet in sheets.items():
            cell = picture_of(sheet)[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
            pixels = np.frombuffer(base64.b64decode(seen[name]["pixels"]), np.uint8).reshape(28, 28)
            assert np.abs(pixels.astype(int) - cell).max() <= 1


def test_the_plane_has_its_anchors_where_the_screen_draws_them():
    answer = ask(boards.show_plane, POINT | {"formulation": "wgan"})
    sheet = picture_of(answer["sheet"]).reshape(boards.CELLS, 28, boards.CELLS, 28).transpose(0, 2, 1, 3)
    step = (1 + 2 * boards.EDGE) / boards.CELLS
    u, v = -boards.EDGE + 2.5 * step, -boards.EDGE + 6.5 * step  # third column, third row from the top
    pixels = ask(boards.decode_point, POINT | {"u": u, "v": v})["seen"]["wgan"]["pixels"]
    at_point = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(28, 28)
    assert np.abs(at_point.astype(int) - sheet[2, 2]).max() <= 1


def test_a_drawing_is_scored_by_all_three():
    answer = ask(boards.score_drawing, {"data": "digits", "picture": draw.data_uri(seven())})
    assert 0 <= answer["scores"]["gan"]["picture"] <= 1
    for scores in answer["scores"].values():
        assert len(scores["real"]) == len(scores["fake"]) == 500
    found = api.gan_critic(seven(), "gan", "digits")
    assert found["score"] == pytest.approx(answer["scores"]["gan"]["picture"], abs=1e-5)
    assert 0 <= found["share_of_real_below"] <= 1


def test_a_thousand_samples_are_counted():
    answer = api.gan_variety("wgan-gp", "garments", 0)
    assert sum(answer["counts"].values()) == boards.COUNTED


def test_growth():
    assert picture_of(ask(progressive.grow, {"stage": 0, "seed": 1})["sheet"]).shape == (3 * 4, 5 * 4, 3)
    assert ask(progressive.grow, {"stage": 3.4, "seed": 1})["side"] == 64
    assert ask(progressive.grow, {"stage": 99, "seed": 1})["side"] == 64


def test_one_kind_of_garment_can_be_asked_for():
    every, hats, shoes, unknown = (
        ask(progressive.grow, {"stage": 4, "seed": 1, "garment": name}) for name in ("", "hat", "shoes", "trombone")
    )
    assert len({every["sheet"], hats["sheet"], shoes["sheet"]}) == 3 and unknown["sheet"] == every["sheet"]
    assert "hat" in [kind["name"] for kind in every["kinds"]]


@pytest.mark.parametrize(
    "change",
    [
        {"anchors": ANCHORS[:2]},
        {"anchors": "ABC"},
        {"anchors": [1, 2, 3]},
        {"anchors": [{"seed": "x", "index": 0}] * 3},
        {"u": "0.2"},
        {"v": float("nan")},
        {"data": "faces"},
        {"truncation": None},
    ],
)
def test_bad_questions_get_a_sentence(change):
    with pytest.raises(InputError):
        ask(boards.decode_point, POINT | change)


@pytest.mark.parametrize("picture", [None, "data:image/png;base64,xxxx", "/etc/passwd", 7])
def test_bad_drawings_get_a_sentence(picture):
    with pytest.raises(InputError):
        ask(boards.score_drawing, {"data": "digits", "picture": picture})
