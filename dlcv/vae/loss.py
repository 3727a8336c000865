"""The slide's quantities, each under its equation. All in nats, one value a picture."""

import math

import torch


def log_normal(z: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """log N(z | mean, diag exp(log_variance)), summed over the last axis: (..., d) -> (...)."""
    return -0.5 * (log_variance + (z - mean) ** 2 * (-log_variance).exp() + math.log(2 * math.pi)).sum(-1)


def log_mean_exp(log_values: torch.Tensor) -> torch.Tensor:
    """log 1/N sum_j exp(log_values_j), over the last axis: (..., N) -> (...)."""
    return torch.logsumexp(log_values, -1) - math.log(log_values.shape[-1])


def monte_carlo_log_evidence(log_likelihood: torch.Tensor) -> torch.Tensor:
    """log P(X) ~ log 1/N sum_j P(X | z_j; Theta), z_j drawn from the prior   (equations 6 and 8), (..., N) -> (...).

    Args:
        log_likelihood: log P(X | z_j), (..., N).
    """
    return log_mean_exp(log_likelihood)


def kl_to_prior(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """D[P(z|X; Theta_2) || N(0, I)] in closed form, unit by unit: (N, d) -> (N, d)   (equation 12, remark c).

    1/2 (mu^2 + sigma^2 - log sigma^2 - 1)
    """
    return 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)


def evidence_lower_bound(
    log_likelihood: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor, kl_weight: float = 1.0
) -> torch.Tensor:
    """L(X) = E_z~P(z|X; Theta_2) [log P(X|z)] - D[P(z|X; Theta_2) || P(z)]   (right-hand side of equation 13), (N,).

    Args:
        log_likelihood: log P(X|z_k) of K samples of z from the encoder, (N, K).
        kl_weight: below 1 only while training warms up; the bound holds at 1.
    """
    return log_likelihood.mean(1) - kl_weight * kl_to_prior(mean, log_variance).sum(1)


def log_importance_weights(
    log_likelihood: torch.Tensor, z: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor
) -> torch.Tensor:
    """log w_k = log P(X|z_k) + log P(z_k) - log P(z_k|X; Theta_2), (N, K), for z (N, K, d) drawn from the encoder."""
    log_prior = log_normal(z, torch.zeros_like(z), torch.zeros_like(z))
    log_encoder = log_normal(z, mean.unsqueeze(1), log_variance.unsqueeze(1))
    return log_likelihood + log_prior - log_encoder


def importance_weighted_bound(log_weights: torch.Tensor) -> torch.Tensor:
    """log 1/K sum_k w_k <= log P(X), (..., K) -> (...), tight as K grows (Burda et al. 2016).

    The sum of equation (6) over z_k from the encoder, each weighted by w_k = P(X|z_k) P(z_k) / P(z_k|X; Theta_2).
    """
    return log_mean_exp(log_weights)
