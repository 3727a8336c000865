"""The way of the windows during training: what the localisation net had learned at moments of it."""

from dataclasses import dataclass

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.func import functional_call

from .model import FineGrainedConfig, Localiser, localiser


@dataclass
class FilmConfig(FineGrainedConfig):
    """Settings of a `Film`: those of the network whose training it is of, and when it was taken."""

    steps: tuple[int, ...] = ()  # of the training


class Film(nn.Module, PyTorchModelHubMixin, tags=["spatial-transformer", "birds"]):
    """The localisation net of a network in training, from its first step to its last."""

    def __init__(self, config: FilmConfig):
        super().__init__()
        self.config = config
        self.net = localiser(config.transformers).requires_grad_(False).eval()
        self.names = [name for name, value in self.net.state_dict().items() if value.is_floating_point()]
        for name in self.names:
            value = self.net.state_dict()[name]
            self.register_buffer(self.kept(name), torch.zeros(len(config.steps), *value.shape))

    @staticmethod
    def kept(name: str) -> str:
        """Name of the buffer that has a weight of that name at all moments."""
        return f"kept_{name.replace('.', '_')}"

    def take(self, step: int, net: Localiser) -> None:
        """Keep what a net has learned, where this step of the training is one of the moments."""
        if step in self.config.steps:
            for name in self.names:
                getattr(self, self.kept(name))[self.config.steps.index(step)] = net.state_dict()[name]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Centres (M, N, K, 2) of the windows on pictures (N, 3, H, W) in [0, 1], at each moment."""
        found = []
        for moment in range(len(self.config.steps)):
            weights = {name: getattr(self, self.kept(name))[moment] for name in self.names}
            found.append(functional_call(self.net, weights, (x,)).centres)
        return torch.stack(found)
