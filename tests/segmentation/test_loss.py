"""The slide's loss and its weights against closed forms."""

import math

import numpy as np
import pytest
import torch

from dlcv.core.datasets import VOID
from dlcv.segmentation.loss import border_weights, median_frequency, pixel_loss, pixel_weights, weighted_mean


def test_the_terms_are_minus_the_log_of_the_true_classes_probability_and_void_has_none():
    logits = torch.log(torch.tensor([0.5, 0.25, 0.25])).view(1, 3, 1, 1).repeat(1, 1, 1, 4)
    labels = torch.tensor([[[0, 1, 2, VOID]]], dtype=torch.uint8)
    terms = pixel_loss(logits, labels)
    assert terms.flatten().tolist() == pytest.approx([math.log(2), math.log(4), math.log(4), 0], abs=1e-6)
    assert weighted_mean(terms, pixel_weights(labels, torch.ones(3))).item() == pytest.approx(5 * math.log(2) / 3)
    doubled = pixel_weights(labels, torch.tensor([2.0, 1.0, 1.0]))
    assert doubled.flatten().tolist() == [2, 1, 1, 0]
    assert weighted_mean(terms, doubled).item() == pytest.approx(6 * math.log(2) / 4)


def test_a_gradient_at_a_void_pixel_is_zero():
    logits = torch.zeros(1, 2, 1, 2, requires_grad=True)
    labels = torch.tensor([[[1, VOID]]])
    weighted_mean(pixel_loss(logits, labels), pixel_weights(labels, torch.ones(2))).backward()
    assert logits.grad[..., 1].abs().sum() == 0 < logits.grad[..., 0].abs().sum()


def test_median_frequency_counts_only_pictures_that_have_the_class():
    labels = torch.full((2, 2, 10), 0, dtype=torch.uint8)
    labels[0, 0, :5] = 1  # 5 of the 20 pixels of the only picture that has it
    labels[:, 1, :2] = 2  # 2 of 20 in both
    labels[0, 1, 9] = VOID
    frequency = [35 / 40, 5 / 20, 4 / 40]
    frequency[0] = (40 - 5 - 4 - 1) / 40
    expected = [0.25 / part for part in frequency]
    assert median_frequency(labels, 3).tolist() == pytest.approx(expected)
    assert median_frequency(labels, 4)[3] == 0


def test_borders_between_two_cells_follow_the_formula():
    gap, cells = 4, np.zeros((20, 40), int)
    cells[:, :18], cells[:, 18 + gap :] = 1, 2
    found = border_weights(cells, 10, 5)
    expected = 10 * math.exp(-((gap + 1) ** 2) / (2 * 25))  # d_1 + d_2 is the same everywhere in the gap
    assert found[:, 18 : 18 + gap] == pytest.approx(expected, rel=1e-6)
    assert (found[cells > 0] == 0).all()


def test_borders_are_those_of_whole_distance_maps():
    from scipy.ndimage import distance_transform_edt, label

    rng = np.random.default_rng(0)
    cells, count = label(rng.random((60, 70)) > 0.55)
    away = np.sort([distance_transform_edt(cells != k) for k in range(1, count + 1)], axis=0)
    expected = 10 * np.exp(-((away[0] + away[1]) ** 2) / 50) * (cells == 0)
    np.testing.assert_allclose(border_weights(cells), expected, atol=1e-4)


def test_one_cell_alone_has_no_border():
    cells = np.zeros((9, 9), int)
    cells[3:6, 3:6] = 7
    assert (border_weights(cells) == 0).all()
