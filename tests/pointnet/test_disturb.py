"""What happens to a cloud before it is seen: as much as was asked for, where it was asked for, and nothing else."""

import pytest
import torch
from scipy.spatial.transform import Rotation

from dlcv.pointnet.disturb import SIDES, Disturbance, disturb, rotation


def ball(count: int = 1024) -> torch.Tensor:
    points = torch.randn(count, 3, generator=torch.Generator().manual_seed(0))
    return points / points.norm(dim=1).max()


def test_at_rest_nothing_happens():
    found = disturb(ball(), Disturbance())
    torch.testing.assert_close(found.points, ball())
    assert found.source.tolist() == list(range(1024))


def test_fewer_points_are_some_of_those_with_more():
    few, more = (set(disturb(ball(), Disturbance(count=count)).source.tolist()) for count in (200, 300))
    assert len(few) == 200 and few < more
    assert sum(few) / 200 == pytest.approx(512, abs=60)  # from everywhere in the list


def test_noise_is_as_strong_as_asked_and_grows_in_place():
    weak, strong = (disturb(ball(), Disturbance(noise=noise)).points - ball() for noise in (0.01, 0.1))
    assert strong.std() == pytest.approx(0.1, rel=0.05)
    torch.testing.assert_close(strong, 10 * weak, atol=1e-5, rtol=1e-4)


def test_outliers_replace_points_and_fill_the_ball_evenly():
    found = disturb(torch.zeros(20_000, 3), Disturbance(outliers=0.4))
    assert len(found.points) == 1024
    radii = found.points[found.source < 0].norm(dim=1)
    assert len(radii) / 1024 == pytest.approx(0.4, abs=0.05)
    assert radii.max() <= 1 and (radii < 0.5 ** (1 / 3)).float().mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("side", SIDES)
def test_the_half_on_a_side_is_cut_away(side):
    axis, sign = SIDES[side]
    points = ball()
    found = disturb(points, Disturbance(cut=0.5, side=side))
    assert len(found.points) == 512
    gone = points[[i for i in range(1024) if i not in set(found.source.tolist())], axis]
    assert (sign * found.points[:, axis]).max() <= (sign * gone).min()


def test_turns_are_about_x_then_y_then_z():
    expected = torch.from_numpy(Rotation.from_euler("xyz", [20, -50, 130], degrees=True).as_matrix()).float()
    torch.testing.assert_close(rotation(20, -50, 130), expected)
    turned = disturb(torch.tensor([[1.0, 0, 0]] * 64), Disturbance(turn_z=90)).points
    torch.testing.assert_close(turned[0], torch.tensor([0.0, 1, 0]), atol=1e-6, rtol=0)
