"""softargmax, Crop, Rot and G beside what they are by definition, and their slopes beside finite differences."""

import math

import pytest
import torch

from dlcv.lift.glue import angle_of, crop, crop_and_rotate, rotate, soft_maximum, softargmax

DOUBLE = {"dtype": torch.double}


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def smooth(generator, count: int = 2, side: int = 24) -> torch.Tensor:
    """Patches of a few waves, so that a bilinear reading has nearly their slope."""
    along = torch.arange(side, **DOUBLE)
    phase, speed = (torch.rand(count, 1, 1, 2, generator=generator, **DOUBLE) for _ in range(2))
    waves = torch.sin(0.3 * speed[..., 0] * along + 6 * phase[..., 0])
    return (waves * torch.cos(0.3 * speed[..., 1] * along[:, None] + 6 * phase[..., 1]))[:, None]


def test_softargmax_is_the_weighted_mean_of_places(generator):
    scores = torch.randn(3, 5, 7, generator=generator, **DOUBLE)
    weights = torch.exp(2 * scores)
    for number in range(3):
        x = sum(weights[number, i, j] * (j - 3) for i in range(5) for j in range(7)) / weights[number].sum()
        y = sum(weights[number, i, j] * (i - 2) for i in range(5) for j in range(7)) / weights[number].sum()
        assert torch.allclose(softargmax(scores, 2)[number], torch.stack([x, y]))


def test_softargmax_goes_from_the_middle_to_the_maximum(generator):
    scores = torch.randn(4, 9, 9, generator=generator, **DOUBLE)
    assert softargmax(scores, 0).abs().max() < 1e-9
    places = scores.flatten(1).argmax(1)
    assert torch.allclose(softargmax(scores, 1e4), torch.stack([places % 9 - 4, places // 9 - 4], 1).double())


def test_softargmax_does_not_overflow():
    scores = torch.zeros(1, 3, 3)
    scores[0, 0, 2] = 1e4
    assert softargmax(scores, 1e3).tolist() == [[1, -1]]


def test_soft_maximum_lies_between_mean_and_maximum(generator):
    scores = torch.randn(4, 9, 9, generator=generator, **DOUBLE)
    found = soft_maximum(scores, 10)
    assert torch.allclose(found, torch.exp(10 * scores).flatten(1).mean(1).log() / 10)
    assert (found < scores.flatten(1).amax(1)).all() and (found > scores.flatten(1).mean(1)).all()


def test_a_crop_at_whole_pixels_is_a_part_of_the_patch(generator):
    patch = torch.rand(1, 1, 12, 12, generator=generator)
    found = crop(patch, torch.tensor([[2.0, -3.0]]), 4)  # the middle is at 5.5, so that columns 6 to 9 and rows 1 to 4
    assert torch.allclose(found, patch[..., 1:5, 6:10], atol=1e-6)


def test_a_quarter_turn_is_the_patch_turned(generator):
    patch = torch.rand(1, 1, 8, 8, generator=generator)
    found = rotate(patch, torch.tensor([math.pi / 2]), 8)  # its x axis points down
    assert torch.allclose(found, patch.rot90(1, (2, 3)), atol=1e-5)


def test_a_turned_patch_set_upright_by_the_same_angle_is_as_before(generator):
    patch, angle = smooth(generator), torch.tensor([0.7, -2.0], **DOUBLE)
    back = rotate(rotate(patch, angle, 24), -angle, 24)
    assert (back - patch)[..., 8:16, 8:16].abs().max() < 0.02


@pytest.mark.parametrize("what", ["patch", "point", "angle"])
def test_the_slopes_of_g_are_finite_differences(generator, what):
    given = {
        "patch": smooth(generator, side=8),
        "point": torch.tensor([[0.3, -0.4], [0.15, 0.2]], **DOUBLE),
        "angle": torch.tensor([0.5, -1.0], **DOUBLE),
    }
    given[what].requires_grad_()
    assert torch.autograd.gradcheck(lambda *values: crop_and_rotate(*values, 4), tuple(given.values()), eps=1e-5)


def test_the_slopes_of_softargmax_and_of_the_angle_are_finite_differences(generator):
    scores = torch.randn(2, 5, 5, generator=generator, **DOUBLE).requires_grad_()
    assert torch.autograd.gradcheck(lambda s: softargmax(s, 3.0), (scores,))
    assert torch.autograd.gradcheck(lambda s: soft_maximum(s, 3.0), (scores,))
    pair = torch.randn(4, 2, generator=generator, **DOUBLE).requires_grad_()
    assert torch.autograd.gradcheck(angle_of, (pair,))


def test_the_angle_is_that_of_sine_and_cosine():
    angle = torch.tensor([0.3, -2.0, 3.0])
    assert torch.allclose(angle_of(2 * torch.stack([angle.sin(), angle.cos()], 1)), angle)
