"""The boards' and the endpoints' answers beside what the library says."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import numpy as np
import pytest
import torch

from demos.correspondence import api, pairs, takeaway, trials
from dlcv.core.errors import InputError
from dlcv.correspondence.geometry import essential_of, sampson
from tests.correspondence.made import apart
from tests.support.asking import ask


def numbers(text: str, dtype: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype)


@pytest.fixture(scope="module")
def room() -> dict:
    return ask(pairs.show, {"pair": "room"})


def test_the_board_has_the_matches_and_the_truth(room):
    places, right = numbers(room["places"], "<f4").reshape(-1, 4), numbers(room["right"], "u1")
    truth = np.array(room["truth"]).reshape(3, 3)
    ends = [np.column_stack([places[:, k : k + 2], np.ones(len(places))]) for k in (0, 2)]
    lines = ends[0] @ truth.T
    away = np.abs((lines * ends[1]).sum(1)) / np.hypot(lines[:, 0], lines[:, 1])
    assert len(places) == len(right) == 1500
    assert np.median(away[right == 1]) < 2 < np.median(away[right == 0])
    assert away[right == 1].max() < 6  # Sampson's distance is to the geometry, this one to the line


def test_a_changed_weight_changes_the_matrix_and_back(room):
    weights, places = numbers(room["weights"], "<f4"), torch.tensor(numbers(room["places"], "<f4")).view(-1, 4).double()
    wrong = int(np.flatnonzero((numbers(room["right"], "u1") == 0) & (weights == 0))[0])

    def matrix(board, **asked):
        return torch.tensor(ask(board, {"pair": "room", **asked})["matrix"], dtype=torch.float64).view(3, 3)

    same, heavy = (matrix(pairs.reweigh, weights=[[wrong, weight]]) for weight in (0.0, 1.0))
    assert apart(same, matrix(pairs.estimate, method=pairs.METHODS[0])) < 1e-4
    before, after = (sampson(one, places[wrong, :2], places[wrong, 2:]).sqrt() for one in (same, heavy))
    assert after < before - 1
    with pytest.raises(InputError, match="no such match"):
        ask(pairs.reweigh, {"pair": "room", "weights": [[1900, 0.5]]})


def test_the_true_point_is_on_the_true_line(room):
    truth = np.array(room["truth"]).reshape(3, 3)
    for x, y in ((200, 220), (480, 120), (330, 60)):
        there = ask(pairs.point_out, {"pair": "room", "x": x, "y": y})["point"]
        a, b, c = truth @ [x, y, 1]
        assert abs(a * there[0] + b * there[1] + c) / np.hypot(a, b) < 0.05
    assert ask(pairs.point_out, {"pair": "room", "x": 5000, "y": 3})["point"] is None
    assert ask(pairs.point_out, {"pair": "strangers", "x": 5, "y": 3})["point"] is None


def test_ransac_goes_on_where_it_was(room):
    asked = {"pair": "room", "seed": 7}
    whole, parts = (ask(trials.begin, asked) for _ in range(2))
    at_once = ask(trials.go_on, {"run": whole["run"], "count": 12})
    some = [ask(trials.go_on, {"run": parts["run"], "count": count}) for count in (5, 7)]
    assert [one["number"] for one in at_once["trials"]] == list(range(1, 13))
    assert at_once["trials"] == some[0]["trials"] + some[1]["trials"] and at_once["best"] == some[1]["best"]
    best = [one["best"] for one in at_once["trials"]]
    assert best == sorted(best) and numbers(at_once["kept"], "u1").sum() == best[-1]
    with pytest.raises(InputError, match="no longer remembered"):
        ask(trials.go_on, {"run": "another", "count": 1})


def test_ransac_on_the_matches_of_the_ratio_test_ends_with_the_rooms_geometry(room):
    run = ask(trials.begin, {"pair": "room", "kind": "Essential matrix, 5 points"})
    last = {"done": False}
    while not last["done"]:
        last = ask(trials.go_on, {"run": run["run"], "count": 250})
    truth = torch.tensor(room["truth"], dtype=torch.float64).view(3, 3)
    assert apart(torch.tensor(last["best"], dtype=torch.float64).view(3, 3), truth) < 0.05
    assert ask(trials.go_on, {"run": run["run"], "count": 1}) == {"trials": [], "done": True}


def test_the_race_counts_trials_as_the_formula_has_them(room):
    answer = ask(trials.spoil, {"pair": "room", "share": 0.5})
    assert answer["right"] * 2 == answer["matches"]
    assert answer["formula"] == pytest.approx(217.6, abs=0.1)
    assert 0.5 * answer["formula"] < answer["trials"] < 2 * answer["formula"]
    many = ask(trials.spoil, {"pair": "room", "share": 0.9})
    assert many["trials"] is None and many["formula"] == pytest.approx(690_772, abs=1)
    assert many["network"]["f1"] > many["plain"]["f1"] + 0.1 > many["ransac"]["f1"]


def test_files_and_the_scene_are_those_of_the_method(room):
    asked = {"pair": "room", "method": "MAGSAC++"}
    files = {file: base64.b64decode(ask(takeaway.take, asked | {"file": file})["file"]) for file in takeaway.FILES}
    found = json.loads(files["geometry.json"])
    one = pairs.known("room")
    truth = essential_of(one.pair.scene.rotation, one.pair.scene.translation)
    assert apart(torch.tensor(found["E"], dtype=torch.float64), truth) < 0.05
    rows = json.loads(files["matches.json"])
    assert len(rows) == 1500 == files["matches.csv"].count(b"\n") - 1
    inliers = sum(row["inlier"] for row in rows)
    assert inliers == ask(pairs.estimate, asked)["count"]
    assert set(zipfile.ZipFile(io.BytesIO(files["colmap.zip"])).namelist()) == {
        "first.jpg.txt", "second.jpg.txt", "matches.txt",
    }  # fmt: skip
    space = ask(takeaway.space, asked)
    points = numbers(space["points"], "<f4").reshape(-1, 3)
    assert 0.8 * inliers < len(points) == numbers(space["colours"], "u1").size // 3 and (points[:, 2] > 0).all()
    assert space["overlay"] is None


def test_strangers_are_said_to_be_strangers():
    for method in ("MAGSAC++", "RANSAC"):
        answer = ask(pairs.estimate, {"pair": "strangers", "method": method})
        assert not answer["common"] and "nothing in common" in answer["note"]
    assert "nothing in common" in ask(takeaway.space, {"pair": "strangers", "method": "MAGSAC++"})["note"]


def test_the_order_changes_nothing(room):
    assert ask(trials.shuffle, {"pair": "room", "seed": 3})["change"] < 1e-3


def test_a_visitors_pair_is_remembered_and_asked_as_an_example_is():
    known = pairs.of_photographs(api.eye(0), api.eye(1), wide=58.1)
    name = pairs.visitors.add(known)
    shown = ask(pairs.show, {"pair": name})
    assert shown["right"] is None and shown["truth"] is None and shown["cameras"] == ["known", "known"]
    assert ask(pairs.estimate, {"pair": name, "method": "MAGSAC++"})["common"]
    with pytest.raises(InputError, match="Give two photographs"):
        pairs.of_photographs(api.eye(0), None)
    with pytest.raises(InputError, match="no longer remembered"):
        ask(pairs.show, {"pair": "nobody's"})


def test_the_endpoints_answer_in_the_pixels_of_what_was_sent():
    small = [api.eye(number) for number in (0, 1)]
    large = [one.resize((1280, 960)) for one in small]
    answers = [api.correspondence_geometry(*both, method="MAGSAC++", wide=58.1) for both in (small, large)]
    assert all(answer["in_common"] for answer in answers)
    assert answers[1]["K1"][0][0] == pytest.approx(2 * answers[0]["K1"][0][0], rel=1e-3)
    answer = api.correspondence_match(*large)
    assert max(row["x1"] for row in answer["matches"]) > 1000 and answer["focal_from"] == ["guessed", "guessed"]
