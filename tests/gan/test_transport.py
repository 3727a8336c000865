"""Wasserstein intuition as its board asks for it."""

import pytest

from demos.gan import transport
from dlcv.core.errors import InputError
from tests.support.asking import ask


def test_the_matching_is_the_cheapest():
    """Crossing lines would be longer: each point goes to the one beside it."""
    answer = ask(transport.match, {"real": [[0, 0], [1, 0]], "fake": [[1, 0.5], [0, 0.5]]})
    assert answer["partners"] == [1, 0] and answer["cost"] == pytest.approx(0.5)


def test_the_divergence_jumps_where_the_distance_vanishes():
    answer = transport.slide({})
    middle = answer["offsets"].index(0)
    assert answer["values"][middle] == (0.0, 0.0)
    assert answer["values"][middle + 1][0] == pytest.approx(0.6931, abs=1e-4)
    assert answer["values"][middle + 1][1] == pytest.approx(0.05)


@pytest.mark.parametrize(
    "query",
    [{}, {"real": [], "fake": []}, {"real": [[0, 0]], "fake": [[0, 0]] * 2}, {"real": [[0, "a"]], "fake": [[0, 0]]}],
)
def test_sets_that_cannot_be_matched(query):
    with pytest.raises(InputError):
        ask(transport.match, query)
