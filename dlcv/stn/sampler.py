"""The bilinear sampler and its derivatives, written out as on the slide.

The tab's "Look inside" shows them at one pixel. `F.grid_sample` is the same sum for whole pictures, many times faster:
the networks use it (`core.geometry.grids.warp`), and a test holds the two together.
Coordinates are pixels here, x right, y down, centres at integers from 0.
"""

import torch


def hat(distance: torch.Tensor) -> torch.Tensor:
    """The bilinear kernel k(d) = max(0, 1 - |d|)."""
    return (1 - distance.abs()).clamp_min(0)


def sample(u: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """V_i = sum_n sum_m U_nm max(0, 1 - |x_i - m|) max(0, 1 - |y_i - n|).

    Args:
        u: one channel of the source, (H, W).
        points: where each output pixel reads, (I, 2) as (x, y).

    Returns:
        (I,)
    """
    kernel_x, kernel_y = _kernels(u, points)
    return torch.einsum("nm,in,im->i", u, kernel_y, kernel_x)


def derivative_source(u: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """dV_i / dU_nm = max(0, 1 - |x_i - m|) max(0, 1 - |y_i - n|), (I, H, W)."""
    kernel_x, kernel_y = _kernels(u, points)
    return torch.einsum("in,im->inm", kernel_y, kernel_x)


def derivative_points(u: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """dV_i / dx_i and dV_i / dy_i, (I, 2).

    dV_i / dx_i = sum_n sum_m U_nm max(0, 1 - |y_i - n|) * (0 if |m - x_i| >= 1, 1 if m >= x_i, -1 if m < x_i)

    The slide has the last case at m = x_i too; at such a kink we take the slope towards growing x, as grid_sample does.
    """
    kernel_x, kernel_y = _kernels(u, points)
    slope_x, slope_y = (_slope(points[:, axis], u.shape[1 - axis]) for axis in (0, 1))
    along_x = torch.einsum("nm,in,im->i", u, kernel_y, slope_x)
    along_y = torch.einsum("nm,in,im->i", u, slope_y, kernel_x)
    return torch.stack([along_x, along_y], dim=1)


def _kernels(u, points):
    height, width = u.shape
    columns = torch.arange(width, dtype=points.dtype, device=points.device)
    rows = torch.arange(height, dtype=points.dtype, device=points.device)
    return hat(points[:, :1] - columns), hat(points[:, 1:] - rows)  # (I, W), (I, H)


def _slope(coordinate, count):
    offset = torch.arange(count, dtype=coordinate.dtype, device=coordinate.device) - coordinate.unsqueeze(1)  # m - x
    rising = (offset > 0) & (offset <= 1)
    falling = (offset > -1) & (offset <= 0)
    return rising.to(coordinate.dtype) - falling.to(coordinate.dtype)
