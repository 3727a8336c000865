"""Matches of pictures, scenes of known geometry, and what is taken away, with a network that learned nothing."""

from __future__ import annotations

import csv
import io

import numpy as np
import PIL.Image
import pytest
import torch
import trimesh

from demos.correspondence import pairs as boards
from dlcv.core.errors import InputError
from dlcv.core.geometry.cameras import normalised
from dlcv.correspondence import export, matching, predictor, scenes
from dlcv.correspondence.geometry import essential_of, sampson
from dlcv.correspondence.predictor import METHODS, Weighed
from tests.correspondence.made import off


@pytest.fixture(scope="module")
def room() -> predictor.Pair:
    return predictor.of_scene(scenes.room())


def by_truth(pair: predictor.Pair) -> Weighed:
    """What a network would say that knows the truth."""
    right = predictor.truly(pair)
    logits = torch.where(right, 2.0, -2.0)
    essential = essential_of(pair.scene.rotation, pair.scene.translation)
    return Weighed(logits, logits.relu().tanh(), essential, essential, 0.0)


def test_the_screen_names_the_methods_of_the_library():
    assert boards.METHODS == tuple(METHODS) and list(boards.EXAMPLES) == list(scenes.SCENES)


def test_pixels_of_the_room_lie_where_its_cameras_say(room):
    scene, essential = room.scene, essential_of(room.scene.rotation, room.scene.translation)
    grey = [picture.mean(0).numpy() for picture in (scene.first, scene.second)]
    here = torch.tensor([[160, 240], [200, 300], [480, 100], [320, 60], [560, 350]])
    there = scene.transfer(here)
    for (x, y), (column, row) in zip(here.tolist(), there.round().long().tolist()):
        if 8 < column < 632 and 8 < row < 472:
            one, other = grey[0][y - 4 : y + 5, x - 4 : x + 5], grey[1][row - 8 : row + 9, column - 8 : column + 9]
            assert abs(one.mean() - other.mean()) < 0.2
    ends = [normalised(points, matrix) for points, matrix in zip((here, there), scene.intrinsics)]
    assert sampson(essential, *ends).sqrt().max() * room.focal < 0.01


def test_matches_of_the_room_are_right_and_wrong(room):
    right, tested = predictor.truly(room), predictor.tested(room.matches)
    assert len(right) == 1500 and 0.1 < right.double().mean() < 0.4
    assert right[tested].double().mean() > 0.75
    matched = room.matches.some(right & tested)
    assert (room.scene.transfer(matched.first) - matched.second).norm(dim=1).median() < 2


@pytest.mark.parametrize("method", METHODS)
def test_each_method_finds_the_rooms_geometry(room, method):
    found = predictor.geometry(room, by_truth(room), method)
    assert found.in_common and found.inliers.sum() > 100
    assert off(found.pose, room.scene) < 3
    assert predictor.plane(room, found.inliers) is None


def test_one_plane_is_seen_as_one():
    pair = predictor.of_scene(scenes.askew())
    found = predictor.geometry(pair, by_truth(pair), "MAGSAC++")
    homography = predictor.plane(pair, found.inliers)
    corner = homography @ torch.tensor([100.0, 80, 1], dtype=torch.float64)
    assert (corner[:2] / corner[2] - pair.scene.transfer(torch.tensor([[100, 80]]))[0]).norm() < 2
    assert export.overlay(pair, homography).size == pair.sizes[1]


def test_strangers_have_nothing_in_common():
    pair = predictor.of_scene(scenes.strangers())
    logits = torch.where(predictor.tested(pair.matches), 1.0, -1.0)
    eye = torch.eye(3, dtype=torch.float64)
    found = predictor.geometry(pair, Weighed(logits, logits.relu().tanh(), eye, eye, 0.0), "MAGSAC++")
    assert not found.in_common
    assert predictor.truly(pair) is None


def test_empty_pictures_are_refused():
    picture = torch.full((3, 200, 300), 0.5)
    with pytest.raises(InputError, match="first picture"):
        matching.match(picture, picture)


def test_cameras_are_read_in_the_file_or_guessed():
    picture = PIL.Image.new("RGB", (400, 300))
    exif = PIL.Image.Exif()
    exif.get_ifd(0x8769)[41989] = 28
    picture.info["exif"] = exif.tobytes()
    told, guessed = (
        matching.camera_of(picture, (400, 300)),
        matching.camera_of(PIL.Image.new("RGB", (4, 3)), (400, 300)),
    )
    assert told.source == "EXIF" and told.intrinsics[0, 0].item() == pytest.approx(400 * 28 / 36)
    assert guessed.source == "guessed" and guessed.intrinsics[0, 0].item() == pytest.approx(360)


def test_wrong_matches_are_added_in_their_share(room):
    right = room.matches.some(predictor.truly(room))
    some = matching.spoiled(right, 0.9, room.sizes, 0, 50)
    assert len(some.first) == 500 and some.places_only and not some.side.any()
    known = {tuple(row) for row in torch.cat(right[:2], 1).tolist()}
    assert all(tuple(row) in known for row in torch.cat(some[:2], 1)[:50].tolist())


def test_files_are_in_the_visitors_own_pixels(room):
    twice = room._replace(shrunk=(0.5, 0.5))
    weighed = by_truth(room)
    found = predictor.geometry(room, weighed, "Weighted eight points")
    rows = list(csv.DictReader(io.StringIO(export.as_csv(twice, weighed, found.inliers))))
    assert float(rows[3]["x1"]) == pytest.approx(2 * room.matches.first[3, 0].item() + 0.5, abs=1e-2)
    assert sum(int(row["inlier"]) for row in rows) == found.inliers.sum()
    answer = export.matrices(twice, found)
    places = torch.tensor(
        [[float(row[name]) for name in ("x1", "y1", "x2", "y2")] for row in rows if row["inlier"] == "1"]
    )
    fundamental = torch.tensor(answer["F"], dtype=torch.float64)
    assert sampson(fundamental, places[:, :2].double(), places[:, 2:].double()).sqrt().max() < 3.1
    assert answer["H"] is None and np.linalg.norm(answer["t"]) == pytest.approx(1)


def test_the_cloud_is_the_room(room):
    found = predictor.geometry(room, by_truth(room), "Weighted eight points")
    points, colours = export.cloud(room, found)
    read = trimesh.load(io.BytesIO(export.as_ply(points, colours).encode()), file_type="ply")
    assert len(read.vertices) == len(points) > 100
    depths = [room.scene.depth[y, x].item() for x, y in room.matches.first[found.inliers].round().long().tolist()]
    assert np.median(points[:, 2]) == pytest.approx(np.median(depths), rel=0.1)


def test_colmap_gets_keypoints_and_their_matches(room):
    found = predictor.geometry(room, by_truth(room), "Weighted eight points")
    files = export.as_colmap(room, found.inliers)
    count = int(found.inliers.sum())
    for name in ("first.jpg.txt", "second.jpg.txt"):
        lines = files[name].split("\n")
        assert lines[0] == f"{count} 128" and len(lines[1].split()) == 132 and len(lines) == count + 2
    assert files["matches.txt"].startswith("first.jpg second.jpg\n0 0\n1 1\n")
