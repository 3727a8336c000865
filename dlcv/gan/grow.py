"""Grow the GAN of garments: python -m dlcv.gan.grow [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

import math
from pathlib import Path

import torch
from torch.nn import functional as F

from ..core.datasets import TensorBatches, clothing
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from . import loss as objectives
from .algorithm import freeze_the_other, network_at
from .progressive import SMALLEST, Generator, ProgressiveConfig, ProgressiveGAN

CONFIGS = {
    "progressive-clothing-64": ProgressiveConfig(),
    "progressive-clothing-128": ProgressiveConfig(256, (256, 256, 192, 128, 64, 32)),  # wants a GPU
}
PRESETS = {  # three times Karras' rate in the beginning: we have a tenth of his steps
    preset: dict.fromkeys(CONFIGS, Recipe(epochs, batch_size=16, learning_rate=3e-3, betas=(0.0, 0.99)))
    for preset, epochs in (("cpu", 300), ("gpu", 2000))
}
CRITIC_STEPS = 1  # k of the slide
PENALTY, DRIFT = 10.0, 1e-3  # lambda of the slide; weight of the squared scores, which keeps them near zero
FADE = 0.4  # share of a stage's time in which its layer fades in
LARGE = 1.5  # length of a stage over that of the stage before


def stage_at(progress: float, last: int) -> float:
    """Stage at a progress in [0, 1): 0, then 0 to 1 while the layer of 8 x 8 fades in, 1, 1 to 2, ..., last."""
    lengths = [LARGE**stage for stage in range(last + 1)]
    position = progress * sum(lengths)
    for stage, length in enumerate(lengths):
        if position < length:
            faded = min(1.0, position / length / FADE)
            return float(stage) if stage == 0 or faded == 1 else max(stage - 1 + faded, stage - 1 + 1e-6)
        position -= length
    return float(last)


def at_stage(pictures: torch.Tensor, stage: float) -> torch.Tensor:
    """Real pictures (N, 3, S, S) in [0, 1] at the size of a stage, faded like the generated ones."""
    whole = math.ceil(stage)
    small = F.adaptive_avg_pool2d(pictures, SMALLEST * 2**whole)
    if whole > stage:
        small = F.interpolate(F.avg_pool2d(small, 2), scale_factor=2).lerp(small, 1 - (whole - stage))
    return small


def recolour(
    pictures: torch.Tensor, generator: torch.Generator, brightness: float, saturation: float, contrast: float
) -> torch.Tensor:
    """Pictures (N, 3, S, S), each with its brightness, saturation and contrast changed at random by up to so much."""

    def change(limit: float) -> torch.Tensor:
        return limit * (2 * torch.rand(len(pictures), 1, 1, 1, generator=generator, device=pictures.device) - 1)

    x = pictures + change(brightness)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (1 + change(saturation))
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (x - mean) * (1 + change(contrast))


def move(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Pictures (N, 3, S, S), each shifted by up to a sixteenth of its side, and half of them mirrored."""
    count, side, device = len(pictures), pictures.shape[-1], pictures.device
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0] = (torch.rand(count, generator=generator, device=device) - 0.5).sign()
    theta[:, 1, 1] = 1
    steps = ((2 * torch.rand(count, 2, generator=generator, device=device) - 1) * side / 16).round()  # whole pixels
    theta[:, :, 2] = 2 * steps / side
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, mode="nearest", padding_mode="reflection", align_corners=False)


def augment(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Differentiable augmentation (Zhao et al. 2020) of real and generated pictures (N, 3, S, S) alike.

    The critic never sees the same photograph twice, so that it cannot overfit to them, and the generator learns none of
    the changes. Stronger changes of colour harm: the critic becomes blind to colours.
    """
    return move(recolour(pictures, generator, brightness=0.1, saturation=0.0, contrast=0.2), generator)


def older_outputs_loss(generator: Generator, features: list[torch.Tensor], picture: torch.Tensor) -> torch.Tensor:
    """Mean squared error between the picture (N, 3, S, S), made smaller, and the output at each smaller size, summed.

    Keeps the smaller outputs true to the picture while the layers below them are trained on; only the layers of colours
    get a gradient.
    """
    total = picture.new_zeros(())
    for index, maps in enumerate(features[:-1]):
        small = generator.picture([*features[:index], maps.detach()], index)
        total = total + F.mse_loss(small.float(), F.adaptive_avg_pool2d(picture.detach(), SMALLEST * 2**index))
    return total


def loss(model, batch, step):
    """Loss of WGAN-GP for the network that this update is of, at the stage that the training has reached."""
    network = network_at(step.number, CRITIC_STEPS)
    freeze_the_other(model, network)
    stage = stage_at(step.progress, model.last_stage)
    photographs, labels = batch  # (N, 3, S, S) bytes, (N,)

    def critic(x):
        return model.critic(x, labels[: len(x)], stage).float()

    z = torch.randn(len(labels), model.config.latents, generator=step.generator, device=labels.device)  # (N, d)
    features = model.generator.features(z, labels, math.ceil(stage))
    picture = model.generator.picture(features, stage).float()  # (N, 3, S, S) of the stage
    fake = augment(picture, step.generator)
    if network == "generator":
        adversarial = objectives.wasserstein_generator_loss(critic(fake))
        return {"loss": adversarial + older_outputs_loss(model.generator, features, picture)}
    real = augment(at_stage(photographs.float() / 255, stage), step.generator)
    # Not in one batch: the critic measures the deviation over a batch, which gives a generator without variety away.
    real_score, fake_score = critic(real), critic(fake)  # (N,) each
    half = len(labels) // 2  # the penalty of half a batch is close to that of all, and the step a third shorter
    penalty = objectives.gradient_penalty(critic, real[:half], fake[:half], step.generator)
    drift = DRIFT * real_score.square().mean()
    return {"loss": objectives.critic_loss(real_score, fake_score) + PENALTY * penalty + drift}


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Grow one model, or resume its training, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    model = ProgressiveGAN(CONFIGS[name])
    pictures, labels = clothing.load("train", SMALLEST * 2**model.last_stage)
    model.shares.copy_(torch.bincount(labels) / len(labels))
    model = fit(model, loss, TensorBatches(pictures, labels), recipe, runs / name)
    source = f"clothing dataset (small), {len(pictures):,} training photographs"
    save_checkpoint(model, name, "dlcv.gan.grow", recipe, licence="cc0-1.0", source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
