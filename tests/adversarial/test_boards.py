"""The boards' and the endpoints' answers beside what the models say."""

from __future__ import annotations

import base64

import numpy as np
import PIL.Image
import pytest
import torch

from demos.adversarial import api, digits, photograph, plane, space
from demos.adversarial.models import PHOTOGRAPHS, RETRAINED, USUAL, predictor, read_photograph
from demos.frame.pictures import drawn_seven
from dlcv.core.errors import InputError
from dlcv.core.images.digits import decode_data_uri
from dlcv.core.images.draw import data_uri
from tests.support.asking import ask

POINTS = [[-0.6, 0.5], [-0.3, 0.7], [0.5, 0.6], [0.8, 0.3], [-0.1, -0.6], [0.3, -0.8]]
LABELS = [0, 0, 1, 1, 3, 3]


@pytest.fixture(scope="module")
def espresso() -> dict:
    return photograph.see_first(PIL.Image.open(photograph.EXAMPLES[0]))


def test_a_packaged_photograph_becomes_another_class(espresso):
    answer, names = espresso["answer"], espresso["names"]
    assert names[answer["before"]] == "espresso" and answer["fooled"] and answer["after"] != answer["before"]
    assert answer["relative"] < 1e-3 and answer["largest"] < 2 / 255
    curves = np.array(answer["curves"])
    at = [answer["classes"].index(answer[which]) for which in ("before", "after")]
    assert curves[at[0], 0] > curves[at[1], 0] and curves[at[0], 20] < curves[at[1], 20]
    assert answer["film"][0]["norm"] == 0 and answer["film"][-1]["place"] == pytest.approx(1)
    levels = np.frombuffer(base64.b64decode(answer["r"]), "<i2") * answer["largest"] / 32767
    assert np.linalg.norm(levels) == pytest.approx(answer["norm"], rel=1e-3)


def test_the_file_to_take_away_fools_as_it_is_read(espresso):
    answer = espresso["answer"]
    (row,) = [row for row in answer["survival"] if row["what"].startswith("8 bits")]
    for which, picture in (("lasting", answer["lasting"]["picture"]), ("plain", answer["fooling"])):
        read = decode_data_uri(picture)  # of x + r the file is what rounding leaves
        x = torch.from_numpy(np.array(read)).permute(2, 0, 1)[None].float() / 255
        assert int(predictor().probabilities(x).argmax()) == row[which]["now"]
    assert row["lasting"]["fools"] and row["lasting"]["now"] != answer["before"]


def test_a_photograph_comes_back_as_it_was_shown(espresso):
    again = read_photograph(espresso["picture"])
    assert again.shape == (1, 3, 224, 224)
    assert (np.array(decode_data_uri(espresso["picture"])) == (again[0].permute(1, 2, 0) * 255).numpy()).all()


def test_every_network_is_asked_about_the_same_digit():
    answer = ask(digits.fool_digit, {"picture": data_uri(drawn_seven())})
    usual, deepfool, fgsm = answer["networks"]
    assert [one["name"] for one in answer["networks"]] == list(RETRAINED)
    assert all(one["before"] == 7 and one["fooled"] for one in (usual, deepfool))
    assert deepfool["relative"] > usual["relative"]
    same = ask(digits.fool_digit, {"picture": data_uri(drawn_seven()), "target": 7})["networks"][0]
    assert same["relative"] == 0 and same["after"] == 7 and same["fooled"]


def test_a_doodle_is_counted_as_it_is_laid_over():
    nothing = base64.b64encode(np.full(784, 128, np.uint8).tobytes()).decode()
    answer = ask(digits.count_fooled, {"doodle": nothing, "bound": 0.2})
    assert answer["fooled"] == 0 and answer["count"] == digits.SOME and sum(answer["flow"]) == digits.SOME
    best = ask(digits.universal_doodle, {})["doodle"]
    found = ask(digits.count_fooled, {"doodle": best, "bound": 0.3, "whole": True})
    moved = np.array(found["flow"]).reshape(10, 10)
    assert moved.sum() - np.trace(moved) == found["fooled"]
    assert found["fooled"] / found["count"] == pytest.approx(found["rates"]["universal"], abs=0.01)
    assert found["rates"]["universal"] > found["rates"]["noise"]


def test_a_linear_plane_needs_one_step_of_the_closed_form():
    run = ask(plane.learn, {"points": POINTS, "labels": LABELS, "linear": True})["run"]
    walked = ask(plane.walk, {"run": run, "at": [-0.4, 0.3]})
    first, last = walked["steps"]
    assert walked["done"] and last["now"] == first["chosen"] != first["now"]
    assert last["now"] != 2  # no point has that colour
    nearest = min(abs(border["gap"]) / np.hypot(*border["normal"]) for border in first["borders"])
    assert walked["length"] == pytest.approx(1.02 * (nearest + 1e-4), rel=1e-3)


def test_the_map_of_a_plane_is_what_its_points_say():
    answer = ask(plane.learn, {"points": POINTS, "labels": LABELS})
    colours = np.frombuffer(base64.b64decode(answer["map"]), np.uint8).reshape(plane.SIDE, plane.SIDE)
    for (x, y), label in zip(POINTS, LABELS):
        assert colours[int((1 - y) / 2 * plane.SIDE), int((1 + x) / 2 * plane.SIDE)] == label
    for wrong in ({"labels": [0] * 6}, {"labels": [0, 1]}):
        with pytest.raises(InputError):
            ask(plane.learn, {"points": POINTS} | wrong)


def test_the_slice_of_a_digit_is_asked_from_what_was_shown():
    answer = ask(digits.fool_digit, {"picture": data_uri(drawn_seven())})
    usual = answer["networks"][0]
    thing = {"network": USUAL, "picture": answer["seen"], "r": usual["r"], "largest": usual["largest"]}
    rows = ask(space.look_at_rows, thing | {"heights": [0, 1]})["classes"]
    assert len(rows) == 2 and rows[0][20] == 7 and rows[0][30] == usual["after"]
    assert ask(space.picture_at, thing | {"at": [1.1, 0]})["now"] == usual["after"]
    for wrong in ({"r": "AAAA"}, {"picture": "x"}, {"network": PHOTOGRAPHS}, {"largest": 0}):
        with pytest.raises(InputError):
            ask(space.look_at_rows, thing | {"heights": [0]} | wrong)


def test_one_noise_is_laid_over_any_photograph(espresso):
    answer = ask(photograph.lay_over, {"picture": espresso["picture"], "bound": 10})
    plain, over, noise = (np.array(decode_data_uri(picture)).astype(int) for picture in answer["pictures"])
    assert np.abs(over - plain).max() == np.abs(noise - plain).max() == 10
    assert espresso["names"][answer["classes"][0][0]] == "espresso"


def test_endpoints():
    answer = api.adversarial_fool(drawn_seven(), USUAL, target=3)
    assert (answer["before"], answer["after"], answer["fooled"]) == ("7", "3", True)
    answer = api.adversarial_robustness([data_uri(drawn_seven())] * 2, USUAL)
    assert answer["relative"][0] == pytest.approx(answer["rho_adv"], rel=1e-4)
    with pytest.raises(InputError):
        api.adversarial_fool(None)
