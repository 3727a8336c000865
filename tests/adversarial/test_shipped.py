"""The weights that ship: how large they are, and that their scores hold on a part of the data."""

import os

import pytest

from demos.adversarial.models import NETWORKS, UNIVERSAL, USUAL
from dlcv.adversarial.predictor import predictor
from dlcv.adversarial.robustness import by_deepfool, relative
from dlcv.core import weights
from dlcv.core.training.evaluation import accuracy

needs_data = pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="the data sets are not there")
ROBUST = "lenet-mnist-deepfool"


def stated(name: str, metric: str, end: str) -> dict:
    """The row of that metric whose data ends so."""
    (row,) = [row for row in weights.metrics(name)["rows"] if row["metric"] == metric and row["data"].endswith(end)]
    return row


def test_all_weights_ship_and_are_small():
    assert set(weights.names("adversarial")) == {*NETWORKS, *UNIVERSAL.values()}
    assert sum(weights.passport(name).size for name in weights.names("adversarial")) < 16 * 2**20


def test_retraining_on_deepfools_pictures_pays_and_on_fgsms_costs():
    robust, plain, fgsm = (stated(name, "rho_adv", "DeepFool") for name in (ROBUST, USUAL, "lenet-mnist-fgsm"))
    errors = [stated(name, "error", "10,000")["value"] for name in (ROBUST, USUAL, "lenet-mnist-fgsm")]
    assert robust["value"] > plain["value"]
    assert errors[0] < errors[1] + 0.3 < errors[2]
    assert fgsm["value"] < robust["value"]


@needs_data
@pytest.mark.parametrize("name", [USUAL, ROBUST])
def test_the_scores_of_digits_hold_on_a_part(name):
    from dlcv.core.datasets import mnist

    x, labels = mnist.load("mnist", "test")
    model = predictor(name)
    found = relative(by_deepfool(model.classify, x[::50], bounded=False), x[::50])
    assert 100 * found.mean().item() == pytest.approx(stated(name, "rho_adv", "DeepFool")["value"], rel=0.1)
    error = 100 - accuracy(model.model, x[::5], labels[::5])
    assert error == pytest.approx(stated(name, "error", "10,000")["value"], abs=0.6)
