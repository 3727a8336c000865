"""The slide's algorithm, stated once: train.py runs it on pictures, grow.py on growing ones, laboratory.py on points.

    for number of training iterations do
        for k steps do
            sample minibatches of noise z and of real x
            update D, or the critic f_w, by stochastic gradient ascent
            w <- clip(w, -c, +c)                                          WGAN without a gradient penalty
        sample a minibatch of noise z
        update the generator by stochastic gradient descent

An update of these is one call of the loss in train.py and grow.py; the laboratory can execute line after line.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import nn

from . import loss

Network = Literal["critic", "generator"]  # "critic" is the discriminator D of the original formulation, too

UPDATES: dict[Network, tuple[str, ...]] = {"critic": ("sample", "critic", "clip"), "generator": ("noise", "generator")}
"""The lines inside of the loops, by the network that they update."""


class Line(NamedTuple):
    """A line of the algorithm, and the update of its iteration that it belongs to: 1 to k of the critic, then k + 1."""

    name: str  # of UPDATES
    update: int


@dataclass
class GameSettings:
    """Settings of the game between generator and critic."""

    formulation: str = "wgan-gp"  # or "gan", "wgan"
    saturating: bool = False  # of "gan": the generator minimises log(1 - D(G(z))) as the slide has it
    critic_steps: int = 5  # k
    clip: float = 0.1  # c of "wgan"
    penalty: float = 0.1  # lambda of "wgan-gp"


def iteration(critic_steps: int) -> Iterator[Network]:
    """The networks that one training iteration updates, in their order."""
    for _ in range(critic_steps):  # for k steps do
        yield "critic"
    yield "generator"


def lines(critic_steps: int) -> Iterator[Line]:
    """The lines that one training iteration executes, in their order."""
    for update, network in enumerate(iteration(critic_steps), 1):
        for name in UPDATES[network]:
            yield Line(name, update)


def network_at(update: int, critic_steps: int) -> Network:
    """The network of the update of that number in a training: a stopped training resumes with the right one."""
    return [*iteration(critic_steps)][update % (critic_steps + 1)]


def freeze_the_other(model: nn.Module, network: Network) -> None:
    """Let gradients reach only this network of a model with a `critic` and a `generator`."""
    model.critic.requires_grad_(network == "critic")
    model.generator.requires_grad_(network == "generator")


def critic_objective(
    critic: Callable[[torch.Tensor], torch.Tensor],
    real: torch.Tensor,
    fake: torch.Tensor,
    settings: GameSettings,
    random: torch.Generator,
) -> torch.Tensor:
    """Loss of D or f_w on minibatches of real and generated samples (N, ...), to be minimised.

    Args:
        critic: maps (N, ...) to scores (N,).
    """
    real_score, fake_score = critic(real), critic(fake)  # (N,) each
    if settings.formulation == "gan":
        return loss.discriminator_loss(real_score, fake_score)
    objective = loss.critic_loss(real_score, fake_score)
    if settings.formulation == "wgan-gp":
        with torch.autocast(real.device.type, enabled=False):  # the slope of a slope needs float32
            objective = objective + settings.penalty * loss.gradient_penalty(critic, real, fake, random)
    return objective


def generator_objective(
    critic: Callable[[torch.Tensor], torch.Tensor], fake: torch.Tensor, settings: GameSettings
) -> torch.Tensor:
    """Loss of the generator on a minibatch of its samples (N, ...), to be minimised; `critic` gives their scores."""
    score = critic(fake)  # (N,)
    if settings.formulation != "gan":
        return loss.wasserstein_generator_loss(score)
    return loss.minimax_generator_loss(score) if settings.saturating else loss.non_saturating_generator_loss(score)
