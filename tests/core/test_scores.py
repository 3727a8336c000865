"""Scores: the words of a metric, bars, and the shipped metrics.json."""

import importlib
import json

import pytest

from dlcv.core import weights
from dlcv.core.weights import scores
from dlcv.core.weights.scores import Metric
from tests.support.tiny import ABOUT, tiny

AP = Metric("box_ap", "Box AP", "%", "higher")
ERROR = Metric("error", "Classification error", "%", "lower")


def metrics_of(topic: str) -> list[Metric]:
    """Every metric that the evaluation of a topic states."""
    found = []
    for value in vars(importlib.import_module(f"dlcv.{topic}.evaluate")).values():
        found += [one for one in (value.values() if isinstance(value, dict) else [value]) if isinstance(one, Metric)]
    return found


def test_a_row_has_the_words_of_its_metric():
    row = AP.row("8 pictures", 56.36, bar=50, paper=60.0, paper_source="Euclid", headline=True)
    assert row == {
        "metric": "box_ap", "label": "Box AP", "unit": "%", "better": "higher", "data": "8 pictures", "value": 56.36,
        "bar": 50, "paper": 60.0, "paper_source": "Euclid", "headline": True,
    }  # fmt: skip
    assert "headline" not in AP.row("8 pictures", 56.36)
    assert AP.row("8 pictures", 56.36, beside={"Chance": 1.0})["beside"] == {"Chance": 1.0}


@pytest.mark.parametrize(
    "row, missed",
    [
        (AP.row("x", 50.0), False),
        (AP.row("x", 50.0, bar=50.0), False),
        (AP.row("x", 49.9, bar=50.0), True),
        (ERROR.row("x", 0.7, bar=0.7), False),
        (ERROR.row("x", 0.8, bar=0.7), True),
    ],
)
def test_a_bar_is_missed_on_its_wrong_side(row, missed):
    assert scores.missed(row) is missed


def test_a_report_records_prints_and_says_what_is_missed_once(checkpoints, capsys):
    weights.save(tiny(), "tiny", **ABOUT)
    rows = [ERROR.row("x", 0.8, bar=0.7, paper=paper, paper_source="Euclid") for paper in (0.5, 0.6)]
    assert scores.report({"tiny": [*rows, AP.row("x", 60.0, bar=50.0)]}, "python -m tiny.evaluate") == ["tiny error"]
    content = json.loads((checkpoints / "tiny" / "metrics.json").read_text())
    assert content["rows"][0] == rows[0] and content["command"] == "python -m tiny.evaluate"
    assert content == weights.metrics("tiny")
    assert "0.8 %        x; bar 0.7; paper 0.6 (Euclid)" in capsys.readouterr().out


@pytest.mark.parametrize("name", weights.names())
def test_what_ships_has_the_words_of_its_evaluation(name):
    metrics, topic = weights.metrics(name), weights.passport(name).topic
    assert (metrics["model"], metrics["topic"]) == (name, topic)
    for row in metrics["rows"]:
        stated = [metric for metric in metrics_of(topic) if metric.name == row["metric"]]
        beside = {key: row.get(key) for key in ("bar", "paper", "paper_source", "paper_data", "beside", "headline")}
        assert row in [metric.row(row["data"], row["value"], **beside) for metric in stated]
