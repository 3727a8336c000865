"""The residual block of small encoders and decoders (He et al. 2016: Identity Mappings in Deep Residual Networks)."""

import torch
from torch import nn
from torch.nn import functional as F


class Residual(nn.Module):
    """x + conv(act(conv(act(x)))), the identity at the start of training."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Feature maps (N, channels, H, W) of the shape of x."""
        return x + self.second(F.silu(self.first(F.silu(x))))
