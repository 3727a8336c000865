"""What the boards of the pose tab ask for: answers about pictures that were seen once; what bad requests get."""

import base64
import io

import PIL.Image
import pytest
import torch

from demos import pose
from demos.frame import pictures
from demos.frame.questions import understood
from demos.pose import boards
from dlcv.core.errors import InputError
from dlcv.pose.predictor import PosePredictor, decode
from dlcv.pose.skeleton import JOINTS, LIMBS
from tests.pose.test_predictor import TWO, seen_of


def ask(fn, query: dict) -> dict:
    """The answer of a board's function; InputError where the query is refused."""
    [model] = [hint for name, hint in fn.__annotations__.items() if name == "query"]
    return fn(understood(model, query))


def kept() -> dict:
    """A query about two drawn people."""
    value = boards.shown(torch.zeros(3, 480, 800), seen_of(TWO), "ours")
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
    value = boards.shown(torch.zeros(3, 480, 800), seen_of(TWO), "ours")
    with pytest.raises(InputError):
        ask(boards.keep, value["maps"] | change)


def test_one_picture_of_a_camera_is_answered():
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (257, 193), "white").save(buffer, "JPEG")
    uri = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    assert ask(boards.watch, {"frame": uri, "peak": 0.2, "link": 0.2})["people"] == []
    with pytest.raises(InputError):
        ask(boards.watch, {"frame": "data:text", "peak": 0.2, "link": 0.2})


@pytest.mark.parametrize("picture", [PIL.Image.open(path) for path in pose.PHOTOGRAPHS] + [pose.mosaic(3, 2)])
def test_the_tab_and_the_endpoint_answer_as_the_evaluation_does(picture):
    """Same picture, same side, same thresholds. The boards have maps in steps of 1/127, which may move a weak peak by a
    pixel of the maps: 17 pixels of the picture."""
    x = pictures.tensor(picture)
    evaluated = decode(PosePredictor(boards.MODEL).predict(x))  # as in evaluate.py
    served = pose.pose_people(picture, pose.DETAILS["Usual"], pose.PEAK, pose.LINK)["coco"]
    value = pose.see(picture, "Usual")
    query = {"token": ask(boards.keep, value["maps"])["token"], "stage": 2, "matching": "greedy", "moved": []}
    on_board = ask(boards.people, query)
    assert len(evaluated.people) == len(served) == len(on_board["people"]) > 0
    for person, result in zip(evaluated.people, served):
        assert result["score"] == pytest.approx(person.score, abs=1e-4)
    matched = 0
    for person in on_board["people"]:  # in any order: steps of 1/127 may change who is surest
        places = {j: on_board["peaks"][j][k][:2] for j, k in enumerate(person["peaks"]) if k is not None}
        for other in evaluated.people:
            true = {j: evaluated.peaks[j][k][:2] for j, k in enumerate(other.peaks) if k is not None}
            shared = places.keys() & true.keys()
            near = [torch.dist(torch.tensor(places[j]), torch.tensor(true[j])) < 17 for j in shared]
            matched += len(near) >= 0.8 * len(true) and sum(near) >= 0.8 * len(true)
    assert matched == len(evaluated.people)
