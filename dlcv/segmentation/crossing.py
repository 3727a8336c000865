"""What crosses from the encoder to the decoder, cut, weakened, shuffled, or taken from another picture.

All of these change an `Encoded` and leave its bottom as it is, so that the decoder alone runs again.
"""

from collections.abc import Sequence

import torch

from ..core.errors import InputError
from .model import Encoded

SOURCES = ("own", "other", "noise", "none")


def weakened(encoded: Encoded, shares: Sequence[float]) -> Encoded:
    """The same with the features of each level, the finest first, multiplied by a share: 0 cuts the skip."""
    return encoded._replace(features=[share * maps for share, maps in zip(shares, encoded.features, strict=True)])


def moved(indices: torch.Tensor, size: torch.Size, generator: torch.Generator | None) -> torch.Tensor:
    """Indices (N, C, h, w) of maxima in maps of H x W, each anywhere in its own 2 x 2 square, or first in it.

    The first where there is no generator: then no index says anything.
    """
    height, width = size
    step = torch.zeros(2, *indices.shape, dtype=torch.int64)
    if generator is not None:
        step = torch.randint(2, step.shape, generator=generator)
    down, across = step.to(indices.device)
    row = (2 * torch.arange(indices.shape[2], device=indices.device)[:, None] + down).clamp_max(height - 1)
    column = (2 * torch.arange(indices.shape[3], device=indices.device) + across).clamp_max(width - 1)
    return row * width + column


def noise_like(maps: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Noise (1, C, H, W) with the mean and the deviation of each of the maps (1, C, H, W), cut at 0 as they are."""
    drawn = torch.randn(maps.shape, generator=generator).to(maps.device)
    return (maps.mean((2, 3), keepdim=True) + maps.std((2, 3), keepdim=True) * drawn).clamp_min(0)


def transplanted(
    encoded: Encoded, other: Encoded, sources: Sequence[str], crossing: str, generator: torch.Generator
) -> Encoded:
    """The bottom of `encoded`, with what crosses at each level, the finest first, from one of SOURCES.

    `crossing` says what that is, as in a `SegmenterConfig`. Raises InputError where pictures differ in size, where a
    source has another name, and for a network that nothing crosses in.
    """
    if encoded.size != other.size:
        raise InputError("Both pictures need the same size.")
    if crossing == "nothing":
        raise InputError("Nothing crosses in an hour-glass, so there is nothing to transplant.")
    if len(sources) != len(encoded.features) or not set(sources) <= set(SOURCES):
        raise InputError(f"Each of the {len(encoded.features)} levels takes one of: {', '.join(SOURCES)}.")
    features, indices = list(encoded.features), list(encoded.indices)
    for level, source in enumerate(sources):
        if source == "own":
            continue
        if crossing == "indices":
            size, drawn = features[level].shape[2:], generator if source == "noise" else None
            indices[level] = other.indices[level] if source == "other" else moved(indices[level], size, drawn)
        elif source == "other":
            features[level] = other.features[level]
        else:
            maps = features[level]
            features[level] = noise_like(maps, generator) if source == "noise" else torch.zeros_like(maps)
    return encoded._replace(features=features, indices=indices)
