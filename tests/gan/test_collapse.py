"""What the counts of samples say of the four columns, by the endpoint and on the networks that ship."""

import pytest
import torch

from demos.gan import api, boards
from dlcv.core import weights
from dlcv.core.errors import InputError
from dlcv.gan.classifier import covered, misplaced
from dlcv.gan.model import GAN
from dlcv.gan.train import validation

SEED = 7  # of samples that nobody chose
SAMPLES = 500  # half as many as the board counts


@pytest.fixture(scope="module", autouse=True)
def fewer():
    """Fewer samples than on the board."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boards, "COUNTED", SAMPLES)
        boards._variety.cache_clear()
        yield
    boards._variety.cache_clear()


@pytest.fixture(scope="module")
def digits() -> dict[str, dict]:
    """The endpoint's answer for each column of digits."""
    return {name: api.gan_variety(name, "digits", SEED) for name in boards.COUNTED_OF}


def test_the_collapsed_generator_leaves_most_classes_out(digits):
    """It covers under 5 of the 10 classes, its samples are alike, and the original game that it played covers all."""
    collapsed, played = digits[boards.COLLAPSED], digits["gan"]
    assert collapsed["covered"] < 5 and played["covered"] == digits["wgan-gp"]["covered"] == 10
    assert collapsed["distance"] < 0.3 * collapsed["distance_of_real"] < 0.4 * played["distance"]
    assert sum(collapsed["counts"].values()) == SAMPLES


@pytest.mark.parametrize("data", boards.DATA)
def test_of_those_that_did_not_collapse_the_clipped_one_is_the_least_even(data, digits):
    columns = digits if data == "digits" else {name: api.gan_variety(name, data, SEED) for name in boards.FORMULATIONS}
    uneven = {name: column["misplaced"] for name, column in columns.items()}
    assert 0.5 > uneven["wgan"] > 1.3 * max(uneven["gan"], uneven["wgan-gp"])
    assert uneven.get(boards.COLLAPSED, 1) > 0.5
    assert all(columns[name]["meaning"] == boards.MEANING[name] for name in columns)


def test_no_garments_are_asked_of_what_learned_digits_alone():
    with pytest.raises(InputError, match="digits alone"):
        api.gan_variety(boards.COLLAPSED, "garments", SEED)


def test_the_cards_say_how_many_classes_are_covered():
    of = {}
    for name in boards.COUNTED_OF:
        rows = weights.metrics(f"{name}-mnist")["rows"]
        of[name] = next(row["value"] for row in rows if row["metric"] == "classes")
    assert of[boards.COLLAPSED] < 5 and of["gan"] == of["wgan-gp"] == 10


def test_the_clipped_critic_leaves_garments_out_as_its_card_says():
    [said] = [row["value"] for row in weights.metrics("wgan-fashion")["rows"] if row["metric"] == "classes"]
    assert said == 7 and abs(api.gan_variety("wgan", "garments", SEED)["covered"] - said) <= 1
    for name in ("gan", "wgan-gp"):
        rows = weights.metrics(f"{name}-fashion")["rows"]
        assert [row["value"] for row in rows if row["metric"] == "classes"] == [10]


def test_the_training_of_the_collapsed_one_counts_its_classes():
    name = f"{boards.COLLAPSED}-mnist"
    assert validation(name)(weights.load(GAN, name))["classes"] < 5
    assert validation("gan-mnist") is None


def test_counts_are_judged_by_their_share():
    even, one = torch.full((10,), 100), torch.tensor([991] + [1] * 9)
    assert covered(even) == 10 and misplaced(even) == 0
    assert covered(one) == 1 and misplaced(one) == pytest.approx(0.891)
    assert covered(torch.tensor([25] * 9 + [775])) == 10 and covered(torch.tensor([24] * 9 + [784])) == 1
