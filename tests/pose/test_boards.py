"""What the boards of the pose tab ask for: answers about pictures that were seen once; what bad requests get."""

import base64
import io
import math

import numpy as np
import PIL.Image
import pytest
import torch

from demos import pose
from demos.frame import pictures
from demos.pose import boards
from dlcv.core.errors import InputError
from dlcv.pose import layouts
from dlcv.pose.predictor import PosePredictor, decode
from dlcv.pose.skeleton import JOINTS, LIMBS
from dlcv.pose.topdown import Seen
from tests.pose.people import TWO, mosaic, seen_of
from tests.support.asking import ask

NONE = {"movenet": Seen(torch.zeros(0, 17, 3), torch.zeros(0))}


def kept() -> dict:
    """A query about two drawn people."""
    value = boards.shown(torch.zeros(3, 480, 800), NONE, seen_of(TWO), "ours")
    token = ask(boards.keep, value["maps"])["token"]
    return {"token": token, "stage": 0, "peak": 0.2, "link": 0.2, "matching": "greedy", "moved": []}


def test_what_is_kept_is_what_was_seen():
    query = kept()
    found = ask(boards.people, query)
    assert len(found["people"]) == 2
    for one in found["people"]:
        where = torch.tensor([found["peaks"][joint][number][:2] for joint, number in enumerate(one["peaks"])])
        assert (TWO[:, :, :2] - where).norm(dim=2).amax(1).min() < 8
    limb = LIMBS.index((JOINTS.index("left knee"), JOINTS.index("left ankle")))
    verdicts = [pair["verdict"] for pair in ask(boards.pairs, query | {"limb": limb})["pairs"]]
    assert verdicts == ["chosen", "chosen", "too weak", "too weak"]
    assert len(ask(boards.keypoints, query)["coco"]) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"token": "x"},
        {"token": None},
        {"stage": 1},
        {"stage": 0.5},
        {"peak": "much"},
        {"matching": "lucky"},
        {"moved": [[0, 0, 1]]},
        {"moved": [[14, 0, 1, 1]]},
        {"moved": [[0.5, 0, 1, 1]]},
        {"moved": [[0, -1, 1, 1]]},
        {"moved": [[0, 0, 1, 1]] * 300},
        {"moved": 3},
    ],
)
def test_forged_questions_get_a_sentence(change):
    with pytest.raises(InputError):
        ask(boards.people, kept() | change)


@pytest.mark.parametrize(
    "change", [{"values": "AAAA"}, {"values": "%"}, {"stages": 2}, {"rows": 0}, {"network": "mine"}, {"scale": [1]}]
)
def test_forged_maps_are_refused(change):
    value = boards.shown(torch.zeros(3, 480, 800), NONE, seen_of(TWO), "ours")
    with pytest.raises(InputError):
        ask(boards.keep, value["maps"] | change)


def test_one_picture_of_a_camera_is_answered():
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (257, 193), "white").save(buffer, "JPEG")
    uri = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    assert ask(boards.watch, {"frame": uri, "peak": 0.2, "link": 0.2})["people"] == []
    with pytest.raises(InputError):
        ask(boards.watch, {"frame": "data:text", "peak": 0.2, "link": 0.2})


def joints_of(peaks: list, numbers) -> dict[int, list[float]]:
    """The places of a person's joints."""
    return {joint: list(peaks[joint][number][:2]) for joint, number in enumerate(numbers) if number is not None}


def same(joints: dict[int, list[float]], evaluated: dict[int, list[float]]) -> bool:
    """Whether the joints are those of an evaluated person, within a pixel of the picture."""
    return joints.keys() == evaluated.keys() and all(
        math.dist(place, evaluated[joint]) < 1 for joint, place in joints.items()
    )


def test_the_people_of_a_large_picture_are_in_pixels_of_the_file():
    small = PIL.Image.open(pose.PHOTOGRAPHS[0])
    large = small.resize((4608, 4608), PIL.Image.Resampling.BICUBIC)  # nine times
    one, other = (
        np.array(pose.pose_people(picture, network="Pose machine")["coco"][0]["keypoints"]).reshape(-1, 3)
        for picture in (small, large)
    )
    found = (one[:, 2] > 0) & (other[:, 2] > 0)
    assert found.sum() >= 6 and np.median(np.abs(9 * one - other)[found, :2]) < 20


@pytest.mark.parametrize("name", ["astronaut", "camera", "six"])
def test_the_tab_and_the_endpoint_answer_as_the_evaluation_does(name):
    """Same picture, same side, same thresholds."""
    picture = mosaic(3, 2) if name == "six" else PIL.Image.open(pose.PHOTOGRAPHS[name == "camera"])
    evaluated = decode(PosePredictor(boards.MODEL).predict(pictures.tensor(picture)))  # as in evaluate.py
    served = pose.pose_people(picture, pose.DETAILS["Usual"], pose.PEAK, pose.LINK, "Pose machine")
    assert served["coco"] == layouts.as_coco(evaluated) != []
    token = ask(boards.keep, pose.see(picture, "Usual")["maps"])["token"]
    on_board = ask(boards.people, {"token": token, "stage": 2, "matching": "greedy", "moved": []})
    people = [joints_of(evaluated.peaks, person.peaks) for person in evaluated.people]
    found = [joints_of(on_board["peaks"], person["peaks"]) for person in on_board["people"]]
    assert len(found) == len(people) and all(any(same(joints, other) for other in people) for joints in found)


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_who_is_not_upright_is_not_found_as_the_page_says(turned):
    """Whatever the thresholds: so the advice is to turn the picture."""
    with PIL.Image.open(pose.PHOTOGRAPHS[0]) as astronaut:
        assert len(pose.pose_people(astronaut, network="Pose machine")["coco"]) == 1
        turned_picture = astronaut.rotate(turned)
        assert not pose.pose_people(turned_picture, peak=0.05, link=0.05, network="Pose machine")["coco"]
