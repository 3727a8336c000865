"""The losses of the slides for one object: against the network's answers, worked out by hand."""

import math

import pytest
import torch
from torchvision.ops import box_iou

from demos import frame
from demos.detection import api, boards, examples, history, kept
from dlcv.core.errors import InputError
from dlcv.detection.history import extrapolated
from tests.support.asking import ask


@pytest.fixture(scope="module")
def nuclei():
    """A drawn picture of nuclei that is kept, its token, and its objects."""
    looked_at = kept.keep(kept.pixels_of(examples.draw("Cell nuclei", 0)[0]), "Cell nuclei", "Whole")
    return looked_at, kept.pictures.add(looked_at), boards.objects(looked_at, 0.5)


def asked(nuclei, place: int) -> tuple[dict, int, int]:
    """The board's answer about an object by its place, the proposal it comes from, and its class."""
    _, token, found = nuclei
    proposal, label = found["regions"][place], found["labels"][place]
    return ask(boards.losses, {"token": token, "tile": 0, "proposal": proposal, "label": label}), proposal, label


@pytest.mark.parametrize("place", [0, 3])
def test_the_object_itself_costs_its_doubt_of_class_and_mask_alone(nuclei, place):
    answer, proposal, label = asked(nuclei, place)
    own, detector = answer["own"], nuclei[0].detector
    probability = detector.regions().probabilities[proposal, label].item()
    assert answer["probability"] == pytest.approx(probability)
    assert own["class_loss"] == pytest.approx(-math.log(probability), rel=1e-4)
    assert own["bbox"] == pytest.approx(0, abs=1e-6) and own["bbox_squared"] == pytest.approx(0, abs=1e-4)
    assert 0 < own["mask"] < math.log(2) and 0 < own["mask_squared"] < 28 * 28 / 4  # better than one half everywhere
    assert own["total"] == pytest.approx(own["class_loss"] + own["mask"], rel=1e-4)


def test_the_regions_on_an_object_are_to_become_its_class_and_box(nuclei):
    answer, proposal, label = asked(nuclei, 0)
    detector = nuclei[0].detector
    regions = detector.regions()
    truth = regions.refined[proposal, label]
    on_object = box_iou(regions.boxes, truth[None])[:, 0] >= 0.5
    assert answer["regions"]["count"] == on_object.sum() > 1
    doubt = -regions.probabilities[on_object, label].log().mean().item()
    squares = ((regions.refined[on_object, label] - truth) * detector.scale).square().sum(1).mean().item()
    assert answer["regions"]["class_loss"] == pytest.approx(doubt, rel=1e-3)
    assert answer["regions"]["bbox_squared"] == pytest.approx(squares, rel=1e-3)
    assert answer["regions"]["bbox"] > answer["own"]["bbox"]


def test_the_anchors_on_an_object_are_sure_of_it(nuclei):
    answer, proposal, label = asked(nuclei, 0)
    detector = nuclei[0].detector
    truth = detector.regions().refined[proposal, label]
    overlap = box_iou(detector.anchors.boxes, truth[None])[:, 0]
    on_object = (overlap >= 0.7) | (overlap == overlap.max())
    anchors = answer["anchors"]
    assert anchors["count"] == on_object.sum() and anchors["mask"] is None
    assert anchors["class_loss"] == pytest.approx(-detector.anchors.objectness[on_object].log().mean().item(), rel=1e-3)
    squares = ((detector.anchors.decoded[on_object] - truth) * detector.scale).square().sum(1).mean().item()
    assert anchors["bbox_squared"] == pytest.approx(squares, rel=1e-3)


def test_a_client_gets_the_terms_of_an_object_of_a_network_without_masks():
    picture = examples.draw("Blood cells", 0)[0]
    terms = api.detection_losses(picture, "Blood cells", 2)
    assert terms["own"]["mask"] is None and terms["own"]["total"] == pytest.approx(terms["own"]["class_loss"], abs=1e-6)
    with pytest.raises(InputError, match="choose one of these"):
        api.detection_losses(picture, "Blood cells", 100, score=0.99)


@pytest.mark.parametrize("change", [{"label": 2}, {"label": 0}, {"proposal": 10**6}, {"mask": 2}, {"tile": 1}])
def test_what_is_no_object_gets_a_sentence(nuclei, change):
    query = {"token": nuclei[1], "tile": 0, "proposal": 0, "label": 1}
    assert set(frame.live(boards.losses)(query | change)) == {"error"}


def test_the_history_goes_on_to_the_papers_2000_proposals():
    """What is done for each proposal takes 2,000 / N times as long, and nothing else does."""
    measured = {"proposals": 1.0, "features": 2.0, "heads": 0.5}
    assert extrapolated("R-CNN", measured, 40) == {"proposals": 1.0, "features": 100.0, "heads": 25.0}
    assert extrapolated("Fast R-CNN", measured, 40) == {"proposals": 1.0, "features": 2.0, "heads": 25.0}
    assert extrapolated("Faster R-CNN", measured, 40) == measured


def test_the_measured_history_says_what_the_papers_took():
    looked_at = kept.keep(torch.randint(0, 255, (3, 120, 160), dtype=torch.uint8), "Cell nuclei", "Whole")
    *_, last = history.timed(looked_at, 10)
    alone, once, _ = last["bars"]
    assert [bar["paper"] for bar in last["bars"]] == [47.0, 0.32, 0.198]
    times = 2000 / len(last["boxes"])
    assert alone["extrapolated"]["features"] == pytest.approx(times * alone["seconds"]["features"])
    assert once["extrapolated"]["features"] == once["seconds"]["features"]
