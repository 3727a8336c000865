"""A linear layer and a maximum over the points, as quick to train as they can be.

A maximum hands its gradient to the one point that wins. Of the N x P x C' numbers between the two, all but N x C' have
no gradient; it is passed on as a sparse tensor, and the backward pass of the layer computes with the winners alone:
half the time of a training step.
"""

import torch
from torch.nn import functional as F


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return F.linear(x, weight, bias)

    @staticmethod
    def backward(ctx, gradient):  # (N, P, C'), sparse behind `maximum`
        x, weight = ctx.saved_tensors  # (N, P, C), (C', C)
        gradient = gradient.to_sparse().coalesce()
        cloud, point, output = gradient.indices()
        row, x, value = cloud * x.shape[1] + point, x.flatten(0, 1), gradient.values().unsqueeze(1)
        by_x = torch.zeros_like(x).index_add_(0, row, (value * weight[output]).to(x.dtype))
        by_weight = torch.zeros_like(weight).index_add_(0, output, (value * x[row]).to(weight.dtype))
        by_bias = weight.new_zeros(len(weight)).index_add_(0, output, value[:, 0].to(weight.dtype))
        return by_x.unflatten(0, gradient.shape[:2]), by_weight, by_bias


class _Maximum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, features):
        if not ctx.needs_input_grad[0]:
            return features.amax(1)
        values, winners = features.max(1)
        ctx.save_for_backward(winners)
        ctx.shape = features.shape
        return values

    @staticmethod
    def backward(ctx, gradient):  # (N, C')
        [winners] = ctx.saved_tensors
        cloud, output = torch.cartesian_prod(*(torch.arange(n, device=winners.device) for n in winners.shape)).T
        where = torch.stack([cloud, winners.flatten(), output])
        return torch.sparse_coo_tensor(where, gradient.flatten(), ctx.shape, check_invariants=False)


def linear(x: torch.Tensor, layer: torch.nn.Linear) -> torch.Tensor:
    """The layer's output for every point, (N, P, C) -> (N, P, C'): `layer(x)`."""
    return _Linear.apply(x, layer.weight, layer.bias)


def maximum(features: torch.Tensor) -> torch.Tensor:
    """The maximum over the points, (N, P, C) -> (N, C): `features.max(1).values`."""
    return _Maximum.apply(features)
