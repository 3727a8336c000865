"""MoveNet on boxes of NanoDet-Plus, as published: what is read off their maps, and whom they find."""

import PIL.Image
import pytest
import torch

from demos import frame, pose
from demos.frame import pictures
from demos.pose import boards
from dlcv.core.backbones import movenet
from dlcv.core.errors import InputError
from dlcv.core.geometry.boxes import no_parts
from dlcv.pose import evaluate, layouts, topdown
from dlcv.pose.predictor import Moved
from dlcv.pose.skeleton import COCO, COCO_WITH_NECK
from tests.pose.people import TWO, mosaic, seen_of
from tests.support.asking import ask

MAPS = seen_of(TWO), "ours"


def maps(height: int, width: int) -> movenet.MoveNetOutput:
    """Maps of one picture in which nothing is anywhere."""
    nothing = torch.full((1, 1, height, width), -9.0)
    return movenet.MoveNetOutput(
        nothing.clone(),
        nothing.repeat(1, movenet.KEYPOINTS, 1, 1),
        torch.zeros(1, movenet.KEYPOINTS, 2, height, width),
        torch.zeros(1, movenet.KEYPOINTS, 2, height, width),
        torch.zeros(1, 24, height, width),
    )


def test_a_keypoint_is_where_it_is_expected_from_the_centre():
    found = maps(12, 16)
    found.center[0, 0, 6, 8] = 9
    found.regress[0, 3, :, 6, 8] = torch.tensor([-2.0, 3.0])  # two cells up, three to the right
    found.heatmap[0, 3, 4, 11] = found.heatmap[0, 3, 11, 0] = 3  # there, and on somebody else
    found.offset[0, 3, :, 4, 11] = torch.tensor([0.25, -0.5])
    x, y, score = movenet.decoded(found)[0, 3].tolist()
    assert (x, y) == (4 * 10.5, 4 * 4.25) and score == pytest.approx(torch.tensor(3.0).sigmoid().item())
    two = movenet.read_from(found, torch.tensor([[6 * 16 + 8, 11 * 16]]))[0, :, 3]
    assert two[0].tolist() == [x, y, two[0, 2]] and two[1, :2].tolist() == [0, 44]


def test_a_part_of_a_person_is_no_other_person_and_somebody_far_behind_is():
    boxes = torch.tensor([[0, 0, 100, 100], [20, 0, 90, 60], [10, 10, 30, 40], [50, 50, 150, 150.0]])
    assert no_parts(boxes).tolist() == [True, False, True, True]
    assert no_parts(boxes, torch.tensor([0, 1, 0, 0])).tolist() == [True] * 4
    assert no_parts(boxes[:0]).tolist() == []


def somebody(score: float, *sure: str, at: float = 50.0) -> torch.Tensor:
    """Keypoints (17, 3), of which only the named ones are sure, in a diagonal."""
    place = at + 10 * torch.arange(len(COCO))
    scores = torch.tensor([score if name in sure else 0.1 for name in COCO])
    return torch.stack([place, place, scores], dim=1)


def test_who_is_seen_is_what_the_layouts_say():
    arms = [f"{side} {joint}" for joint in ("shoulder", "elbow") for side in ("left", "right")]
    seen = topdown.Seen(somebody(0.8, *arms)[None], torch.tensor([0.5]))
    [coco] = layouts.as_coco(topdown.parsed(seen, 0.3), COCO_WITH_NECK)
    assert {name for name, kind in zip(COCO, coco["keypoints"][2::3]) if kind} == set(arms) and coco["score"] == 0.5
    [openpose] = layouts.as_openpose(topdown.parsed(seen, 0.3), COCO_WITH_NECK)["people"]
    assert openpose["pose_keypoints_2d"][3:6] == pytest.approx([105, 105, 0.8])  # the neck, between the shoulders
    guessed = topdown.parsed(seen, 0.3, guess=True).people[0].guesses
    assert [peak is None for peak in guessed] == [name in [*arms, "neck"] for name in COCO_WITH_NECK]
    nose = Moved(COCO.index("nose"), 0, 7.0, 8.0)
    [person] = topdown.parsed(seen, 0.3, (nose,)).people
    assert person.peaks[nose.joint] == 0 and not topdown.parsed(seen._replace(sure=0.6), 0.3).people


def test_nobody_is_seen_twice():
    one, near, far = somebody(0.8, *COCO), somebody(0.7, *COCO, at=52.0), somebody(0.6, *COCO, at=150.0)
    found = topdown.ranked(torch.stack([near, one, far]), torch.tensor([0.7, 0.8, 0.6]))
    assert found.scores.tolist() == pytest.approx([0.8, 0.6])


PICTURES = {
    "astronaut": (lambda: PIL.Image.open(pose.PHOTOGRAPHS[0]), 1),
    "cameraman": (lambda: PIL.Image.open(pose.PHOTOGRAPHS[1]), 1),
    "portrait": (lambda: PIL.Image.open(pose.PORTRAIT), 1),
    "six": (lambda: mosaic(3, 2), 6),
    "group": (lambda: PIL.Image.open(pose.GROUP), 3),
    "footballers": (lambda: PIL.Image.open(frame.FOOTBALLERS), 3),
    "upside down": (lambda: PIL.Image.open(pose.PHOTOGRAPHS[0]).rotate(180), 1),
    "coffee": (lambda: PIL.Image.open(pose.NOBODY[0]), 0),
    "rocket": (lambda: PIL.Image.open(pose.NOBODY[2]), 0),
    "tower": (lambda: PIL.Image.open(frame.PHOTOGRAPHS[1]), 0),
    "cat": (lambda: PIL.Image.open(pose.SKIMAGE / "chelsea.png"), 0),
}


def test_somebody_upside_down_is_found_where_the_joints_are():
    upright = pictures.tensor(PIL.Image.open(pose.PHOTOGRAPHS[0]))
    one, turned = (topdown.predictor().predict(picture) for picture in (upright, upright.flip(1, 2)))
    assert turned.scores[0] == pytest.approx(one.scores[0].item(), abs=1e-4)
    sure = one.keypoints[0, :, 2] >= pose.KEYPOINT
    corner = torch.tensor([upright.shape[2] - 1.0, upright.shape[1] - 1])
    torch.testing.assert_close(turned.keypoints[0, sure, :2], corner - one.keypoints[0, sure, :2])


def test_people_who_cannot_be_sure_are_not_read_and_the_others_stay():
    picture = pictures.tensor(PIL.Image.open(pose.PHOTOGRAPHS[1]))
    every, sure = (topdown.predictor().predict(picture, least) for least in (0.0, topdown.SURE))
    assert len(sure.scores) < len(every.scores)
    torch.testing.assert_close(sure.keypoints[0], every.keypoints[0])


class Noting:
    """The predictor, which keeps what it saw."""

    def predict(self, picture: torch.Tensor, sure: float) -> topdown.Seen:
        self.seen = topdown.predictor().predict(picture, sure)
        return self.seen


@pytest.mark.parametrize("name", PICTURES)
def test_the_tab_and_the_endpoint_answer_as_the_evaluation_does_and_right(name):
    make, count = PICTURES[name]
    picture = make()
    x = pictures.tensor(picture)
    noting = Noting()
    evaluated = evaluate.top_down(noting, None)(x)
    served = pose.pose_people(picture)["coco"]
    assert len(served) == len(evaluated) == count
    value = boards.shown(x, {"movenet": noting.seen}, *MAPS)["top_down"]["movenet"]["seen"]
    token = ask(boards.keep_seen, {"by": "movenet"} | value)["token"]
    query = {"token": token, "stage": 0, "matching": "greedy", "moved": [], "peak": pose.KEYPOINT}
    assert [one["keypoints"] for one in ask(boards.keypoints, query)["coco"]] == [
        pytest.approx(one["keypoints"], abs=0.01) for one in served
    ]
    for person, (joints, score) in zip(served, evaluated):
        assert person["score"] == pytest.approx(score, abs=1e-3)
        places = dict(zip(evaluate.SHARED, joints))
        for joint, x, y, kind in zip(COCO, *(person["keypoints"][part::3] for part in range(3))):
            assert joint not in places or not kind or (x, y) == pytest.approx(places[joint][:2], abs=1e-3)


def test_a_face_is_found_in_one_glance():
    portrait = pictures.tensor(PIL.Image.open(pose.PORTRAIT))
    [person] = topdown.parsed(topdown.predictor().glance(portrait, boards.LIVE_MOVENET)).people
    assert all(person.peaks[COCO.index(name)] == 0 for name in ("nose", "left eye", "right eye"))


@pytest.mark.parametrize("shape", [(1, 20, 20), (3, 0, 20), (3, 10, 2000)])
def test_what_is_no_picture_gets_a_sentence(shape):
    with pytest.raises(InputError):
        topdown.predictor().predict(torch.rand(*shape))


@pytest.mark.parametrize(
    "change",
    [{"scores": []}, {"keypoints": [[0.0]]}, {"keypoints": 3}, {"scores": [2.0]}, {"by": "closer"}, {"by": "nobody"}],
)
def test_forged_people_are_refused(change):
    with pytest.raises(InputError):
        ask(boards.keep_seen, {"by": "movenet", "keypoints": [[0.0] * 51], "scores": [0.5], "sure": 0.3} | change)
