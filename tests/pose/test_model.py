"""Pose: targets and losses in closed form, and people assembled from maps that were drawn from known answers."""

import math

import pytest
import torch

from dlcv.core.backbones.posenet import PoseNet
from dlcv.core.people import pseudo_labels
from dlcv.core.training.loop import Recipe, Step
from dlcv.pose import assembly, loss, scenes, targets, train
from dlcv.pose.assembly import Link, Peak
from dlcv.pose.model import PoseConfig, PoseMachine
from dlcv.pose.skeleton import COCO, JOINTS, LIMBS
from tests.pose.people import person
from tests.support.training import check_that_it_goes_on


def drawn(people: torch.Tensor, height: int = 60, width: int = 100):
    return targets.belief_maps(people, height, width), targets.affinity_fields(people, height, width)


def parsed(beliefs: torch.Tensor, fields: torch.Tensor) -> assembly.Parsed:
    """The people of belief maps (J, H, W) and affinity fields (L, 2, H, W)."""
    return assembly.parse(fields, assembly.find_peaks(beliefs))


def test_limbs_are_a_tree_that_grows_from_the_neck():
    reached = {JOINTS.index("neck")}
    for first, second in LIMBS:
        assert first in reached and second not in reached
        reached.add(second)
    assert reached == set(range(len(JOINTS)))


def test_beliefs_are_gaussians_of_which_the_largest_counts():
    people = torch.zeros(2, 14, 3)
    people[0, 0], people[1, 0] = torch.tensor([3.0, 4, 2]), torch.tensor([6.0, 4, 1])
    maps = targets.belief_maps(people, 10, 12, sigma=2)
    assert maps.shape == (14, 10, 12) and maps[0, 4, 3] == 1 and maps[0, 4, 6] == 1
    assert maps[0, 4, 5].item() == pytest.approx(math.exp(-1 / 8))
    assert maps[1:].abs().max() == 0 and targets.belief_maps(people[:0], 10, 12).abs().max() == 0


def test_a_field_points_along_its_limb():
    people = torch.zeros(1, 14, 3)
    first, second = LIMBS[0]
    people[0, first], people[0, second] = torch.tensor([2.0, 2, 2]), torch.tensor([8.0, 2, 2])
    fields = targets.affinity_fields(people, 6, 12)
    assert fields[0, :, 2, 5].tolist() == [1, 0] and fields[0, :, 2, 9].tolist() == [0, 0]
    assert fields[0, :, 4, 5].tolist() == [0, 0] and fields[1:].abs().max() == 0
    crossed = torch.cat([people, people])
    crossed[1, first, :2], crossed[1, second, :2] = torch.tensor([5.0, 0]), torch.tensor([5.0, 5])
    assert targets.affinity_fields(crossed, 6, 12)[0, :, 2, 5].tolist() == [0.5, 0.5]


def test_the_loss_is_taken_at_every_stage_where_something_is_known():
    truth, known = torch.zeros(2, 3, 4, 4), torch.ones(2, 1, 4, 4)
    known[:, :, :2] = 0
    stages = [torch.ones(2, 3, 4, 4), torch.full((2, 3, 4, 4), 2.0)]
    assert loss.loss(stages, truth, known) == 3 * 8 * (1 + 4)


def test_a_line_integral_along_a_drawn_limb():
    people = torch.zeros(1, 14, 3)
    first, second = LIMBS[3]
    ends = torch.tensor([[5.0, 5], [17, 14]])
    people[0, first], people[0, second] = torch.cat([ends[0], torch.ones(1)]), torch.cat([ends[1], torch.ones(1)])
    field = targets.affinity_fields(people, 24, 24, reach=2)[3]
    there, back = (assembly.line_integral(field, a[None], b[None]) for a, b in (ends, ends.flip(0)))
    torch.testing.assert_close(there[0, 1:-1], torch.ones(8), atol=1e-5, rtol=0)
    torch.testing.assert_close(back, -there.flip(1))
    across = assembly.line_integral(field, torch.tensor([[17.0, 5]]), torch.tensor([[5.0, 14]]))
    assert across.abs().mean() < 0.3


def test_a_peak_is_found_between_pixels():
    people = torch.zeros(1, 14, 3)
    people[0, 5] = torch.tensor([7.3, 3.8, 2])
    [peak] = assembly.find_peaks(targets.belief_maps(people, 12, 16))[5]
    assert peak.x == pytest.approx(7.3, abs=0.1) and peak.y == pytest.approx(3.8, abs=0.1)
    assert not any(assembly.find_peaks(torch.zeros(14, 12, 16)))


def test_matching_takes_the_best_pair_whose_ends_are_free():
    pairs = (0, 0, 0.9), (0, 1, 0.8), (1, 0, 0.7), (1, 1, 0.2)
    links = [Link(*pair, agree=1, possible=True) for pair in pairs] + [Link(2, 2, 0.1, 0.5, False)]
    greedy, optimal = (
        [step.verdict for step in matching(links)] for matching in (assembly.greedy_matching, assembly.optimal_matching)
    )
    assert greedy == ["chosen", "an end is taken", "an end is taken", "chosen", "too weak"]  # 1.1 in all
    assert optimal == ["another choice is better", "chosen", "chosen", "another choice is better", "too weak"]  # 1.5
    assert assembly.greedy_matching([]) == assembly.optimal_matching([]) == []
    assert assembly.candidates(torch.zeros(2, 5, 5), [], [Peak(0, 0, 1)]) == []


def test_no_threshold_counts_for_what_was_placed_by_hand():
    there, field = Peak(1.0, 1.0, 1.0), torch.zeros(2, 5, 5)
    for placed in (False, True):
        [link] = assembly.candidates(field, [there], [Peak(3.0, 1.0, 0.2, placed)])
        assert link.affinity == 0 and link.possible == placed


@pytest.mark.parametrize("matching", assembly.MATCHINGS)
def test_what_was_placed_by_hand_stays_in_its_limb(matching):
    field = torch.stack([torch.ones(5, 5), torch.zeros(5, 5)])  # to the right everywhere
    ends = [Peak(4.0, 0.0, 1.0), Peak(0.0, 4.0, 0.9, placed=True)]
    for hand, chosen in (([], [0]), (ends[1:], [1])):
        steps = assembly.MATCHINGS[matching](assembly.candidates(field, [Peak(0.0, 0.0, 1.0)], ends[:1] + hand))
        assert [step.link.second for step in steps if step.verdict == assembly.CHOSEN] == chosen


@pytest.mark.parametrize("count", [0, 1, 3])
def test_drawn_people_are_found_again(count):
    people = torch.stack([person(x, y, h) for x, y, h in ((20, 4, 45), (55, 10, 40), (80, 5, 50))])[:count]
    found, peaks, _ = parsed(*drawn(people))
    assert len(found) == count
    for one in found:
        where = torch.tensor([peaks[joint][number][:2] for joint, number in enumerate(one.peaks)])
        distances = (people[:, :, :2] - where).norm(dim=2)  # to every true person, (N, 14)
        assert distances.amax(1).min() < 0.5  # all joints are those of one of them


def test_people_who_overlap_keep_their_limbs():
    people = torch.stack([person(40, 5, 45), person(47, 8, 42)])
    found, peaks, steps = parsed(*drawn(people))
    assert len(found) == 2
    right, total = 0, 0
    for (first, second), limb in zip(LIMBS, steps):
        for link in (step.link for step in limb if step.verdict == assembly.CHOSEN):
            ends = [
                torch.tensor(peaks[joint][number][:2]) for joint, number in ((first, link.first), (second, link.second))
            ]
            owners = [(people[:, joint, :2] - at).norm(dim=1).argmin() for joint, at in zip((first, second), ends)]
            right, total = right + int(owners[0] == owners[1]), total + 1
    assert total >= 22 and right / total >= 0.9


def test_the_machine_refines_at_stride_8():
    model = PoseMachine(PoseConfig(stages=2, width=16)).eval()
    with torch.inference_mode():
        out = model(torch.rand(2, 3, 65, 97))
    assert [maps.shape for maps in out.beliefs] == [(2, 14, 9, 13)] * 2
    assert [maps.shape for maps in out.fields] == [(2, 13, 2, 9, 13)] * 2
    sum(maps.mean() for maps in model.train()(torch.rand(2, 3, 65, 65)).beliefs).backward()
    assert model.stages[0].layers[0][0].weight.grad is not None


def test_of_an_unmarked_joint_nothing_is_known_on_that_person_and_beside():
    joints = torch.stack([person(45, 8, 150), person(135, 8, 150)])
    wrist = JOINTS.index("left wrist")
    joints[0, wrist, 2] = -1
    people = torch.zeros(193, 193)
    people[:, :96], people[:, 110:] = 1, 2
    [known] = train.known_maps(joints[None], people[None])
    assert known.shape == (14 + 26, 25, 25)
    assert known[wrist, :, :13].max() == 0 and known[wrist, :, 13:].min() == 1
    limb = LIMBS.index((JOINTS.index("left elbow"), wrist))
    touched = {wrist, 14 + 2 * limb, 15 + 2 * limb}
    assert all(known[number].min() == (0 if number in touched else 1) for number in range(40))
    assert train.known_maps(joints[None, :0], people[None]).min() == 1


def test_what_is_learned_is_what_the_assembly_reads():
    people = torch.stack([person(45, 8, 175), person(135, 8, 150)])
    [truth] = train.true_maps(people[None], 193)
    found, _, _ = parsed(truth[:14], truth[14:].unflatten(0, (13, 2)))
    assert len(found) == 2


ELBOWS = JOINTS.index("left elbow"), JOINTS.index("right elbow")


def grounds_of(*people: torch.Tensor, dot: torch.Tensor | None = None) -> scenes.Grounds:
    """One photograph of 193 x 193 pixels, all of it on the first of its people, grey but for a white square."""
    picture = torch.full((1, 3, 193, 193), scenes.GREY, dtype=torch.uint8)
    if dot is not None:
        x, y = dot[:2].round().long().tolist()
        picture[..., y - 3 : y + 4, x - 3 : x + 4] = 255
    joints = torch.stack(people)[None] if people else torch.zeros(1, 0, 14, 3)
    there = torch.full((1, 193, 193), int(bool(people)), dtype=torch.uint8)
    return scenes.Grounds(picture, there, joints, *scenes.whole_squares(1, 193))


def cutouts_of(joints: torch.Tensor) -> scenes.Cutouts:
    """One person, a white square with black in the left quarter of it."""
    layer = torch.full((1, 4, 160, 160), 255, dtype=torch.uint8)
    layer[:, :3, :, :40] = 0
    return scenes.Cutouts(layer, torch.tensor([160.0]), joints[None])


STILL, USUAL = scenes.Camera(turn=0, shift=0, zoomed=0), scenes.Camera(turn=45, shift=0.1, zoomed=0.2)


def draws(count: int, seed: int = 0) -> scenes.Draw:
    return scenes.Draw(count, torch.Generator().manual_seed(seed))


def test_the_camera_moves_joints_with_their_picture():
    joints = person(90, 40, 130)
    joints[0, 2], joints[1, :2] = -1, torch.tensor([-160.0, 90])
    grounds = grounds_of(joints, dot=joints[ELBOWS[0]])
    shown = scenes.scenes(grounds, cutouts_of(joints), 193, (0, 0), USUAL, draws(40))
    seen, sides = 0, set()
    for picture, [moved] in zip(shown.pictures / 255, shown.joints):
        assert (moved[[0, 5], 2] == -1).sum() == 1 and (moved[[1, 4], 2] == 0).sum() >= 1  # not marked, and outside
        bright = [side for side in ELBOWS if moved[side, 2] > 0 and _at(picture, moved[side]) > 0.9]
        seen, sides = seen + len(bright), sides | set(bright)
    assert seen >= 35 and sides == set(ELBOWS)  # mirrored, a left elbow is a right one


def test_what_was_outside_is_not_moved_into_the_margin(monkeypatch):
    joints = person(90, 20, 150)
    joints[3, :2] = torch.tensor([202.0, 90])  # a few pixels beyond the right border
    picture = torch.zeros(3, 193, 193, dtype=torch.uint8)
    monkeypatch.setattr(scenes.lspet, "load", lambda split: [(picture, joints)])
    monkeypatch.setattr(scenes.lspet, "LONGEST", 240)
    real = scenes.real_grounds([(picture, joints[None], torch.ones(193, 193, dtype=torch.uint8))])
    for grounds in (scenes.single_grounds("train"), real):
        shown = scenes.scenes(grounds, cutouts_of(joints), 193, (0, 0), USUAL, draws(12))
        assert (shown.joints[:, 0, [2, 3], 2] == 0).any(1).all()  # one of them, as either may be the mirrored other


def test_pasted_people_hide_what_is_behind_them_and_bring_their_joints():
    joints = person(80, 20, 120)
    shown = scenes.scenes(grounds_of(), cutouts_of(joints), 193, (1, 3), USUAL, draws(24))
    there = (shown.joints[..., 2] != 0).any(2).sum(1)
    assert shown.joints.shape == (24, 3, 14, 3) and set(there.tolist()) <= {0, 1, 2, 3}
    assert (shown.people.amax((1, 2)) <= 3).all() and (shown.people > 0).any((1, 2)).sum() >= 20
    changed = (shown.pictures - scenes.GREY).abs().amax(1) > 2
    assert (changed & (shown.people == 0)).float().mean() < 0.05  # beside the outlines nothing is changed
    behind = scenes.scenes(grounds_of(joints), cutouts_of(joints), 193, (2, 2), STILL, draws(4))
    assert {1, 3} <= set(behind.people.unique().long().tolist())  # the person of the photograph, and the one in front


def test_light_changes_a_picture_and_keeps_it_one():
    pictures = 255 * torch.rand(8, 3, 33, 33, generator=torch.Generator().manual_seed(0))
    lit = scenes.jittered(pictures, draws(8))
    assert lit.shape == pictures.shape and lit.min() >= 0 and lit.max() <= 255
    assert ((lit - pictures).abs().mean((1, 2, 3)) > 1).all()


def test_a_square_of_a_real_photograph_is_around_a_person(monkeypatch):
    keypoints = [value for x, y, seen in person(60, 60, 200)[:12].tolist() for value in (x, y, 2)]
    numbers = [COCO.index(name) for name in JOINTS[:12]]
    marked = torch.zeros(17, 3)
    marked[numbers] = torch.tensor(keypoints).view(12, 3)
    box = [40.0, 60, 80, 60, 80, 200, 40, 200]
    people = [
        {"area": 5600.0, "keypoints": marked.flatten().tolist(), "segmentation": [box]},
        {"area": 4000.0, "keypoints": [0.0] * 51, "segmentation": [[value + 90 for value in box]]},
    ]
    whole = torch.zeros(3, 300, 480, dtype=torch.uint8)
    monkeypatch.setattr(scenes.coco, "load", lambda split: [(whole, [], people), (whole, [], [])])
    grounds = scenes.real_grounds(scenes.coco_samples("train"))
    assert grounds.number.tolist() == [0, 0, 1]  # of the second person nobody marked a joint: no square is around it
    assert grounds.squares[1].tolist() == pytest.approx([60, 130 + 90, 140], abs=1.5)
    assert grounds.joints.shape == (2, 2, 14, 3) and (grounds.joints[1] == -1).all()
    assert grounds.joints[0, 0, :12, 2].min() == 2 and grounds.joints[0, 0, 12:, 2].max() == -1
    assert grounds.people[0, 90 + 70, 60] == 1 and grounds.people[1].max() == 0


def votes_of(sure: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
    """What PoseNet counts for the first keypoint, were its heads to say this: (h, w) in [0, 1], (2, h, w) in pixels."""
    net = PoseNet()
    with torch.no_grad():
        for weight in net.parameters():
            weight.zero_()
        net.heatmap.weight[0, 0] = net.offset.weight[0, 1] = net.offset.weight[17, 2] = 1
        coarse = torch.zeros(1, 384, *sure.shape)
        coarse[0, 0], coarse[0, 1], coarse[0, 2] = sure.logit(1e-6), *offset
        return 4 * torch.pi * net.votes(coarse)[0, 0]


def test_votes_for_a_keypoint_are_counted_where_it_is():
    y, x = torch.arange(6.0)[:, None], torch.arange(8.0)
    at = torch.tensor([37.0, 66.0])  # y and x in pixels of the picture
    offset = torch.stack(torch.broadcast_tensors(at[0] - 16 * y, at[1] - 16 * x))
    near = (offset.square().sum(0) < 32**2).float()
    counted = votes_of(0.9 * near, offset)
    assert counted.shape == (11, 15)
    assert counted.sum() == pytest.approx(0.9 * near.sum().item(), rel=1e-3)
    middle = (counted.sum(1) @ torch.arange(11.0), counted.sum(0) @ torch.arange(15.0))
    assert [8 * m / counted.sum() for m in middle] == pytest.approx(at.tolist(), abs=0.01)
    assert (counted > 0.01).sum() == 4  # the four pixels around it
    outside = votes_of(near, offset - torch.tensor([200.0, 0])[:, None, None])
    assert outside.sum() < 1e-3


def _at(picture: torch.Tensor, joint: torch.Tensor) -> float:
    x, y = joint[:2].round().long().tolist()
    return picture[:, y, x].min().item()


def test_a_picture_can_be_kept_from_the_body_that_learns():
    model = PoseMachine(PoseConfig(stages=1, width=16)).eval()
    torch.nn.init.normal_(model.stages[0].layers[-1].weight)
    pictures = torch.rand(2, 3, 65, 65, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        all_of_it, part = model(pictures).beliefs[0], model(pictures, torch.tensor([1.0, 0.0])).beliefs[0]
        model.backbone.conv0.weight.zero_()
        model.backbone.conv0.bias.zero_()
        changed = model(pictures, torch.tensor([1.0, 0.0])).beliefs[0]
    assert torch.equal(all_of_it[0], part[0]) and not torch.equal(all_of_it[1], part[1])
    assert torch.equal(part[1], changed[1]) and not torch.equal(part[0], changed[0])


def test_the_decoder_follows_displacements_from_joint_to_joint():
    """One person whose joints stand in a column, 16 pixels apart; all but the surest are reached through the limbs."""
    network = pseudo_labels.FullPoseNet()
    column = torch.arange(17) * 16.0 + 16
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
        network.heatmap.weight[0, 0] = 1  # the nose is sure where the first channel says so
        network.heatmap.bias[1:] = 0.3 * torch.arange(1, 17) / 17 - 2
        for limb, (begin, end) in enumerate(pseudo_labels.EDGES):
            network.displacement_fwd.bias[limb] = column[end] - column[begin]
    coarse = torch.zeros(1, 384, 33, 21)
    coarse[0, 0] = -9
    coarse[0, 0, 1, 4] = 3
    network.forward = lambda x: (None, None, coarse)
    [found] = pseudo_labels.decode(network, torch.zeros(3, 513, 321, dtype=torch.uint8))
    assert torch.allclose(found[:, 1], column, atol=0.5) and torch.allclose(found[:, 0], torch.tensor(64.0), atol=0.5)
    assert found[0, 2] > 0.9 and found[1:, 2].max() < 0.5


def test_the_decoder_finds_nobody_twice():
    """Begun at another joint, a person is led to most of the same places; somebody beside is another person."""
    column = torch.stack([torch.full((17,), 64.0), torch.arange(17) * 16.0, torch.full((17,), 0.9)], dim=1)
    twice, beside = column.clone(), column + torch.tensor([30.0, 0, 0])
    twice[:6, 0] += 50
    assert pseudo_labels.is_duplicate(twice, column) and not pseudo_labels.is_duplicate(beside, column)
    twice[:, 2] = torch.where(torch.arange(17) < 6, 0.9, 0.2)  # where they agree, nothing is sure
    assert not pseudo_labels.is_duplicate(twice, column)


def test_of_what_nobody_labelled_only_sure_joints_are_known(monkeypatch):
    people = torch.zeros(1, 17, 3)
    people[0, COCO.index("left knee")] = torch.tensor([3.0, 4, 0.9])
    people[0, COCO.index("right knee")] = torch.tensor([5.0, 6, 0.1])
    picture, where = torch.zeros(3, 9, 9, dtype=torch.uint8), torch.ones(9, 9, dtype=torch.uint8)
    samples = [pseudo_labels.PseudoLabelled(picture, some, where) for some in (people, people[:0])]
    monkeypatch.setattr(pseudo_labels, "photographs", lambda split: samples)
    (_, joints, _), (_, nobody, _) = scenes.pseudo_labelled_samples("train")
    assert (joints[0, :, 2] > 0).nonzero().tolist() == [[JOINTS.index("left knee")]]
    assert joints[0, JOINTS.index("left knee"), :2].tolist() == [3, 4] and (nobody[..., 2] == -1).all()


def test_a_step_of_training():
    model, joints = PoseMachine(PoseConfig(stages=2, width=16)), person(95, 10, 150)
    mix = [
        train.Share(grounds_of(joints), 0.5, (0, 0), USUAL, gated=0.5),
        train.Share(grounds_of(), 0.5, (1, 2), USUAL),
    ]
    terms = train.make_loss(mix, cutouts_of(joints))(model, range(2), Step(0, 10))
    terms["loss"].backward()
    assert terms["loss"].isfinite() and set(terms) == {"loss", "stage_1", "stage_2"}
    learns = {name.split(".")[0] for name, weight in model.named_parameters() if weight.grad is not None}
    assert learns == {"backbone", "features", "stages"}  # what was published of PoseNet stays


def test_a_stopped_training_goes_on_as_if_nothing_had_happened(tmp_path, monkeypatch):
    """It is stopped between pictures that were made at once."""
    monkeypatch.setattr(train, "AHEAD", 4)
    monkeypatch.setattr(train, "SIDES", (65, 97))
    mix, cutouts = [train.Share(grounds_of(person(95, 10, 150)), 1.0, (0, 1), USUAL)], cutouts_of(person(95, 10, 150))
    recipe = Recipe(epochs=1, batch_size=1, learning_rate=1e-4)

    def begin():
        model = PoseMachine(PoseConfig(stages=1, width=8))
        return {"model": model, "loss": train.make_loss(mix, cutouts), "data": range(8), "recipe": recipe}

    check_that_it_goes_on(tmp_path, begin, stop=6)
