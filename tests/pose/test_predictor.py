"""Pose: a picture is seen once and asked about many times; its people in other layouts; OpenPose's own network."""

import hashlib
import io
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from dlcv.core.errors import InputError
from dlcv.pose import layouts, published
from dlcv.pose.assembly import Peak
from dlcv.pose.model import STRIDE, PoseConfig, PoseMachine
from dlcv.pose.predictor import Moved, PosePredictor, decode, strongest_joints
from dlcv.pose.skeleton import COCO, JOINTS, LIMBS, OPENPOSE, OPENPOSE_LIMBS
from tests.pose.people import TWO, person, seen_of
from tests.support.loopback_hub import LoopbackHub, on_a_fresh_computer


@pytest.fixture
def counted():
    """A small machine that knows nothing, and how often it has run."""
    torch.manual_seed(0)
    model, calls = PoseMachine(PoseConfig(stages=2, width=16, side=129)), []
    model.register_forward_hook(lambda *_: calls.append(1))
    return PosePredictor("", model), calls


def test_votes_have_a_say_in_who_is_a_person():
    seen, votes = seen_of(TWO), 0.2 * seen_of(TWO[:1]).beliefs[0, :12]
    unsure = seen._replace(beliefs=0.4 * seen.beliefs)
    assert len(decode(unsure).people) == 2
    assert not decode(unsure._replace(votes=torch.zeros_like(votes))).people
    [one] = decode(unsure._replace(votes=votes)).people
    assert one.score == pytest.approx(0.4, abs=0.05) and one.vote == pytest.approx(0.2, abs=0.02)


def test_a_leg_to_which_no_limb_leads_is_not_another_person():
    seen, limb = seen_of(TWO), LIMBS.index((JOINTS.index("neck"), JOINTS.index("right hip")))
    seen.fields[:, limb] = 0
    seen = seen._replace(votes=0.2 * seen.beliefs[0, :12])
    assert [sum(number is not None for number in one.peaks) for one in decode(seen).people] == [11, 11]
    alone = seen._replace(beliefs=seen.beliefs * torch.tensor(["right" in name for name in JOINTS])[:, None, None])
    right_leg = {JOINTS.index(f"right {name}") for name in ("hip", "knee", "ankle")}
    legs = [{joint for joint, number in enumerate(one.peaks) if number is not None} for one in decode(alone).people]
    assert legs == [right_leg, right_leg]  # and no arm, without a head and hips, is a person


def test_a_joint_that_only_the_votes_know_is_guessed_where_they_have_it():
    wrist, seen = JOINTS.index("left wrist"), seen_of(TWO)
    votes = 0.2 * seen.beliefs[0, :12]
    limb = LIMBS.index((JOINTS.index("left elbow"), wrist))
    seen.beliefs[:, wrist], seen.fields[:, limb] = 0, 0
    for voted, close in ((votes, True), (torch.zeros_like(votes), False)):
        guesses = [one.guesses[wrist] for one in decode(seen._replace(votes=voted), guess=True).people]
        where = torch.tensor([[guess.x, guess.y] for guess in guesses])
        assert len(where) == 2
        assert (torch.cdist(where, TWO[:, wrist, :2]).min(1).values < 2 * STRIDE).all() == close


@pytest.mark.parametrize("size", [(300, 200), (20, 400), (1, 7), (33, 33)])
def test_a_picture_of_any_size_is_seen_once(counted, size):
    predictor, calls = counted
    seen = predictor.predict(torch.rand(3, *size))
    h, w = seen.beliefs.shape[2:]
    assert seen.beliefs.shape[:2] == (2, 14) and seen.fields.shape == (2, 13, 2, h, w)
    assert max(h, w) == 17 and len(calls) == 1
    corner = seen.to_picture(Peak(w - 1, h - 1, 1.0))
    assert size[1] - 1 - seen.scale[0] < corner.x <= size[1] and size[0] - 1 - seen.scale[1] < corner.y <= size[0]
    for stage in (0, 1):
        for matching in ("greedy", "optimal"):
            decode(seen, stage, 0.05, 0.1, matching)
    strongest_joints(seen)
    assert len(calls) == 1


@pytest.mark.parametrize("shape", [(1, 20, 20), (3, 0, 20), (3, 10, 2000)])
def test_what_is_no_picture_gets_a_sentence(counted, shape):
    with pytest.raises(InputError):
        counted[0].predict(torch.rand(*shape))


def test_nobody_is_found_where_nobody_is(counted):
    assert decode(seen_of(TWO[:0])).people == []
    found = decode(counted[0].predict(torch.zeros(3, 100, 120)), peak=0.9)
    assert found.people == [] and layouts.as_coco(found) == [] and layouts.as_openpose(found)["people"] == []


def test_people_are_found_in_pixels_of_the_picture():
    found = decode(seen_of(TWO))
    assert len(found.people) == 2
    for one in found.people:
        where = torch.tensor([found.peaks[joint][number][:2] for joint, number in enumerate(one.peaks)])
        assert (TWO[:, :, :2] - where).norm(dim=2).amax(1).min() < 8  # half a pixel of the maps
    torch.testing.assert_close(strongest_joints(seen_of(TWO[:1]))[:, :2], TWO[0, :, :2], atol=8, rtol=0)


def test_what_follows_a_moved_joint_is_found_anew():
    seen = seen_of(TWO)
    wrist, limb = JOINTS.index("left wrist"), LIMBS.index((JOINTS.index("left elbow"), JOINTS.index("left wrist")))
    before = decode(seen)
    number = before.people[0].peaks[wrist]
    x, y = before.peaks[wrist][number].x + 30, before.peaks[wrist][number].y - 20
    after = decode(seen, moved=(Moved(wrist, number, x, y),))
    assert after.peaks[wrist][number][:2] == pytest.approx((x, y), abs=1e-3)
    assert [one.peaks for one in after.people] == [one.peaks for one in before.people]  # placed: no threshold counts
    assert {step.link.affinity for step in after.steps[limb]} != {step.link.affinity for step in before.steps[limb]}
    untouched = [other for other in range(len(LIMBS)) if other != limb]
    assert all(after.steps[other] == before.steps[other] for other in untouched)
    assert decode(seen, moved=(Moved(wrist, 7, x, y),)) == before  # there are two


def test_thresholds_leave_out_what_is_unsure():
    seen = seen_of(TWO)
    seen.beliefs[:, :6] *= 0.3  # the legs
    assert all(None not in one.peaks for one in decode(seen, peak=0.2).people)
    for one in decode(seen, peak=0.5).people:
        assert one.peaks[:6] == (None,) * 6 and None not in one.peaks[6:]
    assert decode(seen, link=1.0).people == []


@pytest.mark.parametrize("hidden", ["left ankle", "right elbow", "head top"])
def test_joints_that_were_not_found_are_guessed_where_asked(hidden):
    seen, joint = seen_of(TWO), JOINTS.index(hidden)
    seen.beliefs[:, joint] *= 0.1
    seen.fields[:, [limb for limb, ends in enumerate(LIMBS) if joint in ends]] *= 0.02
    assert [one.guesses for one in decode(seen).people] == [(), ()]
    found = decode(seen, guess=True)
    assert found.peaks == decode(seen).peaks and len(found.people) == 2
    for one, result in zip(found.people, layouts.as_coco(found)):
        assert one.guesses[joint] and all(
            (peak is None) != (guess is None) for peak, guess in zip(one.peaks, one.guesses)
        )
        where = torch.tensor([guess[:2] if guess else (torch.nan,) * 2 for guess in one.guesses])
        assert (TWO[:, :, :2] - where).norm(dim=2).nan_to_num(0).amax(1).min() < 16  # a pixel of the maps
        kinds = dict(zip(COCO, result["keypoints"][2::3]))
        assert kinds["left shoulder"] == 2 and kinds.get(hidden, 1) == 1 and kinds["nose"] == 0


def test_twenty_people_are_all_found():
    people = torch.stack([person(60 + 78 * (n % 10), 20 + 240 * (n // 10), 200) for n in range(20)])
    seen = seen_of(people)
    assert len(decode(seen).people) == 20


def test_layouts_of_other_programs():
    seen = seen_of(TWO)
    seen.beliefs[:, JOINTS.index("right wrist")] = 0
    found = decode(seen)
    openpose, coco = layouts.as_openpose(found), layouts.as_coco(found)
    assert len(openpose["people"]) == len(coco) == 2
    for one, other in zip(openpose["people"], coco):
        triples = torch.tensor(one["pose_keypoints_2d"]).reshape(18, 3)
        assert triples[OPENPOSE.index("nose")].tolist() == triples[OPENPOSE.index("right wrist")].tolist() == [0, 0, 0]
        assert triples[OPENPOSE.index("neck"), 2] > 0.5
        keypoints = torch.tensor(other["keypoints"]).reshape(17, 3)
        assert keypoints[:5].abs().max() == 0 and keypoints[:, 2].sum() == 22 and 0 < other["score"] <= 1
        torch.testing.assert_close(keypoints[15, :2], triples[OPENPOSE.index("left ankle"), :2])


# ---- the published network


def published_state() -> dict[str, torch.Tensor]:
    """Random tensors of the names and shapes in the published file."""
    shapes = {
        "conv1_1": (64, 3, 3), "conv1_2": (64, 64, 3), "conv2_1": (128, 64, 3), "conv2_2": (128, 128, 3),
        "conv3_1": (256, 128, 3), "conv3_2": (256, 256, 3), "conv3_3": (256, 256, 3), "conv3_4": (256, 256, 3),
        "conv4_1": (512, 256, 3), "conv4_2": (512, 512, 3), "conv4_3_CPM": (256, 512, 3), "conv4_4_CPM": (128, 256, 3),
    }  # fmt: skip
    for kind, maps in (("L1", 38), ("L2", 19)):
        shapes |= {f"conv5_{layer}_CPM_{kind}": (128, 128, 3) for layer in (1, 2, 3)}
        shapes |= {f"conv5_4_CPM_{kind}": (512, 128, 1), f"conv5_5_CPM_{kind}": (maps, 512, 1)}
        for stage in range(2, 7):
            shapes[f"Mconv1_stage{stage}_{kind}"] = (128, 185, 7)
            shapes |= {f"Mconv{layer}_stage{stage}_{kind}": (128, 128, 7) for layer in (2, 3, 4, 5)}
            shapes |= {f"Mconv6_stage{stage}_{kind}": (128, 128, 1), f"Mconv7_stage{stage}_{kind}": (maps, 128, 1)}
    generator, state = torch.Generator().manual_seed(0), {}
    for name, (out, channels, size) in shapes.items():
        spread = (2 / (channels * size * size)) ** 0.5
        state[f"{name}.weight"] = spread * torch.randn(out, channels, size, size, generator=generator)
        state[f"{name}.bias"] = 0.01 * torch.randn(out, generator=generator)
    return state


def as_written_out(w: dict[str, torch.Tensor], x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The published program, one operation after the other: 38 channels of fields and 19 maps of its last stage."""

    def conv(x, name):
        return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], padding=w[f"{name}.weight"].shape[-1] // 2)

    x = x[:, [2, 1, 0]] * 255 / 256 - 0.5
    for block in (["1_1", "1_2"], ["2_1", "2_2"], ["3_1", "3_2", "3_3", "3_4"]):
        for name in block:
            x = conv(x, f"conv{name}").relu()
        x = F.max_pool2d(x, 2)
    for name in ("4_1", "4_2", "4_3_CPM", "4_4_CPM"):
        x = conv(x, f"conv{name}").relu()
    features, found = x, []
    for kind in ("L1", "L2"):
        x = features
        for layer in (1, 2, 3, 4):
            x = conv(x, f"conv5_{layer}_CPM_{kind}").relu()
        found.append(conv(x, f"conv5_5_CPM_{kind}"))
    for stage in range(2, 7):
        known, found = torch.cat([*found, features], dim=1), []
        for kind in ("L1", "L2"):
            x = known
            for layer in range(1, 7):
                x = conv(x, f"Mconv{layer}_stage{stage}_{kind}").relu()
            found.append(conv(x, f"Mconv7_stage{stage}_{kind}"))
    return found[0], found[1].relu()  # it names the sixth stage's L1 twice among those without, and its L2 never


def test_the_published_weights_fit_and_do_as_written_out():
    state, x = published_state(), torch.rand(1, 3, 32, 48)
    assert len(state) == 184
    with torch.inference_mode():
        out = published.load_published(state)(x)
        fields, beliefs = as_written_out(state, x)
    assert len(out.beliefs) == 6 and out.beliefs[5].shape == (1, 18, 4, 6) and out.fields[5].shape == (1, 19, 2, 4, 6)
    torch.testing.assert_close(out.beliefs[5], beliefs[:, :18], atol=1e-4, rtol=1e-3)
    channels = [12, 14, 16, 20, 22, 24, 0, 2, 4, 6, 8, 10, 28, 30, 34, 32, 36, 18, 26]  # the first of each limb's two
    torch.testing.assert_close(out.fields[5][0, :, 0], fields[0, channels], atol=1e-4, rtol=1e-3)
    assert out.beliefs[5].min() >= 0 and (beliefs == 0).any()


@pytest.mark.parametrize("change", ["missing", "unknown", "shape"])
def test_other_weights_are_refused(change):
    state = published_state()
    if change == "missing":
        del state["conv4_2.bias"]
    elif change == "unknown":
        state["conv6.weight"] = torch.zeros(64)
    else:
        state["conv1_1.weight"] = torch.zeros(32, 3, 3, 3)
    with pytest.raises(RuntimeError):
        published.load_published(state)


def test_limbs_of_the_published_skeleton_grow_from_the_neck():
    reached = {OPENPOSE.index("neck")}
    for first, second in OPENPOSE_LIMBS:
        assert first in reached
        reached.add(second)
    assert reached == set(range(18)) and sorted(published.FIELDS) == list(range(19))


PULL = """
import sys
from dataclasses import replace
import torch
from dlcv.core import weights
from dlcv.pose import published
for commit in sys.argv[1:]:
    revision, _, sha256 = commit.partition(":")
    published.PUBLISHED = replace(published.PUBLISHED, revision=revision, sha256=sha256 or published.PUBLISHED.sha256)
    try:
        print(tuple(published.predict(torch.zeros(3, 40, 64)).beliefs.shape))
    except weights.WeightsError as error:
        print(error)
"""


def pull(hub: LoopbackHub, home: Path, *revisions: str) -> list[str]:
    """What a visitor's computer says who asks for the published network, a line for each commit."""
    return on_a_fresh_computer(home, PULL, *revisions, HF_ENDPOINT=hub.endpoint)


def test_the_published_network_is_pulled_when_asked_for(tmp_path):
    file = io.BytesIO()
    torch.save(published_state(), file)
    with LoopbackHub() as hub:
        garbled = hub.commit(published.PUBLISHED.repo, {published.PUBLISHED.file: b"no pickle at all"})
        whole = hub.commit(published.PUBLISHED.repo, {published.PUBLISHED.file: file.getvalue()})
        sha256 = hashlib.sha256(file.getvalue()).hexdigest()
        refused, other, seen = pull(hub, tmp_path / "home", garbled, whole, f"{whole}:{sha256}")
        assert all("not the one that was published" in said for said in (refused, other)) and seen == "(6, 18, 29, 46)"
    assert "cannot be reached" in pull(hub, tmp_path / "nowhere", whole)[0]
