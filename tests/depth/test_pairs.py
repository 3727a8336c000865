"""Pairs of pictures that are no rectified pair are told apart from those that are, before any map is made."""

import os
import re

import numpy as np
import PIL.Image
import pytest
import torch
from skimage import data

from demos.depth import pair
from demos.frame import pictures
from dlcv.core.datasets import kitti, small_pairs
from dlcv.core.errors import InputError
from dlcv.depth import pairs, scenes
from tests.support.serving import Client


def motorcycle() -> tuple[torch.Tensor, torch.Tensor]:
    left, right, _ = data.stereo_motorcycle()
    return tuple(pictures.tensor(PIL.Image.fromarray(one), 370) for one in (left, right))


GOOD = {"motorcycle": motorcycle()} | {seed: scenes.pair(4_000_000 + seed, 160, 320)[:2] for seed in range(2)}


@pytest.fixture(params=GOOD, ids=str)
def eyes(request) -> tuple[torch.Tensor, torch.Tensor]:
    """A true pair of left and right."""
    return GOOD[request.param]


def moved(picture: torch.Tensor, turned: float = 0.0, down: float = 0.0) -> torch.Tensor:
    """A picture turned by degrees, clockwise, about its centre, and then moved down."""
    image = pictures.image(picture).rotate(-turned, PIL.Image.Resampling.BICUBIC)
    return pictures.tensor(image.transform(image.size, PIL.Image.Transform.AFFINE, (1, 0, 0, 0, 1, -down)))


def noisy(picture: torch.Tensor, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (picture + 0.02 * torch.randn(picture.shape, generator=generator)).clamp(0, 1)


def test_a_pair_is_a_pair_also_where_it_is_noisy_and_one_eye_darker(eyes):
    left, right = eyes
    found = pairs.judged(left, right)
    assert found.kind == pairs.judged(noisy(left, 0), noisy(0.7 * right, 1)).kind == "pair"
    assert found.along > 1 and found.across < 0.5 and abs(found.turned) < 0.2
    kept, note = pair.in_order(left, right)
    assert kept[0] is left and kept[1] is right and not note


def test_exchanged_eyes_are_put_right_and_that_is_said(eyes):
    left, right = eyes
    kept, note = pair.in_order(right, left)
    assert kept[0] is left and kept[1] is right and "exchanged" in note


def test_the_same_picture_twice_is_refused(eyes):
    left, _ = eyes
    for other in (left, noisy(left, 2), 0.9 * left):
        with pytest.raises(InputError, match="same picture twice"):
            pair.in_order(left, other)


@pytest.mark.parametrize("eye", [0, 1])
def test_one_mirrored_picture_is_refused(eyes, eye):
    """By its own sentence, or as unrelated: few descriptors survive a mirror."""
    shown = [one.flip(2) if number == eye else one for number, one in enumerate(eyes)]
    with pytest.raises(InputError, match="mirrored|different things|not rectified"):
        pair.in_order(*shown)


def test_pictures_of_different_things_are_refused():
    lefts = [left for left, _ in GOOD.values()]
    for left, other in zip(lefts, lefts[1:] + lefts[:1]):
        other = torch.nn.functional.interpolate(other[None], left.shape[1:], mode="bilinear")[0]
        with pytest.raises(InputError, match="show different things"):
            pair.in_order(left, other)


def test_two_pixels_in_height_are_said_and_not_refused():
    left, right = GOOD["motorcycle"]
    kept, note = pair.in_order(moved(right, down=2), left)  # and exchanged besides
    assert kept[0] is left and "exchanged" in note and re.search(r"nearly rectified: .* [12]\.\d pixels", note)


@pytest.mark.parametrize("turned, down", [(0, 4), (-3, 0), (180, 0)])
def test_a_pair_that_is_not_rectified_is_refused_with_numbers(eyes, turned, down):
    left, right = eyes
    found = pairs.judged(left, moved(right, turned, down))
    assert found.kind == "unrectified"
    assert abs((found.turned - turned + 180) % 360 - 180) < 0.5
    if not turned:
        assert found.higher == pytest.approx(-down, abs=0.6) and found.across == pytest.approx(4, abs=0.4)
    with pytest.raises(InputError, match="not rectified.*pixels"):
        pair.in_order(left, moved(right, turned, down))


def test_pixels_are_those_of_the_visitors_pictures():
    left, right, _ = data.stereo_motorcycle()
    low = np.roll(right, 6, axis=0)
    with pytest.raises(InputError, match="[56]\\.. pixels"):
        pair.eyes_of(*(PIL.Image.fromarray(one) for one in (left, low)))


def test_where_nothing_can_be_compared_that_is_said():
    ramp = torch.linspace(0.2, 0.8, 200).expand(3, 100, 200)
    _, note = pair.in_order(ramp, 0.9 * ramp)
    assert "Too little" in note
    with pytest.raises(InputError, match="same picture twice"):
        pair.in_order(ramp, ramp)


def test_a_client_is_told_too(gallery):
    eyes = [{"url": picture} for picture in pair.uris([pictures.image(one) for one in GOOD["motorcycle"]])]
    client = Client(gallery)
    *_, right = client.run("/depth_stereo", [*eyes, "", 0])
    *_, wrong = client.run("/depth_stereo", [*eyes[::-1], "", 0])
    assert "exchanged" in wrong.pop("note") and not right.pop("note")
    assert wrong == right
    with pytest.raises(RuntimeError, match="same picture twice"):
        client.run("/depth_stereo", [eyes[0], eyes[0], "", 0])


@pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="needs the data sets: DLCV_DATA names their folder")
def test_real_pairs_are_not_doubted_and_exchanged_ones_are():
    found = [(one.left, one.right) for one in small_pairs.load()[::2]] + kitti.load("test")[::6]
    eyes = [tuple(pictures.tensor(pictures.image(one / 255), 640) for one in both) for both in found]
    assert {pairs.judged(left, right).kind for left, right in eyes} == {"pair"}
    assert {pairs.judged(right, left).kind for left, right in eyes} == {"exchanged"}
