"""Photographs: a loss that sees neither scale nor shift, but order and edges; scores that do the same; a training."""

import functools
import os

import pytest
import torch

from dlcv.core import weights
from dlcv.core.training.loop import Step
from dlcv.depth import evaluate, held_out, loss, metrics, photographs_train, predictor, scenes
from dlcv.depth.photonet import PhotoConfig, PhotoNet


def disparities() -> tuple[torch.Tensor, torch.Tensor]:
    """Two pictures of 8 x 12, of other scales, and what is known of them."""
    generator = torch.Generator().manual_seed(0)
    truth = 5 * torch.rand(2, 1, 8, 12, generator=generator) * torch.tensor([1.0, 30.0]).view(2, 1, 1, 1)
    return truth, torch.rand(2, 1, 8, 12, generator=generator) < 0.8


def test_normalised_has_median_0_and_mean_deviation_1_over_what_is_known():
    truth, known = disparities()
    found = loss.normalised(torch.where(known, truth, 1e6), known)
    for picture, there in zip(found, known):
        assert picture[there].median().item() == pytest.approx(0, abs=1e-6)
        assert picture[there].abs().mean().item() == pytest.approx(1, abs=1e-5)


def test_scale_and_shift_cost_nothing_and_another_order_does():
    truth, known = disparities()
    moved = 7 * truth + torch.tensor([3.0, -100.0]).view(2, 1, 1, 1)
    terms = loss.photograph_loss(moved, truth, known)
    assert terms["loss"].item() == pytest.approx(0, abs=1e-5)
    turned = loss.photograph_loss(-truth, truth, known)
    assert turned["residual"] > 0.3 and turned["gradient"] > 1
    torch.testing.assert_close(turned["loss"], turned["residual"] + loss.GRADIENTS * turned["gradient"])


def test_what_is_not_known_and_the_largest_residuals_do_not_count():
    truth, known = disparities()
    wrong = torch.where(known, truth, -50.0)
    assert loss.photograph_loss(wrong, truth, known)["loss"].item() == pytest.approx(0, abs=1e-5)
    all_known = torch.ones_like(known)
    gross = truth.clone()
    gross[:, :, 0, :4] = gross.amax((1, 2, 3), keepdim=True)[..., 0]  # 4 of 96 pixels
    # the median and the spread move by little, the trimmed mean by less than the plain one
    plain = (loss.normalised(gross, all_known) - loss.normalised(truth, all_known)).abs().mean() / 2
    assert loss.scale_and_shift_free(gross, truth, all_known) < 0.6 * plain


def test_the_residual_by_hand():
    """d^ of (0, 1, 2, 3, 4) is (-2, -1, 0, 1, 2) / 1.2; with the last two exchanged, the smaller 4 of 5 residuals add
    up to 1 / 1.2, halved and over 5."""
    truth = torch.arange(5.0).view(1, 1, 1, 5)
    found = torch.tensor([0.0, 1, 2, 4, 3]).view(1, 1, 1, 5)
    known = torch.ones_like(truth, dtype=torch.bool)
    assert loss.scale_and_shift_free(found, truth, known).item() == pytest.approx(1 / 1.2 / 10)


def test_a_blurred_edge_costs_gradient_at_every_size():
    truth = torch.zeros(1, 1, 16, 32)
    truth[..., 16:] = 1
    known = torch.ones_like(truth, dtype=torch.bool)
    costs = []
    for width in (0, 2, 6):
        ramp = ((torch.arange(32) - 15.5) / max(width, 1e-6) + 0.5).clamp(0, 1).expand(1, 1, 16, 32)
        costs.append(loss.gradient_matching(ramp, truth, known).item())
    assert costs[0] == pytest.approx(0, abs=1e-5) and costs[0] < costs[1] < costs[2]


def test_nothing_known_is_no_error_and_a_gradient_flows():
    truth, known = disparities()
    known[1] = False
    found = truth.roll(1, 3).requires_grad_()
    loss.photograph_loss(found, truth, known)["loss"].backward()
    assert found.grad.isfinite().all() and found.grad[0].abs().sum() > 0 and found.grad[1].abs().sum() == 0


def test_an_order_costs_less_the_clearer_it_is():
    costs = [loss.order(torch.tensor([gap]), torch.tensor([0.0])).item() for gap in (-1.0, 0.0, 1.0)]
    assert costs[1] == pytest.approx(0.6931, abs=1e-4) and costs == sorted(costs, reverse=True)


# ---- scores of photographs


def test_a_fit_knows_no_scale_and_no_shift():
    truth = torch.tensor([1.0, 2.0, 5.0, 9.0])
    torch.testing.assert_close(metrics.fitted(-3 * truth + 8, truth), truth)
    noisy = truth + torch.tensor([0.1, -0.1, 0.1, -0.1])
    columns = torch.stack([noisy, torch.ones(4)], dim=1)
    expected = columns @ torch.linalg.lstsq(columns, truth[:, None]).solution
    torch.testing.assert_close(metrics.fitted(noisy, truth), expected[:, 0])


def test_edges_are_the_largest_steps_and_one_pixel_off_is_found():
    truth = torch.ones(6, 12)
    truth[:, 5:] = 2
    assert metrics.steps(truth)[:, 4:6].all() and metrics.steps(truth).count_nonzero() == 12
    assert metrics.edge_f1(9 - 3 * truth, truth) == pytest.approx(1)  # whatever the scale and the shift
    assert metrics.edge_f1(truth.roll(1, 1)[:, 1:], truth[:, 1:]) == pytest.approx(1)
    assert metrics.edge_f1(truth.roll(4, 1)[:, 4:], truth[:, 4:]) == 0
    assert 0 < metrics.edge_f1(truth.T[:6, :6].repeat(1, 2), truth) < 1


def test_gaps_are_as_far_as_what_is_known_beside_them():
    disparity = torch.tensor([[4.0, 0, 0, 0, 2], [4, 0, 0, 0, 2]])
    assert held_out.filled(disparity).tolist() == [[4, 4, 2, 2, 2]] * 2
    assert held_out.filled(torch.zeros(2, 2)).tolist() == [[0, 0], [0, 0]]


def test_nearer_than_beside_counts_rows():
    inside, beside = torch.zeros(4, 6, dtype=torch.bool), torch.zeros(4, 6, dtype=torch.bool)
    inside[:, 2:4], beside[:3, 4] = True, True
    disparity = torch.ones(4, 6)
    assert metrics.nearer_than_beside(disparity, inside, beside) == 0.5  # as a prior has it that knows the row alone
    disparity[:2, 2:4] = 2
    assert metrics.nearer_than_beside(disparity, inside, beside) == pytest.approx(2.5 / 3)


def test_what_sees_the_truth_scores_all_and_the_row_alone_what_a_slope_gives():
    """A slope, and on it a thing that stands upright."""
    picture, disparity = torch.zeros(3, 96, 192), held_out.row_alone(torch.zeros(3, 96, 192)).clone()
    disparity[20:70, 60:110] = 0.75
    known = disparity.clone()
    known[:, :20] = 0
    places = [held_out.Place(picture, known)]
    inside, beside = torch.zeros(2, 96, 192, dtype=torch.bool).unbind()
    inside[20:60, 62:108], beside[20:60, 112:116] = True, True
    people = [held_out.Person(picture, inside, beside)]

    def score(ask):
        ranked, near = held_out.rank_of(ask, places), held_out.delta_1_of(ask, places)
        return ranked, near, held_out.edge_f1_of(ask, places), held_out.people_of(ask, people)

    assert score(lambda _: 5 - 3 * (1 - disparity)) == pytest.approx((1, 100, 100, 100), abs=1e-3)
    ranked, near, edges, nearer = score(held_out.row_alone)
    assert 0.6 < ranked < 0.95 and near < 95 and edges < 40 and nearer == 50


def test_the_table_has_a_line_a_score_and_the_row_alone_first():
    row = evaluate.RANK.row("six places", 0.5, beside={held_out.ROW_ALONE: 0.74})
    head, line = held_out.table({"ours": [row], "theirs": [row | {"value": 0.6}]}).splitlines()
    assert head.split() == ["Row", "alone", "ours", "theirs"]
    assert line.split()[-3:] == ["0.74", "0.5", "0.6"] and "six places" in line


@pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="needs the data sets: DLCV_DATA names their folder")
@pytest.mark.parametrize("name", predictor.PHOTOGRAPHS)
def test_a_shipped_network_scores_what_its_card_says(name):
    data, places = next(iter(held_out.places().items()))
    said = {row["metric"]: row for row in weights.metrics(name)["rows"] if row["data"] == data}
    ask = functools.cache(evaluate.asking(name))
    found = held_out.rank_of(ask, places), held_out.edge_f1_of(ask, places)
    assert found == pytest.approx((said["rank_correlation"]["value"], said["edge_f1"]["value"]), rel=0.01)
    prior = held_out.rank_of(held_out.row_alone, places)
    assert said["rank_correlation"]["beside"][held_out.ROW_ALONE] == pytest.approx(prior, abs=1e-3)


# ---- the training


def test_a_sample_is_the_middle_of_a_photograph_in_the_shape_of_the_input():
    picture = torch.linspace(0, 1, 1200).expand(3, 400, 1200)
    disparity = torch.where(torch.arange(1200) < 600, 40.0, 10.0).expand(400, 1200)
    seen = photographs_train.sample(picture, disparity)
    assert seen.picture.shape == (3, 256, 384) and seen.disparity.shape == seen.order.shape == (1, 256, 384)
    assert seen.picture[0, 0, [0, -1]].tolist() == pytest.approx([64, 191], abs=1)  # from 300 to 900
    assert seen.disparity[0, 0, [190, 193]].tolist() == [1, 0.25] and not seen.order.any()


def test_a_step_of_the_training_with_truth_and_order():
    """On a made scene, and on a picture of which an order alone is known."""
    pair = scenes.pair(0, 64, 96)
    truth = photographs_train.sample(pair.left, pair.disparity_left[0])
    order = torch.zeros(64, 96, dtype=torch.int8)
    order[10:40, 20:40], order[10:40, 50:60] = 1, -1
    people = photographs_train.sample(pair.left, torch.zeros(64, 96), order)
    model = PhotoNet(PhotoConfig())
    terms = photographs_train.photograph_loss(model, [truth, people], Step(0, 10))
    assert set(terms) == {"loss", "residual", "gradient", "order"}
    total = terms["residual"] + loss.GRADIENTS * terms["gradient"] + photographs_train.ORDER * terms["order"]
    torch.testing.assert_close(terms["loss"], total)
    terms["loss"].backward()
    assert all(weight.grad.isfinite().all() for weight in model.parameters())


def test_the_order_of_rows_costs_less_where_people_are_nearer():
    order = torch.zeros(1, 1, 20, 30, dtype=torch.int8)
    order[..., 5:15, 5:10], order[..., 5:15, 12:14] = 1, -1
    near = torch.rand(1, 1, 20, 30, generator=torch.Generator().manual_seed(0))
    costs = [photographs_train.order_loss(near + shift * (order > 0), order).item() for shift in (-1, 0, 1)]
    assert costs[0] > costs[1] > costs[2]
