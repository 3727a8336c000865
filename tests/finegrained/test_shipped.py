"""The weights that ship: how large they are, and that their scores hold on a part of the data."""

import os

import pytest
import torch

from dlcv.core import weights
from dlcv.core.training.evaluation import outputs
from dlcv.finegrained.model import FineGrained
from dlcv.finegrained.train import CONFIGS, FILM, FILMED, SETTINGS, named


def value(name: str, metric: str) -> float:
    """The first score of that metric."""
    return next(row["value"] for row in weights.metrics(name)["rows"] if row["metric"] == metric)


def test_all_twelve_ship_and_are_small():
    assert set(weights.names("finegrained")) == {*CONFIGS, FILM}
    assert sum(weights.passport(name).size for name in weights.names("finegrained")) < 12 * 2**20


def test_the_card_is_right_about_two_windows_and_four():
    """Two windows miss their bar: see the note of the card."""
    whole, two, four = (
        value(named(setting, 0), "accuracy_mean") for setting in ("whole", "two-windows", "four-windows")
    )
    assert two < whole < four


def test_the_windows_moved_onto_the_head():
    for setting in ("one-window", "two-windows", "four-windows"):
        row = next(row for row in weights.metrics(named(setting, 0))["rows"] if row["metric"] == "held_head")
        assert row["value"] > row["beside"]["Where they began"]


@pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="the data sets are not there")
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_accuracy_holds_on_a_part(setting):
    from dlcv.core.datasets import cub

    birds, name = cub.load("test"), named(setting, 0)
    some = torch.arange(0, len(birds.labels), 3)
    model = weights.load(FineGrained, name)
    (logits,) = outputs(model, birds.pictures[some].float() / 255, "logits")
    right = 100 * (logits.argmax(1) == birds.labels[some]).float().mean().item()
    assert right == pytest.approx(value(name, "accuracy"), abs=7)


def test_the_film_is_of_the_network_that_ships():
    film = weights.load(weights.model_class(FILM), FILM)
    last = {name: getattr(film, film.kept(name))[-1] for name in film.names}
    learned = weights.load(FineGrained, FILMED).localise.state_dict()
    assert all(torch.equal(last[name], learned[name]) for name in film.names)
