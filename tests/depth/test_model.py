"""Depth: warps and losses in closed form, the network's sizes, and scenes that agree with themselves."""

import os

import pytest
import torch
from torchmetrics.functional.image import structural_similarity_index_measure

from dlcv.core.datasets import kitchen, kitti
from dlcv.core.geometry import grids
from dlcv.core.training.loop import Step
from dlcv.depth import loss, scenes, train
from dlcv.depth.model import DepthConfig, DepthNet


def stripes(height: int = 8, width: int = 40) -> torch.Tensor:
    """A picture (1, 3, H, W) that is different everywhere along x."""
    return torch.linspace(0, 1, width).square().expand(1, 3, height, width).clone()


def test_a_known_disparity_warps_each_picture_to_the_other():
    """A fronto-parallel wall: the right eye sees what the left sees 5 pixels further right."""
    left, width = torch.rand(1, 3, 6, 40, generator=torch.Generator().manual_seed(0)), 40
    right = left.roll(-5, dims=3)
    disparity = torch.full((1, 1, 6, width), 5 / width)
    to_left, to_right = loss.rebuilt_pair(left, right, disparity, disparity)
    torch.testing.assert_close(to_left[..., 5:], left[..., 5:], atol=1e-5, rtol=0)
    torch.testing.assert_close(to_right[..., :-5], right[..., :-5], atol=1e-5, rtol=0)


def test_a_shift_reads_to_the_right():
    picture = stripes()
    moved = grids.shifted(picture, torch.full((1, 1, 8, 40), 2.5 / 40))
    expected = (picture[..., 2:-3] + picture[..., 3:-2]) / 2
    torch.testing.assert_close(moved[..., : expected.shape[3]], expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(moved[..., -2:], picture[..., -1:].expand(-1, -1, -1, 2))


def test_ssim_is_that_of_torchmetrics():
    x, y = torch.rand(2, 2, 3, 40, 40, generator=torch.Generator().manual_seed(0)).unbind(0)
    _, expected = structural_similarity_index_measure(
        x, y, gaussian_kernel=False, kernel_size=7, data_range=1.0, return_full_image=True
    )
    torch.testing.assert_close(loss.ssim(x, y, 7)[..., 6:-6, 6:-6], expected[..., 6:-6, 6:-6], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(loss.ssim(x, x), torch.ones_like(x), atol=1e-4, rtol=0)


def test_the_terms():
    picture = stripes()
    assert loss.appearance(picture, picture).item() == pytest.approx(0, abs=1e-6)
    flat = torch.full((1, 1, 8, 40), 0.1)
    assert loss.smoothness(flat, picture) == 0 and loss.consistency(flat, flat).item() == pytest.approx(0, abs=1e-6)
    step = flat.clone()
    step[..., 20:] = 0.2
    edge = torch.zeros(1, 3, 8, 40)
    edge[..., 20:] = 1  # where the picture has an edge, so may the depth
    assert loss.smoothness(step, edge) < 0.4 * loss.smoothness(step, torch.zeros_like(edge))
    assert loss.consistency(step, flat) > 0.01


def test_the_right_disparities_cost_least():
    """On made scenes, with the disparities that are true."""
    found = scenes.pair(3, 64, 128)
    left, right = found.left[None], found.right[None]
    truth = torch.cat([found.disparity_left, found.disparity_right])[None] / 128
    costs = [loss.stereo_loss([truth * factor], left, right)["appearance"] for factor in (1, 0.5, 1.5, 0)]
    assert costs[0] == min(costs) and costs[0] < 0.6 * min(costs[1:])


@pytest.mark.parametrize("seed", range(4))
def test_both_eyes_see_one_scene(seed):
    """What the left eye sees at x, the right one sees at x - d: where nothing hides it, the depth is the same."""
    found = scenes.pair(seed, 96, 192)
    assert found.left.min() >= 0 and found.left.max() <= 1 and found.disparity_left.min() > 0
    there = grids.shifted(found.disparity_right[None], -found.disparity_left[None] / 192)[0]
    agree = (there - found.disparity_left).abs() < 0.5
    assert agree.float().mean() > 0.75
    rebuilt = grids.shifted(found.right[None], -found.disparity_left[None] / 192)[0]
    difference = (rebuilt - found.left).abs().mean(0, keepdim=True)
    assert difference[agree].mean() < 0.05
    assert torch.equal(scenes.pair(seed, 96, 192).left, found.left)


@pytest.mark.parametrize("stereo", [True, False])
def test_the_network_says_something_at_four_sizes(stereo):
    model = DepthNet(DepthConfig(stereo=stereo))
    maps = model(torch.rand(2, 3, 64, 96)).maps
    assert [tuple(found.shape) for found in maps] == [(2, 1 + stereo, 64 // s, 96 // s) for s in (1, 2, 4, 8)]
    assert all(0 < found.min() and found.max() < (0.3 if stereo else 10.01) for found in maps)
    if stereo:
        loss.stereo_loss(maps, torch.rand(2, 3, 64, 96), torch.rand(2, 3, 64, 96))["loss"].backward()
    else:
        depth = torch.rand(2, 1, 64, 96) + 0.5
        depth[:, :, :30] = 0  # unknown
        loss.depth_loss(maps, depth).backward()
    assert all(weight.grad is not None for weight in model.parameters())


def test_the_supervised_loss_sees_only_what_is_known():
    truth = torch.full((1, 1, 8, 8), 2.0)
    truth[..., :4] = 0
    found = torch.full((1, 1, 8, 8), 2.0)
    found[..., :4] = 9
    assert loss.depth_loss([found], truth) == 0


@pytest.mark.parametrize("name", list(train.CONFIGS))
def test_a_step_of_each_training(name):
    """On made scenes."""
    config = DepthConfig(stereo=train.CONFIGS[name].stereo, height=64, width=96)
    model = DepthNet(config)
    if config.stereo:
        data = train.MadePairs(4, config)
        terms = train.pair_loss(model, [data[0], data[1]], Step(0, 10))
        weights = {"appearance": 1.0, "smoothness": loss.SMOOTHNESS, "consistency": loss.CONSISTENCY}
        expected = sum(weight * terms[term] for term, weight in weights.items())
        torch.testing.assert_close(terms["loss"], expected)
    else:
        sample = torch.randint(255, (3, 64, 96), dtype=torch.uint8), torch.rand(1, 64, 96) + 1
        terms = train.kitchen_loss(model, [sample] * 2, Step(0, 10))
    terms["loss"].backward()
    assert terms["loss"].isfinite()


@pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="needs the data sets: DLCV_DATA names their folder")
def test_data_sets_have_their_size():
    assert [len(kitti.load(split)) for split in ("train", "test")] == [80, 22]
    frames = kitchen.load("test")
    assert len(frames) == 50 and frames[0][0].shape == (3, 240, 320) and frames[0][1].shape == (1, 240, 320)
    known = torch.cat([depth[depth > 0] for _, depth in frames])
    assert 0.3 < known.min() and known.median() < 4 and known.max() < 12
