"""Checks in Python: what comes from a browser is bounded, and every failure becomes a sentence."""

import math
import re

import gradio as gr
import PIL.Image
import pytest

from demos import frame
from demos.frame import card
from dlcv.core.errors import InputError


@pytest.mark.parametrize("value", [None, True, 3, 2.5, "text", [1, [2, [3]]], {"z": [0.1, -3.0], "name": "vae"}, []])
def test_ordinary_values_pass(value):
    assert frame.checks.check(value) >= 1


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, 1e300, 10**400, [math.nan], [0] * 60_000, [[[[[[[1]]]]]]], {1: 2}]
    + [{"x" * 200: 1}, {"z": [[0] * 300] * 300}],
)
def test_forged_values_are_refused(value):
    with pytest.raises(InputError):
        frame.checks.check(value)


def test_live_answers_with_a_sentence_whatever_happens():
    def decode(query):
        if query.get("empty"):
            raise InputError("Draw a digit first.")
        return {"value": 1 / query["x"]}

    call = frame.live(decode)
    assert call({"x": 2}) == {"value": 0.5}
    assert call({"empty": True}) == {"error": "Draw a digit first."}
    for forged in (None, [1], "x", 3, {"x": math.nan}, {"x": 0}, {}):
        assert set(call(forged)) == {"error"} and "Error" not in call(forged)["error"]


def test_guard_turns_errors_into_sentences_for_functions_and_generators():
    def fails(x):
        raise InputError("Too short.") if x else RuntimeError("/secret/path")

    def grows(x):
        yield 1
        fails(x)

    for argument, sentence in ((1, "Too short."), (0, frame.checks.UNEXPECTED)):
        with pytest.raises(frame.gr.Error) as caught:
            frame.guard(fails)(argument)
        assert sentence in str(caught.value) and "secret" not in str(caught.value)
    steps = frame.guard(grows)(1)
    assert next(steps) == 1
    with pytest.raises(frame.gr.Error, match="Too short"):
        next(steps)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"value": 80.9, "paper": 86.76, "better": "lower", "unit": "nats"}, "5.86 nats better"),
        ({"value": 0.8, "paper": 0.75, "better": "lower", "unit": "%"}, "0.05 points worse"),
        ({"value": 0.9, "paper": 0.8, "better": "higher", "unit": "mIoU"}, "0.10 mIoU better"),
        ({"value": 0.7, "paper": 0.7, "better": "lower", "unit": "%"}, "as good"),
        ({"value": 0.7, "paper": None, "better": "lower", "unit": "%"}, ""),
        ({"value": 0.2, "paper": 0.1, "better": "lower", "unit": ""}, "0.10 worse"),
        ({"value": 92.3, "paper": 89.2, "better": "higher", "unit": "%", "paper_data": "others"}, "on others"),
    ],
)
def test_the_card_says_by_how_much(row, words):
    assert card.verdict(row) == words


def test_a_card_that_compares_many_has_a_line_a_score_and_the_prior_first(monkeypatch):
    row = {"metric": "rank", "label": "Rank", "unit": "", "better": "higher", "paper": None, "beside": {"Row": 0.7}}
    of = {
        "ours": [row | {"data": "rooms", "value": 0.9}, row | {"data": "roads", "value": 0.8, "beside": {}}],
        "theirs": [row | {"data": "rooms", "value": 0.6}, row | {"data": "a point", "value": 0, "detail": True}],
    }
    monkeypatch.setattr(card, "_rows", lambda names: of[names[0]])
    table = card._side_by_side({"Ours": ["ours"], "Theirs": ["theirs"]})
    head, *lines = table.split("<tr>")[1:]
    assert re.findall(r"<th scope=col>(.*?)</th>", head) == ["Score", "Row", "Ours", "Theirs"]
    assert [re.findall(r"<small>(.*?)</small>", line) for line in lines] == [["rooms"], ["roads"]]
    cells = [re.findall(r"<td data-column='(.*?)'>(.*?)</td>", line) for line in lines]
    assert cells[0] == [("Row", "0.70"), ("Ours", "<b>0.90</b>"), ("Theirs", "<b>0.60</b>")]
    assert [text for _, text in cells[1]] == ["", "<b>0.80</b>", ""]


def test_a_first_question_is_answered_once():
    asked = []

    def fn(picture, side, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
        asked.append(side)
        return [side]

    first = frame.remembered(fn)
    white, black = (PIL.Image.new("RGB", (4, 4), colour) for colour in ("white", "black"))
    assert first(white, 1) == first(white.copy(), 1) == [1] and asked == [1]
    assert first(black, 1) == [1] and first(black, 2) == [2] and asked == [1, 1, 2]
    assert first(white, 1) == [1] and asked == [1, 1, 2, 1]  # the last answer alone is kept
