"""Pictures that are no characters."""

import torch


def crosses(count: int, seed: int = 0) -> torch.Tensor:
    """Random strokes (count, 1, 32, 32) uint8."""
    coarse = torch.rand(count, 1, 8, 8, generator=torch.Generator().manual_seed(seed)) > 0.6
    return (255 * coarse.repeat_interleave(4, 2).repeat_interleave(4, 3)).to(torch.uint8)
