"""Progressive growing (Karras et al. 2018): the same game at 4 x 4, then 8 x 8, ..., each new layer faded in.

    generator   z -> 4 x 4 features -> ... -> features of the present side -> colours
    critic      colours -> features of the present side -> ... -> 4 x 4 -> one score

Both networks get the class of the garment, as Karras' code does with the classes of CIFAR-10.

At a stage `s` between two sides, s = 2.3 say, pictures of 16 x 16 are 0.7 of the old 8 x 8 ones, enlarged, and 0.3 of
the new layer's picture: no network gets a larger picture from one step to the next.
"""

import math
from dataclasses import dataclass

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.datasets import clothing

SMALLEST = 4  # pixels; stage 0


@dataclass
class ProgressiveConfig:
    """Settings of a `ProgressiveGAN`."""

    latents: int = 128
    channels: tuple[int, ...] = (128, 128, 96, 48, 24)  # of the features at 4, 8, 16, 32 and 64 px
    class_names: tuple[str, ...] = tuple(clothing.CLASSES)


class Equalised(nn.Module):
    """A layer whose weights are drawn from N(0, 1) and scaled at run time, so that Adam moves all layers alike."""

    def __init__(self, layer: nn.Linear | nn.Conv2d, gain: float = math.sqrt(2)):
        super().__init__()
        nn.init.normal_(layer.weight)
        nn.init.zeros_(layer.bias)
        self.layer, self.scale = layer, gain / math.sqrt(layer.weight[0].numel())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Output of the layer with its scaled weights."""
        weight = self.layer.weight * self.scale
        if isinstance(self.layer, nn.Linear):
            return F.linear(x, weight, self.layer.bias)
        return F.conv2d(x, weight, self.layer.bias, padding=self.layer.padding)


def conv(channels_in: int, channels_out: int, side: int = 3, gain: float = math.sqrt(2)) -> Equalised:
    """An equalised convolution that keeps the size."""
    return Equalised(nn.Conv2d(channels_in, channels_out, side, padding=side // 2), gain)


class PixelNorm(nn.Module):
    """Every pixel's feature vector scaled to unit mean square: competition between the networks cannot escalate."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features (N, C, S, S), or latents (N, C), with unit mean square over C."""
        return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


class MinibatchDeviation(nn.Module):
    """One more feature map: the standard deviation over the batch, averaged. A generator without variety gives itself
    away."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features (N, C, S, S) -> (N, C + 1, S, S)."""
        deviation = x.float().var(0, correction=0).add(1e-8).sqrt().mean()
        return torch.cat([x, deviation.to(x.dtype).expand(len(x), 1, *x.shape[2:])], dim=1)


def act(x: torch.Tensor) -> torch.Tensor:
    """Leaky ReLU, slope 0.2."""
    return F.leaky_relu(x, 0.2)


class Generator(nn.Module):
    """z (N, d) and labels (N,) -> pictures of any stage, (N, 3, S, S), about [0, 1]."""

    def __init__(self, config: ProgressiveConfig):
        super().__init__()
        widths = config.channels
        self.norm = PixelNorm()
        self.of_class = nn.Embedding(len(config.class_names), config.latents)
        self.first = Equalised(nn.Linear(2 * config.latents, widths[0] * SMALLEST**2), gain=math.sqrt(2) / 4)
        self.blocks = nn.ModuleList(
            nn.ModuleList([conv(widths[max(stage - 1, 0)], width), conv(width, width)])
            for stage, width in enumerate(widths)
        )
        self.colours = nn.ModuleList(conv(width, 3, 1, gain=1) for width in widths)

    def features(self, z: torch.Tensor, labels: torch.Tensor, whole: int) -> list[torch.Tensor]:
        """Features (N, C, S, S) of every side up to that of stage `whole`."""
        z = torch.cat([self.norm(z), self.norm(self.of_class(labels))], dim=1)  # (N, 2 d)
        x = self.norm(act(self.first(z).unflatten(1, (-1, SMALLEST, SMALLEST))))  # (N, C, 4, 4)
        features = []
        for index, block in enumerate(self.blocks[: whole + 1]):
            if index:
                x = F.interpolate(x, scale_factor=2)
            for layer in block:
                x = self.norm(act(layer(x)))
            features.append(x)
        return features

    def picture(self, features: list[torch.Tensor], stage: float) -> torch.Tensor:
        """The colours of the last features, faded in: at stage 2.3 the old layer's picture still counts 0.7."""
        picture = self.colours[len(features) - 1](features[-1])  # (N, 3, S, S)
        old_share = math.ceil(stage) - stage
        if old_share:
            old = F.interpolate(self.colours[len(features) - 2](features[-2]), scale_factor=2)
            picture = picture.lerp(old, old_share)
        return picture * 0.5 + 0.5

    def forward(self, z: torch.Tensor, labels: torch.Tensor, stage: float) -> torch.Tensor:
        """Pictures at a stage: 2 is 16 x 16, 1.3 is 16 x 16 with 0.3 of the new layer."""
        return self.picture(self.features(z, labels, math.ceil(stage)), stage)


class Critic(nn.Module):
    """Pictures of any stage, (N, 3, S, S) in [0, 1], and labels (N,) -> scores (N,)."""

    def __init__(self, config: ProgressiveConfig):
        super().__init__()
        widths = config.channels
        self.colours = nn.ModuleList(conv(3, width, 1) for width in widths)
        self.blocks = nn.ModuleList(
            nn.ModuleList([conv(width + (stage == 0), width), conv(width, widths[max(stage - 1, 0)])])
            for stage, width in enumerate(widths)
        )
        self.deviation = MinibatchDeviation()
        self.last = Equalised(nn.Linear(widths[0] * SMALLEST**2, len(config.class_names)), gain=1)

    def forward(self, pictures: torch.Tensor, labels: torch.Tensor, stage: float) -> torch.Tensor:
        """Scores (N,) of pictures of the stage's size, each as one of its class: every class has a critic of its own,
        and all share all layers but the last."""
        whole = math.ceil(stage)
        pictures = pictures * 2 - 1
        x = act(self.colours[whole](pictures))  # (N, C, S, S)
        for index in range(whole, -1, -1):
            if index == 0:
                x = self.deviation(x)
            for layer in self.blocks[index]:
                x = act(layer(x))
            if index:
                x = F.avg_pool2d(x, 2)
            if index == whole and whole > stage:
                old = act(self.colours[whole - 1](F.avg_pool2d(pictures, 2)))
                x = old.lerp(x, 1 - (whole - stage))
        scores = self.last(x.flatten(1))  # (N, classes)
        return scores.gather(1, labels.unsqueeze(1)).squeeze(1)


class ProgressiveGAN(nn.Module, PyTorchModelHubMixin, pipeline_tag="unconditional-image-generation", tags=["gan"]):
    """A generator and its critic, grown together."""

    def __init__(self, config: ProgressiveConfig):
        super().__init__()
        self.config = config
        self.generator, self.critic = Generator(config), Critic(config)
        self.register_buffer("shares", torch.ones(len(config.class_names)))  # of the classes among the photographs

    @property
    def last_stage(self) -> int:
        """The stage of the largest pictures."""
        return len(self.config.channels) - 1

    def forward(self, z: torch.Tensor, labels: torch.Tensor, stage: float | None = None) -> torch.Tensor:
        """Pictures (N, 3, S, S) in [0, 1] of latents (N, d) and labels (N,), at a stage or at the largest size."""
        return self.generator(z, labels, self.last_stage if stage is None else stage).clamp(0, 1)
