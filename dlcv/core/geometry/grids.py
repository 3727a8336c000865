"""Sampling grids and warps: affine, projective, thin-plate spline.

A grid says for every output pixel where in the source its value is read, in the coordinates of `F.grid_sample`:
(N, H, W, 2), (x, y), the source spanning [-1, 1] in both directions, x right, y down. The centres of the first and
last pixel lie at -1 and 1 (align_corners=True), as in the lecture's slides on Spatial Transformers.
"""

import torch
from torch.nn import functional as F


def target_points(height: int, width: int, like: torch.Tensor) -> torch.Tensor:
    """The regular grid G of output pixels, (H * W, 2) as (x, y) in [-1, 1], on the device and type of `like`."""
    y = torch.linspace(-1, 1, height, dtype=like.dtype, device=like.device)
    x = torch.linspace(-1, 1, width, dtype=like.dtype, device=like.device)
    return torch.stack([x.expand(height, width), y.unsqueeze(1).expand(height, width)], dim=-1).view(-1, 2)


def homogeneous(points: torch.Tensor) -> torch.Tensor:
    """A one appended to the last axis: (..., D) -> (..., D + 1)."""
    return F.pad(points, (0, 1), value=1.0)


def affine_grid(theta: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """T_theta(G): source points A_theta (x, y, 1)^T of every output pixel, (N, H, W, 2), for A_theta (N, 2, 3)."""
    points = homogeneous(target_points(height, width, theta))
    return (points @ theta.transpose(1, 2)).view(len(theta), height, width, 2)


def projective_grid(theta: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Source points of a homography (N, 3, 3), after the division by the third coordinate: (N, H, W, 2)."""
    points = homogeneous(target_points(height, width, theta)) @ theta.transpose(1, 2)  # (N, H * W, 3)
    depth = points[..., 2:]
    depth = torch.where(depth.abs() < 1e-3, torch.full_like(depth, 1e-3), depth)  # the horizon has no source point
    return (points[..., :2] / depth).view(len(theta), height, width, 2)


def tps_control_points(side: int = 4, reach: float = 1.0) -> torch.Tensor:
    """A regular `side` x `side` grid of control points over [-reach, reach], (side^2, 2), row by row."""
    line = torch.linspace(-reach, reach, side)
    return torch.stack([line.expand(side, side), line.unsqueeze(1).expand(side, side)], dim=-1).view(-1, 2)


def tps_weights(control: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """The matrix (M, K) that takes K values at the control points to those at M points, by a thin-plate spline.

    A thin-plate spline is f(p) = a . (p, 1) + sum_k w_k U(|p - c_k|), U(r) = r^2 log r^2, with w orthogonal to all
    affine functions (Bookstein 1989); it is linear in its values at the control points, so one matrix does it.
    """

    def kernel(p, q):
        squared = ((p.unsqueeze(1) - q.unsqueeze(0)) ** 2).sum(-1)
        return squared * torch.log(squared.clamp_min(1e-12))

    affine = homogeneous(control)  # (K, 3)
    count = len(control)
    system = torch.zeros(count + 3, count + 3, dtype=control.dtype)
    system[:count, :count], system[:count, count:], system[count:, :count] = kernel(control, control), affine, affine.T
    basis = torch.cat([kernel(points, control), homogeneous(points)], dim=1)  # (M, K + 3)
    return torch.linalg.solve(system, basis.T).T[:, :count]


def tps_grid(sources: torch.Tensor, weights: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Source points (N, H, W, 2) of a spline that reads control point k at `sources[:, k]`, (N, K, 2).

    `weights` (H * W, K) comes from `tps_weights(control points, target_points(H, W))`.
    """
    return (weights @ sources).view(len(sources), height, width, 2)


def warp(pictures: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """Pictures (N, C, H, W) sampled bilinearly at a grid (N, H', W', 2), zero outside of them: (N, C, H', W')."""
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=True)


def to_pixels(points: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Grid coordinates in [-1, 1] as pixels of a picture, centres at integers: (..., 2) -> (..., 2)."""
    return (points + 1) / 2 * torch.tensor([width - 1, height - 1], dtype=points.dtype, device=points.device)


def homography(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The homographies (N, 3, 3) that take four points `source` (N, 4, 2) to `target` (N, 4, 2); h_33 = 1."""
    points = homogeneous(source)  # (N, 4, 3)
    zeros = torch.zeros_like(points)
    for_x = torch.cat([points, zeros, -source * target[..., :1]], dim=-1)  # (N, 4, 8), one row of A h = b a coordinate
    for_y = torch.cat([zeros, points, -source * target[..., 1:]], dim=-1)
    system, values = torch.cat([for_x, for_y], dim=1), torch.cat([target[..., 0], target[..., 1]], dim=1)
    return homogeneous(torch.linalg.solve(system, values)).view(-1, 3, 3)


def shifted(pictures: torch.Tensor, disparity: torch.Tensor) -> torch.Tensor:
    """Samples (N, C, H, W) of pictures at x + W disparity; disparity (N, 1, H, W) is a fraction of the width.

    Beyond the left and right border the last pixel is repeated.
    """
    height, width = pictures.shape[2:]
    points = target_points(height, width, disparity).view(1, height, width, 2)
    along = points[..., 0] + 2 * disparity[:, 0] * width / (width - 1)
    grid = torch.stack([along, points[..., 1].expand_as(along)], dim=-1)
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=True)
