"""What the CycleGAN tab asks of its networks, and what it answers to bad questions. Networks untrained."""

import base64
import io

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from demos import cyclegan, frame
from demos.cyclegan import boards, digits
from demos.frame.checks import UNEXPECTED
from dlcv.core import runtime, weights
from dlcv.core.errors import InputError
from dlcv.core.training.classifiers import ClassifierConfig
from dlcv.cyclegan import predictor
from dlcv.cyclegan.classifier import Classifier, SceneClassifier
from dlcv.cyclegan.model import CycleGAN, CycleGANConfig
from dlcv.cyclegan.presets import SETUPS

DIRECTIONS = list(boards.DIRECTIONS)


@pytest.fixture(autouse=True)
def untrained(monkeypatch):
    """Small networks of the same domains in place of those that ship."""
    monkeypatch.setattr(runtime, "shelf", runtime.Shelf(2**30))

    def load(cls, name):
        torch.manual_seed(len(name))
        if cls is Classifier:
            return Classifier(ClassifierConfig()).eval()
        if cls is SceneClassifier:
            return SceneClassifier(ClassifierConfig(("photograph", "Monet"))).eval()
        config = SETUPS[name].config
        return CycleGAN(CycleGANConfig(config.names, config.channels, config.residual_channels, 4, 1, 4)).eval()

    monkeypatch.setattr(weights, "load", load)


def photograph(width: int = 90, height: int = 70, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_picture_keeps_its_size_and_shape(mode, direction):
    (before, after), text = boards.paint(photograph(mode=mode), direction, 256, lambda *_: None)
    assert before.size == after.size == (90, 70)
    assert np.abs(np.asarray(before, float) - np.asarray(after, float)).mean() > 1
    assert "90 × 70 pixels" in text and "Monet" in text


def test_a_large_picture_is_painted_smaller():
    (before, _), _ = boards.paint(photograph(700, 500), DIRECTIONS[0], 256, lambda *_: None)
    assert before.size == (256, 182)
    assert predictor.fitted(torch.zeros(3, 4000, 3000)).shape[1:].numel() <= predictor.MOST_PIXELS


@pytest.mark.parametrize("picture", [None, photograph(20, 90), photograph(400, 1)])
def test_no_picture_or_a_sliver_is_answered_with_a_sentence(picture):
    with pytest.raises(InputError, match="picture"):
        boards.paint(picture, DIRECTIONS[0], 256, lambda *_: None)


@pytest.mark.parametrize(("direction", "side"), [("up", 256), (DIRECTIONS[0], 10**6), (DIRECTIONS[0], None), (7, 256)])
def test_forged_settings_are_refused(direction, side):
    with pytest.raises(InputError):
        boards.paint(photograph(), direction, side, lambda *_: None)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_look_inside_is_of_the_cycle(direction):
    figures = boards.cycle(photograph(), direction)
    assert len(figures) == 6 and all(picture.size == (88, 68) for picture, _ in figures)
    first, second = ("G", "F") if direction == DIRECTIONS[0] else ("F", "G")
    assert figures[1][1].startswith(f"{second}({first}(x))")
    model = boards.predictor("cyclegan-monet")
    x = boards.tensor_of(photograph(), 320)
    seen = model.cycle(x, boards.DIRECTIONS[direction])
    error = (seen.reconstructed - x[:, :68, :88]).abs().mean()
    torch.testing.assert_close(seen.error.mean(), error, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(
        model.translate(x[:, :68, :88], boards.DIRECTIONS[direction]), seen.translated, atol=1e-3, rtol=1e-3
    )


def test_an_example_brings_its_direction():
    for index, direction in ((0, DIRECTIONS[0]), (3, DIRECTIONS[0]), (4, DIRECTIONS[1]), (5, DIRECTIONS[1])):
        assert cyclegan._direction_of(gr.SelectData(None, {"index": index, "value": None})) == direction


def seven() -> str:
    paper = np.full((280, 280), 255, np.uint8)
    paper[60:80, 80:200] = paper[60:220, 180:200] = 0
    buffer = io.BytesIO()
    Image.fromarray(paper).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize(("domain", "count"), [("usps", 1), ("mnist-m", 4)])
def test_a_digit_goes_there_and_back(domain, count):
    query = {"picture": seven(), "domain": domain, "seed": 1}
    ask = frame.live(digits.translate_digit)
    answer = ask(query)
    assert answer["count"] == count
    sheet = Image.open(io.BytesIO(base64.b64decode(answer["translated"].partition(",")[2])))
    assert sheet.size == (28 * count, 28)
    assert all(len(rows) == count for rows in answer["readings"].values())
    assert ask(query) == answer
    other = ask(query | {"seed": 2})
    assert (other["translated"] == answer["translated"]) == (domain == "usps")


@pytest.mark.parametrize("change", [{"picture": None}, {"domain": "svhn"}, {"seed": "one"}, {"picture": "data:,"}])
def test_forged_digits_are_refused(change):
    answer = frame.live(digits.translate_digit)({"picture": seven(), "domain": "usps", "seed": 1} | change)
    assert set(answer) == {"error"} and answer["error"].endswith(".") and answer["error"] != UNEXPECTED


def test_strange_pictures_are_told_from_known_ones():
    judge, generator = SceneClassifier(ClassifierConfig()).eval(), torch.Generator().manual_seed(0)
    axes = torch.randn(20, 832, generator=generator)  # known features lie in a flat cloud, not in a round one
    known, others = (torch.randn(count, 20, generator=generator) @ axes + 3 for count in (400, 200))
    judge.fit_ood(known, others)
    assert (judge.ood_score(others) > 1).float().mean() == pytest.approx(0.1, abs=0.01)
    aside = torch.randn(200, 832, generator=generator) * 20**0.5 + 3  # as far from the middle, in other directions
    assert (judge.ood_score(aside) > 1).all()
