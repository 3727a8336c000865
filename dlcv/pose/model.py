"""A Convolutional Pose Machine with Part Affinity Fields (Wei et al. 2016, Cao et al. 2017) on PoseNet's body.

stage 1      from the features F of the picture: belief maps S_1 and affinity fields L_1; F is what two bodies see, one
             that learns and one that stays as it was published, and where PoseNet's own heads say that keypoints are
stage t      from F, S_{t-1} and L_{t-1} once more: what is unsure is decided by what is around it
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.backbones import posenet, posenet_body
from .skeleton import COCO, JOINTS, LIMBS

STRIDE = 8  # pixels of the picture to a pixel of the maps; the first of both are at the same place
STEP = 16  # sides of pictures have 16 k + 1 pixels


@dataclass
class PoseConfig:
    """Settings of a `PoseMachine`."""

    stages: int = 3
    width: int = 96  # channels of the features, and of the stages
    side: int = 257  # pixels of the longer side that pictures are seen at


class PoseOutput(NamedTuple):
    """What the S stages say of N pictures."""

    beliefs: list[torch.Tensor]  # S of (N, J, h, w), where H = 8 (h - 1) + 1
    fields: list[torch.Tensor]  # S of (N, L, 2, h, w)
    votes: torch.Tensor | None = None  # (N, 17, h, w): where PoseNet says that the keypoints of COCO are


def conv(channels_in: int, channels_out: int, dilation: int = 1, size: int = 3) -> nn.Sequential:
    """size x size, with batch normalisation and ReLU."""
    around = dilation * (size // 2)
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, size, padding=around, dilation=dilation, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


class Stage(nn.Module):
    """Maps (N, C, h, w) -> belief maps and affinity fields, (N, J + 2 L, h, w).

    The paper's 7 x 7 convolutions see as far as these do with holes in them, for a fifth of the work.
    """

    def __init__(self, channels: int, width: int):
        super().__init__()
        self.layers = nn.Sequential(
            conv(channels, width),
            conv(width, width, dilation=2),
            conv(width, width, dilation=3),
            conv(width, width, dilation=2),
            conv(width, width),
            nn.Conv2d(width, len(JOINTS) + 2 * len(LIMBS), 1),
        )
        nn.init.zeros_(self.layers[-1].weight)  # begins with nobody anywhere, which is nearly right
        nn.init.zeros_(self.layers[-1].bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


class PoseMachine(nn.Module, PyTorchModelHubMixin, pipeline_tag="keypoint-detection", tags=["openpose", "pose"]):
    """Where the joints of people are, and which belong together."""

    def __init__(self, config: PoseConfig, published: bool = False):
        super().__init__()
        self.config = config
        self.backbone = posenet_body(published)  # learns the people of the training
        self.published = posenet(published).requires_grad_(False)  # stays, and so still knows those of COCO
        self.features = nn.Sequential(
            conv(2 * (192 + 384), config.width, size=1),
            conv(config.width, config.width),
            conv(config.width, config.width),
        )
        maps = len(JOINTS) + 2 * len(LIMBS)
        channels = config.width + len(COCO)
        widths = [channels] + [channels + maps] * (config.stages - 1)
        self.stages = nn.ModuleList(Stage(width, config.width) for width in widths)

    def forward(self, pictures: torch.Tensor, learned: torch.Tensor | None = None) -> PoseOutput:
        """Pictures (N, 3, H, W) in [0, 1], H and W of the form 16 k + 1.

        `learned` (N,) says for which of them the body that learns is used; without, for all.
        """
        seen = []
        for body in (self.backbone, self.published):
            _, fine, coarse = body(2 * pictures - 1)
            both = [fine, F.interpolate(coarse, fine.shape[2:], mode="bilinear", align_corners=True)]
            if body is self.backbone and learned is not None:
                both = [maps * learned[:, None, None, None] for maps in both]
            seen += both
        features = self.features(torch.cat(seen, dim=1))
        votes = self.published.votes(coarse)
        features = torch.cat([features, votes], dim=1)
        maps, beliefs, fields = None, [], []
        for stage in self.stages:
            maps = stage(features if maps is None else torch.cat([features, maps], dim=1))
            found = maps.float()
            beliefs.append(found[:, : len(JOINTS)])
            fields.append(found[:, len(JOINTS) :].unflatten(1, (len(LIMBS), 2)))
        return PoseOutput(beliefs, fields, votes)
