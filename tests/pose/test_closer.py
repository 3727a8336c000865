"""The pose machine on boxes of people: what is read off a square and its mirror image, and whom it finds."""

import PIL.Image
import pytest
import torch

from demos import frame, pose
from demos.frame import pictures
from demos.pose import boards
from dlcv.pose import closer, evaluate, topdown
from dlcv.pose.skeleton import COCO, IN_COCO, JOINTS, LIMBS
from tests.pose.people import TWO, mosaic, seen_of
from tests.support.asking import ask


def test_a_mirror_image_has_left_for_right():
    names = [JOINTS[twin] for twin in closer.TWINS]
    assert names[JOINTS.index("left knee")] == "right knee" and names[JOINTS.index("neck")] == "neck"
    for limb, twin in zip(LIMBS, closer.TWIN_LIMBS):
        assert [JOINTS[joint] for joint in LIMBS[twin]] == [names[joint] for joint in limb]


def test_the_maps_of_a_mirrored_picture_are_those_of_the_picture_mirrored():
    x = pictures.tensor(PIL.Image.open(pose.PHOTOGRAPHS[0]))[:, :257, :257]
    whole = torch.tensor([[48.0, 48.0, 208.6, 208.6]])  # its square has 257 pixels, in the middle
    (one,), (other,) = (closer.look(boards.predictor(), picture, whole) for picture in (x, x.flip(2)))
    assert torch.allclose(one.beliefs, other.beliefs[:, closer.TWINS].flip(3), atol=1e-3)
    mirrored = other.fields[:, closer.TWIN_LIMBS].flip(4) * torch.tensor([-1.0, 1.0]).view(1, 1, 2, 1, 1)
    assert torch.allclose(one.fields, mirrored, atol=1e-3) and one.corner == (0, 0)


def test_who_stands_beside_a_box_is_not_read():
    maps = seen_of(TWO)
    maps = maps._replace(votes=maps.beliefs[-1, : len(IN_COCO)])
    for number, person in enumerate(TWO):
        box = [*person[:, :2].amin(0).tolist(), *person[:, :2].amax(0).tolist()]
        joints, belief = closer.read(maps, box)
        assert (
            torch.tensor(joints)[:, :2].sub(TWO[number, :, :2]).norm(dim=1).max() < 8 and belief > 0.7
        )  # half a pixel of the maps
        assert closer.overlap([None, *(topdown.Peak(*joint) for joint in joints)], box) > 0.95


def test_maps_of_a_part_of_a_picture_know_where_it_lies():
    maps = seen_of(TWO)
    part = maps._replace(corner=(100.0, 30.0))
    peak = topdown.Peak(7.25, 3.5, 0.5)
    (x, y, _), (i, j, _) = (one.to_picture(peak)[:3] for one in (maps, part))
    assert (i - x, j - y) == (100, 30) and part.to_maps(i, j) == pytest.approx(peak[:2], abs=1e-4)


PICTURES = {
    "astronaut": (lambda: PIL.Image.open(pose.PHOTOGRAPHS[0]), 1),
    "cameraman": (lambda: PIL.Image.open(pose.PHOTOGRAPHS[1]), 1),
    "six": (lambda: mosaic(3, 2), 6),
    "coffee": (lambda: PIL.Image.open(pose.NOBODY[0]), 0),
    "rocket": (lambda: PIL.Image.open(pose.NOBODY[2]), 0),
    "tower": (lambda: PIL.Image.open(frame.PHOTOGRAPHS[1]), 0),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_tab_and_the_endpoint_answer_as_the_evaluation_does_and_right(name):
    make, count = PICTURES[name]
    picture = make()
    x = pictures.tensor(picture)
    evaluated = evaluate.one_by_one(boards.predictor(), boards.movenet(), None)(x)
    served = pose.pose_people(picture, network=boards.CLOSER)["coco"]
    assert len(served) == len(evaluated) == count
    seen = boards.top_down(boards.seen_by(x)["closer"])["seen"]
    query = {"token": ask(boards.keep_seen, {"by": "closer"} | seen)["token"], "stage": 0, "matching": "greedy"}
    shown = ask(boards.keypoints, query | {"moved": [], "peak": pose.PEAK})["coco"]
    for person, on_screen, (joints, score) in zip(served, shown, evaluated, strict=True):
        assert person["score"] == pytest.approx(score, abs=1e-3)
        assert person["keypoints"] == pytest.approx(on_screen["keypoints"], abs=0.01)
        places = dict(zip(evaluate.SHARED, joints))
        for joint, x, y, kind in zip(COCO, *(person["keypoints"][part::3] for part in range(3))):
            assert joint not in places or not kind or (x, y) == pytest.approx(places[joint][:2], abs=1e-3)
