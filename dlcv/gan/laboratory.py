"""A GAN on the plane whose training can be watched: points instead of pictures, the slide's algorithm step by step."""

import itertools
import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from . import WINDOW, points
from .algorithm import UPDATES, GameSettings, Line, Network, critic_objective, generator_objective, lines
from .loss import clip_weights, critic_loss

SHOWN = 256  # points of either kind in a snapshot
OPTIMISERS = {
    "Adam": lambda weights, rate: torch.optim.Adam(weights, rate, betas=(0.5, 0.9)),
    "RMSProp": torch.optim.RMSprop,
    "SGD": lambda weights, rate: torch.optim.SGD(weights, rate, momentum=0.5),
}


@dataclass
class Settings(GameSettings):
    """Settings of one training on the plane."""

    data: str = "ring of 8"
    critic_rate: float = 2e-3
    generator_rate: float = 1e-3
    optimiser: str = "Adam"
    latents: int = 2
    batch: int = 256
    seed: int = 0


class Snapshot(NamedTuple):
    """State of a training after some updates, as far as the screen shows it."""

    step: int  # updates of the generator so far
    real: torch.Tensor  # (256, 2)
    fake: torch.Tensor  # (256, 2)
    pull: torch.Tensor  # (256, 2): minus the gradient of the generator's loss at each generated point
    heat: torch.Tensor  # (R, R): D(x), or f_w(x), over the window; the first row is the top
    net: torch.Tensor  # (L, L, 2): the generator's image of a grid of latents
    critic_loss: float
    generator_loss: float
    distance: float  # exact W of the points shown
    estimate: float  # the critic's, E f_w(x) - E f_w(y) over the points shown; NaN for D, which estimates none
    slope: float  # mean norm of the gradient of D or f_w, between real and generated points
    steepest: float  # the largest norm of that gradient in the window: estimate / steepest is of a 1-Lipschitz f
    covered: int  # modes


def mlp(inputs: int, outputs: int) -> nn.Sequential:
    """Perceptron with three hidden layers of 64 units."""
    layers = [nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(64, outputs))


class Laboratory:
    """One training on the plane. Two with the same seed begin with the same networks and see the same points."""

    def __init__(self, settings: Settings, drawn: torch.Tensor | None = None):
        """`drawn`: (P, 2), the visitor's own points, where `settings.data` is "drawn"."""
        self.settings, self.drawn = settings, drawn
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.generator, self.critic = mlp(settings.latents, 2), mlp(2, 1)
        self.random = torch.Generator().manual_seed(settings.seed)
        make = OPTIMISERS[settings.optimiser]
        self.optimisers = {
            "critic": make(self.critic.parameters(), settings.critic_rate),
            "generator": make(self.generator.parameters(), settings.generator_rate),
        }
        self.program = (line for _ in itertools.count() for line in lines(settings.critic_steps))
        self.steps, self.losses = 0, {"critic": math.nan, "generator": math.nan}
        shown = torch.Generator().manual_seed(settings.seed + 1)  # snapshots leave the training as it is
        self.real_shown = points.sample(settings.data, SHOWN, shown, drawn)
        self.latents_shown = torch.randn(SHOWN, settings.latents, generator=shown)

    def score(self, x: torch.Tensor) -> torch.Tensor:
        """The critic's scores (N,) of points (N, 2)."""
        return self.critic(x).squeeze(1)

    def value(self, x: torch.Tensor) -> torch.Tensor:
        """D(x) or f_w(x), (N,), of points (N, 2)."""
        return self.score(x).sigmoid() if self.settings.formulation == "gan" else self.score(x)

    def step(self) -> list[Line]:
        """Lines executed to the end of a training iteration: k updates of the critic, then one of the generator."""
        executed = self.advance()
        while executed[-1].name != "generator":
            executed += self.advance()
        return executed

    def advance(self) -> list[Line]:
        """The next line of the algorithm, which was executed."""
        line = next(self.program)
        self._execute(line.name)
        return [line]

    def update(self, network: Network) -> list[Line]:
        """Lines of one update of the critic, or of the generator; the algorithm itself stays where it is."""
        for name in UPDATES[network]:
            self._execute(name)
        return [Line(name, 0) for name in UPDATES[network]]

    def _execute(self, name: str) -> None:
        settings = self.settings
        if name == "sample":
            self.real = points.sample(settings.data, settings.batch, self.random, self.drawn)  # (N, 2)
            self.noise = self._latents()
        elif name == "critic":
            fake = self.generator(self.noise).detach()
            self._minimise("critic", critic_objective(self.score, self.real, fake, settings, self.random))
        elif name == "clip" and settings.formulation == "wgan":
            clip_weights(self.critic, settings.clip)
        elif name == "noise":
            self.noise = self._latents()
        elif name == "generator":
            self._minimise("generator", generator_objective(self.score, self.generator(self.noise), settings))
            self.steps += 1

    def _latents(self) -> torch.Tensor:
        """A minibatch of noise (N, d)."""
        return torch.randn(self.settings.batch, self.settings.latents, generator=self.random)

    def _minimise(self, network: Network, loss: torch.Tensor) -> None:
        self.optimisers[network].zero_grad()
        loss.backward()
        self.optimisers[network].step()
        self.losses[network] = loss.item()

    def _slopes(self, x: torch.Tensor) -> torch.Tensor:
        """Norms (N,) of the gradient of D or f_w at points (N, 2)."""
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.value(x).sum(), x)
        return gradient.norm(dim=1)

    def snapshot(self, resolution: int = 48, lines: int = 15) -> Snapshot:
        """The present state; the training goes on as if no snapshot had been taken.

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
            heat, net = self.value(window), self.generator(grid)  # (R^2,), (L^2, 2)
            fake = self.generator(self.latents_shown)  # (256, 2)
            estimate = -critic_loss(self.value(self.real_shown), self.value(fake)).item()
        fake.requires_grad_()
        (gradient,) = torch.autograd.grad(generator_objective(self.score, fake, self.settings) * len(fake), fake)
        fake = fake.detach()
        between = self.real_shown.lerp(fake, torch.linspace(0, 1, SHOWN).unsqueeze(1))  # where the penalty looks
        return Snapshot(
            self.steps,
            self.real_shown,
            fake,
            -gradient,
            heat.view(resolution, resolution),
            net.view(lines, lines, 2),
            self.losses["critic"],
            self.losses["generator"],
            points.wasserstein(self.real_shown, fake)[0],
            math.nan if self.settings.formulation == "gan" else estimate,
            self._slopes(between).mean().item(),
            self._slopes(window).max().item(),
            points.covered(fake, self.settings.data),
        )
