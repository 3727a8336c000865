"""Enrolment, verification and one-shot recognition with a network that learned nothing, and known distances."""

import math

import pytest
import torch

from dlcv.core.errors import InputError
from dlcv.siamese import predictor, strokes
from dlcv.siamese.model import Siamese, SiameseConfig
from dlcv.siamese.predictor import SiamesePredictor, embed
from dlcv.siamese.protocols import Trials
from tests.siamese.drawings import crosses


@pytest.fixture
def enrolling(monkeypatch) -> SiamesePredictor:
    """A predictor on a network that learned nothing, with known distances."""
    torch.manual_seed(0)
    model = Siamese(SiameseConfig(channels=(8, 8, 8), units=4, views=True, quantiles=101)).eval()
    near, far = torch.linspace(0, 1, 1001), torch.linspace(0.6, 1.6, 1001)
    model.keep_distances(Trials(near, far, far - 0.2), Trials(near / 2, far, far))
    monkeypatch.setattr(predictor.weights, "load", lambda *asked: model)
    return SiamesePredictor("any")


def test_enrolment_keeps_a_centre_and_refuses_none(enrolling):
    embeddings = enrolling.embed(crosses(3))
    kept = enrolling.enrol(embeddings)
    torch.testing.assert_close(kept.centre, embeddings.mean(0))
    assert enrolling.enrol(embeddings[:1]).spread == pytest.approx(0, abs=1e-6)
    verdict = enrolling.verify(kept, embeddings[0])
    assert verdict.distance == pytest.approx((embeddings[0] - kept.centre).norm().item(), abs=1e-5)
    with pytest.raises(InputError):
        enrolling.enrol(embeddings[:0])


def test_the_threshold_is_where_errors_are_equal(enrolling):
    assert enrolling.threshold(1) == pytest.approx(0.8, abs=0.02)
    assert enrolling.threshold(1, "forged") == pytest.approx(0.7, abs=0.02)
    assert enrolling.threshold(3) == pytest.approx(0.55, abs=0.06)
    kept = enrolling.enrol(torch.tensor([[1.0, 0, 0, 0]]))
    for angle, accepted in ((0.2, True), (1.5, False)):
        verdict = enrolling.verify(kept, torch.tensor([math.cos(angle), math.sin(angle), 0, 0]))
        assert verdict.accepted == accepted and verdict.threshold == enrolling.threshold(1)
        assert verdict.same_beyond == pytest.approx(max(0.0, 1 - verdict.distance), abs=0.02)
        assert verdict.other_within == pytest.approx(max(0.0, verdict.distance - 0.6), abs=0.02)


def test_an_embedding_is_the_mean_over_views(enrolling):
    x = crosses(2)
    with torch.inference_mode():
        views = enrolling.model(strokes.views(x.float() / 255).flatten(0, 1)).embedding.view(3, 2, 4)
    expected = torch.nn.functional.normalize(views.mean(0), dim=1)
    torch.testing.assert_close(embed(enrolling.model, x), expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(strokes.views(x.float() / 255)[0], x.float() / 255, atol=1e-4, rtol=0)
