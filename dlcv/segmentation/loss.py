"""The slide's loss, the weights of classes that SegNet's authors gave it, and those of borders by U-Net's.

    L(Theta) = sum_x sum_l - log p_cl(x,l)( f(x; Theta)[l] )                                  (equation 18)

Each term may have a weight. The slide's loss has none; of a batch the weighted mean of the terms is minimised.
"""

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional as F

from ..core.datasets import VOID

REACH = 5  # deviations beyond which a border has no weight: exp(-5^2 / 2) is 4e-6


def pixel_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """- log p_cl(x,l)( f(x; Theta)[l] ), the terms of equation (18), 0 where the label is VOID: (N, H, W).

    Args:
        logits: f(x; Theta), (N, L, H, W); p is its softmax.
        labels: cl(x, l), (N, H, W), integers.
    """
    return F.cross_entropy(logits, labels.long(), ignore_index=VOID, reduction="none")


def weighted_mean(terms: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """sum w term / sum w, the loss of a batch, of terms and weights (N, H, W)."""
    return (weights * terms).sum() / weights.sum().clamp_min(1e-6)


def pixel_weights(
    labels: torch.Tensor, class_weights: torch.Tensor, border: torch.Tensor | None = None
) -> torch.Tensor:
    """w(x) = w_c(x) + border(x) of labels (N, H, W): (N, H, W), 0 where the label is VOID.

    Args:
        class_weights: w_c, (L,).
        border: what `border_weights` gives, (N, H, W).
    """
    known = labels != VOID
    weights = class_weights[labels.long() * known]
    return known * (weights if border is None else weights + border)


def median_frequency(labels: torch.Tensor, classes: int) -> torch.Tensor:
    """w_c = median frequency / frequency of c, (classes,), of labels (N, H, W) (Eigen and Fergus 2015).

    The frequency of a class is its share of the pixels of those pictures that have it. A class that no picture has gets
    the weight 0.
    """
    counts = torch.stack([torch.bincount(picture.flatten(), minlength=VOID + 1)[:classes] for picture in labels])
    pictures = (counts > 0).sum(0)
    frequency = counts.sum(0) / (pictures * labels[0].numel()).clamp_min(1)
    median = frequency[pictures > 0].double().quantile(0.5)
    return torch.where(pictures > 0, median / frequency.clamp_min(1e-12), 0.0).float()


def border_weights(cells: np.ndarray, weight: float = 10.0, deviation: float = 5.0) -> np.ndarray:
    """w_0 exp(-(d_1 + d_2)^2 / (2 sigma^2)) between cells that almost touch (Ronneberger et al. 2015, equation 2).

    d_1 and d_2 are the distances in pixels to the nearest and to the second nearest cell. Within cells there is none.

    Args:
        cells: (H, W), 0 on the background and k on the k-th cell.

    Returns:
        (H, W) float32.
    """
    nearest, second = np.full((2, *cells.shape), np.inf)
    margin = int(REACH * deviation)
    for number, box in enumerate(ndimage.find_objects(cells), 1):
        if box is None:  # no cell has this number
            continue
        around = tuple(slice(max(0, side.start - margin), side.stop + margin) for side in box)
        distance = ndimage.distance_transform_edt(cells[around] != number)
        second[around] = np.minimum(second[around], np.maximum(nearest[around], distance))
        nearest[around] = np.minimum(nearest[around], distance)
    apart = nearest + second
    return (weight * np.exp(-(apart**2) / (2 * deviation**2)) * (cells == 0)).astype(np.float32)
