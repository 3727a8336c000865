"""What fools the digit network that ships: films, lengths, what survives, and the slice."""

from __future__ import annotations

import math

import pytest
import torch

from demos.frame.pictures import drawn_seven
from dlcv.adversarial.predictor import BEYOND, SPOILED, eight_bits, predictor
from dlcv.core.errors import InputError
from dlcv.core.images import digits


@pytest.fixture(scope="module")
def seven() -> torch.Tensor:
    return digits.read(drawn_seven())


@pytest.fixture(scope="module")
def film(seven):
    return predictor("lenet-mnist").fool(seven)


def test_a_film_ends_over_the_border_to_the_class_that_was_chosen(seven, film):
    model = predictor("lenet-mnist")
    assert film.before == 7 and film.fooled
    assert film.chosen[-1] == film.after
    assert (film.perturbations[0] == 0).all()
    torch.testing.assert_close(model.probabilities(seven + film.perturbations), film.probabilities)
    x = seven + film.perturbations[-1:]
    assert x.min() >= 0 and x.max() <= 1
    assert model.fool(seven, target=3).after == 3


@pytest.mark.parametrize("target", [7, 10])
def test_a_class_that_it_has_or_that_there_is_not_is_refused(seven, target):
    with pytest.raises(InputError):
        predictor("lenet-mnist").fool(seven, target=target)


@pytest.mark.parametrize("method", ["FGSM", "PGD"])
@pytest.mark.parametrize("norm", [2, math.inf])
def test_other_methods_fool_within_a_few_percent_of_their_shortest(seven, film, method, norm):
    model = predictor("lenet-mnist")
    found = model.fool(seven, method, norm)
    assert found.fooled
    shorter = 0.9 * found.perturbations[-1:]
    if method == "FGSM":  # one direction: what is a tenth shorter does not fool
        assert int(model.probabilities(seven + shorter).argmax()) == 7
        assert found.perturbations[-1].norm() > film.perturbations[-1].norm()


def test_the_way_goes_over_the_steps_and_on(seven, film):
    model = predictor("lenet-mnist")
    places, probabilities = model.along(seven, film, 31)
    assert places[0] == 0 and places[20] == pytest.approx(1) and places[-1] == BEYOND
    torch.testing.assert_close(probabilities[0], film.probabilities[0])
    torch.testing.assert_close(probabilities[20], film.probabilities[-1], atol=1e-4, rtol=1e-3)
    beyond = (seven + BEYOND * film.perturbations[-1:]).clamp(0, 1)
    torch.testing.assert_close(probabilities[-1:], model.probabilities(beyond), atol=1e-4, rtol=1e-3)
    before, after = probabilities[:, film.before], probabilities[:, film.after]
    assert (before > after)[:19].all() and (before < after)[20:].all()  # they cross once, at the border


def test_what_lasts_fools_in_eight_bits(seven, film):
    model = predictor("lenet-mnist")
    r = film.perturbations[-1:]
    lasting = model.lasting(seven, r)
    assert (lasting * 255 - (lasting * 255).round()).abs().max() < 1e-4
    assert int(model.probabilities(lasting).argmax()) != 7
    assert model.lasting(seven, 0 * r) is None
    verdicts = model.survival(seven + r)
    assert list(verdicts) == list(SPOILED)
    assert verdicts["8 bits, as in a PNG"][0] == int(model.probabilities(eight_bits(seven + r)).argmax())


def test_the_slice_has_x_in_the_middle_and_the_border_before_r(seven, film):
    model = predictor("lenet-mnist")
    r = film.perturbations[-1:]
    along, across = model.directions(r)
    assert (along * across).sum().abs() < 1e-4 and across.norm() == pytest.approx(r.norm().item(), rel=1e-5)
    rows = model.rows(seven, r, [0.5, 0.0, -0.5], 2.0, 21)
    assert rows.shape == (3, 21)
    assert rows[1, 10] == 7 and rows[1, 15:].tolist() == [film.after] * 6  # from x + r on
    assert (rows[:, :11] == 7).all()


def test_robustness_is_the_length_beside_that_of_the_picture(seven):
    (found,) = predictor("lenet-mnist").robustness(seven)
    quick = predictor("lenet-mnist").fool(seven).perturbations[-1].norm() / seven.norm()
    assert 0.5 * quick < found <= 1.02 * quick
