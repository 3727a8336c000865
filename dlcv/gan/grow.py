"""Grow the GAN of garments: python -m dlcv.gan.grow [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

import itertools
from dataclasses import asdict
from pathlib import Path

import torch
from torch.nn import functional as F

from .. import weights
from ..datasets import TensorBatches, clothing
from ..training import Recipe, command_line, fit
from . import loss as objectives
from .model import give_turn
from .progressive import SMALLEST, ProgressiveConfig, ProgressiveGAN

CONFIGS = {
    "progressive-clothing-64": ProgressiveConfig(),
    "progressive-clothing-128": ProgressiveConfig(256, (256, 256, 192, 128, 64, 32)),  # wants a GPU
}
PRESETS = {
    "cpu": dict.fromkeys(CONFIGS, Recipe(epochs=200, batch_size=32, learning_rate=1e-3, betas=(0.0, 0.99))),
    "gpu": dict.fromkeys(CONFIGS, Recipe(epochs=2000, batch_size=32, learning_rate=1e-3, betas=(0.0, 0.99))),
}
PENALTY, DRIFT = 10.0, 1e-3  # lambda of the slide; a score's square costs a little, which keeps scores near zero
FADE = 0.4  # of a stage's time goes to fading its layer in
LARGE = 2.0  # how many times longer a stage is than the one before: most of the time goes to the largest size


def stage_at(progress: float, last: int) -> float:
    """The stage at a progress in [0, 1): 0, then 0 to 1 while the layer of 8 x 8 fades in, 1, 1 to 2, ..., last."""
    lengths = [LARGE**stage for stage in range(last + 1)]
    position = progress * sum(lengths)
    for stage, length in enumerate(lengths):
        if position < length:
            faded = min(1.0, position / length / FADE)
            return float(stage) if stage == 0 or faded == 1 else max(stage - 1 + faded, stage - 1 + 1e-6)
        position -= length
    return float(last)


def at_stage(pictures: torch.Tensor, stage: float) -> torch.Tensor:
    """Real pictures (N, 3, S, S) in [0, 1] as the networks of a stage see them, faded like the generated ones."""
    whole = -int(-stage // 1)
    small = F.adaptive_avg_pool2d(pictures, SMALLEST * 2**whole)
    if whole > stage:
        small = F.interpolate(F.avg_pool2d(small, 2), scale_factor=2).lerp(small, 1 - (whole - stage))
    return small


def augment(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Differentiable augmentation (Zhao et al. 2020) of real and generated pictures (N, 3, S, S) alike.

    Brightness, saturation, contrast, a shift by up to an eighth, a mirror: the critic never sees the same photograph
    twice, so that it cannot learn them by heart, and the generator learns none of these changes.
    """
    count, side = len(pictures), pictures.shape[-1]

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        drawn = torch.rand(count, *shape, generator=generator, device=pictures.device)
        return low + (high - low) * drawn

    x = pictures + uniform(-0.25, 0.25, 1, 1, 1)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * uniform(0, 2, 1, 1, 1)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + (x - mean) * uniform(0.5, 1.5, 1, 1, 1)
    theta = torch.zeros(count, 2, 3, device=x.device)
    theta[:, 0, 0] = uniform(-1, 1).sign()
    theta[:, 1, 1] = 1
    steps = (uniform(-1, 1, 2) * side / 8).round()  # whole pixels: nothing is blurred
    theta[:, :, 2] = 2 * steps / side
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="nearest", padding_mode="reflection", align_corners=False)


def make_loss(config: ProgressiveConfig):
    """WGAN-GP with one step of the critic for each of the generator, at the stage that the progress has reached."""
    critics_turns = itertools.cycle([True, False])

    def loss(model, batch, progress, generator):
        critics_turn = next(critics_turns)
        give_turn(model, critics_turn)
        stage = stage_at(progress, model.last_stage)
        z = torch.randn(len(batch[0]), config.latents, generator=generator, device=batch[0].device)
        fake = augment(model.generator(z, stage).float(), generator)
        if not critics_turn:
            return {"loss": objectives.wasserstein_generator_loss(model.critic(fake, stage).float())}
        real = augment(at_stage(batch[0].float() / 255, stage), generator)
        real_score, fake_score = model.critic(torch.cat([real, fake]), stage).float().chunk(2)
        with torch.autocast(real.device.type, enabled=False):
            penalty = objectives.gradient_penalty(lambda x: model.critic(x, stage), real, fake, generator)
        drift = DRIFT * real_score.square().mean()
        return {"loss": objectives.critic_loss(real_score, fake_score) + PENALTY * penalty + drift}

    return loss


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Grow one model, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    model = ProgressiveGAN(CONFIGS[name])
    pictures, labels = clothing.load("train", SMALLEST * 2**model.last_stage)
    model = fit(model, make_loss(model.config), TensorBatches(pictures, labels), recipe, runs / name)
    made_by = {"command": f"python -m dlcv.gan.grow --model {name}", **asdict(recipe)}
    source = f"clothing dataset (small), {len(pictures):,} training photographs"
    weights.save(model, name, topic="gan", recipe=made_by, licence="cc0-1.0", source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
