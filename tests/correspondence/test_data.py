"""The data sets of known geometry, by the figures that are known of them."""

import os

import pytest

from dlcv.core.geometry.cameras import normalised
from dlcv.correspondence.geometry import essential_of, sampson
from dlcv.correspondence.matching import match

pytestmark = pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="the data sets are not there")


def test_matches_of_two_views_are_right_as_often_as_is_known():
    from dlcv.core.datasets import two_view

    views = two_view.load("test")
    squared = sampson(essential_of(views.rotation, views.translation), views.first, views.second)
    pixels = squared.sqrt() * views.focal[:, :1]
    assert views.bench.sum() == len(views.first) == 150
    assert (squared < 1e-4).double().mean() == pytest.approx(0.221, abs=0.002)
    assert (pixels < 2).double().mean() == pytest.approx(0.164, abs=0.002)
    assert two_view.load("test_internet").bench.sum() == 89


def test_without_the_data_it_is_said_where_they_belong(monkeypatch, tmp_path):
    from dlcv.core.datasets import match_pairs, two_view

    monkeypatch.setenv("DLCV_DATA", str(tmp_path))
    for load in (two_view.load, match_pairs.load):
        with pytest.raises(FileNotFoundError, match="DLCV_DATA"):
            load()


def test_frames_of_a_drive_match_along_its_motion():
    from dlcv.core.datasets import kitti

    for moved in kitti.moving(starts=range(10, 11), gaps=range(1, 2)):
        found = match(moved.first.float() / 255, moved.second.float() / 255)
        sure = found.some(found.ratio < 0.7)
        ends = [normalised(points, moved.intrinsics) for points in sure[:2]]
        away = sampson(essential_of(moved.rotation, moved.translation), *ends).sqrt() * moved.intrinsics[0, 0]
        assert len(sure.first) > 100 and (away < 1).double().mean() > 0.9


def test_labelled_matches_are_those_of_people():
    from dlcv.core.datasets import match_pairs

    pairs = match_pairs.load()
    assert len(pairs) == 11 and {pair.name for pair in pairs} > {"barrsmith", "unihouse"}
    assert min(int(pair.right.sum()) for pair in pairs) == 52 and max(int(pair.right.sum()) for pair in pairs) == 3006
    assert all(((pair.first >= 0).all(1) & (pair.second >= 0).all(1)).all() for pair in pairs)
