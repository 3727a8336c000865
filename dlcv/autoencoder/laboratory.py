"""An autoencoder that is trained from nothing while somebody watches, beside PCA of the same width."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from ..core import pool, runtime
from .loss import squared_error
from .model import PCA, PIXELS, PCAConfig

HELD_OUT = 500  # pictures of the pool that are not learned from: errors and the map are theirs
WIDEST = 32  # units of the code
SHOWN = 10  # of which so many are shown rebuilt


@dataclass
class Settings:
    """Settings of one training."""

    data: str = "digits"
    width: int = 2  # units of the code
    rate: float = 2e-3
    seed: int = 0
    batch: int = 64
    hidden: int = 128


class Snapshot(NamedTuple):
    """State of a training after some updates, as far as the screen shows it."""

    step: int
    error: float  # mean squared error (1) of a held-out picture
    rebuilt: torch.Tensor  # (SHOWN, 28, 28)
    codes: torch.Tensor  # (HELD_OUT, 2): the first two units


class Network(nn.Module):
    """A small perceptron each way; the code layer is linear."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(PIXELS, hidden), nn.ReLU(), nn.Linear(hidden, width)
        )  # (N, 1, 28, 28) -> (N, width)
        self.decoder = nn.Sequential(
            nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, PIXELS), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))
        )  # (N, width) -> (N, 1, 28, 28)


def pca_of(data: str) -> PCA:
    """PCA of the pool of "digits" or "garments", computed once; fewer units are its first ones."""

    def fit() -> PCA:
        return PCA(PCAConfig(WIDEST)).fit(pool.pool(data).pictures[HELD_OUT:])

    return runtime.shelf.get(("autoencoder", "pca", data), fit)


class Laboratory:
    """One training on pictures of a pool."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.pictures, self.labels, _ = pool.pool(settings.data)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.network = Network(settings.width, settings.hidden)
        self.random = torch.Generator().manual_seed(settings.seed)
        self.optimiser = torch.optim.Adam(self.network.parameters(), settings.rate)
        self.steps = 0

    @property
    def held_out(self) -> torch.Tensor:
        """The pictures (HELD_OUT, 1, 28, 28) that are not learned from."""
        return self.pictures[:HELD_OUT]

    def pca(self) -> tuple[float, torch.Tensor]:
        """Squared error of a held-out picture by PCA of the same width, and (SHOWN, 28, 28) rebuilt by it."""
        model = pca_of(self.settings.data)
        rebuilt = model.decode(model.encode(self.held_out)[:, : self.settings.width])
        return squared_error(rebuilt, self.held_out).mean().item(), rebuilt[:SHOWN, 0]

    def step(self) -> None:
        """One update on a fresh minibatch: down the gradient of equation (1)."""
        learned = self.pictures[HELD_OUT:]
        x = learned[torch.randint(len(learned), (self.settings.batch,), generator=self.random)]
        loss = squared_error(self.network.decoder(self.network.encoder(x)), x).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.steps += 1

    @torch.no_grad()
    def snapshot(self) -> Snapshot:
        """The present state; the training goes on as if no snapshot had been taken."""
        codes = self.network.encoder(self.held_out)
        rebuilt = self.network.decoder(codes)
        error = squared_error(rebuilt, self.held_out).mean().item()
        return Snapshot(self.steps, error, rebuilt[:SHOWN, 0], codes[:, :2])
