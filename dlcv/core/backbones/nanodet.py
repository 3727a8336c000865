"""NanoDet-Plus-m (RangiLyu 2021), a published detector of COCO's 80 classes with 1.2 million weights.

ShuffleNetV2 (Ma et al. 2018), a pyramid of ghost blocks (Han et al. 2020), and distances to the four sides of a box as
distributions (Li et al. 2020, Generalized Focal Loss). Batch normalisation is folded into the convolutions.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F
from torchvision.ops import batched_nms

CLASSES = 80
STRIDES = (8, 16, 32, 64)
BINS = 8  # a distance is the mean of a distribution over 0, 1, ..., 7 strides
MEAN, DEVIATION = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)  # of blue, green, red in [0, 255]
NMS_IOU = 0.6
SMALL, LARGE = 192, 96  # pixels of a box's longer side, in the fine look: the one at most, in the coarse one at least
LEAST, MOST = 0.05, 100  # score of what is found, at least, and objects of a picture, at most
MULTIPLE = 64  # sides of the network's input


@dataclass
class NanoDetConfig:
    """Settings of a `NanoDet`."""

    fine: int = 640  # pixels that the longer side of a picture is scaled to, for what is small
    coarse: int = 416  # the same for what is large: what the network was trained at


class NanoDetOutput(NamedTuple):
    """What the heads say at A places, of all strides one after the other."""

    logits: torch.Tensor  # (N, A, 80), of a sigmoid
    boxes: torch.Tensor  # (N, A, 4), XYXY in pixels of the network's input


class Objects(NamedTuple):
    """The objects of one picture, the surest first."""

    boxes: torch.Tensor  # (D, 4), XYXY in pixels of the picture
    scores: torch.Tensor  # (D,)
    labels: torch.Tensor  # (D,), 0 to 79 in COCO's order: 0 is a person
    places: torch.Tensor  # (D,): which of the candidates they are


def activated(x: torch.Tensor) -> torch.Tensor:
    """x where it is positive, a tenth of x elsewhere."""
    return F.leaky_relu(x, 0.1)


class Pair(nn.Module):
    """A depthwise and a pointwise convolution, (N, C, H, W) -> (N, out, H / stride, W / stride)."""

    def __init__(self, channels: int, out: int, kernel: int = 5, stride: int = 1):
        super().__init__()
        self.dw = nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels)
        self.pw = nn.Conv2d(channels, out, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        return activated(self.pw(activated(self.dw(x))))


class Branch(nn.Module):
    """The branch of a ShuffleNet block that computes."""

    def __init__(self, channels: int, out: int, stride: int):
        super().__init__()
        self.pw1 = nn.Conv2d(channels, out, 1)
        self.dw = nn.Conv2d(out, out, 3, stride, 1, groups=out)
        self.pw2 = nn.Conv2d(out, out, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        return activated(self.pw2(self.dw(activated(self.pw1(x)))))


class Shortcut(nn.Module):
    """The other branch of the first block of a stage, at half the size."""

    def __init__(self, channels: int, out: int):
        super().__init__()
        self.dw = nn.Conv2d(channels, channels, 3, 2, 1, groups=channels)
        self.pw = nn.Conv2d(channels, out, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        return activated(self.pw(self.dw(x)))


class Shuffle(nn.Module):
    """A block of ShuffleNetV2: half of the channels pass unchanged, then the halves are mixed."""

    def __init__(self, channels: int, out: int, first: bool):
        super().__init__()
        half = out // 2
        if first:
            self.branch1 = Shortcut(channels, half)
        self.branch2 = Branch(channels if first else half, half, 2 if first else 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        halves = (x, x) if hasattr(self, "branch1") else x.chunk(2, dim=1)
        kept = self.branch1(halves[0]) if hasattr(self, "branch1") else halves[0]
        return F.channel_shuffle(torch.cat([kept, self.branch2(halves[1])], dim=1), 2)


class GhostModule(nn.Module):
    """Half of the channels by a convolution, the other half cheaply from the first."""

    def __init__(self, channels: int, out: int, active: bool):
        super().__init__()
        self.primary = nn.Conv2d(channels, out // 2, 1)
        self.cheap = nn.Conv2d(out // 2, out // 2, 3, padding=1, groups=out // 2)
        self.active = active

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        y = activated(self.primary(x)) if self.active else self.primary(x)
        z = activated(self.cheap(y)) if self.active else self.cheap(y)
        return torch.cat([y, z], dim=1)


class Ghost(nn.Module):
    """A ghost block, (N, 192, H, W) -> (N, 96, H, W)."""

    def __init__(self):
        super().__init__()
        self.ghost1, self.ghost2 = GhostModule(192, 96, True), GhostModule(96, 96, False)
        self.shortcut = nn.ModuleDict(
            {"dw": nn.Conv2d(192, 192, 5, padding=2, groups=192), "pw": nn.Conv2d(192, 96, 1)}
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        return self.ghost2(self.ghost1(x)) + self.shortcut["pw"](self.shortcut["dw"](x))


class NanoDet(nn.Module, PyTorchModelHubMixin, pipeline_tag="object-detection", tags=["nanodet"]):
    """Finds everyday objects of COCO's 80 classes, with a box for each: NanoDet-Plus-m, published by RangiLyu.

    Pictures (N, 3, H, W) in [0, 1], H and W multiples of 64 -> `NanoDetOutput`.
    """

    def __init__(self, config: NanoDetConfig):
        super().__init__()
        self.config = config
        self.stem = nn.Conv2d(3, 24, 3, 2, 1)
        channels = 24
        for name, out, blocks in (("stage2", 116, 4), ("stage3", 232, 8), ("stage4", 464, 4)):
            stage = [Shuffle(channels if block == 0 else out, out, block == 0) for block in range(blocks)]
            self.add_module(name, nn.Sequential(*stage))
            channels = out
        self.reduce = nn.ModuleList(nn.Conv2d(out, 96, 1) for out in (116, 232, 464))
        self.top_down = nn.ModuleList(Ghost() for _ in range(2))
        self.down = nn.ModuleList(Pair(96, 96, stride=2) for _ in range(2))
        self.bottom_up = nn.ModuleList(Ghost() for _ in range(2))
        self.extra_in, self.extra_out = Pair(96, 96, stride=2), Pair(96, 96, stride=2)
        self.heads = nn.ModuleList(
            nn.ModuleDict({"0": Pair(96, 96), "1": Pair(96, 96), "out": nn.Conv2d(96, CLASSES + 4 * BINS, 1)})
            for _ in STRIDES
        )

    def pyramid(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """Maps (N, 96, H / stride, W / stride) at the four strides."""
        mean, deviation = (pictures.new_tensor(values).view(3, 1, 1) for values in (MEAN, DEVIATION))
        x = (255 * pictures.flip(1) - mean) / deviation  # blue, green, red
        x = F.max_pool2d(activated(self.stem(x)), 3, 2, 1)  # (N, 24, H / 4, W / 4)
        stages = []
        for stage in (self.stage2, self.stage3, self.stage4):
            x = stage(x)
            stages.append(x)
        p3, p4, p5 = (activated(reduce(stage)) for reduce, stage in zip(self.reduce, stages))
        n4 = self.top_down[0](torch.cat([_doubled(p5), p4], dim=1))
        n3 = self.top_down[1](torch.cat([_doubled(n4), p3], dim=1))
        m4 = self.bottom_up[0](torch.cat([self.down[0](n3), n4], dim=1))
        m5 = self.bottom_up[1](torch.cat([self.down[1](m4), p5], dim=1))
        return [n3, m4, m5, self.extra_in(p5) + self.extra_out(m5)]

    def forward(self, pictures: torch.Tensor) -> NanoDetOutput:  # noqa: D102  its class says it
        logits, boxes = [], []
        for maps, head, stride in zip(self.pyramid(pictures), self.heads, STRIDES):
            found = head["out"](head["1"](head["0"](maps)))  # (N, 112, h, w)
            height, width = found.shape[2:]
            found = found.flatten(2).transpose(1, 2)  # (N, h w, 112)
            logits.append(found[..., :CLASSES])
            share = found[..., CLASSES:].unflatten(2, (4, BINS)).softmax(3)
            distance = stride * (share * torch.arange(BINS, device=found.device)).sum(3)  # left, top, right, bottom
            y, x = torch.meshgrid(
                stride * torch.arange(height, device=found.device),
                stride * torch.arange(width, device=found.device),
                indexing="ij",
            )
            place = torch.stack([x, y, x, y], dim=-1).view(-1, 4)
            boxes.append(place + distance * distance.new_tensor([-1, -1, 1, 1]))
        return NanoDetOutput(torch.cat(logits, dim=1), torch.cat(boxes, dim=1))

    @torch.inference_mode()
    def candidates(self, picture: torch.Tensor) -> Objects:
        """What a picture (3, H, W) in [0, 1] may have in it: all that is surer than `LEAST`, before overlaps are
        suppressed. Two looks, a fine one for what is small and a coarse one for what is large."""
        fine, coarse = (self._look(picture, side) for side in (self.config.fine, self.config.coarse))
        sides = [(look.boxes[:, 2:] - look.boxes[:, :2]).amax(1) for look in (fine, coarse)]
        scale = self.config.fine / max(picture.shape[1:])
        kept = scale * sides[0] <= SMALL, scale * sides[1] >= LARGE
        boxes, scores, labels = (
            torch.cat([values[there] for values, there in zip(pair, kept)]) for pair in zip(fine[:3], coarse[:3])
        )
        return Objects(boxes, scores, labels, torch.arange(len(labels), device=labels.device))

    def _look(self, picture: torch.Tensor, side: int) -> Objects:
        """What a picture may have in it, by one pass at `side` pixels on its longer side."""
        scale = side / max(picture.shape[1:])
        size = [max(1, round(side * scale)) for side in picture.shape[1:]]
        small = F.interpolate(picture[None], size, mode="bilinear", antialias=True, align_corners=False)
        right, below = -size[1] % MULTIPLE, -size[0] % MULTIPLE
        found = self(F.pad(small, (0, right, 0, below)))  # black where there is no picture
        probability = found.logits[0].sigmoid()
        place, label = (probability > LEAST).nonzero(as_tuple=True)
        height, width = picture.shape[1:]
        boxes = found.boxes[0][place] * picture.new_tensor([width / size[1], height / size[0]] * 2)
        boxes = boxes.clamp(min=0).minimum(boxes.new_tensor([width, height, width, height]))
        return Objects(boxes, probability[place, label], label, torch.arange(len(label), device=label.device))

    def detect(self, picture: torch.Tensor, score: float = LEAST) -> Objects:
        """The objects of a picture (3, H, W) in [0, 1], each surer than `score`."""
        return suppressed(self.candidates(picture), score)


def suppressed(found: Objects, score: float = LEAST, iou: float = NMS_IOU) -> Objects:
    """What is left of candidates surer than `score` where boxes of one class that overlap by more than `iou` count once
    (non-maximum suppression); the surest MOST of them."""
    sure = found.scores > score
    sure = Objects(*(values[sure] for values in found))
    kept = batched_nms(sure.boxes, sure.scores, sure.labels, iou)[:MOST]
    return Objects(*(values[kept] for values in sure))


def _doubled(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
