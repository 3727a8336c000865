"""What the boards of the segmentation tab answer, and what they refuse."""

import base64
import functools
import io

import numpy as np
import PIL.Image
import pytest
import torch

from demos.segmentation import api, boards, cells, colour, crossing, kept
from dlcv.core.datasets import VOID
from dlcv.core.errors import InputError
from dlcv.segmentation import painting
from dlcv.segmentation.model import Segmenter
from dlcv.segmentation.streets import street
from tests.support.asking import ask

STREET = {"token": "street 1"}
CAT = {"token": "packaged 0", "look": "Everyday things"}


def opened(uri: str) -> PIL.Image.Image:
    """The picture in a data URI."""
    return PIL.Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1])))


def labels_in(uri: str) -> np.ndarray:
    return np.asarray(opened(uri))


def cut(network: str, *shares: float) -> dict:
    return ask(crossing.cut, STREET | {"network": network, "shares": list(shares)})


def test_a_picture_is_known_by_kind_and_number_or_by_a_name_that_nobody_guesses():
    found = ask(kept.open_picture, {"kind": "street", "number": 1})
    assert found["token"] == "street 1" and found["size"] == [480, 360] and opened(found["picture"]).size == (480, 360)
    one = kept.Kept(torch.rand(3, 100, 1000, generator=torch.Generator().manual_seed(0)))
    assert one.size == [480, 48]
    token = kept.kept.add(one)
    assert kept.called(token) is one
    for token in (None, 3, "", "street", "street x", "street -1", "street 12345678", "packaged 99", "nobody"):
        with pytest.raises(InputError):
            kept.called(token)


def test_the_encoder_runs_once_for_all_questions_about_a_picture(monkeypatch):
    for network in crossing.SKIPPING:
        cut(network, 1, 1, 1, 1)
    monkeypatch.setattr(Segmenter, "encode", None)  # whoever asks for it again fails
    for network in crossing.SKIPPING:
        assert labels_in(cut(network, 0, 1, 0, 1)["labels"]).shape == (360, 480)
    sources = {"other": "street 1", "sources": ["other", "noise", "none", "own"]}
    ask(crossing.transplant, STREET | sources | {"network": "unet"})


@pytest.mark.parametrize("network", crossing.SKIPPING)
def test_borders_are_lost_with_what_crosses(network):
    whole, nothing = cut(network, 1, 1, 1, 1), cut(network, 0, 0, 0, 0)
    assert whole["known"] and nothing["boundary_f1"] < whole["boundary_f1"]
    assert nothing == cut(network, 0, 0, 0, 0)
    truth = street(1).labels
    found = labels_in(whole["labels"])
    names = whole["names"]
    assert (found == truth).mean() > 0.7 and names[found[350, 240]] == "road" == names[truth[350, 240]]
    shares = api.segmentation_cut_skips([0.0] * 4, network, 1)
    assert shares["boundary_f1"] == nothing["boundary_f1"]


def test_where_nobody_knows_the_truth_the_whole_answer_stands_for_it():
    found = ask(crossing.cut, {"token": "packaged 1", "network": "unet", "shares": [1, 1, 1, 1]})
    assert not found["known"] and found["miou"] == 1 and found["boundary_f1"] == 1


def test_a_transplant_of_its_own_changes_nothing_and_others_are_scaled_to_it():
    own = {"other": "packaged 0", "sources": ["own"] * 4, "network": "segnet"}
    found = labels_in(ask(crossing.transplant, STREET | own)["labels"])
    assert np.array_equal(found, labels_in(cut("segnet", 1, 1, 1, 1)["labels"]))
    other = labels_in(ask(crossing.transplant, STREET | own | {"sources": ["other"] * 4})["labels"])
    assert other.shape == found.shape and (other != found).any()
    with pytest.raises(InputError, match="4 of own, other, noise, none"):
        ask(crossing.transplant, STREET | own | {"sources": ["own"] * 3})


def test_three_decoders_are_compared_by_the_truth():
    found = ask(crossing.compare, STREET)
    assert [one["network"] for one in found["found"]] == ["hourglass", "segnet", "unet"]
    assert np.array_equal(labels_in(found["truth"]), street(1).labels)
    assert all(0 < one["miou"] < 1 and 0 < one["boundary_f1"] < 1 for one in found["found"])
    assert "miou" not in ask(crossing.compare, {"token": "packaged 0"})["found"][0]


def test_the_path_has_every_map_and_says_which_were_copied():
    found = ask(crossing.path, STREET | {"network": "unet"})
    assert len(found["stages"]) == crossing.STAGES and found["path"] == "features"
    enlarged = next(stage for stage in found["stages"] if stage["name"] == "enlarged 2")
    assert (
        enlarged["size"] == [96, 90, 120]
        and enlarged["copied"] == 48
        and enlarged["shown"] == [*range(8), *range(48, 56)]
    )
    tiles = opened(enlarged["maps"])
    assert tiles.size == (8 * 56, 2 * 42)
    one = ask(crossing.feature_map, STREET | {"network": "unet", "stage": 1, "channel": 3})
    assert opened(one["picture"]).size == (240, 180) and one["low"] < one["high"]
    with pytest.raises(InputError, match="no such map"):
        ask(crossing.feature_map, STREET | {"network": "unet", "stage": 1, "channel": 16})


def test_a_pixel_its_field_and_the_class_cut_out():
    at = ask(boards.at_pixel, CAT | {"x": 225, "y": 150})
    assert sum(at["probabilities"]) == pytest.approx(1, abs=1e-4) and np.argmax(at["probabilities"]) == 8
    left, top, right, bottom = ask(boards.field_at, CAT | {"x": 225, "y": 150})["box"]
    assert left <= 225 < right and top <= 150 < bottom
    cat = opened(ask(boards.cut_out, CAT | {"label": 8})["png"])
    alpha = np.asarray(cat)[..., 3]
    assert cat.mode == "RGBA" and cat.size == (451, 300) and alpha[150, 225] == 255 and alpha[40, 445] == 0
    with pytest.raises(InputError, match="a class that this picture has"):
        ask(boards.cut_out, CAT | {"label": 1})
    files = ask(boards.take_away, CAT)
    labels = opened(files["png"])
    assert labels.mode == "P" and np.asarray(labels)[150, 225] == 8 and labels.getpalette()[24:27] == [64, 0, 0]
    assert {one["category_id"] for one in files["coco"]["annotations"]} == {1, 9}


def test_cells_have_numbers_outlines_and_a_score():
    query = {"token": "tissue 1", "network": "weighted"}
    found, files = ask(cells.find_cells, query), ask(cells.take_cells, query)
    numbers = np.frombuffer(base64.b64decode(found["cells"]), "<u2").reshape(256, 256)
    assert numbers.max() == found["count"] == len(files["coco"]["annotations"])
    assert np.array_equal(np.asarray(opened(files["png"])), numbers)
    assert sum(one["area"] for one in files["coco"]["annotations"]) == (numbers > 0).sum()
    assert found["true_count"] > 20 and 0 < found["rand"] <= 1
    photograph = ask(cells.find_cells, {"token": "packaged 3", "network": "unweighted", "threshold": 0.2})
    assert photograph["rand"] is None and photograph["true_count"] is None


def painted(labels: np.ndarray) -> dict:
    """The question of a board for a training on labels of the cat."""
    return {"token": "packaged 0", "strokes": base64.b64encode(labels.astype(np.uint8).tobytes()).decode()}


def test_a_small_network_learns_from_strokes_until_its_updates_are_over(monkeypatch):
    monkeypatch.setattr(painting, "Settings", functools.partial(painting.Settings, updates=20))
    strokes = np.full((300, 451), VOID)
    strokes[140:150, 150:300], strokes[100:180, 390:400] = 1, 0
    begun = ask(colour.begin, painted(strokes))
    steps = [begun["seen"]["step"]]
    while steps[-1] < begun["updates"]:
        seen = ask(colour.advance, {"run": begun["run"]})["seen"]
        steps.append(seen["step"])
    found = labels_in(seen["labels"])
    assert steps == sorted(set(steps)) and seen["loss"] < 0.5 * begun["seen"]["loss"]
    assert (found[140:150, 150:300] == 1).mean() > 0.9 and (found[100:180, 390:400] == 0).mean() > 0.9
    with pytest.raises(InputError, match="over"):
        ask(colour.advance, {"run": begun["run"]})
    with pytest.raises(InputError, match="Paint on the picture"):
        ask(colour.begin, painted(strokes[1:]))
    with pytest.raises(InputError, match="two classes"):
        ask(colour.begin, painted(np.full((300, 451), VOID)))


def test_endpoints_answer_in_the_size_of_what_was_sent():
    picture = api.cat().resize((902, 600))
    png, answer = api.segmentation_segment(picture)
    assert (
        png.size == tuple(answer["size"]) == (480, 319) and max(answer["percent"], key=answer["percent"].get) == "cat"
    )
    assert sum(answer["percent"].values()) == pytest.approx(100, abs=0.1)
    found = api.segmentation_probabilities([[450, 300], [890, 80]], picture)
    assert [found["classes"][int(np.argmax(one))] for one in found["probabilities"]] == ["cat", "background"]
    with pytest.raises(InputError, match="in the picture"):
        api.segmentation_probabilities([[902, 0]], picture)
    assert api.segmentation_cut_out(picture).size == (902, 600)
    with pytest.raises(InputError, match="'name' must be one of background"):
        api.segmentation_cut_out(picture, "unicorn")
