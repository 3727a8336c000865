"""Patches of the scale space, features of whole pictures, geometry and the scores of pairs."""

import cv2
import numpy as np
import pytest
import torch

from dlcv.core.images.scenes import packaged
from dlcv.lift import peers, views
from dlcv.lift.dominant import dominant_gradient
from dlcv.lift.features import OpenCV, detect, features, parts_of
from dlcv.lift.geometry import by_homography, explained
from dlcv.lift.glue import softargmax
from dlcv.lift.matching import average_precision, fpr95, match, score
from dlcv.lift.model import AROUND, REACH, Lift, LiftConfig, locally_standardised, window
from dlcv.lift.positives import pairs, scale_there
from dlcv.lift.predictor import matched
from dlcv.lift.scale_space import cut, pyramid


@pytest.fixture(scope="module")
def photograph() -> torch.Tensor:
    """A photograph, (1, 1, 300, 400)."""
    return views.grey(packaged("coffee"))[..., 50:350, 100:500]


@pytest.fixture(scope="module")
def untrained() -> Lift:
    torch.manual_seed(0)
    return Lift(LiftConfig(descriptor=(8, 8, 8, 16), orientation=(8, 8, 8))).eval().requires_grad_(False)


def test_a_patch_of_scale_one_is_a_part_of_the_picture(photograph):
    levels = pyramid(photograph)
    xy = torch.tensor([[100.5, 80.5]])
    patch = cut(levels, xy, torch.ones(1), torch.zeros(1), 32)
    assert (patch - photograph[..., 65:97, 85:117]).abs().max() < 1e-4


def test_a_patch_of_a_picture_of_half_the_size_at_half_the_scale_is_the_same(photograph):
    half = torch.nn.functional.interpolate(photograph, scale_factor=0.5, mode="bilinear", antialias=True)
    xy = torch.tensor([[201.0, 151.0]])
    whole = cut(pyramid(photograph), xy, torch.tensor([4.0]), torch.tensor([0.5]), 32)
    small = cut(pyramid(half), (xy + 0.5) / 2 - 0.5, torch.tensor([2.0]), torch.tensor([0.5]), 32)
    assert (whole - small).abs().mean() < 0.01


def test_a_turned_patch_has_the_direction_along_its_x_axis(photograph):
    levels, xy = pyramid(photograph), torch.tensor([[150.5, 120.5]])
    upright, turned = (cut(levels, xy, torch.ones(1), torch.tensor([a]), 32) for a in (0.0, np.pi / 2))
    assert (turned - upright.rot90(1, (2, 3))).abs().max() < 1e-3


def test_the_detector_says_of_a_patch_what_it_says_of_the_picture(photograph, untrained):
    middle = photograph[..., 100:164, 100:164]
    whole = untrained.detector(photograph)[0]
    inner = locally_standardised(photograph)[..., 100:164, 100:164]
    shift = torch.tensor([[3, -5]])
    found = untrained.detector.score(window(inner, 25 + 2 * REACH, shift))[0]
    row, column = 100 + 32 - 5 - 12, 100 + 32 + 3 - 12
    assert torch.allclose(found, whole[row : row + 25, column : column + 25], atol=1e-4)
    out = untrained(middle, 10.0)
    assert torch.allclose(out.point, softargmax(out.scores, 10.0) + 0.5)


def test_the_light_does_not_matter_to_the_detector(photograph, untrained):
    brighter = untrained.detector(0.4 * photograph + 0.3)
    assert (brighter - untrained.detector(photograph))[..., AROUND:-AROUND, AROUND:-AROUND].abs().median() < 0.05


def test_points_are_maxima_the_best_first_and_inside(photograph, untrained):
    levels = pyramid(photograph)
    found = detect(untrained.detector, levels, 80)
    assert len(found.xy) == 80
    assert (found.score.diff() <= 0).all() and (found.scale >= 1).all()
    assert (found.xy >= 0).all() and (found.xy <= torch.tensor([399.0, 299.0])).all()
    number = next(i for i, level in enumerate(levels) if abs(level.scale - found.scale[0]) < 1e-6)
    whole = untrained.detector(levels[number].picture)[0]
    x, y = ((found.xy[0] + 0.5) / found.scale[0] - 0.5).round().long()
    assert whole[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].max() == pytest.approx(found.score[0].item(), abs=1e-4)


def test_a_blank_picture_is_no_error(untrained):
    found = features(parts_of(untrained), torch.full((1, 1, 120, 160), 0.5), 50)
    assert len(found.xy) <= 50 and found.descriptor.isfinite().all()
    for side in (1, 30):
        tiny = features(parts_of(untrained), torch.rand(1, 1, side, side), 50)
        assert len(tiny.xy) == len(tiny.descriptor) <= 50


def test_it_takes_the_place_of_sift_in_opencvs_own_words(photograph, untrained):
    picture = peers.bytes_of(photograph)
    lift = OpenCV(parts_of(untrained), 60)
    keypoints, descriptors = lift.detectAndCompute(picture, None)
    assert len(keypoints) == 60 and descriptors.shape == (60, 128) and descriptors.dtype == np.float32
    assert np.allclose(np.linalg.norm(descriptors, axis=1), 1, atol=1e-4)
    nearest = cv2.BFMatcher(cv2.NORM_L2).match(descriptors, descriptors)
    assert all(one.queryIdx == one.trainIdx for one in nearest)
    own = features(parts_of(untrained), torch.from_numpy(picture)[None, None].float() / 255, 60)
    assert np.allclose([one.pt for one in keypoints], own.xy.numpy(), atol=1e-3)
    assert np.allclose(descriptors, own.descriptor.numpy(), atol=1e-3)
    left = np.zeros(picture.shape, np.uint8)
    left[:, :200] = 1
    assert all(one.pt[0] <= 200 for one in lift.detect(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), left))


def test_the_dominant_gradient_is_that_of_a_ramp_and_of_opencv(photograph):
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    angles = torch.tensor([0.3, 2.0, -1.2])
    ramps = (angles.cos()[:, None, None] * x + angles.sin()[:, None, None] * y)[:, None] / 50
    found = dominant_gradient(ramps)
    assert torch.allclose(torch.cos(found - angles), torch.ones(3), atol=0.02)
    points = peers.sift(photograph, 60)
    ours = dominant_gradient(cut(pyramid(photograph), points.xy, points.scale, torch.zeros(60), 64))
    near = torch.cos(ours - points.angle) > np.cos(np.radians(20))
    assert near.float().mean() > 0.6  # OpenCV has several angles at some points


def test_sift_at_its_own_points_is_sift(photograph):
    own = peers.sift(photograph, 80)
    again = peers.sift_at(peers.bytes_of(photograph), own.xy, 4 * own.scale, own.angle)
    apart = np.linalg.norm(peers.rooted(again) - peers.rooted(own.descriptor.numpy()), axis=1)
    assert np.median(apart) < 0.05


def test_scores_of_perfect_and_of_useless_features(photograph):
    found = peers.root_sift(photograph, 100)
    same = by_homography(torch.eye(3))
    sizes = ((400, 300), (400, 300))
    best = score(found, found, same, same, sizes)
    assert best.repeatability == 1 and best.matching_score > 0.95 and best.nn_map > 0.95
    # SIFT has points twice, with two angles
    shuffled = found._replace(descriptor=found.descriptor.roll(50, 0))
    worst = score(found, shuffled, same, same, sizes)
    assert worst.repeatability == 1 and worst.matching_score < 0.2


def test_average_precision_in_closed_form():
    right, ratio = torch.tensor([True, False, True, False]), torch.tensor([0.1, 0.2, 0.3, 0.4])
    assert average_precision(right, ratio, 2) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(right, ratio, 4) == pytest.approx((1 + 2 / 3) / 4)


def test_fpr95_in_closed_form():
    distance = torch.cat([torch.arange(100.0), torch.arange(90.0, 190.0)])
    same = torch.arange(200) < 100
    assert fpr95(distance, same) == 6.0  # the limit is 95; 90 to 95 lie within it


def test_a_known_pair_is_matched_rightly_by_sift_and_its_mirror_is_not():
    pair = views.EXAMPLES["turned"]()
    one, other = (peers.root_sift(views.grey(picture), 300) for picture in pair[:2])
    found = matched(one, other, pair.there, 3)
    assert (found.right == 1).float().mean() > 0.6
    wrong = matched(one, other, lambda xy: pair.there(xy) + 10, 3)
    assert (wrong.right == 1).float().mean() < 0.1
    agrees = explained(one.xy[found.first], other.xy[found.second])
    assert (agrees == found.right).float().mean() > 0.7


def test_positive_pairs_are_near_and_the_hardest_negatives_are_the_nearest_negatives():
    pair = views.EXAMPLES["turned"]()
    one, other = (peers.root_sift(views.grey(picture), 200) for picture in pair[:2])
    near, far, hard = pairs(one, other, pair.there)
    assert len(near.first) == len(hard.first) > 30
    assert near.distance.median() < hard.distance.median() < far.distance.median()
    moved = pair.there(one.xy[hard.first])
    assert ((moved - other.xy[hard.second]).norm(dim=1) > 12).all()


def test_nearest_neighbours_are_mutual_where_each_is_the_others():
    first = torch.tensor([[0.0], [1.0], [1.1]])
    second = torch.tensor([[0.05], [1.04]])
    found = match(first, second)
    assert found.second.tolist() == [0, 1, 1] and found.mutual.tolist() == [True, True, False]


def test_a_point_has_the_scale_in_the_second_picture_that_a_homography_gives_it():
    there = by_homography(torch.diag(torch.tensor([0.5, 0.5, 1.0])))
    found = peers.root_sift(views.grey(packaged("coffee")), 50)
    assert torch.allclose(scale_there(found, there), found.scale / 2, atol=1e-3)
    moved = found._replace(xy=there(found.xy), scale=found.scale / 2)
    assert len(pairs(found, moved, there)[0].first) == 50
    assert len(pairs(found, moved._replace(scale=2 * found.scale), there)[0].first) < 10  # some lie upon each other
