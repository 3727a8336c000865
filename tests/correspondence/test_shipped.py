"""The weights that ship: how large they are, and that their scores hold on a part of the data."""

import os

import pytest
import torch

from demos.correspondence.pairs import NETWORK, PLAIN, example, predictor
from demos.correspondence.trials import f1, in_time, spoiled
from dlcv.core import weights
from dlcv.correspondence import predictor as of
from dlcv.correspondence.metrics import counted
from dlcv.correspondence.model import CorrespondenceNet, side_information
from dlcv.correspondence.train import labelled
from tests.correspondence.made import off

needs_data = pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="the data sets are not there")


def stated(name: str, metric: str, data: str) -> float:
    """The score of that metric whose data is said so."""
    (row,) = [row for row in weights.metrics(name)["rows"] if row["metric"] == metric and data in row["data"]]
    return row["value"]


def test_all_weights_ship_and_are_small():
    assert set(weights.names("correspondence")) == {NETWORK, PLAIN}
    assert sum(weights.passport(name).size for name in (NETWORK, PLAIN)) < 6 * 2**20


def test_the_network_tells_right_from_wrong_in_the_room():
    pair, weighed = example("room")
    right = of.truly(pair)
    assert f1(weighed.logits > 0, right) > f1(of.tested(pair.matches), right)
    for method, most in (("Reweighted eight points", 6), ("Network, then RANSAC", 1.5), ("Network, then MAGSAC++", 1)):
        assert off(of.geometry(pair, weighed, method).pose, pair.scene) < most


def test_with_nine_wrong_in_ten_the_network_is_ahead_of_ransac_in_the_same_time():
    pair, right = spoiled(example("room"), 0.9, 0)
    weighed = predictor().weigh(pair)
    assert f1(weighed.logits > 0, right) > f1(in_time(pair, weighed.milliseconds), right)


@needs_data
def test_the_scores_hold_on_a_part():
    from dlcv.core.datasets import two_view

    views = two_view.load("test")
    model, some = weights.load(CorrespondenceNet, NETWORK), labelled(views)
    side = side_information(views.ratio, views.mutual, views.scale, views.turn)
    with torch.inference_mode():
        logits = model(views.first[::10], views.second[::10], side[::10]).logits
    found = counted(logits > 0, some.right[::10])["F1"]
    told = "Herz-Jesu church, 150 pairs, a place never seen, network alone, weighted eight points"
    assert found == pytest.approx(stated(NETWORK, "inlier_f1", told), abs=8)
