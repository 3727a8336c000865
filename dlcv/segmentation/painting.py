"""A small U-Net that learns while somebody watches, from strokes painted on one picture.

The encoder is a published one and stays as it is; only the decoder learns. Where nobody painted, no pixel has a label.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from ..core.datasets import VOID
from ..core.errors import InputError
from ..core.training.classifiers import conv_block
from .everyday import Everyday
from .loss import median_frequency, pixel_loss, pixel_weights, weighted_mean

LEVELS = (24, 32, 256)  # channels of the encoder's maps at strides 4, 8 and 16
MOST_CLASSES = 8


@dataclass
class Settings:
    """Settings of one training."""

    seconds: float = 8.0  # and updates, at most
    updates: int = 150
    rate: float = 5e-3
    width: int = 24  # maps of each of the decoder's levels
    shown_every: int = 5  # updates
    seed: int = 0


class Snapshot(NamedTuple):
    """State of a training after some updates."""

    step: int
    loss: float
    labels: torch.Tensor  # (H, W) uint8
    probabilities: torch.Tensor  # (L, H, W)


class Painter(nn.Module):
    """U-Net's decoder on three levels of maps that do not change, and on the picture itself."""

    def __init__(self, classes: int, width: int):
        super().__init__()
        self.narrow = nn.ModuleList(nn.Sequential(nn.Conv2d(c, width, 1), nn.ReLU()) for c in LEVELS)
        self.levels = nn.ModuleList(conv_block(2 * width, width) for _ in range(2))
        self.finest = nn.Sequential(conv_block(width + 3, width), nn.Conv2d(width, classes, 1))

    def forward(self, picture: torch.Tensor, levels: list[torch.Tensor]) -> torch.Tensor:
        """Logits (1, L, H, W) of a picture (1, 3, H, W) in [0, 1] and its maps (1, C, h, w), the finest first."""
        fine, middle, x = (narrow(maps) for narrow, maps in zip(self.narrow, levels))
        for block, copied in zip(self.levels, (middle, fine)):
            x = F.interpolate(x, copied.shape[2:], mode="bilinear")
            x = block(torch.cat([copied, x], 1))
        half = F.interpolate(picture, [max(1, side // 2) for side in picture.shape[2:]], mode="bilinear")
        x = torch.cat([2 * half - 1, F.interpolate(x, half.shape[2:], mode="bilinear")], 1)
        return F.interpolate(self.finest(x), picture.shape[2:], mode="bilinear")


def learn(encoder: Everyday, picture: torch.Tensor, strokes: torch.Tensor, settings: Settings) -> Iterator[Snapshot]:
    """Snapshots of a training on the strokes of one picture, the first at once and the last when it is over.

    Args:
        picture: (3, H, W) in [0, 1].
        strokes: (H, W) uint8: a class from 0 on where something was painted, VOID elsewhere.

    Raises InputError where fewer than two classes were painted, or too many, or the sizes differ.
    """
    painted = strokes[strokes != VOID].unique().tolist()
    if strokes.shape != picture.shape[1:]:
        raise InputError("The strokes need the size of the picture.")
    if len(painted) < 2:
        raise InputError("Paint a few strokes of at least two classes: one on the thing, one beside it.")
    if painted[-1] >= MOST_CLASSES:
        raise InputError(f"At most {MOST_CLASSES} classes can be painted.")
    device, classes = next(encoder.parameters()).device, int(painted[-1]) + 1
    x, labels = picture[None].to(device), strokes[None].to(device)
    with torch.no_grad():
        levels = encoder.levels(x)
    weights = pixel_weights(labels, median_frequency(strokes[None], classes).to(device))
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        network = Painter(classes, settings.width).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), settings.rate, weight_decay=1e-3)
    until, step = time.monotonic() + settings.seconds, 0
    while True:
        logits = network(x, levels)
        loss = weighted_mean(pixel_loss(logits, labels), weights)
        over = time.monotonic() >= until or step == settings.updates
        if over or step % settings.shown_every == 0:
            found = logits.detach()[0].softmax(0).cpu()
            yield Snapshot(step, loss.item(), found.argmax(0).to(torch.uint8), found)
        if over:
            return
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
