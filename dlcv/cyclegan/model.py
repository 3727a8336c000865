"""The paper's generator and 70 x 70 patch discriminator, and the four networks of a CycleGAN.

G: A -> B        F: B -> A        F(G(x)) close to x, G(F(y)) close to y
D_B: which patches of a picture look like B's; D_A likewise
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn


@dataclass
class CycleGANConfig:
    """Settings of a `CycleGAN`."""

    names: tuple[str, str] = ("photograph", "Monet")  # of the two domains, A and B
    channels: tuple[int, int] = (3, 3)  # of their pictures
    noise: int = 0  # channels of noise beside a picture of A: many a picture of B answers to one of A
    width: int = 32  # feature maps at full size; 64 in the paper
    blocks: int = 6  # residual blocks; 9 in the paper at 256 px
    critic_width: int = 32  # of the first layer of a discriminator; 64 in the paper


class ResidualBlock(nn.Module):
    """x + two convolutions of x (N, C, H, W); mirrored at the border, so that no frame grows round the picture."""

    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x)


class Generator(nn.Sequential):
    """Pictures (N, C, H, W) -> (N, C', H, W), both in [-1, 1]; H and W multiples of 4 (Johnson et al. 2016).

    A quarter of the size inside, so that a residual block sees far for little work. Instance norm takes every feature
    map of every picture to mean 0 and variance 1: contrast is style, and thrown away.
    """

    def __init__(self, channels_in: int = 3, channels_out: int = 3, width: int = 64, blocks: int = 9):
        super().__init__(
            nn.ReflectionPad2d(3),
            nn.Conv2d(channels_in, width, 7),
            nn.InstanceNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),  # (N, 2 w, H / 2, W / 2)
            nn.InstanceNorm2d(2 * width),
            nn.ReLU(),
            nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1),  # (N, 4 w, H / 4, W / 4)
            nn.InstanceNorm2d(4 * width),
            nn.ReLU(),
            *(ResidualBlock(4 * width) for _ in range(blocks)),
            nn.ConvTranspose2d(4 * width, 2 * width, 3, stride=2, padding=1, output_padding=1),
            nn.InstanceNorm2d(2 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 3, stride=2, padding=1, output_padding=1),
            nn.InstanceNorm2d(width),
            nn.ReLU(),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, channels_out, 7),
            nn.Tanh(),
        )


def load_published(state: dict[str, torch.Tensor]) -> Generator:
    """The authors' generator from their own 48 tensors, `model.1.weight` to `model.26.bias`.

    Their layers stand in the same order as ours: only the inside of a residual block has another name there. Raises
    RuntimeError where a tensor is missing, unknown or of another shape.
    """
    generator = Generator()
    renamed = {
        name.removeprefix("model.").replace(".conv_block.", ".layers."): tensor for name, tensor in state.items()
    }
    generator.load_state_dict(renamed)
    return generator.eval()


class Discriminator(nn.Sequential):
    """Pictures (N, C, H, W) in [-1, 1] -> scores (N, H / 8 - 2, W / 8 - 2), one for each patch of 70 x 70 pixels.

    1 for a patch of a real picture, 0 for one of a generated: style is in the patches, what is shown is left alone.
    """

    def __init__(self, channels: int = 3, width: int = 64):
        def layer(before: int, after: int, stride: int):
            return nn.Conv2d(before, after, 4, stride, padding=1), nn.InstanceNorm2d(after), nn.LeakyReLU(0.2)

        super().__init__(
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            *layer(width, 2 * width, 2),
            *layer(2 * width, 4 * width, 2),
            *layer(4 * width, 8 * width, 1),
            nn.Conv2d(8 * width, 1, 4, padding=1),
            nn.Flatten(1, 2),
        )


class Translations(NamedTuple):
    """What a CycleGAN makes of pictures x of A and y of B, all in [-1, 1]."""

    fake_b: torch.Tensor  # G(x)
    fake_a: torch.Tensor  # F(y)
    back_a: torch.Tensor  # F(G(x)), close to x
    back_b: torch.Tensor  # G(F(y)), close to y


class CycleGAN(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-to-image", tags=["cyclegan", "unpaired"]):
    """Both generators and both discriminators."""

    def __init__(self, config: CycleGANConfig):
        super().__init__()
        self.config = config
        a, b = config.channels
        self.to_b = Generator(a + config.noise, b, config.width, config.blocks)
        self.to_a = Generator(b, a, config.width, config.blocks)
        self.critic_a = Discriminator(a, config.critic_width)
        self.critic_b = Discriminator(b, config.critic_width)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, std=0.02)  # as in the paper's code
                nn.init.zeros_(module.bias)

    def paint(self, x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """G(x): pictures of A (N, C, H, W) -> of B; noise, where the network takes some, from `generator`."""
        if self.config.noise:
            count, _, height, width = x.shape
            noise = torch.randn(count, self.config.noise, height, width, generator=generator, device=x.device)
            x = torch.cat([x, noise], dim=1)
        return self.to_b(x)

    def forward(self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator | None = None) -> Translations:
        """Both cycles, of x (N, C, H, W) from A and y (N, C', H, W) from B."""
        fake_b, fake_a = self.paint(x, generator), self.to_a(y)
        return Translations(fake_b, fake_a, self.to_a(fake_b), self.paint(fake_a, generator))
