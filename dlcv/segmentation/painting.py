"""A small U-Net that learns while somebody watches, from strokes painted on one picture.

The encoder is a published one and stays as it is; only the decoder learns. Where nobody painted, no pixel has a label.
So few labels are soon known by heart: maps are dropped at random while it learns, and what is shown of its answer is
smoothed within the edges of the picture.
"""

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
from .guided import refined
from .loss import median_frequency, pixel_loss, pixel_weights, weighted_mean

LEVELS = (24, 32, 256)  # channels of the encoder's maps at strides 4, 8 and 16
MOST_CLASSES = 8


@dataclass
class Settings:
    """Settings of one training."""

    updates: int = 60
    rate: float = 3e-3
    dropped: float = 0.5  # of the encoder's maps, others at every update
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
    """U-Net's decoder on three levels of maps that do not change, and on the picture itself, half as large."""

    def __init__(self, classes: int, width: int):
        super().__init__()
        self.narrow = nn.ModuleList(nn.Sequential(nn.Conv2d(c, width, 1), nn.ReLU()) for c in LEVELS)
        self.levels = nn.ModuleList(conv_block(2 * width, width) for _ in range(2))
        self.finest = nn.Sequential(conv_block(width + 3, width), nn.Conv2d(width, classes, 1))

    def forward(self, half: torch.Tensor, levels: list[torch.Tensor], size: torch.Size) -> torch.Tensor:
        """Logits (1, L, *size) by the picture (1, 3, h, w) and its maps (1, C, h, w), the finest first; all of these
        as `standardised` has them."""
        fine, middle, x = (narrow(maps) for narrow, maps in zip(self.narrow, levels))
        for block, copied in zip(self.levels, (middle, fine)):
            x = F.interpolate(x, copied.shape[2:], mode="bilinear")
            x = block(torch.cat([copied, x], 1))
        x = torch.cat([half, F.interpolate(x, half.shape[2:], mode="bilinear")], 1)
        return F.interpolate(self.finest(x), size, mode="bilinear")


def standardised(maps: torch.Tensor) -> torch.Tensor:
    """Maps (1, C, h, w), each with mean 0 and deviation 1."""
    return (maps - maps.mean((2, 3), keepdim=True)) / maps.std((2, 3), keepdim=True).clamp_min(1e-3)


def learn(encoder: Everyday, picture: torch.Tensor, strokes: torch.Tensor, settings: Settings) -> Iterator[Snapshot]:
    """Snapshots of a training on the strokes of one picture, the first at once and the last when it is over.

    Nothing is computed between two of them, so that whoever asks may stop at any time.

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
    half = F.interpolate(x, [max(1, side // 2) for side in x.shape[2:]], mode="bilinear", antialias=True)
    with torch.no_grad():
        half, *levels = (standardised(maps) for maps in (half, *encoder.levels(x)))
    weights = pixel_weights(labels, median_frequency(strokes[None], classes).to(device))
    generator = torch.Generator().manual_seed(settings.seed)

    def dropped(maps: torch.Tensor) -> torch.Tensor:
        kept = torch.rand(maps.shape[1], 1, 1, generator=generator) >= settings.dropped
        return maps * kept.to(device) / (1 - settings.dropped)

    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        network = Painter(classes, settings.width).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), settings.rate, weight_decay=1e-3)
    for step in range(settings.updates + 1):
        loss = weighted_mean(
            pixel_loss(network(half, [dropped(maps) for maps in levels], x.shape[2:]), labels), weights
        )
        if step % settings.shown_every == 0:
            with torch.no_grad():
                found = refined(network(half, levels, x.shape[2:])[0].softmax(0), x[0]).clamp(0, 1).cpu()
            yield Snapshot(step, loss.item(), found.argmax(0).to(torch.uint8), found)
        if step == settings.updates:
            return
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
