"""Scores of segmentations against what can be counted by hand, and against libraries."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from dlcv.core.datasets import VOID
from dlcv.segmentation.metrics import (
    best_rand_score,
    boundary_f1,
    cells_between,
    class_accuracy,
    confusion,
    contour,
    intersection_over_union,
    pixel_accuracy,
    rand_score,
)


def test_a_confusion_matrix_leaves_void_out_and_the_scores_follow_from_it():
    truth = torch.tensor([[0, 0, 1, 1, 1, VOID]], dtype=torch.uint8)
    found = torch.tensor([[0, 1, 1, 1, 0, 2]], dtype=torch.uint8)
    matrix = confusion(truth, found, 3)
    assert matrix.tolist() == [[1, 1, 0], [1, 2, 0], [0, 0, 0]]
    assert intersection_over_union(matrix).tolist() == pytest.approx([1 / 3, 1 / 2, 0])
    assert class_accuracy(matrix).tolist() == pytest.approx([1 / 2, 2 / 3, 0])
    assert pixel_accuracy(matrix) == pytest.approx(3 / 5)


def test_intersection_over_union_is_torchmetrics():
    from torchmetrics.functional.classification import multiclass_jaccard_index

    generator = torch.Generator().manual_seed(0)
    truth, found = torch.randint(5, (2, 40, 50), generator=generator)
    truth[:5] = VOID
    theirs = multiclass_jaccard_index(found, truth, 5, average=None, ignore_index=VOID)
    torch.testing.assert_close(intersection_over_union(confusion(truth, found, 5)).float(), theirs)


def halves(edge: int) -> np.ndarray:
    """Labels 200 x 200, 1 from a column on; the tolerance is 2.1 pixels."""
    return (np.arange(200)[None] >= edge).repeat(200, 0).astype(np.uint8)


def test_a_contour_counts_where_it_is_near_enough():
    assert contour(halves(100) == 1).sum() == 200  # the frame is no contour
    assert boundary_f1(halves(100), halves(100), 2) == 1
    assert boundary_f1(halves(100), halves(102), 2) == 1
    assert boundary_f1(halves(100), halves(104), 2) == 0
    assert boundary_f1(np.full((9, 9), VOID), halves(0)[:9, :9], 2) is None


def test_precision_and_recall_of_contours_both_count():
    truth, found = halves(100), halves(100)
    found[:, 20:40] = 1  # a stripe more: 2 of 3 lines of class 1 are wrong, and of class 0 as many
    assert boundary_f1(truth, found, 2) == pytest.approx(2 * (1 / 3) / (1 + 1 / 3), abs=1e-6)


def test_the_rand_score_of_what_is_merged_and_of_what_is_split():
    truth = np.repeat([1, 2], 50)[None]
    assert rand_score(truth, 3 - truth) == 1
    assert rand_score(truth, np.ones_like(truth)) == pytest.approx(0.5 / (0.5 * 1 + 0.5 * 0.5))
    assert rand_score(truth, np.repeat([1, 2, 3, 4], 25)[None]) == pytest.approx(0.25 / (0.5 * 0.25 + 0.5 * 0.5))
    alone = np.zeros_like(truth)  # each pixel a cell of its own
    assert rand_score(truth, alone) == pytest.approx(0.01 / (0.5 * 0.01 + 0.5 * 0.5))


def test_the_rand_score_is_scikit_images_where_every_pixel_has_a_cell():
    from skimage.metrics import adapted_rand_error

    rng = np.random.default_rng(0)
    truth, found = rng.integers(1, 9, (2, 300, 300))
    truth[:40] = 0
    error, precision, recall = adapted_rand_error(truth, found)
    assert rand_score(truth, found) == pytest.approx(2 * precision * recall / (precision + recall), abs=2e-3)


def test_thinning_makes_the_score_blind_to_thick_membranes_and_not_to_holes():
    membrane = np.zeros((60, 60), bool)
    membrane[28:31] = True
    truth = (~membrane).astype(np.uint8)[None]
    thick, holed = membrane.copy(), membrane.copy()
    thick[26:33] = True
    holed[28:31, 30] = False
    assert cells_between(thick).max() == 2 and cells_between(holed).max() == 1
    assert cells_between(thick).min() == 1, "nothing is left of the membrane"
    assert best_rand_score(truth, thick[None].astype(float), np.array([0.5]))[0] > 0.97
    assert best_rand_score(truth, holed[None].astype(float), np.array([0.5]))[0] < 0.7


def test_the_best_threshold_is_found():
    membrane = np.zeros((1, 40, 40))
    membrane[0, 20] = 0.3
    truth = (membrane == 0).astype(np.uint8)
    score, threshold = best_rand_score(truth, membrane, np.array([0.1, 0.6]))
    assert (score, threshold) == (1.0, 0.1) and ndimage.label(truth[0])[1] == 2
