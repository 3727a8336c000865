"""The laboratory as its board asks for it: slices of training, checked questions, nothing in between."""

import base64
import json
import time

import pytest

from demos.frame import trainings
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
    monkeypatch.setattr(trainings, "LASTS", -1)
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


# ---- the algorithm, line by line


def stepped(run: str, who: str, times: int) -> list[dict]:
    """Answers to so many questions, each for one round."""
    return [ask(laboratory.advance, {"run": run, "who": who, "rounds": 1}) for _ in range(times)]


def test_the_lines_are_executed_in_the_slides_order():
    """For k steps: sample, ascend, clip; then noise and descend. The generator moves with the last line alone."""
    run = ask(laboratory.begin, QUERY | {"critic_steps": 2})["run"]
    answers = stepped(run, "line", 9)
    executed = [(line["name"], line["update"]) for answer in answers for line in answer["lines"]]
    one = ["sample", "critic", "clip"]
    wanted = [(name, update) for update in (1, 2) for name in one] + [("noise", 3), ("generator", 3)]
    assert executed == [*wanted, ("sample", 1)]
    assert [answer["seen"][0]["step"] for answer in answers] == [0] * 7 + [1, 1]
    fakes = [answer["seen"][0]["fake"] for answer in answers]
    assert fakes[0] == fakes[6] != fakes[7] == fakes[8]


@pytest.mark.parametrize("formulation", ["gan", "wgan", "wgan-gp"])
def test_line_by_line_is_the_same_training(formulation):
    query = QUERY | {"critic_steps": 2, "formulations": [formulation]}
    by_lines, whole = (ask(laboratory.begin, query)["run"] for _ in range(2))
    seen = stepped(by_lines, "line", 16)[-1]["seen"]
    answer = stepped(whole, "both", 2)[-1]
    assert seen == answer["seen"]
    assert [line["name"] for line in answer["lines"]] == ["sample", "critic", "clip"] * 2 + ["noise", "generator"]


def test_a_step_goes_to_the_end_of_an_iteration_that_was_begun():
    run = ask(laboratory.begin, QUERY | {"critic_steps": 1})["run"]
    stepped(run, "line", 2)
    (answer,) = stepped(run, "both", 1)
    assert [line["name"] for line in answer["lines"]] == ["clip", "noise", "generator"]
    assert answer["seen"][0]["step"] == 1


def test_the_clipped_weights_are_clipped_by_their_line():
    run = ask(laboratory.begin, QUERY | {"formulations": ["wgan"], "clip": 0.01})["run"]
    stepped(run, "line", 2)
    [trained] = laboratory.runs.get(run).learner
    assert max(weight.abs().max().item() for weight in trained.critic.parameters()) > 0.01
    stepped(run, "line", 1)
    assert max(weight.abs().max().item() for weight in trained.critic.parameters()) == pytest.approx(0.01)


LAMBDA = {"wgan-gp": 0.1, "wgan-gp, λ = 10": 10.0}


@pytest.fixture(scope="module")
def critics():
    """What is seen of critics that learned while the generator stood still."""
    settings = {name: {"formulations": [name.partition(",")[0]]} for name in ("gan", "wgan", *LAMBDA)}
    settings["wgan-gp, λ = 10"] |= {"penalty": 10.0}
    runs = {name: ask(laboratory.begin, QUERY | more)["run"] for name, more in settings.items()}
    for run in runs.values():  # by itself, since a question asks for a bounded time
        [trained] = laboratory.runs.get(run).learner
        for _ in range(240):
            trained.update("critic")
    answers = {name: ask(laboratory.advance, {"run": run, "who": "critic", "rounds": 1}) for name, run in runs.items()}
    return {name: answer["seen"][0] for name, answer in answers.items()}


def test_no_critic_finds_more_than_the_exact_distance(critics):
    """Over its steepest slope a critic is 1-Lipschitz, and says W at most; a discriminator says nothing."""
    for name in ("wgan", *LAMBDA):
        assert 0 < critics[name]["bound"] <= 1.02 * critics[name]["distance"]
    assert critics["gan"]["estimate"] is critics["gan"]["bound"] is None


@pytest.mark.parametrize("name", LAMBDA)
def test_the_slope_is_what_the_penalty_lets_it_be(critics, name):
    """max_s of s W - lambda (s - 1)^2 is at s = 1 + W / (2 lambda), where the critic's W is s times the exact one."""
    found, distance = critics[name], critics[name]["distance"]
    slope = 1 + distance / (2 * LAMBDA[name])
    assert found["slope"] == pytest.approx(slope, rel=0.2)
    assert found["estimate"] == pytest.approx(slope * distance, rel=0.2)
