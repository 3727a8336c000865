"""A Convolutional Pose Machine with Part Affinity Fields (Wei et al. 2016, Cao et al. 2017) on PoseNet's body.

    S^1, L^1 = rho^1(F), phi^1(F)
    S^t, L^t = rho^t(F, S^{t-1}, L^{t-1}), phi^t(F, S^{t-1}, L^{t-1})

with belief maps S, affinity fields L and features F of the picture. rho^t and phi^t share their layers.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.backbones.posenet import posenet, posenet_body
from .skeleton import COCO, JOINTS, LIMBS

STRIDE = 8  # pixels of the picture to a pixel of the maps; the first pixels of both coincide
STEP = 16  # sides of pictures have 16 k + 1 pixels
MAPS = len(JOINTS) + 2 * len(LIMBS)  # J + 2 L


@dataclass
class PoseConfig:
    """Settings of a `PoseMachine`."""

    stages: int = 3
    width: int = 96  # channels of the features, and of the stages
    side: int = 257  # pixels of the longer side of the input


class PoseOutput(NamedTuple):
    """Predictions of T stages for N pictures."""

    beliefs: list[torch.Tensor]  # T of (N, J, h, w), where H = 8 (h - 1) + 1
    fields: list[torch.Tensor]  # T of (N, L, 2, h, w)
    votes: torch.Tensor | None = None  # (N, 17, h, w): PoseNet's Hough votes for the keypoints of COCO


def conv(channels_in: int, channels_out: int, dilation: int = 1, size: int = 3) -> nn.Sequential:
    """size x size, with batch normalisation and ReLU."""
    around = dilation * (size // 2)
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, size, padding=around, dilation=dilation, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


class Stage(nn.Module):
    """rho^t and phi^t: maps (N, C, h, w) -> belief maps and affinity fields, (N, J + 2 L, h, w).

    Dilated convolutions have the receptive field of the paper's 7 x 7 ones for a fifth of the work.
    """

    def __init__(self, channels: int, width: int):
        super().__init__()
        self.layers = nn.Sequential(
            conv(channels, width),
            conv(width, width, dilation=2),
            conv(width, width, dilation=3),
            conv(width, width, dilation=2),
            conv(width, width),
            nn.Conv2d(width, MAPS, 1),
        )
        nn.init.zeros_(self.layers[-1].weight)  # at first nobody anywhere, which is nearly right
        nn.init.zeros_(self.layers[-1].bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        return self.layers(x)


class PoseMachine(nn.Module, PyTorchModelHubMixin, pipeline_tag="keypoint-detection", tags=["openpose", "pose"]):
    """Belief maps of joints and affinity fields of limbs, stage by stage."""

    def __init__(self, config: PoseConfig, published: bool = False):
        super().__init__()
        self.config = config
        self.backbone = posenet_body(published)  # trained
        self.published = posenet(published).requires_grad_(False)  # frozen, so that it keeps what it learned from COCO
        self.features = nn.Sequential(
            conv(2 * (192 + 384), config.width, size=1),
            conv(config.width, config.width),
            conv(config.width, config.width),
        )
        channels = config.width + len(COCO)
        in_channels = [channels] + [channels + MAPS] * (config.stages - 1)
        self.stages = nn.ModuleList(Stage(channels, config.width) for channels in in_channels)

    def encode(self, pictures: torch.Tensor, gate: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """The features F, (N, width + 17, h, w), and among them PoseNet's votes, (N, 17, h, w).

        Where `gate` (N,) is 0, the trained body is left out, and only the frozen one describes the picture.
        """
        levels = []
        for body in (self.backbone, self.published):
            _, fine, coarse = body(2 * pictures - 1)  # (N, 192, h, w) and (N, 384, h / 2, w / 2)
            coarse_up = F.interpolate(coarse, fine.shape[2:], mode="bilinear", align_corners=True)
            both = torch.cat([fine, coarse_up], dim=1)  # (N, 576, h, w)
            if body is self.backbone and gate is not None:
                both = both * gate[:, None, None, None]
            levels.append(both)
        features = self.features(torch.cat(levels, dim=1))  # (N, width, h, w)
        votes = self.published.votes(coarse)  # (N, 17, h, w)
        return torch.cat([features, votes], dim=1), votes

    def forward(self, pictures: torch.Tensor, gate: torch.Tensor | None = None) -> PoseOutput:
        """Predictions for pictures (N, 3, H, W) in [0, 1], H and W of the form 16 k + 1; `gate` as in `encode`."""
        features, votes = self.encode(pictures, gate)
        previous, beliefs, fields = [], [], []
        for stage in self.stages:  # (S^t, L^t) = (rho^t, phi^t)(F, S^{t-1}, L^{t-1})
            maps = stage(torch.cat([features, *previous], dim=1))  # (N, J + 2 L, h, w)
            belief, field = maps.float().split([len(JOINTS), 2 * len(LIMBS)], dim=1)
            beliefs.append(belief)  # (N, J, h, w)
            fields.append(field.unflatten(1, (-1, 2)))  # (N, L, 2, h, w)
            previous = [maps]
        return PoseOutput(beliefs, fields, votes)
