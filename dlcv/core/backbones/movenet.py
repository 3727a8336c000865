"""MoveNet Thunder (Google 2021), a published network for the 17 keypoints of COCO, 6.2 million weights.

MobileNetV2 with 1.75 times its channels (Sandler et al. 2018), a pyramid up to stride 4, and heads as CenterNet has
them (Zhou et al. 2019): centres of people, a heat map for each keypoint, where a person's keypoints are expected, and
where in a cell a keypoint lies. Batch normalisation is folded into the convolutions.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..images.fit import squares_around

KEYPOINTS = 17
STRIDE = 4
MULTIPLE = 32  # sides of the network's input
SOFTENS = 1.8  # cells that are added to a distance before a belief is divided by it
OUT = (32, 40, 40, 56, 56, 56, 112, 112, 112, 112, 168, 168, 168, 280, 280, 280, 560)
HALVES = (1, 3, 6, 13)  # blocks of stride 2


@dataclass
class MoveNetConfig:
    """Settings of a `MoveNet`."""

    side: int = 256  # pixels of the square that one person is read from
    margin: float = 1.1  # side of that square, in longer sides of the person's box


class MoveNetOutput(NamedTuple):
    """The maps of N pictures, at stride 4."""

    center: torch.Tensor  # (N, 1, h, w): logits of a person's centre
    heatmap: torch.Tensor  # (N, 17, h, w): logits of a keypoint
    regress: torch.Tensor  # (N, 17, 2, h, w): (dy, dx) in cells from a centre to where a keypoint is expected
    offset: torch.Tensor  # (N, 17, 2, h, w): (dy, dx) in cells from a cell to the keypoint in it
    features: torch.Tensor  # (N, 24, h, w): what the heads read


def _padded(x: torch.Tensor, convolution: nn.Conv2d) -> torch.Tensor:
    """A convolution padded to the right and below only where its stride is 2, as TensorFlow does on even sizes."""
    return convolution(F.pad(x, (0, 1, 0, 1)) if convolution.stride[0] == 2 else x)


class Block(nn.Module):
    """An inverted residual of MobileNetV2, (N, C, H, W) -> (N, out, H / stride, W / stride)."""

    def __init__(self, channels: int, out: int, stride: int, expands: bool):
        super().__init__()
        inner = 6 * channels if expands else channels
        self.expand = nn.Conv2d(channels, inner, 1) if expands else None
        self.dw = nn.Conv2d(inner, inner, 3, stride, padding=int(stride == 1), groups=inner)
        self.project = nn.Conv2d(inner, out, 1)
        self.residual = stride == 1 and channels == out

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        y = F.relu6(self.expand(x)) if self.expand else x
        y = self.project(F.relu6(_padded(y, self.dw)))
        return x + y if self.residual else y


class Separable(nn.Module):
    """A depthwise convolution without bias and a pointwise one."""

    def __init__(self, channels: int, out: int):
        super().__init__()
        self.dw = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.pw = nn.Conv2d(channels, out, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        return self.pw(self.dw(x)).relu()


class Head(nn.Module):
    """Maps (N, 24, h, w) -> (N, out, h, w)."""

    def __init__(self, out: int):
        super().__init__()
        self.sep, self.out = Separable(24, 96), nn.Conv2d(96, out, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        return self.out(self.sep(x))


class MoveNetBody(nn.Module):
    """Pictures (N, 3, H, W) in [0, 1], H and W multiples of 32 -> features (N, 24, H / 4, W / 4)."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 56, 3, 2)
        channels = (56, *OUT[:-1])
        self.blocks = nn.ModuleList(
            Block(into, out, 2 if number in HALVES else 1, number > 0)
            for number, (into, out) in enumerate(zip(channels, OUT))
        )
        self.last = nn.Conv2d(560, 1280, 1)
        self.lateral = nn.ModuleList(nn.Conv2d(*sides, 1) for sides in ((1280, 64), (112, 64), (56, 32), (40, 24)))
        self.up = nn.ModuleList(Separable(*sides) for sides in ((64, 32), (32, 24), (24, 24)))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        x = F.relu6(_padded(255 * 0.007843 * pictures - 1, self.stem))  # (N, 56, H / 2, W / 2)
        seen = []
        for block in self.blocks:
            x = block(x)
            seen.append(x)
        x = self.lateral[0](F.relu6(self.last(x)))  # (N, 64, H / 32, W / 32)
        for number, skip in enumerate((seen[9], seen[5], seen[2])):  # strides 16, 8, 4
            doubled = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = self.up[number](doubled + self.lateral[number + 1](skip))
        return x


class MoveNet(MoveNetBody, PyTorchModelHubMixin, pipeline_tag="keypoint-detection", tags=["movenet"]):
    """Finds the 17 keypoints of COCO of a person whose box is known: MoveNet Thunder, published by Google.

    Pictures (N, 3, H, W) in [0, 1], H and W multiples of 32 -> `MoveNetOutput`.
    """

    def __init__(self, config: MoveNetConfig):
        super().__init__()
        self.config = config
        sizes = {"center": 1, "kpt_heatmap": KEYPOINTS, "kpt_regress": 2 * KEYPOINTS, "kpt_offset": 2 * KEYPOINTS}
        self.heads = nn.ModuleDict({name: Head(out) for name, out in sizes.items()})

    def forward(self, pictures: torch.Tensor) -> MoveNetOutput:  # noqa: D102  its class says it
        features = super().forward(pictures)
        center, heatmap, regress, offset = (head(features) for head in self.heads.values())
        pairs = [maps.unflatten(1, (KEYPOINTS, 2)) for maps in (regress, offset)]
        return MoveNetOutput(center, heatmap, *pairs, features)

    @torch.inference_mode()
    def people(self, picture: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
        """The keypoints (D, 17, 3) of the people in boxes (D, 4), XYXY, of a picture (3, H, W) in [0, 1]: x and y in
        pixels of the picture, and a score. Each is read from a square around the middle of the box."""
        if not len(boxes):
            return boxes.new_zeros(0, KEYPOINTS, 3)
        squares, corner, side = squares_around(picture, boxes, self.config.margin, self.config.side)
        found = decoded(self(squares))
        places = found[..., :2] * (side / self.config.side)[:, None, None] + corner[:, None]
        return torch.cat([places, found[..., 2:]], dim=2)

    @torch.inference_mode()
    def everyone(self, picture: torch.Tensor, side: int, score: float) -> torch.Tensor:
        """The keypoints (D, 17, 3) of everybody in a picture (3, H, W) in [0, 1], as `people` has them, by one pass at
        `side` pixels on the longer side: from each centre surer than `score`, the largest of 5 x 5 cells. Faster and
        less exact than person by person; near people are what it is good for."""
        height, width = picture.shape[1:]
        size = [max(1, round(length * side / max(height, width))) for length in (height, width)]
        small = F.interpolate(picture[None], size, mode="bilinear", antialias=True, align_corners=False)
        found = self(F.pad(small, (0, -size[1] % MULTIPLE, 0, -size[0] % MULTIPLE)))
        center = found.center.sigmoid()
        peak = (center == F.max_pool2d(center, 5, 1, 2)) & (center > score)
        people = read_from(found, peak.flatten().nonzero().T)[0]
        scale = people.new_tensor([width / size[1], height / size[0], 1])
        return people * scale


def decoded(found: MoveNetOutput) -> torch.Tensor:
    """The keypoints (N, 17, 3) of the person nearest to the middle of each picture: x and y in pixels, and a score."""
    height, width = found.center.shape[2:]
    rows, columns = _cells(found)
    far = torch.hypot(rows - height / 2, columns - width / 2)
    best = (found.center[:, 0].sigmoid() / (far + SOFTENS)).flatten(1).argmax(1)  # (N,)
    return read_from(found, best[:, None])[:, 0]


def read_from(found: MoveNetOutput, centres: torch.Tensor) -> torch.Tensor:
    """The keypoints (N, K, 17, 3) of the people whose centres are at cells (N, K), counted row by row: each keypoint is
    where its heat map is largest, divided by the distance to where it is expected from the centre."""
    width = found.center.shape[3]
    rows, columns = _cells(found)
    pick = centres[:, None, None].expand(-1, KEYPOINTS, 2, -1)
    expected = found.regress.flatten(3).gather(3, pick).permute(0, 3, 1, 2)  # (N, K, 17, 2)
    expected = expected + torch.stack([centres // width, centres % width], dim=2)[:, :, None]
    far = torch.hypot(rows - expected[..., :1, None], columns - expected[..., 1:, None])  # (N, K, 17, h, w)
    heat = found.heatmap.sigmoid()[:, None]  # (N, 1, 17, h, w)
    at = (heat / (far + SOFTENS)).flatten(3).argmax(3, keepdim=True)  # (N, K, 17, 1)
    score = heat.flatten(3).expand(-1, centres.shape[1], -1, -1).gather(3, at)  # (N, K, 17, 1)
    pick = at[..., 0].transpose(1, 2)[:, :, None].expand(-1, -1, 2, -1)
    offset = found.offset.flatten(3).gather(3, pick).permute(0, 3, 1, 2)  # (N, K, 17, 2)
    y, x = at // width + offset[..., :1], at % width + offset[..., 1:]
    return torch.cat([STRIDE * x, STRIDE * y, score], dim=3)


def _cells(found: MoveNetOutput) -> tuple[torch.Tensor, torch.Tensor]:
    """Row and column of each cell, (h, w) each."""
    height, width = found.center.shape[2:]
    sides = (torch.arange(length, device=found.center.device, dtype=torch.float32) for length in (height, width))
    return torch.meshgrid(*sides, indexing="ij")
