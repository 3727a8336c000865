"""The network that sees all matches at once (Yi et al. 2018; lecture, "Application to Outlier Detection").

    (w_1, ..., w_P) = f(q_1, ..., q_P),   q_i = (x, y, x', y') of a match,   w_i = tanh(ReLU(o_i))

f is a PointNet on matches: the same perceptrons for each of them. What a match can know of the others comes from
context normalisation alone, in every block: mean and variance over the P matches of one pair, a channel at a time.
E = weighted_eight_points(q, w) is then least squares, and differentiable in the weights.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

from .geometry import reweighted_eight_points, sampson, weighted_eight_points

SIDE = 6  # numbers that say more of a match than where it is: see `side_information`
EPSILON = 1e-3  # of the variance, the paper's


@dataclass
class CorrespondenceConfig:
    """Settings of a `CorrespondenceNet`."""

    width: int = 128
    blocks: tuple[int, ...] = (7, 4)  # residual blocks of each stage; a later one also sees what the one before found
    context_normalisation: bool = True  # else the maximum over all matches is all that they share: a plain PointNet


class CorrespondenceOutput(NamedTuple):
    """What the network says of N pairs with P matches each."""

    logits: torch.Tensor  # (N, P): above 0 where a match looks right
    weights: torch.Tensor  # (N, P) in [0, 1): tanh(ReLU(logits))
    essential: torch.Tensor  # (N, 3, 3) of unit norm, float64: the weighted eight points
    robust: torch.Tensor  # (N, 3, 3): the same, reweighted by its own residuals
    residuals: torch.Tensor  # (N, P): squared Sampson distances to the robust one, of normalised points
    stages: list["CorrespondenceOutput"]  # the same of the stages before


def side_information(
    ratio: torch.Tensor, mutual: torch.Tensor, scale: torch.Tensor, turn: torch.Tensor
) -> torch.Tensor:
    """The numbers beside the coordinates of matches, (..., P, 6): 1 where there are any, else all six are 0.

    Args: of shape (..., P): distance of the descriptors / of the second nearest, whether mutual nearest neighbours,
        log2 of the ratio of the keypoints' sizes, and the angle between their orientations in radians.
    """
    return torch.stack([torch.ones_like(ratio), ratio, mutual.to(ratio), scale / 4, turn.cos(), turn.sin()], -1)


class _ContextNormalisation(torch.autograd.Function):
    """The backward pass written out: PyTorch's own takes half as long again for a training step."""

    @staticmethod
    def forward(ctx, x):
        x = x - x.mean(1, keepdim=True)
        scale = (x.square().mean(1, keepdim=True) + EPSILON).rsqrt()  # (N, 1, C)
        y = x * scale
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    def backward(ctx, gradient):  # (N, P, C)
        y, scale = ctx.saved_tensors
        along = (gradient * y).mean(1, keepdim=True)
        return (gradient - gradient.mean(1, keepdim=True) - y * along) * scale


def context_normalisation(x: torch.Tensor) -> torch.Tensor:
    """(o - mean) / sqrt(variance), both over the P matches of a pair: (N, P, C) -> (N, P, C).

    Without it every match would be judged by itself; with it each is seen beside all others, in whatever order.
    """
    return _ContextNormalisation.apply(x)


class Block(nn.Module):
    """Twice a perceptron, a normalisation, ReLU; and the input is added."""

    def __init__(self, width: int, in_context: bool):
        super().__init__()
        self.in_context = in_context
        self.layers = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(2))
        # each channel has mean 0 and variance 1 after context normalisation: there is nothing left to normalise
        self.norms = None if in_context else nn.ModuleList(nn.BatchNorm1d(width) for _ in range(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, P, C) -> (N, P, C)."""
        inside = x
        for number, layer in enumerate(self.layers):
            inside = layer(inside)
            if self.in_context:
                inside = context_normalisation(inside)
            else:
                inside = self.norms[number](inside.flatten(0, 1)).unflatten(0, inside.shape[:2])
            inside = inside.relu()
        return x + inside


class Stage(nn.Module):
    """Numbers of matches (N, P, K) -> logits (N, P)."""

    def __init__(self, numbers: int, blocks: int, config: CorrespondenceConfig):
        super().__init__()
        width = config.width
        self.first = nn.Linear(numbers, width)
        self.blocks = nn.ModuleList(Block(width, config.context_normalisation) for _ in range(blocks))
        self.shared = None if config.context_normalisation else nn.Linear(width, width)
        self.last = nn.Linear(width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  its class says it
        x = self.first(x)  # (N, P, C)
        for number, block in enumerate(self.blocks):
            if self.shared and number == len(self.blocks) // 2:
                x = x + self.shared(x.amax(1, keepdim=True))  # PointNet's global feature
            x = block(x)
        return self.last(x).squeeze(2)


class CorrespondenceNet(
    nn.Module, PyTorchModelHubMixin, pipeline_tag="other", tags=["correspondences", "two-view-geometry", "pointnet"]
):
    """Weights of matches, and the essential matrix that they agree on."""

    def __init__(self, config: CorrespondenceConfig):
        super().__init__()
        self.config = config
        numbers = [4 + SIDE] + [4 + SIDE + 2] * (len(config.blocks) - 1)
        self.stages = nn.ModuleList(Stage(*sizes, config) for sizes in zip(numbers, config.blocks))

    def forward(self, first: torch.Tensor, second: torch.Tensor, side: torch.Tensor) -> CorrespondenceOutput:
        """Weights and geometry of matches between points (N, P, 2), normalised by K, with their side (N, P, 6)."""
        with torch.autocast(first.device.type, enabled=False):  # bfloat16 is off by a pixel
            told, stages = torch.cat([first, second, side], 2), []
            for stage in self.stages:
                x = told
                if stages:  # nothing is learned through what the stage before found, as in OANet (Zhang et al. 2019)
                    before = stages[-1]
                    distance = (before.residuals.float().clamp_min(1e-10).log10() + 5) / 2
                    x = torch.cat([told, distance.unsqueeze(2), before.weights.detach().unsqueeze(2)], 2)
                logits = stage(x)  # (N, P)
                weights = logits.relu().tanh()
                # where all weights are 0 any geometry is as good: a little weight for all keeps it finite
                essential = weighted_eight_points(first, second, weights + 1e-6)
                with torch.no_grad():
                    robust = reweighted_eight_points(first, second, weights + 1e-6)
                    residuals = sampson(robust, first.double(), second.double())
                stages.append(CorrespondenceOutput(logits, weights, essential, robust, residuals, []))
            return stages[-1]._replace(stages=stages[:-1])
