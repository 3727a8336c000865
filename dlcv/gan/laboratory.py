"""A GAN on the plane that trains while one watches: points instead of pictures, the slide's algorithm step by step."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from . import WINDOW, points
from . import loss as objectives

SHOWN = 256  # points of either kind in a snapshot
OPTIMISERS = {
    "Adam": lambda weights, rate: torch.optim.Adam(weights, rate, betas=(0.5, 0.9)),
    "RMSProp": torch.optim.RMSprop,
    "SGD": lambda weights, rate: torch.optim.SGD(weights, rate, momentum=0.5),
}


@dataclass
class Settings:
    """What the visitor chooses."""

    data: str = "ring of 8"
    formulation: str = "wgan-gp"  # "gan", "wgan"
    saturating: bool = False  # of "gan": the generator minimises log(1 - D(G(z))) as the slide has it
    critic_steps: int = 5  # k
    clip: float = 0.1  # c of "wgan"
    penalty: float = 0.1  # lambda of "wgan-gp"
    critic_rate: float = 2e-3
    generator_rate: float = 1e-3
    optimiser: str = "Adam"
    latents: int = 2
    batch: int = 256
    seed: int = 0


class Snapshot(NamedTuple):
    """What can be seen of one moment of the training."""

    step: int  # updates of the generator so far
    real: torch.Tensor  # (256, 2)
    fake: torch.Tensor  # (256, 2)
    pull: torch.Tensor  # (256, 2): where each generated point is drawn to, minus the gradient of its loss
    heat: torch.Tensor  # (R, R): D(x), or f_w(x), over the window; the first row is the top
    net: torch.Tensor  # (L, L, 2): the generator's image of a grid of latents
    critic_loss: float
    generator_loss: float
    distance: float  # exact W of the points shown
    covered: int  # modes


def network(inputs: int, outputs: int) -> nn.Sequential:
    """Three hidden layers of 64 units."""
    layers = [nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(64, outputs))


class Laboratory:
    """One training on the plane. Two with the same seed begin with the same networks and see the same points."""

    def __init__(self, settings: Settings, drawn: torch.Tensor | None = None):
        """`drawn`: (P, 2), the visitor's own points, where `settings.data` is "drawn"."""
        self.settings, self.drawn = settings, drawn
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.generator, self.critic = network(settings.latents, 2), network(2, 1)
        self.random = torch.Generator().manual_seed(settings.seed)
        make = OPTIMISERS[settings.optimiser]
        self.generator_optimiser = make(self.generator.parameters(), settings.generator_rate)
        self.critic_optimiser = make(self.critic.parameters(), settings.critic_rate)
        self.steps, self.critic_loss, self.generator_loss = 0, float("nan"), float("nan")
        looking = torch.Generator().manual_seed(settings.seed + 1)  # to look must not change what comes next
        self.real_shown = points.sample(settings.data, SHOWN, looking, drawn)
        self.latents_shown = torch.randn(SHOWN, settings.latents, generator=looking)

    def score(self, x: torch.Tensor) -> torch.Tensor:
        """The critic's scores (N,) of points (N, 2)."""
        return self.critic(x).squeeze(1)

    def step(self) -> None:
        """k steps of the critic, one of the generator."""
        for _ in range(self.settings.critic_steps):
            self.step_critic()
        self.step_generator()

    def step_critic(self) -> None:
        """One update of the discriminator or critic."""
        settings = self.settings
        real = points.sample(settings.data, settings.batch, self.random, self.drawn)
        with torch.no_grad():
            fake = self.generator(torch.randn(settings.batch, settings.latents, generator=self.random))
        if settings.formulation == "gan":
            loss = objectives.discriminator_loss(self.score(real), self.score(fake))
        else:
            loss = objectives.critic_loss(self.score(real), self.score(fake))
        if settings.formulation == "wgan-gp":
            loss = loss + settings.penalty * objectives.gradient_penalty(self.score, real, fake, self.random)
        self.critic_optimiser.zero_grad()
        loss.backward()
        self.critic_optimiser.step()
        if settings.formulation == "wgan":
            objectives.clip_weights(self.critic, settings.clip)
        self.critic_loss = loss.item()

    def step_generator(self) -> None:
        """One update of the generator."""
        z = torch.randn(self.settings.batch, self.settings.latents, generator=self.random)
        loss = self._generator_loss(self.generator(z))
        self.generator_optimiser.zero_grad()
        loss.backward()
        self.generator_optimiser.step()
        self.generator_loss, self.steps = loss.item(), self.steps + 1

    def _generator_loss(self, fake: torch.Tensor) -> torch.Tensor:
        if self.settings.formulation != "gan":
            return objectives.wasserstein_generator_loss(self.score(fake))
        if self.settings.saturating:
            return objectives.minimax_generator_loss(self.score(fake))
        return objectives.non_saturating_generator_loss(self.score(fake))

    def look(self, resolution: int = 48, lines: int = 15) -> Snapshot:
        """This moment, without changing what comes next.

        Args:
            resolution: R, cells of the heat map along each side.
            lines: L, lines of the latent grid each way, from -2.5 to 2.5 in the first two latents, 0 in the others.
        """
        across = torch.linspace(-WINDOW, WINDOW, resolution)
        window = torch.stack(torch.meshgrid(across, -across, indexing="xy"), dim=-1).view(-1, 2)
        line = torch.linspace(-2.5, 2.5, lines)
        grid = torch.zeros(lines * lines, self.settings.latents)
        grid[:, :2] = torch.cartesian_prod(line, line)
        with torch.no_grad():
            heat, net = self.score(window), self.generator(grid)
            fake = self.generator(self.latents_shown)
        fake.requires_grad_()
        (gradient,) = torch.autograd.grad(self._generator_loss(fake) * len(fake), fake)
        fake = fake.detach()
        return Snapshot(
            self.steps,
            self.real_shown,
            fake,
            -gradient,
            (heat.sigmoid() if self.settings.formulation == "gan" else heat).view(resolution, resolution),
            net.view(lines, lines, 2),
            self.critic_loss,
            self.generator_loss,
            points.wasserstein(self.real_shown, fake)[0],
            points.covered(fake, self.settings.data),
        )
