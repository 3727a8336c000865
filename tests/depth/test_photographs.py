"""Photographs: a loss that sees neither scale nor shift, but order and edges; and the scores of the same."""

import pytest
import torch

from dlcv.depth import loss, metrics


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


def test_edges_are_where_depth_jumps_and_one_pixel_off_is_found():
    disparity = torch.ones(6, 12)
    disparity[:, 5:] = 2
    known = torch.ones(6, 12, dtype=torch.bool)
    truth = metrics.edges(disparity, known)
    assert truth[:, 4:6].all() and truth.sum() == 12
    assert metrics.edge_f1(truth.roll(1, 1), truth) == pytest.approx(1)
    assert metrics.edge_f1(truth.roll(4, 1), truth) == 0
    half = truth.clone()
    half[3:] = False  # of 6 rows one more is a pixel away from what is found
    assert metrics.edge_f1(half, truth) == pytest.approx(2 * (4 / 6) / (1 + 4 / 6))
    known[:, 5:] = False
    assert not metrics.edges(disparity, known).any()


def test_nearer_than_beside_counts_rows():
    inside, beside = torch.zeros(4, 6, dtype=torch.bool), torch.zeros(4, 6, dtype=torch.bool)
    inside[:, 2:4], beside[:3, 4] = True, True
    disparity = torch.ones(4, 6)
    assert metrics.nearer_than_beside(disparity, inside, beside) == 0.5  # as a prior has it that knows the row alone
    disparity[:2, 2:4] = 2
    assert metrics.nearer_than_beside(disparity, inside, beside) == pytest.approx(2.5 / 3)
    assert metrics.nearer_than_beside(disparity, inside, torch.zeros_like(beside)) is None
