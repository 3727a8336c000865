"""The protocols against answers that are known: perfect, constant and random embeddings, and scipy-free counting."""

import pytest
import torch

from dlcv.siamese.protocols import equal_error, most_alike, one_shot, right, verify


def clusters(spread: float, classes: int = 60, samples: int = 20, seed: int = 0) -> torch.Tensor:
    """Classes (C, S, 8) of points around centres of unit deviation."""
    generator = torch.Generator().manual_seed(seed)
    middle = torch.randn(classes, 1, 8, generator=generator)
    return middle + spread * torch.randn(classes, samples, 8, generator=generator)


ALPHABETS = torch.arange(60) // 30


@pytest.mark.parametrize("alphabet", [ALPHABETS, None])
def test_one_shot_is_right_for_what_is_apart_and_never_for_a_constant(alphabet):
    assert one_shot(clusters(0.01), alphabet, 50).percent == 100
    assert one_shot(torch.ones(60, 20, 8), alphabet, 50).percent == 0
    chance = one_shot(torch.randn(60, 20, 8, generator=torch.Generator().manual_seed(3)), alphabet, 400)
    assert chance.percent == pytest.approx(5, abs=3 * chance.interval)


def test_a_tie_is_an_error():
    references = torch.tensor([[0.0], [0.0], [5.0]])
    assert right(references, torch.tensor([[0.0], [0.1], [4.0]])).tolist() == [False, False, True]


def test_the_two_protocols_differ_where_alphabets_do():
    apart = clusters(0.4) + 40 * ALPHABETS[:, None, None]
    drawer = 3 * torch.randn(1, 20, 8, generator=torch.Generator().manual_seed(5))  # a hand moves whatever it draws
    assert one_shot(apart, None, 300).percent > one_shot(apart, ALPHABETS, 300).percent
    assert one_shot(apart + drawer, ALPHABETS, 300).percent < 80 < one_shot(apart, ALPHABETS, 300).percent


def test_the_most_alike_are_of_the_same_group_and_not_the_class_itself():
    found = most_alike(clusters(0.1), ALPHABETS)
    assert (ALPHABETS[found] == ALPHABETS[:, None]).all() and (found != torch.arange(60)[:, None]).all()
    means = clusters(0.1).mean(1)
    expected = sorted((k for k in range(1, 30)), key=lambda k: (means[k] - means[0]).norm())[:5]
    assert found[0].tolist() == expected


def test_verification_gets_harder_with_forgers_and_easier_with_three():
    points = clusters(0.8)
    rates = {}
    for enrolled in (1, 3):
        trials = verify(points, ALPHABETS, enrolled)
        assert len(trials.same) == len(trials.other) == len(trials.forged) == 5 * 60 * (20 - enrolled)
        rates[enrolled] = [equal_error(trials.same, kind).percent for kind in (trials.other, trials.forged)]
    assert rates[3][0] < rates[1][0] < rates[1][1] and rates[3][1] < rates[1][1]


def test_the_equal_error_rate_is_counted():
    same, other = torch.tensor([1.0, 2.0, 3.0, 6.0]), torch.tensor([2.5, 5.0, 7.0, 8.0])
    assert equal_error(same, other).percent == 25  # at 3: the 6 is refused, the 2.5 accepted
    assert 3 <= equal_error(same, other).threshold < 5
    assert equal_error(same, same + 10).percent == 0
    assert equal_error(torch.ones(9), torch.ones(9)).percent == pytest.approx(50)
    noise = torch.randn(2, 200_000, generator=torch.Generator().manual_seed(0))
    found = equal_error(noise[0], noise[1] + 2)  # two Gaussians two deviations apart: half way, Phi(-1)
    assert found.percent == pytest.approx(15.87, abs=0.2) and found.threshold == pytest.approx(1, abs=0.02)
