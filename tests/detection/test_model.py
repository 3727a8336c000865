"""Detection: every stage against torchvision's own forward pass, the losses against torchvision's and closed forms."""

import os

import pytest
import torch
from torchvision.models.detection.roi_heads import (
    fastrcnn_loss,
    maskrcnn_loss,
    paste_masks_in_image,
    project_masks_on_boxes,
)

from dlcv.core.datasets import blood, nuclei
from dlcv.core.errors import InputError
from dlcv.core.people import pseudo_labels
from dlcv.detection import history, loss, samples, train
from dlcv.detection.model import (
    MIN_HEIGHT,
    MIN_VOTE,
    PENALTY,
    STRIDES,
    Detector,
    DetectorFeatures,
    Regions,
)
from dlcv.detection.predictor import DetectorPredictor
from tests.detection.untrained import detector


def test_the_mean_of_networks_has_the_means_of_their_weights_and_statistics():
    models = [detector(), detector(), detector()]
    with torch.no_grad():
        for number, model in enumerate(models):
            for value in (*model.parameters(), *model.buffers()):
                if value.is_floating_point():
                    value.fill_(number**2)
    mean = train.mean_of(models)
    values = [value for value in mean.state_dict().values() if value.is_floating_point()]
    assert isinstance(mean, Detector) and all(torch.allclose(value, torch.tensor(5 / 3)) for value in values)


@pytest.mark.parametrize(
    "masks, people", [(False, False), (True, False), (True, True)], ids=["boxes", "masks", "people"]
)
def test_the_stages_are_torchvisions_forward_pass(masks, people):
    model, picture = detector(masks, people), torch.rand(3, 90, 150, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        [expected] = model.parts([picture])
        features = model.pyramid(picture)
        anchors = model.score_anchors(features)
        regions = model.classify(features, anchors.decoded[model.propose(anchors).after])
        found = model.detect(regions)
        assert len(found.boxes) > 5
        height, width = features.images.image_sizes[0]
        scale = torch.tensor([150 / width, 90 / height]).repeat(2)
        torch.testing.assert_close(found.scores, expected["scores"], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(found.boxes * scale, expected["boxes"], atol=1e-2, rtol=1e-4)
        assert torch.equal(found.labels, expected["labels"])
        if masks:
            pasted = paste_masks_in_image(model.masks(features, found)[:, None], expected["boxes"], (90, 150))
            torch.testing.assert_close(pasted, expected["masks"], atol=1e-3, rtol=1e-3)


def test_a_large_box_without_votes_is_less_sure(monkeypatch):
    model = detector(people=True)
    boxes = torch.tensor([[0.0, 0, 40, MIN_HEIGHT], [60, 0, 100, MIN_HEIGHT], [0, 70, 40, 69 + MIN_HEIGHT]])
    probabilities = torch.tensor([[0.1, 0.9, 0.0]]).repeat(3, 1)
    regions = Regions(boxes, torch.zeros(3, 16, 7, 7), probabilities, boxes[:, None].expand(-1, 3, -1), probabilities)
    monkeypatch.setattr(Detector, "classify", lambda *_: regions)
    votes = torch.zeros(1, 17, 20, 20)
    votes[0, 5, 4, 10] = MIN_VOTE  # of a joint in the second box; the third one is too small to judge

    def scored(votes: torch.Tensor | None) -> Regions:
        return model.classify(DetectorFeatures(None, {}, votes), boxes)

    assert model.detect(scored(None)).scores.tolist() == pytest.approx([0.9] * 3)
    found = model.detect(scored(votes))
    assert found.regions.tolist() == [1, 2, 0]
    assert found.scores.tolist() == pytest.approx([0.9, 0.9, 0.9 * PENALTY])
    assert model.detect(scored(votes), 0.8).regions.tolist() == [1, 2]
    assert torch.equal(scored(votes).probabilities, probabilities)


def test_the_votes_of_people_come_with_their_maps():
    picture = torch.rand(3, 90, 150, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        features = detector(people=True).pyramid(picture)
        assert detector().pyramid(picture).votes is None
    high, wide = features.images.tensors.shape[2:]
    assert features.votes.shape == (1, 17, 2 * (high // 16) - 1, 2 * (wide // 16) - 1)


def test_anchors_lie_where_their_cells_do():
    model = detector()
    with torch.inference_mode():
        features = model.pyramid(torch.rand(3, 128, 128))
        anchors = model.score_anchors(features)
    first = anchors.boxes[anchors.levels == 0].unflatten(0, (32, 32, 3))
    centres = (first[..., :2] + first[..., 2:]) / 2
    torch.testing.assert_close(centres[3, 5, 1], torch.tensor([20.0, 12.0]))  # stride 4, x before y
    sides = first[0, 0, :, 2:] - first[0, 0, :, :2]
    torch.testing.assert_close(sides[:, 1] / sides[:, 0], torch.tensor([0.5, 1, 2]), atol=0.2, rtol=0)


def outputs(model: Detector, masks: bool):
    """What a training step compares, on two pictures of which one is empty."""
    target = {"boxes": torch.tensor([[10.0, 10, 60, 50], [80, 20, 120, 90]]), "labels": torch.tensor([1, 2])}
    empty = {name: value[:0] for name, value in target.items()}
    if masks:
        shapes = torch.zeros(2, 100, 150, dtype=torch.uint8)
        shapes[0, 10:50, 10:60] = shapes[1, 20:90, 80:100] = 1
        target, empty = target | {"masks": shapes}, empty | {"masks": shapes[:0]}
    return model.train()([torch.rand(3, 100, 150), torch.rand(3, 90, 150)], [target, empty])


def test_the_losses_of_a_training_step_are_finite_and_reach_every_weight():
    model = detector()
    terms = loss.loss(outputs(model, True))
    assert set(terms) == {"loss", "proposals", "regions"}
    terms["loss"].backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in model.parameters())
    boxes_only = outputs(detector(False), False)
    assert loss.mask_loss(boxes_only.mask_logits, boxes_only.mask_targets) == 0
    assert loss.loss(boxes_only)["loss"].isfinite()


def test_region_losses_are_torchvisions():
    """(15) and (17) on the same regions and targets."""
    generator = torch.Generator().manual_seed(0)
    logits, offsets = torch.randn(6, 3, generator=generator), torch.randn(6, 12, generator=generator)
    labels, wanted = torch.tensor([0, 1, 2, 0, 2, 1]), torch.randn(6, 4, generator=generator)
    classes, boxes = fastrcnn_loss(logits, offsets, [labels], [wanted])
    on = labels > 0
    ours = loss.offset_loss(offsets.unflatten(1, (3, 4))[on, labels[on]], wanted[on], 1 / 9, len(labels))
    torch.testing.assert_close(loss.class_loss(logits, labels), classes)
    torch.testing.assert_close(ours, boxes)

    truth = torch.zeros(1, 40, 40)
    truth[0, 5:30, 5:20] = 1
    regions, masks = torch.tensor([[5.0, 5, 20, 30], [0, 0, 39, 39]]), torch.randn(2, 3, 28, 28, generator=generator)
    index = torch.tensor([0, 0])
    expected = maskrcnn_loss(masks, [regions], [truth], [torch.tensor([2])], [index])
    targets = project_masks_on_boxes(truth, regions, index, 28)
    torch.testing.assert_close(loss.mask_loss(masks[:, 2], targets), expected)


def test_the_weights_of_the_slides_stand_in_the_sums(monkeypatch):
    """(15) to (17): lambda weighs boxes and masks, lambda_2 the masks alone."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((5,), (5,), (2, 4), (2, 4), (6, 3), (6,), (3, 4), (3, 4), (3, 8, 8), (3, 8, 8))
    values = [torch.rand(shape, generator=generator) for shape in shapes]
    out = loss.TrainingOutput(*values)._replace(labels=torch.tensor([0, 1, 2, 0, 0, 1]))
    monkeypatch.setattr(loss, "LAMBDA", 3.0)
    monkeypatch.setattr(loss, "LAMBDA_2", 5.0)
    objectness = torch.nn.functional.binary_cross_entropy_with_logits(out.objectness, out.is_object)
    anchors = loss.offset_loss(out.anchor_offsets, out.anchor_targets, loss.ANCHOR_BETA, 5)
    boxes = loss.offset_loss(out.offsets, out.offset_targets, loss.BOX_BETA, 6)
    classes, masks = loss.class_loss(out.class_logits, out.labels), loss.mask_loss(out.mask_logits, out.mask_targets)
    torch.testing.assert_close(loss.proposal_loss(out), objectness + 3 * anchors)
    torch.testing.assert_close(loss.region_loss(out), classes + 3 * (boxes + 5 * masks))


def test_what_is_to_be_found_in_a_map_of_objects():
    instances = torch.zeros(20, 30, dtype=torch.int64)
    instances[2:8, 3:13], instances[10:12, 20:21] = 4, 9  # the second is a sliver
    target = samples.target_of(instances)
    assert target["boxes"].tolist() == [[3, 2, 13, 8]] and target["labels"].tolist() == [1]
    assert torch.equal(target["masks"][0], instances == 4)
    assert len(samples.target_of(torch.zeros(8, 8, dtype=torch.int64))["boxes"]) == 0


def test_pseudo_labels_are_learned_from_where_joints_and_outlines_agree(monkeypatch):
    """Two people with their joints; a speck without any is nobody; a large part without any, or joints that stand
    beside, and the photograph is left out."""
    people = torch.zeros(100, 100, dtype=torch.uint8)
    people[10:60, 10:30], people[10:60, 50:70], people[90:92, 90:92] = 1, 2, 2
    joints = torch.zeros(2, 17, 3)
    joints[0, 5:10], joints[1, 5:10] = torch.tensor([20.0, 30, 0.9]), torch.tensor([60.0, 30, 0.9])
    joints[:, 0] = torch.tensor([0.0, 0, 0.9])  # a nose does not count
    with_more = people.clone()
    with_more[70:90, 10:30] = 1
    beside = joints + torch.tensor([-20.0, 0, 0])
    picture = torch.zeros(3, 100, 100, dtype=torch.uint8)
    photographs = [
        pseudo_labels.PseudoLabelled(picture, joints, people),
        pseudo_labels.PseudoLabelled(picture, joints, with_more),
        pseudo_labels.PseudoLabelled(picture, beside, people),
        pseudo_labels.PseudoLabelled(picture, joints[:0], people),
    ]
    monkeypatch.setattr(pseudo_labels, "photographs", lambda split: photographs)
    [(_, instances)] = samples.pseudo_labelled_people("train")
    assert torch.equal(instances[:80], people[:80].long()) and not instances[80:].any()


@pytest.mark.parametrize("kind", ["map", "boxes"])
def test_pictures_vary_together_with_what_is_in_them(kind):
    picture, instances = torch.zeros(3, 64, 64, dtype=torch.uint8), torch.zeros(64, 64, dtype=torch.int64)
    picture[:, 16:40, 20:50], instances[16:40, 20:50] = 255, 1
    boxes = torch.tensor([[20.0, 16, 50, 40]]), torch.tensor([1])
    sample = (picture, instances) if kind == "map" else (picture, *boxes)
    torch.manual_seed(0)
    seen, target = samples.varied(sample, samples.variation(64))
    [[left, top, right, bottom]] = target["boxes"].round().int().tolist()
    inside = seen[:, top + 1 : bottom - 1, left + 1 : right - 1]
    outside = seen.clone()
    outside[:, max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1] = 0
    assert inside.min() > 0.5 and outside.max() < 0.2


@pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="needs the data sets: DLCV_DATA names their folder")
def test_data_sets_have_their_size():
    assert len(nuclei.load("train")) + len(nuclei.load("test")) == 538
    assert [len(blood.load(split)) for split in ("train", "val", "test")] == [205, 87, 72]


# ---- the predictor


def test_answers_are_in_pixels_of_the_picture():
    asked = DetectorPredictor(detector())
    picture = torch.rand(3, 60, 90, generator=torch.Generator().manual_seed(1))
    asked.set_image(picture)
    found, (before, after) = asked.detections(), asked.proposals()
    with torch.inference_mode():
        [expected] = asked.model.parts([picture])
    torch.testing.assert_close(found.boxes, expected["boxes"], atol=1e-2, rtol=1e-4)
    torch.testing.assert_close(asked.masks(found), expected["masks"][:, 0], atol=1e-3, rtol=1e-3)
    assert len(before) > len(after) == 50 and after[:, 2].max() <= 90 and after[:, 3].max() <= 60

    at = asked.anchors_at(45, 30)
    centres = (at.boxes[..., :2] + at.boxes[..., 2:]) / 2
    assert at.boxes.shape == (5, 3, 4) and at.objectness.shape == (5, 3)
    assert (centres[0] - torch.tensor([45.0, 30])).abs().max() < 4
    height, width = asked.objectness(0).shape
    cell = asked.objectness(0)[int(30 / 60 * height), int(45 / 90 * width)]
    assert cell == at.objectness[0].max()


def test_roi_align_reads_where_the_region_says():
    """The mean of four bilinear readings in each cell is what RoIAlign gives."""
    asked = DetectorPredictor(detector())
    asked.set_image(torch.rand(3, 128, 128, generator=torch.Generator().manual_seed(1)))
    region = asked.region(3)
    maps, stride = list(asked.features.pyramid.values())[region.level], STRIDES[region.level]
    height, width = maps.shape[2:]
    at = region.points / stride
    grid = torch.stack([at[..., 0] / (width - 1), at[..., 1] / (height - 1)], dim=-1).clamp(0, 1) * 2 - 1
    with torch.inference_mode():
        read = torch.nn.functional.grid_sample(maps, grid.reshape(1, 49, 4, 2), align_corners=True)
    torch.testing.assert_close(read[0].mean(2).unflatten(1, (7, 7)), region.features, atol=1e-4, rtol=1e-3)


def test_a_threshold_needs_no_pass_through_the_backbone():
    asked, passes = DetectorPredictor(detector()), []
    asked.model.parts.backbone.body.register_forward_hook(lambda *_: passes.append(1))
    asked.set_image(torch.rand(3, 100, 100))
    for score in (0.1, 0.3, 0.9):
        found = asked.detections(score)
        assert (found.scores > score).all()
    asked.masks(asked.detections()), asked.proposals(0.5), asked.objectness(2), asked.region(0)
    assert len(passes) == 1


def test_what_is_no_picture_gets_a_sentence():
    asked = DetectorPredictor(detector(False))
    with pytest.raises(InputError):
        asked.set_image(torch.rand(1, 20, 20))
    asked.set_image(torch.zeros(3, 1, 1))
    with pytest.raises(InputError):
        asked.region(10**6)
    with pytest.raises(InputError):
        asked.cells(asked.detections())


def test_average_precision_of_what_is_known():
    from dlcv.detection import evaluate

    boxes = torch.tensor([[0.0, 0, 10, 10], [20, 20, 40, 30]])
    known = [evaluate.annotation(0, 1, box, None) for box in boxes]
    perfect = [entry | {"score": 0.9} for entry in known]
    assert evaluate.average_precision(known, perfect, [(50, 50)], 1, "bbox").tolist() == [1] * 10
    shifted = [evaluate.annotation(0, 1, box + torch.tensor([0, 0, 0, 2.5]), None) | {"score": 0.9} for box in boxes]
    found = evaluate.average_precision(known, shifted, [(50, 50)], 1, "bbox")  # both overlap by 0.8
    assert found[:6].tolist() == [1] * 6 and found[7:].tolist() == [0] * 3
    masks = torch.zeros(2, 50, 50, dtype=torch.bool)
    masks[0, 0:10, 0:10] = masks[1, 20:30, 20:40] = True
    known = [evaluate.annotation(0, 1, box, mask) for box, mask in zip(boxes, masks)]
    masks[1, 20:30, 30:40] = False  # half of the second one
    found = [evaluate.annotation(0, 1, box, mask) | {"score": 0.9} for box, mask in zip(boxes, masks)]
    halves = evaluate.average_precision(known, found, [(50, 50)], 1, "segm")
    assert halves[0] == 1 and 0.4 < halves[-1] < 0.6


# ---- R-CNN, Fast R-CNN, Faster R-CNN


def two_squares() -> torch.Tensor:
    picture = torch.full((3, 96, 128), 0.2)
    picture[:, 20:60, 10:50], picture[:, 30:80, 70:120] = 0.9, 0.6
    return picture


def test_segments_give_proposals_around_what_is_there():
    boxes = history.unlearned_proposals(two_squares())
    for expected in ([10, 20, 50, 60], [70, 30, 120, 80]):
        assert (boxes - torch.tensor(expected)).abs().amax(1).min() <= 2


def test_the_three_methods_tell_of_the_same_boxes():
    model, picture = detector(), two_squares()
    boxes = history.unlearned_proposals(picture)
    alone, once, learned = (
        history.rcnn(model, picture, boxes),
        history.fast_rcnn(model, picture, boxes),
        history.faster_rcnn(model, picture),
    )
    torch.testing.assert_close(alone.regions.boxes, once.regions.boxes)
    assert alone.regions.probabilities.shape == once.regions.probabilities.shape == (len(boxes), 3)
    assert len(learned.regions.boxes) == 50 and set(learned.seconds) == {"features", "proposals", "heads"}
    whole = torch.tensor([[0.0, 0, 128, 96]])  # what is cut out is the picture itself: nothing is different
    one, other = (method(model, picture, whole).regions.probabilities for method in (history.rcnn, history.fast_rcnn))
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)
