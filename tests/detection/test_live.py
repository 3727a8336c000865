"""The boards' questions about a picture, and the endpoints: good ones, forged ones, and what is kept."""

import base64
import io

import numpy as np
import PIL.Image
import pytest
import torch

from demos import frame, pose
from demos.detection import api, boards, examples, kept
from demos.frame.checks import UNEXPECTED
from dlcv.core.errors import InputError
from dlcv.detection import evaluate, everyday
from dlcv.detection.pictures import MOST
from dlcv.detection.predictor import predictor
from tests.support.asking import judge, post
from tests.support.serving import Client


def as_file(picture: PIL.Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def sent(data: bytes) -> str:
    """A picture as a client sends it."""
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def astronaut() -> dict:
    return {"path": "", "url": sent(examples.ASTRONAUT.read_bytes())}


def test_a_client_gets_objects_proposals_and_times(gallery):
    client = Client(gallery)
    (found,) = client.run("/detection_find", [astronaut(), "People", 0.05, 0.5, 0.5, "Whole"])
    assert sum(found["counts"].values()) == len(found["annotations"]) > 0
    assert found["categories"] == [{"id": 1, "name": "person"}]
    assert all(entry["score"] >= 0.05 for entry in found["annotations"])
    (found,) = client.run("/detection_proposals", [astronaut(), "People", 0.7, 10])
    assert len(found["before"]) == len(found["after"]) == 10 and len(found["after"][0]) == 4
    (found,) = client.run("/detection_history", [astronaut(), "People", 10])
    assert [bar["title"] for bar in found["bars"]] == ["R-CNN", "Fast R-CNN", "Faster R-CNN"]
    assert found["bars"][0]["passes"] == len(found["boxes"]) == 10 and found["bars"][1]["passes"] == 1


@pytest.mark.parametrize("picture", ["line", "nothing"])
def test_a_client_with_a_picture_of_no_use_gets_a_sentence(gallery, picture):
    line = {"path": "", "url": sent(as_file(PIL.Image.new("L", (4000, 1)), "PNG"))}
    data = [line if picture == "line" else None, "People", 0.5, 0.5, 0.5, "Whole"]
    status, answer = post(f"{gallery.url}/gradio_api/run/detection_find", {"data": data})
    assert answer["error"] and not judge(status, answer, picture)


def test_a_picture_cut_off_in_the_middle_gets_a_sentence(gallery):
    whole = examples.ASTRONAUT.read_bytes()
    broken = {"path": "", "url": sent(whole[: len(whole) // 2])}
    for name, data in (("find", [0.5, 0.5, 0.5, "Whole"]), ("proposals", [0.7, 10]), ("history", [10])):
        status, answer = post(f"{gallery.url}/gradio_api/run/detection_{name}", {"data": [broken, "People", *data]})
        assert answer["error"] and not judge(status, answer, name)


@pytest.fixture(scope="module")
def token() -> str:
    """A picture that the boards may ask about, in this process."""
    pixels = torch.randint(0, 255, (3, 80, 120), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return kept.pictures.add(kept.keep(pixels, "People", "Whole"))


GOOD = {
    "detect": {"overlap": 0.5},
    "inside": {"tile": 0},
    "anchors": {"tile": 0, "x": 5, "y": 5},
    "proposals": {"tile": 0, "overlap": 0.5},
    "region": {"tile": 0, "number": 0},
    "feature_map": {"tile": 0, "level": 1, "channel": 3},
    "masks": {"tile": 0, "objects": [[0, 1], [1, 1]]},
    "export": {"score": 0.5, "overlap": 0.5, "mask": 0.5},
}
FORGED = [
    ("detect", {"token": None}),
    ("inside", {"token": "../../etc/passwd"}),
    ("inside", {"tile": 1}),
    ("anchors", {"tile": -1}),
    ("anchors", {"x": None}),
    ("proposals", {"overlap": "1"}),
    ("region", {"number": 10**6}),
    ("region", {"number": 0.5}),
    ("feature_map", {"level": 5}),
    ("feature_map", {"channel": 96}),
    ("masks", {"objects": 7}),
    ("masks", {"objects": [[0, 1]] * 1000}),
    ("masks", {"objects": [[0]]}),
    ("masks", {"objects": [[0, 2]]}),
    ("masks", {"objects": [["a", 1]]}),
    ("export", {"mask": float("nan")}),
]


@pytest.mark.parametrize("name", GOOD)
def test_every_question_of_the_boards_is_answered_without_a_pass(token, name):
    before = kept.passes["maskrcnn-people"]
    answer = frame.live(getattr(boards, name))({"token": token} | GOOD[name])
    assert "error" not in answer and answer["passes"] == before


@pytest.mark.parametrize(("name", "changes"), FORGED, ids=lambda part: str(part)[:30])
def test_forged_questions_get_a_sentence(token, name, changes):
    answer = frame.live(getattr(boards, name))({"token": token} | GOOD[name] | changes)
    assert set(answer) == {"error"} and answer["error"].endswith(".") and answer["error"] != UNEXPECTED


@pytest.mark.parametrize("title", kept.SHIPPED)
def test_the_board_answers_as_the_evaluation_does(title):
    """The same objects, areas and scores of one picture, though the board has it from a visitor's file."""
    picture = examples.draw(title, 0)[0]
    if title in ("People", kept.EVERYDAY):
        picture = PIL.Image.open(examples.ASTRONAUT)
    looked_at = kept.keep(kept.pixels_of(picture), title, "Whole")
    config = looked_at.detector.config
    answers = boards.coco_of(looked_at, kept.MIN_SCORE, config.nms_iou, 0.5)["annotations"]
    pixels = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1) / 255
    scored = evaluate.annotations(predictor(kept.SHIPPED[title]), pixels, 0)
    assert len(answers) == len(scored) > 0
    for ours, theirs in zip(answers, scored):
        assert ours["category_id"] == theirs["category_id"]
        assert ours["score"] == pytest.approx(theirs["box_ap"], abs=1e-4)
        assert ours["bbox"] == pytest.approx(theirs["bbox"], abs=0.02)
        if config.masks:
            assert ours["mask_score"] == pytest.approx(theirs["mask_ap"], abs=1e-4)
            assert ours["area"] == pytest.approx(theirs["area"], abs=2)


def test_real_nuclei_are_found_but_for_some_as_the_page_says():
    _, title, credit = examples.example(1)
    found = api.detection_find(PIL.Image.open(examples.NUCLEI), title)["counts"]["nucleus"]
    assert "outlined 125" in credit and 80 <= found < 125


PEOPLE = {
    **{name: (pose.PHOTOGRAPHS[number], 1) for number, name in enumerate(("astronaut", "cameraman"))},
    "portrait": (pose.PORTRAIT, 1),
    "group": (pose.GROUP, 3),
    "footballers": (frame.FOOTBALLERS, 3),
    **{name: (pose.NOBODY[number], 0) for number, name in enumerate(("coffee", "tower", "rocket"))},
}


@pytest.mark.parametrize("name", PEOPLE)
def test_nobody_is_made_up_and_a_portrait_is_a_person(name):
    path, people = PEOPLE[name]
    found = api.detection_find(PIL.Image.open(path), kept.EVERYDAY, everyday.SURE)
    assert found["counts"].get("person", 0) == people


def test_a_network_of_one_stage_says_that_there_is_nothing_to_look_into():
    picture = PIL.Image.open(examples.ASTRONAUT)
    for ask in (api.detection_proposals, api.detection_losses, api.detection_history):
        with pytest.raises(InputError, match="has one stage"):
            ask(picture, kept.EVERYDAY)
    value = boards.shown(kept.look(picture, kept.EVERYDAY, "Whole"))
    assert not value["stages"] and value["names"][value["labels"][0] - 1] == "person"
    assert "has one stage" in frame.live(boards.inside)({"token": value["token"], "tile": 0})["error"]
    assert api.detection_find(picture, kept.EVERYDAY, kept.predictor("nanodet-plus").config.score_threshold)[
        "counts"
    ] == {"person": 1}


def test_pictures_make_room_for_others(monkeypatch):
    monkeypatch.setattr(kept.pictures, "most", 1)
    pixels = torch.zeros(3, 40, 40, dtype=torch.uint8)
    first, second = (kept.pictures.add(kept.keep(pixels, "People", "Whole")) for _ in range(2))
    assert kept.pictures.get(second)
    with pytest.raises(InputError, match="Find objects"):
        kept.pictures.get(first)


def test_what_is_found_in_a_large_picture_is_in_pixels_of_the_file():
    small = examples.draw("Cell nuclei", 0)[0]
    large = small.resize([12 * side for side in small.size], PIL.Image.Resampling.BICUBIC)
    assert max(large.size) > MOST
    one, other = (api.detection_find(picture, "Cell nuclei") for picture in (small, large))
    assert (other["images"][0]["width"], other["images"][0]["height"]) == large.size
    few, many = (np.array([entry["bbox"] for entry in found["annotations"]]) for found in (one, other))
    apart = np.abs(12 * few[:, None] - many).max(-1).min(1)  # of each object from the nearest of the other picture
    assert len(few) > 20 and np.median(apart) < 12
    areas = [np.median([entry["area"] for entry in found["annotations"]]) for found in (one, other)]
    assert areas[1] == pytest.approx(144 * areas[0], rel=0.1)
    assert sum(other["annotations"][0]["segmentation"]["counts"]) == large.width * large.height
    proposals = [api.detection_proposals(picture, "Cell nuclei", 0.7, 50)["after"] for picture in (small, large)]
    assert np.max(proposals[1]) == pytest.approx(12 * np.max(proposals[0]), rel=0.05)
    methods = api.detection_history(large, "Cell nuclei", 10)
    assert methods["tile"] == [0, 0, *large.size] and MOST < np.max(methods["boxes"]) <= large.width
