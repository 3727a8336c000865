"""Epipolar geometry, beside closed forms and OpenCV."""

import cv2
import numpy as np
import pytest
import torch

from dlcv.core.geometry.poses import pose_map
from dlcv.correspondence import estimators, geometry
from dlcv.correspondence.ransac import KINDS, ransac, refined, trials_needed
from tests.correspondence.made import apart, made, off


def test_right_matches_lie_on_their_lines():
    pair = made(40, 40)
    distance = geometry.sampson(pair.essential, pair.first, pair.second).sqrt()
    assert distance[pair.right].max() < 1e-12 and distance[~pair.right].median() > 0.01
    lines = geometry.lines_in_second(pair.essential, pair.first)
    on_line = (geometry.homogeneous(pair.second) * lines).sum(1) / lines[:, :2].norm(dim=1)
    assert on_line[pair.right].abs().max() < 1e-12
    ours = geometry.sampson(pair.essential, pair.first, pair.second)[50].item()
    ends = [np.append(points[50].numpy(), 1.0) for points in (pair.first, pair.second)]
    assert ours == pytest.approx(cv2.sampsonDistance(*ends, pair.essential.numpy()), rel=1e-9)


def test_weighted_eight_points_find_the_matrix_where_wrong_matches_weigh_nothing():
    pair = made(40, 200)
    given = pair.first[None], pair.second[None]
    found = geometry.weighted_eight_points(*given, pair.right[None].double())[0]
    assert apart(found, pair.essential) < 1e-9
    assert apart(geometry.weighted_eight_points(*given, torch.ones(1, 240))[0], pair.essential) > 0.1


def test_reweighting_finds_it_where_some_of_what_weighs_is_wrong():
    pair = made(150, 20, noise=2e-4, seed=1)
    given = pair.first[None], pair.second[None], torch.ones(1, 170)
    plain, robust = geometry.weighted_eight_points(*given)[0], geometry.reweighted_eight_points(*given, times=10)[0]
    assert apart(robust, pair.essential) < 0.02 < 0.5 < apart(plain, pair.essential)


def test_the_gradient_of_the_weighted_eight_points_is_that_of_differences(monkeypatch):
    monkeypatch.setattr(geometry, "CLOSE", 0.0)
    pair = made(8, 2, noise=1e-2)

    def matrix(weights):
        found = geometry.weighted_eight_points(pair.first[None], pair.second[None], weights)
        return found * found[0, 0, 1].sign().detach()

    assert torch.autograd.gradcheck(matrix, torch.linspace(0.2, 1, 10, dtype=torch.float64)[None].requires_grad_())


def test_the_pose_and_the_points_come_back():
    pair = made(60)
    found = estimators.pose(pair.essential, pair.first, pair.second)
    assert off(found, pair) < 1e-5
    assert off(found._replace(translation=-found.translation), pair) < 1e-5
    points = estimators.triangulated(pair.first, pair.second, found)
    torch.testing.assert_close(points, pair.points, rtol=1e-6, atol=1e-6)


def test_map_is_the_mean_of_the_shares():
    errors = [1.0, 4.9, 7.0, 14.0, 180.0]
    assert pose_map(errors, 5) == pytest.approx(40)
    assert pose_map(errors, 20) == pytest.approx((40 + 60 + 80 + 80) / 4)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("Homography")])
def test_ransac_ends_with_the_matrix_and_its_best_never_falls(kind):
    pair = made(60, 40)
    trials = list(ransac(kind, pair.first, pair.second, 2e-5, seed=1))
    best = [int(trial.best_inliers.sum()) for trial in trials]
    assert best == sorted(best) and best[-1] >= 60 and pair.right[trials[-1].best_inliers].sum() == 60
    assert all(int(trial.inliers.sum()) <= now for trial, now in zip(trials, best))
    assert trials[-1].number >= trials[-1].bound > trials[-1].number - 1
    assert apart(refined(kind, *pair[:2], trials[-1].best_inliers), pair.essential) < 1e-3


def test_ransac_finds_a_homography_as_opencv_does():
    first = 100 * torch.rand(60, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    true = geometry.unit(torch.tensor([[1.1, 0.1, 5], [-0.2, 0.9, 3], [1e-3, 2e-3, 1]], dtype=torch.float64))
    mapped = geometry.homogeneous(first) @ true.T
    second = mapped[:, :2] / mapped[:, 2:]
    second[40:] = second[40:].flip(0) + 20
    last = list(ransac("Homography, 4 points", first, second, 0.5))[-1]
    theirs, mask = cv2.findHomography(first.numpy(), second.numpy(), cv2.RANSAC, 0.5)
    assert last.best_inliers.sum() == mask.sum() == 40
    assert apart(last.best, geometry.unit(torch.from_numpy(theirs))) < 1e-3
    assert apart(refined("Homography, 4 points", first, second, last.best_inliers), true) < 1e-6


def test_ransac_is_the_same_for_the_same_seed_and_gives_up():
    pair = made(10, 90)
    runs = [
        [trial.sample.tolist() for trial in ransac("Essential matrix, 5 points", *pair[:2], 1e-4, seed=seed, most=20)]
        for seed in (3, 3, 4)
    ]
    assert runs[0] == runs[1] != runs[2] and len(runs[0]) == 20


def test_the_bound_is_that_of_the_formula():
    assert trials_needed(0.2, 5, 0.99) == pytest.approx(14_389, rel=1e-3)
    assert trials_needed(0, 5, 0.99) == float("inf") and trials_needed(1, 5, 0.99) == 1


@pytest.mark.parametrize("method", estimators.METHODS)
def test_opencv_finds_the_matrix_among_wrong_matches(method):
    pair = made(80, 80, noise=2e-4)
    found, inliers = estimators.essential(*pair[:2], 800, method, 1.0, most=2000)
    pose = estimators.pose(found, pair.first[inliers], pair.second[inliers])
    assert inliers[pair.right].double().mean() > 0.8 and inliers[~pair.right].double().mean() < 0.1
    assert off(pose, pair) < 3
    nothing, nobody = estimators.essential(pair.first[:4], pair.second[:4], 800, method, 1.0)
    assert nothing is None and not nobody.any()


def test_chance_is_told_from_a_geometry():
    assert estimators.in_common(60, 200, 1.5, (640, 480)) and not estimators.in_common(9, 200, 1.5, (640, 480))
    assert not estimators.in_common(0, 0, 1.5, (640, 480))
