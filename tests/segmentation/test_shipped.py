"""The weights that ship: how large they are, that bars are met, and that scores hold on a part of the data."""

import os

import pytest
import torch

from demos.segmentation.kept import DECODERS, EVERYDAY, MEMBRANES, STRONGEST
from dlcv.core import weights
from dlcv.segmentation import evaluate
from dlcv.segmentation.metrics import cells_between, confusion, pixel_accuracy, rand_score
from dlcv.segmentation.model import Segmenter
from dlcv.segmentation.predictor import probabilities

ALL = {EVERYDAY, STRONGEST, *DECODERS.values(), *MEMBRANES.values()}
needs_data = pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="the data sets are not there")


def stated(name: str, metric: str) -> float:
    """The first value of a metric that `evaluate` wrote."""
    return next(row["value"] for row in weights.metrics(name)["rows"] if row["metric"] == metric)


def test_all_weights_ship_within_sixteen_mebibytes():
    assert set(weights.names("segmentation")) == ALL
    assert sum(weights.passport(name).size for name in ALL) < 16 * 2**20


def test_each_idea_adds_something():
    by_crossing = [stated(name, "miou") for name in (*DECODERS.values(), STRONGEST)]
    assert by_crossing == sorted(by_crossing)
    contours = [stated(name, "boundary_f1") for name in DECODERS.values()]
    assert contours[0] < min(contours[1:])


def test_the_bar_of_membranes_is_met_by_the_mean_over_symmetries():
    """There the weights of borders help; a single pass, and drawn tissue, do not show it."""
    (row,) = [row for row in weights.metrics(MEMBRANES["weighted"])["rows"] if row["bar"]]
    assert row["value"] > row["bar"]
    assert row["value"] > stated(MEMBRANES["unweighted"], "v_rand")


def test_the_three_decoders_cost_as_much_as_one_another():
    counts = [sum(one.numel() for one in weights.load(Segmenter, name).parameters()) for name in DECODERS.values()]
    assert max(counts) < 1.1 * min(counts)


@needs_data
@pytest.mark.parametrize("name", [*DECODERS.values(), STRONGEST])
def test_the_scores_of_streets_hold_on_a_part_of_the_frames(name):
    from dlcv.core.datasets import camvid

    model, (pictures, labels) = weights.load(Segmenter, name), camvid.load("test", 16)
    found = torch.stack([probabilities(model, picture / 255).argmax(0) for picture in pictures])
    accuracy = 100 * pixel_accuracy(confusion(labels, found, len(camvid.CLASSES)))
    assert accuracy == pytest.approx(stated(name, "pixel_accuracy"), abs=4)


@needs_data
def test_the_score_of_membranes_holds_on_one_slice():
    from scipy import ndimage

    from dlcv.core.datasets import isbi2012

    slices, labels = isbi2012.load("test")
    membrane = evaluate.symmetric_probabilities(weights.load(Segmenter, MEMBRANES["weighted"]), slices[0] / 255)[0]
    known = ndimage.label(labels[0].numpy())[0]
    scores = [rand_score(known, cells_between(membrane.numpy() > limit)) for limit in evaluate.THRESHOLDS]
    assert max(scores) == pytest.approx(stated(MEMBRANES["weighted"], "v_rand"), abs=0.06)
