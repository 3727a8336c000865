"""The weights that ship: how large they are, what their scores claim, and that one holds on a part of the data."""

import os

import pytest
import torch

from demos.lift.models import STAGES
from dlcv.core import weights

needs_data = pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="the data sets are not there")


def stated(name: str, metric: str, words: str) -> dict:
    """The row of that metric whose data has these words."""
    (row,) = [row for row in weights.metrics(name)["rows"] if row["metric"] == metric and words in row["data"]]
    return row


def test_all_weights_ship_and_are_small():
    assert set(weights.names("lift")) == set(STAGES)
    assert sum(weights.passport(name).size for name in STAGES) < 8 * 2**20


def test_more_is_matched_than_by_sift_on_the_place_held_out():
    for metric in ("matching_score", "pose_map_5"):
        row = stated("lift", metric, "a church")
        assert row["value"] > row["beside"]["SIFT"]


@needs_data
def test_the_rate_of_false_positives_holds_on_a_part():
    from dlcv.lift import evaluate, held_out
    from dlcv.lift.matching import fpr95

    _, rows, where = held_out.keypoints_of_pairs("test")
    parts = evaluate.shipped("lift-descriptor")
    some = where[:6]
    known = torch.cat([keypoints for _, keypoints in some])
    found = torch.cat([held_out.by_ours(parts)(*one) for one in some])
    inside = (rows < len(known)).all(1)
    a, b = found[rows[inside]].unbind(1)
    value = fpr95((a - b).norm(dim=1), (torch.arange(len(rows)) < len(rows) // 2)[inside])
    assert value == pytest.approx(stated("lift-descriptor", "fpr95", "a church")["value"], abs=1.5)
