"""DeepLab and PoseNet side by side, as a body for a detector of people."""

import torch
from torch import nn

from .deeplab import DeepLab, deeplab
from .posenet import posenet


class PeopleBody(nn.Module):
    """Pictures (N, 3, H, W) in [-1, 1] -> maps of both networks at strides 4, 8 and 16, named "0" to "2".

    The maps have 120, 224 and 640 channels; the last 384 of "2" are those that PoseNet's heads read.
    """

    CHANNELS = (24 + 96, 32 + 192, 256 + 384)

    def __init__(self, published: bool = False):
        super().__init__()
        self.deeplab, self.posenet = deeplab() if published else DeepLab(), posenet(published)
        del self.deeplab.logits

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:  # noqa: D102  its class says it
        levels = zip(self.deeplab.levels(pictures), self.posenet(pictures))
        return {str(number): torch.cat(pair, dim=1) for number, pair in enumerate(levels)}

    def votes(self, maps: dict[str, torch.Tensor]) -> torch.Tensor:
        """PoseNet's votes for the 17 keypoints from the maps of `forward`: (N, 17, h, w) at stride 8."""
        return self.posenet.votes(maps["2"][:, -384:])
