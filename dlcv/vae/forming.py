"""A small VAE with two latents at moments of its training: how the plane forms."""

from dataclasses import dataclass, field
from typing import NamedTuple

from huggingface_hub import PyTorchModelHubMixin
from torch import nn

from ..core import runtime, weights
from . import MOMENTS
from .model import VAE, VAEConfig
from .predictor import VAEPredictor

SMALL = {"latents": 2, "wide": 12, "deep": 16, "hidden": 64}


@dataclass
class FormingConfig(VAEConfig):
    """Settings of a `FormingVAE`: those of each of its states, and the updates of the weights before each."""

    moments: list[int] = field(default_factory=lambda: list(MOMENTS))


class FormingVAE(nn.Module, PyTorchModelHubMixin, pipeline_tag="unconditional-image-generation", tags=["vae", "mnist"]):
    """A small variational autoencoder of 28 x 28 pictures at moments of its training, from the first on."""

    def __init__(self, config: FormingConfig):
        super().__init__()
        self.config = config
        self.states = nn.ModuleList(VAE(config) for _ in config.moments)


class State(NamedTuple):
    """A training at one moment."""

    updates: int
    elbo: float  # of the test digits, mean in nats
    predictor: VAEPredictor


def predictor(name: str) -> list[State]:
    """The states of a training, the first one before any update; loaded on first use."""

    model = runtime.shelf.get(("vae", name), lambda: weights.load(FormingVAE, name))
    elbos = [-row["value"] for row in weights.metrics(name)["rows"]]
    together = zip(model.config.moments, elbos, model.states, strict=True)
    return [State(updates, elbo, VAEPredictor(name, state)) for updates, elbo, state in together]
