"""The weights that ship: how large they are, and that their scores hold on a part of the data."""

import os

import pytest
import torch

from demos.siamese.models import ALL, COMPARED
from dlcv.core import weights
from dlcv.siamese import evaluate, strokes
from dlcv.siamese.model import Siamese
from dlcv.siamese.predictor import embed, embed_all
from dlcv.siamese.protocols import equal_error, one_shot, verify

needs_data = pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="the data sets are not there")


def stated(name: str, metric: str, what: str) -> float:
    """The value of the row of that metric whose data has these words."""
    (value,) = {
        row["value"] for row in weights.metrics(name)["rows"] if row["metric"] == metric and what in row["data"]
    }
    return value


def test_all_weights_ship_and_are_small():
    assert set(weights.names("siamese")) == set(ALL)
    assert sum(weights.passport(name).size for name in ALL) < 10 * 2**20


def test_mining_and_triplets_pay():
    random, mined, triplets = (stated(name, "one_shot_20", evaluate.WITHIN) for name in COMPARED)
    assert random + 10 < min(mined, triplets) < stated(evaluate.MAIN, "one_shot_20", evaluate.WITHIN)


def test_the_bars_of_enrolment_hold_with_room():
    for what, bar in (
        ("three samples by other hands, against other", 6),
        ("three samples by other hands, against its", 15),
    ):
        assert stated(evaluate.MAIN, "eer", what) < 0.8 * bar


@needs_data
def test_the_scores_of_characters_hold_on_four_alphabets():
    from dlcv.core.datasets import omniglot

    known = omniglot.load("evaluation")
    part = known.alphabet < 4
    model, alphabet = weights.load(Siamese, evaluate.MAIN), known.alphabet[part]
    embeddings = embed_all(model, strokes.all_framed(known.ink[part]))
    found = one_shot(embeddings, alphabet, 300)
    assert found.percent == pytest.approx(stated(evaluate.MAIN, "one_shot_20", evaluate.WITHIN), abs=6)
    trials = verify(embeddings, alphabet, 3, rounds=1)
    assert equal_error(trials.same, trials.forged).percent < 15
    kept = model.distances[1, 0]  # quantiles of the same characters' distances, three enrolled
    assert torch.quantile(trials.same, 0.5).item() == pytest.approx(kept[len(kept) // 2].item(), rel=0.15)


@needs_data
def test_the_score_of_faces_holds():
    (row,) = [row for row in evaluate.people("siamese-faces") if row["bar"]]
    assert row["value"] == pytest.approx(stated("siamese-faces", "eer", "mean of 5 folds"), abs=0.3)


@needs_data
def test_the_plane_of_digits_holds_with_a_sixth_of_the_neighbours():
    from dlcv.core.datasets import mnist

    (known, labels), (asked, truth) = mnist.load("mnist", "train"), mnist.load("mnist", "test")
    model = weights.load(Siamese, "siamese-mnist-2d")
    points, queries = (embed(model, (255 * x).to(torch.uint8)) for x in (known[::6], asked[::5]))
    right = labels[::6][torch.cdist(queries, points).argmin(1)] == truth[::5]
    score = stated("siamese-mnist-2d", "neighbours", "by the nearest")
    assert 100 * right.float().mean().item() == pytest.approx(score, abs=1)
