"""The count over digits that are all distorted alike: what the transformer is worth, by the endpoint."""

import pytest
import torch

from demos import frame
from demos.stn import api, boards, count
from dlcv.core import pool
from dlcv.stn import count as counting
from dlcv.stn.predictor import Distortion, STNPredictor

MADE = 400  # pictures, of which the judge is sure of two thirds; the board has 2,000


@pytest.fixture(scope="module", autouse=True)
def fewer():
    """A smaller pool than the board's."""
    made = pool.make("digits", MADE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "pool", lambda data: made)
        yield


def errors(**distortion) -> tuple[float, float]:
    """The shares of digits that are read wrong with the transformer and without it."""
    found = api.stn_count(count.Counted(**distortion))
    wrong = found["wrong"]
    assert 0.6 * MADE < found["of"] < MADE and wrong["both"] <= min(wrong["transformer"], wrong["plain"])
    return wrong["transformer"] / found["of"], wrong["plain"] / found["of"]


@pytest.mark.parametrize("scale, data, margin", [(0.5, "all", 0.03), (0.5, "rts", 0.05), (0.5, "r", 0.3)])
def test_beyond_what_was_trained_on_the_transformer_saves_digits(scale, data, margin):
    with_it, without = errors(scale=scale, data=data)
    assert without - with_it > margin and without > 2 * with_it


def test_the_fully_connected_networks_gain_by_it_too():
    with_it, without = errors(scale=0.5, data="r", classifier="fcn")
    assert without - with_it > 0.15


def test_within_what_was_trained_on_both_read_nearly_all():
    assert max(errors(rotation=40)) < 0.04


def test_what_is_found_is_read_right_by_the_transformer_alone_as_a_visitor_has_it():
    parts = [frame.live(count.over_part)({"scale": 0.5, "data": "rts", "part": part}) for part in range(count.PARTS)]
    found = [one for part in parts for one in part["found"]]
    assert len(found) >= count.PARTS
    for one in found:
        read = boards.rectify(boards.Read(picture=one["paper"], scale=0.5, data="rts"))
        with_it, without = (max(range(10), key=read[name].__getitem__) for name in ("probabilities", "plain"))
        assert (with_it, without) == (one["label"], one["plain"])


def test_the_parts_are_all_of_the_digits_once():
    digits, labels = counting.made_digits()
    parts = digits.chunk(count.PARTS)
    assert count.PARTS == counting.PARTS and torch.equal(torch.cat(parts), digits) and len(labels) == len(digits)
    assert labels.unique().tolist() == list(range(10))


def test_digits_distorted_together_are_distorted_as_each_alone():
    predictor, distortion = STNPredictor("tps", "e"), Distortion(rotation=20, warp=1.5, seed=4)
    digits, _ = counting.made_digits()
    together = predictor.distort(digits[:3], distortion)
    torch.testing.assert_close(together[1:2], predictor.distort(digits[1:2], distortion))
    transformed, plain = predictor.read(together)
    alone = predictor.rectify(together[1:2])
    torch.testing.assert_close(transformed[1], alone.probabilities, atol=1e-4, rtol=0)
    torch.testing.assert_close(plain[1], alone.plain_probabilities, atol=1e-4, rtol=0)
