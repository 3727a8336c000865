"""The boards' and the endpoints' answers beside what the models say."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import torch

from demos.autoencoder import api, boards, laboratory, models, plane
from demos.frame import trainings
from demos.frame.pictures import drawn_seven
from dlcv.autoencoder.loss import squared_error
from dlcv.core import pool, weights
from dlcv.core.errors import InputError
from dlcv.core.images import digits
from dlcv.core.images.draw import data_uri
from tests.autoencoder.reading import pixels
from tests.support.asking import ask

SEVEN = data_uri(drawn_seven())


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    """The seven as the networks see it."""
    return digits.from_picture(drawn_seven())


def tiles(uri: str) -> np.ndarray:
    """The pictures of a sheet, (rows, columns, 28, 28) in [0, 1]."""
    sheet = pixels(uri)
    return sheet.reshape(sheet.shape[0] // 28, 28, sheet.shape[1] // 28, 28).swapaxes(1, 2)


def same(seen: np.ndarray, expected: torch.Tensor) -> bool:
    """Whether bytes of a sheet are these greys, cut to [0, 1]."""
    return np.abs(seen - expected.clamp(0, 1).numpy()).max() < 0.003


def test_a_drawing_is_read_by_both_models(x):
    answer = ask(boards.read_drawing, {"data": "digits", "picture": SEVEN})
    for which, name in (("network", "autoencoder-mnist-30d"), ("pca", "pca-mnist")):
        model = models.predictor(name)
        rebuilt = model.rebuild(x)
        assert answer[which]["code"] == pytest.approx(model.deviations(model.codes(x))[0].tolist(), abs=1e-3)
        assert answer[which]["error"] == pytest.approx(squared_error(rebuilt, x).item(), rel=1e-4)
        assert same(pixels(answer[which]["picture"]), rebuilt[0, 0])
    assert answer["network"]["error"] < answer["pca"]["error"]
    assert base64.b64decode(answer["pixels"])[300] == round(255 * x.flatten()[300].item())


def test_a_unit_has_every_level_of_its_bar_and_the_endpoint_the_same():
    code = np.linspace(-1, 1, 30).round(3).tolist()
    answer = tiles(ask(boards.sweep_unit, {"data": "digits", "network": code, "pca": code, "unit": 9})["sheet"])
    assert answer.shape == (2, 61, 28, 28)
    for row, name in enumerate(("autoencoder-mnist-30d", "pca-mnist")):
        for column, level in ((0, -3.0), (37, 0.7), (60, 3.0)):
            alone = [level if unit == 9 else value for unit, value in enumerate(code)]
            assert np.abs(answer[row, column] - pixels(api.autoencoder_decode(alone, name))).max() < 0.006


def test_a_walk_fades_in_pixels_and_in_pcas_code(x):
    other = digits.from_picture(drawn_seven().transpose(0))
    b = data_uri(drawn_seven().transpose(0))
    pictures = tiles(ask(boards.walk_between, {"data": "digits", "a": SEVEN, "b": b})["sheet"])
    assert same(pictures[0, 20], (x + other)[0, 0] / 2)
    pca, network = models.predictor("pca-mnist"), models.predictor("autoencoder-mnist-30d")
    assert same(pictures[1, 20], (pca.rebuild(x) + pca.rebuild(other))[0, 0] / 2)  # linear: the mean of both ends
    assert same(pictures[2, 0], network.rebuild(x)[0, 0]) and same(pictures[2, -1], network.rebuild(other)[0, 0])
    assert not same(pictures[2, 20], (network.rebuild(x) + network.rebuild(other))[0, 0] / 2)


@pytest.mark.parametrize("measure", ["pixels", "network"])
def test_the_nearest_are_the_nearest(x, measure):
    found, _ = api.autoencoder_nearest(drawn_seven(), measure=measure, count=5)
    known = pool.pool("digits").pictures
    model = models.predictor("autoencoder-mnist-30d")
    own, others = (x, known) if measure == "pixels" else (model.codes(x), model.codes(known))
    distances = (others.flatten(1) - own.flatten(1)).norm(dim=1)
    assert found["places"] == distances.argsort()[:5].tolist()
    assert found["distances"] == pytest.approx(distances.sort().values[:5].tolist(), rel=1e-3)


def test_random_codes_are_taken_for_digits_less_often_than_a_vaes():
    box, gaussian, vae = boards.measured("taken")
    assert box < gaussian < vae
    sure = [ask(boards.draw_codes, {"data": "digits", "seed": seed}) for seed in range(4)]
    counts = {how: sum(answer[how]["sure"] for answer in sure) / 64 for how in boards.SOURCES}
    assert counts["box"] < counts["vae"] and counts["gaussian"] < counts["vae"]
    for how, measured in zip(boards.SOURCES, (box, gaussian, vae)):
        assert 100 * counts[how] == pytest.approx(measured, abs=25)


def test_noise_comes_back_from_the_copy_and_not_from_the_others(x):
    asked = {"picture": SEVEN, "kind": "gaussian", "level": 0.5, "seed": 1}
    answer = ask(boards.add_noise, asked)
    copy, denoised, narrow, pca = answer["made"]
    assert copy["shown"] < 0.35 * answer["apart"] and copy["clean"] > 0.6 * answer["apart"]
    assert denoised["clean"] < 0.25 * answer["apart"] and denoised["clean"] < min(narrow["clean"], pca["clean"])
    spoiled = torch.from_numpy(pixels(answer["spoiled"])).float().view(1, 1, 28, 28)
    assert squared_error(spoiled, x).item() == pytest.approx(answer["apart"], rel=0.02)
    alone = ask(boards.add_noise, asked | {"picture": None})
    assert alone["made"][0]["shown"] < 0.35 * alone["apart"]


def test_half_a_digit_is_healed(x):
    half = x.clone()
    half[:, :, 16:] = 0
    sent = base64.b64encode(np.uint8(255 * half.numpy() + 0.5).tobytes()).decode()
    pictures = tiles(ask(boards.heal_picture, {"pixels": sent})["sheet"])
    assert pictures.shape == (4, 31, 28, 28) and same(pictures[0, 0], half[0, 0])
    model = models.predictor("autoencoder-mnist-30d")
    expected = half
    for _ in range(30):
        expected = expected + 0.2 * (model.rebuild(expected) - expected)
    assert np.abs(pictures[2, 30] - expected[0, 0].clamp(0, 1).numpy()).max() < 0.02
    for refused in (None, "AAAA", "?", 3):
        with pytest.raises(InputError):
            ask(boards.heal_picture, {"pixels": refused})


def test_the_plane_shows_where_codes_lie_and_where_the_pull_goes():
    answer = ask(plane.show_plane, {"data": "digits"})
    points = np.frombuffer(base64.b64decode(answer["points"]), np.float32).reshape(-1, 2)
    labels = np.frombuffer(base64.b64decode(answer["labels"]), np.uint8)
    model, window = models.predictor("autoencoder-mnist-2d"), plane.window("autoencoder-mnist-2d")
    assert len(points) == len(labels) == 5000 and ((points > 0) & (points < 1)).all(1).mean() > 0.98
    torch.testing.assert_close(window.codes_at(points), model.model.kept_codes, atol=1e-2, rtol=1e-3)
    arrows = np.frombuffer(base64.b64decode(answer["arrows"]), np.float32).reshape(-1, 4)
    start, pull = window.codes_at(arrows[100, :2])[None], arrows[100, 2:]
    expected = model.codes(model.decode(start)[:, None])
    np.testing.assert_allclose(window.parts(expected)[0] - arrows[100, :2], pull, atol=1e-3)
    seen = ask(plane.decode_point, {"data": "digits", "at": [0.3, 0.6]})
    greys = np.frombuffer(base64.b64decode(seen["pixels"]), np.uint8).reshape(28, 28) / 255
    assert same(greys, model.decode(window.codes_at([[0.3, 0.6]]))[0])
    way = ask(plane.let_go, {"data": "digits", "at": [0.3, 0.6]})["way"]
    assert way[0] == pytest.approx([0.3, 0.6], abs=1e-3)
    assert np.subtract(way[1], way[0]) == pytest.approx(0.2 * np.array(seen["pull"]), abs=1e-3)


def test_a_training_goes_on_by_slices_and_is_bounded(monkeypatch):
    begun = ask(laboratory.begin, {"data": "digits", "width": 2, "seed": 0})
    first = ask(laboratory.advance, {"run": begun["run"], "rounds": 3})["seen"]
    second = ask(laboratory.advance, {"run": begun["run"], "rounds": 3})["seen"]
    assert 0 < first["step"] < second["step"] <= 6 and second["error"] < begun["seen"]["error"]
    assert len(base64.b64decode(second["codes"])) == 500 * 2 * 4
    monkeypatch.setattr(trainings, "LASTS", -1)
    with pytest.raises(InputError, match="ten minutes"):
        ask(laboratory.advance, {"run": begun["run"], "rounds": 1})


def test_the_endpoints_answer_in_deviations(x):
    answer = api.autoencoder_encode(drawn_seven(), "autoencoder-mnist-30d")
    assert len(answer["code"]) == 30
    back = api.autoencoder_decode(answer["code"], "autoencoder-mnist-30d")
    assert np.abs(pixels(back) - pixels(answer["reconstruction"])).max() < 0.01
    wide = api.autoencoder_encode(drawn_seven(), "autoencoder-mnist-wide")
    assert wide["code"] == [] and wide["units"] == 1568
    with pytest.raises(InputError, match="30 numbers"):
        api.autoencoder_decode([0.0] * 29, "autoencoder-mnist-30d")
    with pytest.raises(InputError, match="Send a picture"):
        api.autoencoder_encode(None, "pca-mnist")


def test_two_units_leave_less_than_pca():
    for data in ("mnist", "fashion"):
        (row,) = [row for row in weights.metrics(f"autoencoder-{data}-2d")["rows"] if row["metric"] == "squared_error"]
        assert row["value"] <= 0.75 * row["paper"]
