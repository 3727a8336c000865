"""People cut out and pasted: what is known of them stays true."""

import torch

from dlcv.core.people import cutouts
from dlcv.core.people.cutouts import Person


def person(colour: int, height: int = 20, width: int = 10) -> Person:
    """A rectangle of one colour; the left hip at its left, the right one at its right, the head top above."""
    joints = torch.zeros(14, 3)
    joints[3], joints[2], joints[13] = (torch.tensor(at) for at in ([1.0, 10, 1], [8.0, 10, 1], [4.5, 0, 1]))
    alpha = torch.full((height, width), 255, dtype=torch.uint8)
    return Person(torch.full((3, height, width), colour, dtype=torch.uint8), alpha, joints)


def scene(count: int, seed: int = 0):
    background = torch.zeros(3, 100, 120, dtype=torch.uint8)
    people = [person(colour) for colour in range(100, 100 + count)]
    return cutouts.compose(background, people, torch.Generator().manual_seed(seed), (0.3, 0.5))


def test_every_pixel_of_a_person_is_in_the_map():
    for seed in range(10):
        found = scene(3, seed)
        covered = found.picture.amax(0) > 30
        assert torch.equal(covered, found.instances > 0)
        assert found.joints.shape == (3, 14, 3) and found.instances.max() <= 3


def test_joints_move_with_the_person_and_may_be_hidden():
    kinds = set()
    for seed in range(30):
        found = scene(4, seed)
        for number, joints in enumerate(found.joints, 1):
            for x, y, seen in joints[joints[:, 2] > 0].tolist():
                top = found.instances[round(y), round(x)]
                kinds.add(seen)
                assert top == number if seen == 2 else top > number
            marked = joints[[3, 2, 13], :2]
            assert (marked[2, 1] < marked[:2, 1]).all()  # upright
            assert (joints[[3, 2, 13], 2] >= 0).all() and (joints[:2, 2] == -1).all()  # those that nobody marked
    assert kinds == {1, 2}


def test_left_and_right_change_places_in_a_mirror():
    for mirrored in (False, True):
        _, _, joints = cutouts._resized(person(200), 20, mirrored)
        assert joints[3, 0] < joints[2, 0]  # whichever way they are drawn, the left hip stays at the left
    assert cutouts.JOINT_PAIRS[3] == 2 and 13 not in cutouts.JOINT_PAIRS


def test_an_upside_down_person_is_turned():
    picture = torch.zeros(3, 20, 10, dtype=torch.uint8)
    picture[:, 18, 4] = 255
    joints = person(0).joints.clone()
    joints[13, 1], joints[2:4, 1] = 18, 5
    turned, moved = cutouts.upright(picture, joints)
    assert turned[0, 1, 5] == 255 and moved[13, 1] == 1 and (moved[2:4, 1] == 14).all()
    assert cutouts.upright(turned, moved)[0] is turned


def test_of_a_mask_only_the_part_with_the_joints_counts():
    mask = torch.zeros(20, 20, dtype=torch.bool)
    mask[2:6, 2:6] = mask[10:18, 10:18] = True
    part = cutouts.part_with(mask, torch.tensor([[12.0, 12], [14, 15], [3, 3]]))
    assert part.sum() == 64 and part[12, 12] and not part[3, 3]
    assert not cutouts.part_with(mask, torch.tensor([[0.0, 0]])).any()
