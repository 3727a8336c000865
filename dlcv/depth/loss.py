"""The losses of depth from pairs of pictures (Godard et al. 2017), each term under its equation.

Pictures are (N, 3, H, W) in [0, 1]; disparities (N, 1, H, W) are parts of the width and never negative: what the left
eye sees at x, the right one sees at x - d_left; what the right one sees at x, the left one sees at x + d_right.
"""

import torch
from torch.nn import functional as F

from ..core.geometry.grids import shifted

ALPHA = 0.85  # of SSIM in the appearance
SMOOTHNESS, CONSISTENCY = 0.1, 1.0  # weights, the paper's
C1, C2 = 0.01**2, 0.03**2  # of SSIM, for values in [0, 1]


def ssim(x: torch.Tensor, y: torch.Tensor, window: int = 3) -> torch.Tensor:
    """Structural similarity of pictures around each pixel, (N, 3, H, W), at most 1.

    SSIM = (2 mu_x mu_y + c_1)(2 sigma_xy + c_2) / ((mu_x^2 + mu_y^2 + c_1)(sigma_x^2 + sigma_y^2 + c_2))

    over squares of `window` pixels, mirrored at the border (Wang et al. 2004).
    """
    pad = [window // 2] * 4
    x, y = (F.pad(pictures, pad, mode="reflect") for pictures in (x, y))

    def mean(values):
        return F.avg_pool2d(values, window, stride=1)

    mu_x, mu_y = mean(x), mean(y)
    var_x, var_y, cov = mean(x * x) - mu_x**2, mean(y * y) - mu_y**2, mean(x * y) - mu_x * mu_y
    return (2 * mu_x * mu_y + C1) * (2 * cov + C2) / ((mu_x**2 + mu_y**2 + C1) * (var_x + var_y + C2))


def appearance(rebuilt: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
    """C_ap = 1/N sum alpha (1 - SSIM(I, I~)) / 2 + (1 - alpha) |I - I~|        (2)"""
    difference = (rebuilt - picture).abs()
    return (ALPHA * (1 - ssim(rebuilt, picture)) / 2 + (1 - ALPHA) * difference).mean()


def smoothness(disparity: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
    """C_ds = 1/N sum |d_x d| exp(-|d_x I|) + |d_y d| exp(-|d_y I|): smooth where the picture is        (3)"""
    terms = [
        disparity.diff(dim=axis).abs() * (-picture.diff(dim=axis).abs().mean(1, keepdim=True)).exp() for axis in (2, 3)
    ]
    return sum(term.mean() for term in terms)


def consistency(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """C_lr = 1/N sum |d_left(x) - d_right(x - d_left(x))|, and the same from the other eye        (4)"""
    to_left, to_right = shifted(right, -left), shifted(left, right)
    return (left - to_left).abs().mean() + (right - to_right).abs().mean()


def rebuilt_pair(
    left: torch.Tensor, right: torch.Tensor, disparity_left: torch.Tensor, disparity_right: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Each picture from the other one: I~_left(x) = I_right(x - d_left(x)), I~_right(x) = I_left(x + d_right(x))."""
    return shifted(right, -disparity_left), shifted(left, disparity_right)


def stereo_loss(
    maps: list[torch.Tensor],
    left: torch.Tensor,
    right: torch.Tensor,
    smooth: float = SMOOTHNESS,
    agree: float = CONSISTENCY,
) -> dict[str, torch.Tensor]:
    """The sum over four sizes of C = C_ap + alpha_ds C_ds + alpha_lr C_lr, both eyes together        (1)

    Args:
        maps: disparities (N, 2, h, w) of left and right at each size, the largest first.
        smooth, agree: alpha_ds and alpha_lr; an ablation has a 0.
    """
    terms = {"appearance": 0.0, "smoothness": 0.0, "consistency": 0.0}
    for scale, disparities in enumerate(maps):
        small_left, small_right = (
            F.interpolate(picture, disparities.shape[2:], mode="area") for picture in (left, right)
        )
        of_left, of_right = disparities.split(1, dim=1)
        pair = rebuilt_pair(small_left, small_right, of_left, of_right)
        terms["appearance"] += appearance(pair[0], small_left) + appearance(pair[1], small_right)
        rough = smoothness(of_left, small_left) + smoothness(of_right, small_right)
        terms["smoothness"] += rough / 2**scale  # a step between pixels is larger in a smaller picture
        terms["consistency"] += consistency(of_left, of_right)
    total = terms["appearance"] + smooth * terms["smoothness"] + agree * terms["consistency"]
    return {"loss": total} | terms


def depth_loss(maps: list[torch.Tensor], depth: torch.Tensor) -> torch.Tensor:
    """Supervised: mean of |log d - log d*| where the depth (N, 1, H, W) is known, that is positive; over four sizes."""
    known = depth > 0
    return sum(
        (F.interpolate(found, depth.shape[2:], mode="bilinear").log() - depth.clamp_min(1e-3).log())[known].abs().mean()
        for found in maps
    ) / len(maps)


# ---- photographs whose depth is known up to a scale and a shift alone (Ranftl et al. 2020)

TRIMMED = 0.2  # the part of the largest residuals that does not count: wrong truths, and teachers' mistakes
GRADIENTS, GRADIENT_SCALES = 0.5, 4  # weight of the gradients, and at how many sizes they are compared


def normalised(disparity: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Disparities (N, 1, H, W) without the scale and the shift of each picture        (5), (6)

    d^ = (d - t(d)) / s(d),  t(d) = median d,  s(d) = mean |d - t(d)|, over what is `known` (bool) of the picture.
    """
    inside = torch.where(known, disparity, torch.nan).flatten(1)
    middle = inside.nanmedian(dim=1).values.nan_to_num()[:, None, None, None]  # 0 where nothing is known
    count = known.sum((1, 2, 3), keepdim=True).clamp_min(1)
    spread = ((disparity - middle).abs() * known).sum((1, 2, 3), keepdim=True) / count
    return (disparity - middle) / spread.clamp_min(1e-6)


def scale_and_shift_free(found: torch.Tensor, truth: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """L_ssitrim = 1/2M sum_{j <= 0.8 M} |d^ - d^*|_j: the mean of the smaller residuals of each picture        (7)"""
    residuals = (normalised(found, known) - normalised(truth, known)).abs().flatten(1)
    order = torch.where(known.flatten(1), residuals, torch.inf).sort(dim=1).values
    count = known.sum((1, 2, 3))  # M of each picture
    kept = torch.arange(order.shape[1], device=order.device) < (1 - TRIMMED) * count[:, None]
    return (torch.where(kept, order, 0).sum(1) / (2 * count.clamp_min(1))).mean()


def gradient_matching(found: torch.Tensor, truth: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """L_reg = 1/M sum_k sum |d_x R_k| + |d_y R_k|, R = d^ - d^* at every 2^k-th pixel: edges lie where they are (11)"""
    difference = normalised(found, known) - normalised(truth, known)
    total = 0.0
    for scale in range(GRADIENT_SCALES):
        step = 2**scale
        small, there = difference[..., ::step, ::step], known[..., ::step, ::step]
        count = there.sum((1, 2, 3)).clamp_min(1)
        for axis in (2, 3):
            length = small.shape[axis] - 1
            both = there.narrow(axis, 0, length) & there.narrow(axis, 1, length)
            total = total + ((small.diff(dim=axis).abs() * both).sum((1, 2, 3)) / count).mean()
    return total


def order(nearer: torch.Tensor, farther: torch.Tensor) -> torch.Tensor:
    """Mean of log(1 + exp(d_farther - d_nearer)): pairs of normalised disparities whose order alone is known
    (Chen et al. 2016)."""
    return F.softplus(farther - nearer).mean()


def photograph_loss(found: torch.Tensor, truth: torch.Tensor, known: torch.Tensor) -> dict[str, torch.Tensor]:
    """L = L_ssitrim + 0.5 L_reg of disparities (N, 1, H, W), where they are `known` (bool)        (12)"""
    terms = {
        "residual": scale_and_shift_free(found, truth, known),
        "gradient": gradient_matching(found, truth, known),
    }
    return {"loss": terms["residual"] + GRADIENTS * terms["gradient"]} | terms
