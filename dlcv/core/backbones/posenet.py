"""Published networks to start a training from: a folder named by DLCV_START has their files, else torchvision does."""

import os
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models

VOC_PERSON = 15  # among the classes of Pascal VOC


def mobilenet_v2(published: bool = False) -> nn.Module:
    """MobileNetV2 (Sandler et al. 2018) for pictures (N, 3, H, W) in [-1, 1] -> ImageNet's classes, (N, 1000).

    With `published`, its ImageNet weights; they are only needed to begin a training.
    """
    model = models.mobilenet_v2()
    if not published:
        return model
    if os.environ.get("DLCV_START"):
        state = _started("mobilenet_v2_imagenet.safetensors")
    else:
        state = models.MobileNet_V2_Weights.IMAGENET1K_V1.get_state_dict(check_hash=True)
    model.load_state_dict(state)
    return model


class DeepLab(nn.Module):
    """DeepLabV3 (Chen et al. 2017) on MobileNetV2, for the 21 classes of Pascal VOC; a teacher for masks of people.

    Pictures (N, 3, H, W) in [-1, 1], H and W of the form 16 k + 1 -> scores (N, 21, H, W). Sharper at 513 pixels.
    """

    def __init__(self):
        super().__init__()
        self.features = models.mobilenet_v2().features[:18]
        for block in self.features[14:]:  # sees as far at stride 16 as it would at 32
            depthwise = block.conv[1][0]
            depthwise.stride = (1, 1)
            if block is not self.features[14]:
                depthwise.dilation = depthwise.padding = (2, 2)
        self.aspp0, self.image_pool = nn.Conv2d(320, 256, 1), nn.Conv2d(320, 256, 1)
        self.project, self.logits = nn.Conv2d(512, 256, 1), nn.Conv2d(256, 21, 1)

    def levels(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Maps at strides 4, 8 and 16, of 24, 32 and 256 channels; the classes are read off the last one."""
        x, seen = pictures, []
        for layer in self.features:
            x = layer(x)
            seen.append(x)
        whole = self.image_pool(x.mean((2, 3), keepdim=True)).relu().expand(-1, -1, *x.shape[2:])
        return seen[3], seen[6], self.project(torch.cat([whole, self.aspp0(x).relu()], dim=1)).relu()

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        scores = self.logits(self.levels(pictures)[2])
        return F.interpolate(scores, pictures.shape[2:], mode="bilinear", align_corners=True)


def deeplab() -> DeepLab:
    """The published DeepLab, from the folder in DLCV_START. FileNotFoundError where that has none: it is not on any
    server that torchvision knows."""
    model = DeepLab()
    model.load_state_dict(_started("deeplabv3_mobilenetv2_voc.safetensors"))
    return model.eval()


class PoseNetBody(nn.Module):
    """MobileNetV1 (Howard et al. 2017) with 0.75 of its channels, as PoseNet (Papandreou et al. 2018) has it, whose
    batch normalisation was folded into the convolutions.

    Pictures (N, 3, H, W) in [-1, 1], H and W of the form 16 k + 1 -> maps at strides 4, 8 and 16, of 96, 192 and 384
    channels. Pixel x of a map looks at the picture around its pixel 4 x, 8 x or 16 x.
    """

    def __init__(self):
        super().__init__()
        channels = [24, 48, 96, 96, 192, 192, *[384] * 8]
        strides = [1, 2, 1, 2, 1, 2, *[1] * 7]
        self.conv0 = nn.Conv2d(3, 24, 3, stride=2, padding=1)
        self.dw = nn.ModuleList(nn.Conv2d(c, c, 3, stride, padding=1, groups=c) for c, stride in zip(channels, strides))
        self.pw = nn.ModuleList(nn.Conv2d(c, out, 1) for c, out in zip(channels, channels[1:]))

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x, seen = F.relu6(self.conv0(pictures), inplace=True), []
        for depthwise, pointwise in zip(self.dw, self.pw):
            x = F.relu6(pointwise(F.relu6(depthwise(x), inplace=True)), inplace=True)
            seen.append(x)
        return seen[2], seen[4], seen[-1]


class PoseNet(PoseNetBody):
    """The body with two of its heads: where near a pixel a keypoint of COCO is, and how far from it."""

    def __init__(self):
        super().__init__()
        self.heatmap, self.offset = nn.Conv2d(384, 17, 1), nn.Conv2d(384, 34, 1)

    def votes(self, coarse: torch.Tensor) -> torch.Tensor:
        """Maps of stride 16 (N, 384, h, w) -> maps of stride 8 for the 17 keypoints, (N, 17, 2 h - 1, 2 w - 1).

        Each pixel says where its keypoint is, with a weight of how sure it is, and is counted there: a Hough transform
        (Papandreou et al. 2018, eq. 1), which is sharp where the heat map is as wide as the disk around the keypoint.
        """
        with torch.autocast(coarse.device.type, enabled=False):
            sure, offset = self.heatmap(coarse.float()).sigmoid(), self.offset(coarse.float())
        height, width = (2 * length - 1 for length in coarse.shape[2:])
        y = 2 * torch.arange(coarse.shape[2], device=coarse.device)[:, None] + offset[:, :17] / 8
        x = 2 * torch.arange(coarse.shape[3], device=coarse.device) + offset[:, 17:] / 8
        top, left = y.floor(), x.floor()
        counted = sure.new_zeros(*sure.shape[:2], height * width)
        for row in (top, top + 1):  # each vote is shared by the four pixels around it, as bilinear interpolation has it
            for column in (left, left + 1):
                share = (1 - (y - row).abs()) * (1 - (x - column).abs())
                inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
                place = (row * width + column).long().where(inside, 0)
                counted.scatter_add_(2, place.flatten(2), (sure * share * inside).flatten(2))
        return counted.view(*sure.shape[:2], height, width) / (4 * torch.pi)  # so many votes has a disk of radius 32


class PeopleBody(nn.Module):
    """What DeepLab and PoseNet know of people, side by side: pictures (N, 3, H, W) in [-1, 1] -> maps at strides 4, 8
    and 16, of 120, 224 and 640 channels, named "0" to "2". The last ones end with PoseNet's, which its heads read."""

    CHANNELS = (24 + 96, 32 + 192, 256 + 384)

    def __init__(self, published: bool = False):
        super().__init__()
        self.deeplab, self.posenet = deeplab() if published else DeepLab(), posenet(published)
        del self.deeplab.logits

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        levels = zip(self.deeplab.levels(pictures), self.posenet(pictures))
        return {str(number): torch.cat(pair, dim=1) for number, pair in enumerate(levels)}

    def votes(self, maps: dict[str, torch.Tensor]) -> torch.Tensor:
        """PoseNet's votes for the 17 keypoints, from those maps: (N, 17, h, w) at stride 8."""
        return self.posenet.votes(maps["2"][:, -384:])


def posenet(published: bool = False) -> PoseNet:
    """PoseNet; with `published` its weights for the keypoints of COCO, from the folder in DLCV_START. FileNotFoundError
    where that has none: they are not on any server that torchvision knows."""
    return loaded_from_posenet(PoseNet(), published)


def posenet_body(published: bool = False) -> PoseNetBody:
    """Its body alone, to begin a training with or to stand on."""
    return loaded_from_posenet(PoseNetBody(), published)


def loaded_from_posenet(model: PoseNetBody, published: bool = True) -> PoseNetBody:
    """The same model with those of the published weights that it has a place for."""
    if published:
        state = _started("posenet_mobilenetv1_075.safetensors")
        model.load_state_dict({name: value for name, value in state.items() if name in model.state_dict()})
    return model


def _started(file: str) -> dict[str, torch.Tensor]:
    """The weights of a file in the folder DLCV_START, as float32."""
    from safetensors.torch import load_file

    path = Path(os.environ.get("DLCV_START", "")) / file
    if not path.exists():
        raise FileNotFoundError(f"{file} is needed: DLCV_START must name the folder that has it.")
    return {name: value.float() if value.is_floating_point() else value for name, value in load_file(path).items()}
