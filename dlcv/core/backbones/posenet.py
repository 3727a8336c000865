"""PoseNet (Papandreou et al. 2018) on MobileNetV1 (Howard et al. 2017)."""

import torch
from torch import nn
from torch.nn import functional as F

from . import start


class PoseNetBody(nn.Module):
    """MobileNetV1 with 0.75 of its channels, batch normalisation folded into the convolutions.

    Pictures (N, 3, H, W) in [-1, 1], H and W of the form 16 k + 1 -> maps at strides 4, 8 and 16, of 96, 192 and 384
    channels. Pixel x of a map is centred on pixel 4 x, 8 x or 16 x of the picture.
    """

    def __init__(self):
        super().__init__()
        channels = [24, 48, 96, 96, 192, 192, *[384] * 8]
        strides = [1, 2, 1, 2, 1, 2, *[1] * 7]
        self.conv0 = nn.Conv2d(3, 24, 3, stride=2, padding=1)
        self.dw = nn.ModuleList(nn.Conv2d(c, c, 3, stride, padding=1, groups=c) for c, stride in zip(channels, strides))
        self.pw = nn.ModuleList(nn.Conv2d(c, out, 1) for c, out in zip(channels, channels[1:]))

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:  # noqa: D102  its class says it
        x, outputs = F.relu6(self.conv0(pictures), inplace=True), []
        for depthwise, pointwise in zip(self.dw, self.pw):
            x = F.relu6(pointwise(F.relu6(depthwise(x), inplace=True)), inplace=True)
            outputs.append(x)
        return outputs[2], outputs[4], outputs[-1]


class PoseNet(PoseNetBody):
    """The body with two heads for the 17 keypoints of COCO: heat maps, and offsets to the keypoint."""

    def __init__(self):
        super().__init__()
        self.heatmap, self.offset = nn.Conv2d(384, 17, 1), nn.Conv2d(384, 34, 1)

    def votes(self, coarse: torch.Tensor) -> torch.Tensor:
        """Hough votes for the 17 keypoints, (N, 17, 2 h - 1, 2 w - 1) at stride 8, of maps (N, 384, h, w) at stride 16.

        Each pixel votes at its offset with the weight of its heat map (Papandreou et al. 2018, eq. 1). The votes are
        sharp, while the heat map is as wide as the disk around the keypoint.
        """
        with torch.autocast(coarse.device.type, enabled=False):
            heat = self.heatmap(coarse.float()).sigmoid()  # (N, 17, h, w)
            offset = self.offset(coarse.float())  # (N, 34, h, w): y of all, then x, in pixels of the picture
        height, width = (2 * length - 1 for length in coarse.shape[2:])
        y = 2 * torch.arange(coarse.shape[2], device=coarse.device)[:, None] + offset[:, :17] / 8
        x = 2 * torch.arange(coarse.shape[3], device=coarse.device) + offset[:, 17:] / 8
        top, left = y.floor(), x.floor()
        votes = heat.new_zeros(*heat.shape[:2], height * width)
        for row in (top, top + 1):  # each vote is shared by the four pixels around it, as bilinear interpolation has it
            for column in (left, left + 1):
                share = (1 - (y - row).abs()) * (1 - (x - column).abs())
                inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
                place = (row * width + column).long().where(inside, 0)
                votes.scatter_add_(2, place.flatten(2), (heat * share * inside).flatten(2))
        return votes.view(*heat.shape[:2], height, width) / (4 * torch.pi)  # pixels at stride 16 in a disk of radius 32


def posenet(published: bool = False) -> PoseNet:
    """PoseNet; with `published` its weights for COCO, from the folder DLCV_START, or FileNotFoundError."""
    return loaded_from_posenet(PoseNet(), published)


def posenet_body(published: bool = False) -> PoseNetBody:
    """PoseNet's body without its heads, as `posenet`."""
    return loaded_from_posenet(PoseNetBody(), published)


def loaded_from_posenet(model: PoseNetBody, published: bool = True) -> PoseNetBody:
    """The model with the published weights of its own parameters."""
    if published:
        state = start.weights("posenet_mobilenetv1_075.safetensors")
        model.load_state_dict({name: value for name, value in state.items() if name in model.state_dict()})
    return model
