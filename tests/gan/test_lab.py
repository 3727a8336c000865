"""The laboratory as its board asks for it: slices of training, checked questions, nothing in between."""

import base64
import json
import time

import pytest

from demos.gan import laboratory
from dlcv.core.errors import InputError
from tests.support.asking import ask

QUERY = {
    "data": "ring of 8", "formulations": ["wgan-gp"], "saturating": False, "critic_steps": 5, "clip": 0.1,
    "penalty": 0.1, "critic_rate": 2e-3, "generator_rate": 1e-3, "optimiser": "Adam", "seed": 0,
}  # fmt: skip


def test_a_training_goes_on_by_slices():
    begun = ask(laboratory.begin, QUERY)
    assert begun["seen"][0]["step"] == 0
    first = ask(laboratory.advance, {"run": begun["run"], "who": "both", "rounds": 3})["seen"][0]
    second = ask(laboratory.advance, {"run": begun["run"], "who": "both", "rounds": 3})["seen"][0]
    assert 0 < first["step"] < second["step"] <= 6
    assert len(base64.b64decode(second["heat"])) == second["side"] ** 2
    assert len(second["fake"]) == 512
    json.dumps(begun, allow_nan=False)


def test_either_network_can_be_trained_alone():
    run = ask(laboratory.begin, QUERY)["run"]
    before = ask(laboratory.advance, {"run": run, "who": "critic", "rounds": 2})["seen"][0]
    after = ask(laboratory.advance, {"run": run, "who": "critic", "rounds": 2})["seen"][0]
    assert before["fake"] == after["fake"] and before["heat"] != after["heat"] and after["step"] == 0
    assert ask(laboratory.advance, {"run": run, "who": "generator", "rounds": 1})["seen"][0]["fake"] != after["fake"]


def test_two_formulations_side_by_side_keep_in_step():
    begun = ask(laboratory.begin, QUERY | {"formulations": ["gan", "wgan"]})
    assert begun["seen"][0]["fake"] == begun["seen"][1]["fake"]
    seen = ask(laboratory.advance, {"run": begun["run"], "who": "both", "rounds": 5})["seen"]
    assert seen[0]["step"] == seen[1]["step"]


def test_a_question_asks_for_a_bounded_time():
    run = ask(laboratory.begin, QUERY | {"critic_steps": 10})["run"]
    ask(laboratory.advance, {"run": run, "who": "both", "rounds": 1})
    began = time.thread_time()
    ask(laboratory.advance, {"run": run, "who": "both", "rounds": 200})
    assert time.thread_time() - began < 20 * laboratory.SLICE


def test_a_run_is_bounded_and_old_ones_are_given_up(monkeypatch):
    run = ask(laboratory.begin, QUERY)["run"]
    monkeypatch.setattr(laboratory, "LASTS", -1)
    with pytest.raises(InputError, match="ten minutes"):
        ask(laboratory.advance, {"run": run, "who": "both", "rounds": 1})
    monkeypatch.setattr(laboratory.runs, "most", 2)
    newer = [ask(laboratory.begin, QUERY)["run"] for _ in range(2)]
    with pytest.raises(InputError, match="ended"):
        laboratory.runs.get(run)
    assert laboratory.runs.get(newer[0])


@pytest.mark.parametrize(
    "change",
    [
        {"data": "circle"}, {"formulations": []}, {"formulations": ["gan"] * 3}, {"formulations": "gan"},
        {"optimiser": "LBFGS"}, {"critic_steps": "5"}, {"penalty": float("nan")}, {"data": "drawn"},
        {"data": "drawn", "drawn": [[0, 0]] * 5}, {"data": "drawn", "drawn": [["a", 0]] * 50},
    ],
)  # fmt: skip
def test_bad_choices_get_a_sentence(change):
    with pytest.raises(InputError):
        ask(laboratory.begin, QUERY | change)


def test_a_drawing_is_learned():
    drawn = [[0.5, 0.1 * i - 0.5] for i in range(10)]
    real = ask(laboratory.begin, QUERY | {"data": "drawn", "drawn": drawn})["seen"][0]["real"]
    assert min(real[::2]) > 0.3 and max(real[::2]) < 0.7
