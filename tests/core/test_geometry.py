"""Grids and warps against closed forms."""

import torch
from torch.nn import functional as F

from dlcv.core.geometry import grids


def test_affine_grid_is_that_of_torch():
    theta = torch.randn(3, 2, 3, dtype=torch.float64)
    expected = F.affine_grid(theta, (3, 1, 5, 7), align_corners=True)
    torch.testing.assert_close(grids.affine_grid(theta, 5, 7), expected)


def test_a_homography_without_perspective_is_affine():
    theta = torch.randn(2, 2, 3, dtype=torch.float64)
    square = F.pad(theta, (0, 0, 0, 1))
    square[:, 2, 2] = 1
    torch.testing.assert_close(grids.projective_grid(square, 6, 6), grids.affine_grid(theta, 6, 6))


def test_a_homography_takes_its_four_points_where_it_should():
    source, target = torch.rand(5, 4, 2, dtype=torch.float64), torch.rand(5, 4, 2, dtype=torch.float64)
    mapped = grids.homogeneous(source) @ grids.homography(source, target).transpose(1, 2)
    torch.testing.assert_close(mapped[..., :2] / mapped[..., 2:], target)


def test_a_spline_passes_through_its_control_points_and_keeps_affine_maps_exact():
    control = grids.tps_control_points().double()
    values = torch.randn(1, 16, 2, dtype=torch.float64)
    torch.testing.assert_close(grids.tps_weights(control, control) @ values, values, atol=1e-9, rtol=0)
    points = torch.rand(50, 2, dtype=torch.float64) * 2 - 1
    affine = torch.randn(3, 2, dtype=torch.float64)
    through = grids.tps_weights(control, points) @ (grids.homogeneous(control) @ affine)
    torch.testing.assert_close(through, grids.homogeneous(points) @ affine, atol=1e-9, rtol=0)


def test_a_shift_by_one_pixel_moves_every_pixel_by_one():
    picture = torch.rand(1, 1, 8, 8)
    theta = torch.tensor([[[1.0, 0, 2 / 7], [0, 1, 0]]])
    moved = grids.warp(picture, grids.affine_grid(theta, 8, 8))
    torch.testing.assert_close(moved[..., :-1], picture[..., 1:])


def test_the_corners_of_the_grid_are_the_first_and_the_last_pixels():
    corners = torch.tensor([[-1.0, -1.0], [1.0, 1.0]])
    assert grids.to_pixels(corners, 28, 42).tolist() == [[0, 0], [41, 27]]
