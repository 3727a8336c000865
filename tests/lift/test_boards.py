"""The boards' and the endpoints' answers beside what the networks say."""

from __future__ import annotations

import base64
import io
import math

import numpy as np
import pytest
import torch
from PIL import Image

from demos import frame
from demos.frame.keep import handed
from demos.lift import api, matches, models, own, patch, positives
from dlcv.core.errors import InputError
from tests.support.asking import ask

TURNED, ASKEW = "turned", "askew"
PLACES = "0.3 0.3, 0.5 0.25, 0.42 0.3, 0.6 0.4, 0.35 0.6, 0.55 0.55, 0.45 0.45, 0.7 0.3, 0.25 0.5, 0.5 0.7"
POINTS = [tuple(map(float, one.split())) for one in PLACES.split(", ")]
"""Ten fixed places of the first example, in parts of its sides."""


def numbers(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def place(part: tuple[float, float]) -> dict:
    """A place of the first example as the board asks about it."""
    height, width = models.pair_of(TURNED).views.first.shape[1:]
    return {"pair": TURNED, "x": part[0] * width, "y": part[1] * height, "scale": 2.0}


def test_every_example_of_the_library_has_a_title():
    from dlcv.lift.views import EXAMPLES

    assert list(EXAMPLES) == list(models.TITLES)


@pytest.mark.parametrize("pair", [TURNED, ASKEW])
def test_most_matches_of_a_known_homography_are_right(pair):
    answer = ask(matches.match_pair, {"pair": pair, "method": "lift", "count": 500})
    first, second = (numbers(answer[end], "<f4").reshape(-1, 2) for end in ("first", "second"))
    right = numbers(answer["right"], "i1")
    assert answer["counts"] == [(right == kind).sum() for kind in (1, 0, -1)]
    there = models.pair_of(pair).views.there
    missed = np.linalg.norm(there(torch.from_numpy(first.copy())).numpy() - second, axis=1)
    assert ((missed < 3) == (right == 1)).all()
    assert answer["counts"][0] >= 0.6 * len(right) > 30


def test_fewer_points_are_the_best_of_more():
    few, many = (ask(matches.match_pair, {"method": "SIFT", "count": count})["points"] for count in (50, 500))
    assert few == [50, 50] and min(many) > 300


def test_beta_goes_from_the_mean_of_all_places_to_the_largest_score():
    for part in POINTS[:3]:
        none, most = (ask(patch.look, place(part) | {"beta": beta}) for beta in (0, 10_000))
        assert none["point"] == pytest.approx([0.5, 0.5], abs=1e-3)  # the middle of the window of 25 pixels
        assert most["point"] == pytest.approx(most["largest"], abs=0.3)
        assert none["scores"] == most["scores"]


def test_the_descriptor_on_the_screen_is_that_of_the_point_shown():
    answer = ask(patch.look, place(POINTS[0]))
    model, pair = models.predictor(), models.pair_of(TURNED)
    query = patch.Look(**place(POINTS[0]))
    seen = model.patch(pair.levels, torch.tensor([query.x, query.y]), query.scale)
    with torch.inference_mode():
        *_, descriptor = model.model.describe(seen.to(model.device), torch.tensor([answer["point"]]).to(model.device))
    assert answer["descriptor"] == pytest.approx(descriptor[0].tolist(), abs=0.01)
    assert np.linalg.norm(answer["descriptor"]) == pytest.approx(1, abs=0.01)


def test_a_slope_says_what_a_change_of_the_patch_does():
    model, pair = models.predictor(), models.pair_of(TURNED)
    query = patch.Look(**place(POINTS[1]))
    seen = model.patch(pair.levels, torch.tensor([query.x, query.y]), query.scale)
    slope = model.slope(seen, 10.0, "point")
    row, column = divmod(int(slope.argmax()), seen.shape[-1])
    changed = seen.clone()
    changed[0, 0, row, column] += 1e-3
    moved = (model.look(changed, 10.0).point - model.look(seen, 10.0).point).norm().item() / 1e-3
    assert moved == pytest.approx(slope.max().item(), rel=0.25)
    for way in patch.WAYS:
        assert ask(patch.slope, place(POINTS[1]) | {"way": way})["largest"] > 0
    # what the angle or the descriptor sees ends with the crop, and DET sees farther
    assert model.slope(seen, 10.0, "descriptor")[:4, :4].max() == 0


def test_turning_the_patch_by_90_degrees_turns_the_angle():
    followed = []
    for part in POINTS:
        answer = ask(patch.turn, place(part) | {"degrees": 90})
        turned = math.degrees(answer["angles"]["ORI"] - answer["before"]["ORI"])
        followed.append(abs((turned - 90 + 180) % 360 - 180) <= 15)
    assert sum(followed) >= 7


def test_what_is_not_turned_is_found_again_by_every_method():
    answer = ask(patch.turn, place(POINTS[0]) | {"degrees": 0})
    assert all(value < 1e-3 for value in answer["distance"].values())
    assert set(answer["rank"].values()) == {1}


def test_without_the_orientation_a_turned_patch_is_lost():
    answer = ask(patch.whole_turn, place(POINTS[2]))
    assert answer["degrees"][0] == 0 and answer["degrees"][-1] == 360
    assert answer["rank"]["without ORI"][12] > answer["rank"]["with ORI"][12]  # upside down
    assert answer["distance"]["with ORI"][0] == pytest.approx(0, abs=1e-3)


def test_histograms_are_shares_of_pairs_and_hard_negatives_are_nearer_than_others():
    answer = ask(positives.distances, {"pair": ASKEW})
    assert [sum(shares) for shares in answer["shares"]] == pytest.approx([1, 1, 1], abs=0.01)
    middle = [np.cumsum(shares).searchsorted(0.5) for shares in answer["shares"]]
    assert middle[0] < middle[2] < middle[1]
    distances = [one["distance"] for one in answer["negatives"]]
    assert distances == sorted(distances) and len(distances) == 6


def test_two_photographs_of_a_visitor_are_kept_and_judged_by_one_geometry():
    views = models.pair_of(ASKEW).views
    pictures = [Image.fromarray((255 * one.permute(1, 2, 0)).byte().numpy()) for one in views[:2]]
    assert "pair" not in own.choose(pictures[0], None)
    token, other = own.choose(*pictures).values()
    assert [one.tobytes() for one in handed.get(other)] == [one.tobytes() for one in pictures]  # for Correspondences
    with pytest.raises(InputError):
        ask(positives.distances, {"pair": token})
    answer = ask(matches.match_pair, {"pair": token, "method": "SIFT", "count": 500})
    assert answer["counts"][0] > 50 and answer["counts"][2] == 0
    with pytest.raises(InputError, match="choose them again"):
        ask(matches.match_pair, {"pair": "gone"})


def test_files_hold_the_features():
    query = {"pair": TURNED, "count": 60}
    stored = np.load(io.BytesIO(base64.b64decode(ask(own.take, query | {"file": "first.npz"})["file"])))
    one, other = models.pair_of(TURNED).features("lift")
    assert np.allclose(stored["keypoints"], one.xy[:60]) and np.allclose(stored["descriptors"], one.descriptor[:60])
    lines = base64.b64decode(ask(own.take, query | {"file": "second.txt"})["file"]).decode().splitlines()
    assert lines[0] == "60 128" and len(lines) == 61
    x, y, sigma, angle, *sides = map(float, lines[1].split())
    assert (x - 0.5, y - 0.5) == pytest.approx(tuple(other.xy[0].tolist()), abs=1e-3)
    assert sigma == pytest.approx(2 * other.scale[0].item(), abs=1e-3) and len(sides) == 128
    assert all(0 <= side <= 255 for side in sides)


def test_the_endpoints_say_what_the_boards_show():
    picture = Image.open(frame.PHOTOGRAPHS[0])
    found = api.lift_features(picture, 60)
    assert len(found["points"]) == len(found["angle"]) == 60
    assert np.linalg.norm(found["descriptors"], axis=1) == pytest.approx(np.ones(60), abs=1e-2)
    same = api.lift_match(picture, picture, 60)
    assert same["first"] == same["second"] and len(same["agrees"]) >= 50
    with pytest.raises(InputError, match="Send a picture"):
        api.lift_features(None, 60)


@pytest.mark.parametrize(
    "query",
    [{"beta": math.nan}, {"beta": -1}, {"scale": 0}, {"pair": "nothing"}, {"x": 5000}, {"way": "up"}],
)
def test_what_cannot_be_is_refused_with_a_sentence(query):
    with pytest.raises(InputError):
        ask(patch.slope, place(POINTS[0]) | query)
