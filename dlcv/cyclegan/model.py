"""The paper's generator and 70 x 70 patch discriminator, and the four networks of a CycleGAN.

G: A -> B        F: B -> A        F(G(x)) close to x, G(F(y)) close to y
D_B: which patches of a picture look like B's; D_A likewise

Where B shows more than A, as digits before a photograph do, F gives a residual r beside the picture of A and G takes r
(Almahairi et al. 2018): F(y) = (x', r), G(x', r) close to y, and G(x, r) puts another digit before that photograph.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

NORMS = {"instance": nn.InstanceNorm2d, "batch": nn.BatchNorm2d, "none": nn.Identity}


@dataclass
class CycleGANConfig:
    """Settings of a `CycleGAN`; the defaults are the paper's but for the widths and blocks."""

    names: tuple[str, str] = ("photograph", "Monet")  # of the two domains, A and B
    channels: tuple[int, int] = (3, 3)  # of their pictures
    residual_channels: int = 0  # of the residual r that a picture of B has beside its picture of A
    width: int = 32  # feature maps at full size; 64 in the paper
    blocks: int = 6  # residual blocks; 9 in the paper at 256 px
    critic_width: int = 32  # of the first layer of a discriminator; 64 in the paper
    downsamplings: int = 2  # by 2 each, before the residual blocks
    skip_weight: float = 0.0  # of the input in the output of a generator
    blurred_upsampling: bool = False  # transposed convolutions with blurred kernels, which paint no chessboard
    input_noise: float = 0.0  # standard deviation of the noise on pictures of A that go into G
    residual_norm: Literal["instance", "batch"] = "instance"  # inside the residual blocks of generators
    outer_norm: Literal["instance", "batch", "none"] = "instance"  # of the other layers of generators
    critic_norm: Literal["instance", "none"] = "instance"  # of discriminators


class ResidualBlock(nn.Module):
    """x + two convolutions of x (N, C, H, W), mirrored at the border so that no frame grows round the picture."""

    def __init__(self, width: int, norm: type[nn.Module]):
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            norm(width),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            norm(width),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        return x + self.layers(x)


class BlurredTranspose(nn.ConvTranspose2d):
    """(N, C, H, W) -> (N, C', 2 H, 2 W) by a transposed convolution whose kernel is blurred.

    With stride 2 a kernel of 3 x 3 reaches every other row and column twice and the rest once, which paints a
    chessboard (Odena et al. 2016). Convolved with a square of 2 x 2, it gives all of them the same.
    """

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__(channels_in, channels_out, 3, stride=2, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        kernel = F.avg_pool2d(F.pad(self.weight, (1, 1, 1, 1)), 2, stride=1)  # (C, C', 4, 4)
        return F.conv_transpose2d(x, kernel, self.bias, stride=2, padding=1)


class Generator(nn.Sequential):
    """Pictures (N, C, H, W) -> (N, C', H, W), both in [-1, 1] (Johnson et al. 2016).

    H and W are multiples of 2^downsamplings. Inside, pictures are smaller by that factor, so that a residual block sees
    far for little work. Instance norm takes every feature map of every picture to mean 0 and variance 1: contrast is
    style, and thrown away. But F needs the contrast to give the photograph back, and then G may learn to paint a spot
    so bright that it tells how much the picture was scaled (the droplets of Karras et al. 2020). Without an outer norm
    G need not; and batch norm keeps contrast where contrast tells the domains apart.
    """

    def __init__(
        self,
        channels_in: int = 3,
        channels_out: int = 3,
        width: int = 64,
        blocks: int = 9,
        downsamplings: int = 2,
        *,
        skip_weight: float = 0.0,
        blurred_upsampling: bool = False,
        residual_norm: type[nn.Module] = nn.InstanceNorm2d,
        outer_norm: type[nn.Module] = nn.InstanceNorm2d,
    ):
        def down(width: int):  # (N, w, H, W) -> (N, 2 w, H / 2, W / 2)
            return nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), outer_norm(2 * width), nn.ReLU()

        def up(width: int):  # (N, w, H, W) -> (N, w / 2, 2 H, 2 W)
            if blurred_upsampling:
                upsample = BlurredTranspose(width, width // 2)
            else:
                upsample = nn.ConvTranspose2d(width, width // 2, 3, stride=2, padding=1, output_padding=1)
            return upsample, outer_norm(width // 2), nn.ReLU()

        widths = [width * 2**level for level in range(downsamplings + 1)]
        super().__init__(
            nn.ReflectionPad2d(3),
            nn.Conv2d(channels_in, width, 7),
            outer_norm(width),
            nn.ReLU(),
            *(layer for wide in widths[:-1] for layer in down(wide)),
            *(ResidualBlock(widths[-1], residual_norm) for _ in range(blocks)),
            *(layer for wide in widths[:0:-1] for layer in up(wide)),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, channels_out, 7),
        )
        self.skip_weight = skip_weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        return self.finish(x, super().forward(x))  # (N, C', H, W), as the last layer gives it

    def finish(self, x: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """Pictures from what the last layer gives, (N, C', H, W) both: tanh(logits + skip_weight atanh(x)).

        Instance norm throws the brightness of a picture away; by the skip connection the brightness gets past. With a
        weight of 1 the generators stay where the cycle is perfect and nothing is painted; so a half at most.
        """
        if self.skip_weight:
            logits = logits + self.skip_weight * torch.atanh(x.clamp(-0.98, 0.98))
        return torch.tanh(logits)


def load_published(state: dict[str, torch.Tensor]) -> Generator:
    """The authors' generator from the 48 tensors in their file, `model.1.weight` to `model.26.bias`.

    The layers stand in the same order as ours: only the inside of a residual block has another name in the file. Raises
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

    def __init__(self, channels: int = 3, width: int = 64, norm: type[nn.Module] = nn.InstanceNorm2d):
        def layer(before: int, after: int, stride: int):
            return nn.Conv2d(before, after, 4, stride, padding=1), norm(after), nn.LeakyReLU(0.2)

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
    """Both cycles, of pictures x of A and y of B, all in [-1, 1]."""

    fake_b: torch.Tensor  # (N, C', H, W): G(x)
    fake_a: torch.Tensor  # (N, C, H, W): F(y)
    reconstructed_a: torch.Tensor  # (N, C, H, W): F(G(x)), close to x
    reconstructed_b: torch.Tensor  # (N, C', H, W): G(F(y)), close to y


class CycleGAN(nn.Module, PyTorchModelHubMixin, pipeline_tag="image-to-image", tags=["cyclegan", "unpaired"]):
    """Both generators and both discriminators."""

    def __init__(self, config: CycleGANConfig):
        super().__init__()
        self.config = config
        a, b = config.channels
        size = config.width, config.blocks, config.downsamplings
        settings = {
            "skip_weight": config.skip_weight,
            "blurred_upsampling": config.blurred_upsampling,
            "residual_norm": NORMS[config.residual_norm],
            "outer_norm": NORMS[config.outer_norm],
        }
        self.to_b = Generator(a + config.residual_channels, b, *size, **settings)
        self.to_a = Generator(b, a + config.residual_channels, *size, **settings)
        self.critic_a = Discriminator(a, config.critic_width, NORMS[config.critic_norm])
        self.critic_b = Discriminator(b, config.critic_width, NORMS[config.critic_norm])
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, std=0.02)  # as in the paper's code
                nn.init.zeros_(module.bias)
        if config.outer_norm == "none":  # without a norm after it, a layer must keep the spread of its maps itself
            for network in self.children():
                for layer in list(network)[:-2]:
                    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                        nn.init.kaiming_normal_(layer.weight)

    @property
    def G(self) -> Generator:
        """The generator A -> B of the slide."""
        return self.to_b

    @property
    def F(self) -> Generator:
        """The generator B -> A of the slide."""
        return self.to_a

    @property
    def D_A(self) -> Discriminator:
        """The discriminator of A."""
        return self.critic_a

    @property
    def D_B(self) -> Discriminator:
        """The discriminator of B."""
        return self.critic_b

    def compose(self, x: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        """G(x, r): pictures of A (N, C, H, W) with residuals (N, R, H, W) -> of B (N, C', H, W)."""
        return self.G(torch.cat([x, residual], dim=1))

    def decompose(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """F(y): pictures of B (N, C', H, W) -> of A (N, C, H, W), and their residuals (N, R, H, W)."""
        return self.F(y).split([self.config.channels[0], self.config.residual_channels], dim=1)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> Translations:
        """Both cycles, of x (N, C, H, W) from A and y (N, C', H, W) from B; x gets the residual of y."""
        fake_a, residual = self.decompose(y)  # (N, C, H, W) and (N, R, H, W)
        fake_b = self.compose(x, residual)  # (N, C', H, W)
        reconstructed_a, _ = self.decompose(fake_b)  # (N, C, H, W)
        reconstructed_b = self.compose(fake_a, residual)  # (N, C', H, W)
        return Translations(fake_b, fake_a, reconstructed_a, reconstructed_b)
