"""Answers of a trained VAE. One predictor serves all visitors: it returns what belongs to one and keeps nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from ..core import cores, runtime, weights
from ..core.errors import InputError
from .loss import (
    evidence_lower_bound,
    importance_weighted_bound,
    kl_to_prior,
    log_importance_weights,
    monte_carlo_log_evidence,
)
from .model import VAE, reparametrise

AT_ONCE = 2000  # latents drawn together by `evidence`
IN_CACHE = 100  # latents decoded together: their feature maps stay in the cache, larger batches are slower
QUANTILE = "elbo_quantile_"  # and the part, as metrics.json has it


@dataclass
class Posterior:
    """P(z|X; Theta_2) of one picture, its reconstruction, and the terms of its bound in nats."""

    picture: torch.Tensor  # (28, 28): the input, binarised for a Bernoulli likelihood
    mean: torch.Tensor  # (d,)
    std: torch.Tensor  # (d,)
    reconstruction: torch.Tensor  # (28, 28): f(mean)
    log_likelihood: float  # E log P(X|z), estimated with 64 samples
    kl: float  # D[P(z|X) || P(z)], closed form
    elbo: float  # log_likelihood - kl
    kl_per_unit: torch.Tensor  # (d,)


class Manifold(NamedTuple):
    """The latent plane, decoded on a grid; the first row is the top."""

    z: torch.Tensor  # (S, S, 2)
    pictures: torch.Tensor  # (S, S, 28, 28)


class Evidence(NamedTuple):
    """Estimates of log P(X) in nats from 1 to N samples, R times over: NaN where not computed yet."""

    counts: list[int]
    prior: torch.Tensor  # (R, len(counts)): z_j from the prior, equation (6)
    encoder: torch.Tensor  # (R, len(counts)): z_k from the encoder, importance weighted
    elbo: torch.Tensor  # (len(counts),): the bound, a mean over the same z_k of all repeats
    best: torch.Tensor  # (len(counts),): log P(X) by the encoder's z_k of all repeats together

    @property
    def gap(self) -> torch.Tensor:
        """log P(X) - ELBO = D[P(z|X; Theta_2) || P(z|X)] in nats (equation 13), (len(counts),)."""
        return self.best - self.elbo


class GradientSpread(NamedTuple):
    """Estimates of d ELBO / d mean, each from a single sample of z, (draws, d)."""

    reparametrised: torch.Tensor
    score_function: torch.Tensor


def elbo_quantiles(name: str) -> dict[float, float]:
    """The ELBO in nats that a part of the test pictures stays below, by this part in (0, 1), lowest first, as
    `evaluate` measured it."""
    rows = weights.metrics(name).get("rows", [])
    found = {row["metric"].removeprefix(QUANTILE): row["value"] for row in rows if row["metric"].startswith(QUANTILE)}
    return {float(part): value for part, value in found.items()}


class VAEPredictor:
    """A shipped VAE by name, or as it is given, on `runtime.device()`."""

    def __init__(self, name: str, model: VAE | None = None):
        self.model = weights.load(VAE, name) if model is None else model
        self.device = self.model.class_means.device
        self.latents = self.model.config.latents
        self.class_names = self.model.config.class_names
        self.quantiles = elbo_quantiles(name)

    @property
    def sigma(self) -> float | None:
        """Standard deviation of P(X|z), grey levels in [0, 1]; None where P(X|z) is Bernoulli."""
        return self.model.log_sigma.exp().item() if self.model.config.likelihood == "gaussian" else None

    @torch.inference_mode()
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """f(z), (N, 1, 28, 28) in [0, 1], of latents (N, d). InputError on another length or values not finite."""
        if z.ndim != 2 or z.shape[1] != self.latents:
            raise InputError(f"A latent of this model has {self.latents} numbers.")
        if not torch.isfinite(z).all():
            raise InputError("A latent needs finite numbers.")
        z = z.to(self.device, torch.float32).clamp(-20, 20)
        return torch.cat([self.model.decode(batch).cpu() for batch in z.split(IN_CACHE)])

    def manifold(self, steps: int = 20, extent: float = 3.0) -> Manifold:
        """The plane from -extent to extent, decoded on a `steps` x `steps` grid. Models with two latents only."""
        if self.latents != 2:
            raise InputError("Only a model with two latents has a plane to look at.")
        line = torch.linspace(-extent, extent, steps)
        z = torch.stack([line.expand(steps, steps), line.flip(0).unsqueeze(1).expand(steps, steps)], dim=-1)
        return Manifold(z, self.decode(z.reshape(-1, 2)).view(steps, steps, 28, 28))

    def share_below(self, elbo: float) -> float:
        """The share of the test pictures whose ELBO is lower, in [0, 1], between the quantiles that were measured."""
        quantiles = self.quantiles
        return float(np.interp(elbo, list(quantiles.values()), list(quantiles), left=0.0, right=1.0))

    @torch.inference_mode()
    def encode(self, x: torch.Tensor, seed: int = 0) -> Posterior:
        """The posterior of a picture (1, 1, 28, 28) in [0, 1] and the terms of its bound (equation 13)."""
        x = self.model.observed(x.to(self.device))
        out = self.model(x, 64, torch.Generator(self.device).manual_seed(seed))
        kl = kl_to_prior(out.mean, out.log_variance)
        elbo = evidence_lower_bound(out.log_likelihood, out.mean, out.log_variance)
        return Posterior(
            x[0, 0].cpu(),
            out.mean[0].cpu(),
            (0.5 * out.log_variance[0]).exp().cpu(),
            self.model.decode(out.mean)[0, 0].cpu(),
            out.log_likelihood.mean().item(),
            kl.sum().item(),
            elbo.item(),
            kl[0].cpu(),
        )

    def sample_posterior(
        self, posterior: Posterior, count: int = 16, seed: int = 0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Pictures (count, 28, 28) decoded from z ~ P(z|X), and these z (count, d)."""
        noise = torch.randn(count, self.latents, generator=torch.Generator().manual_seed(seed))
        z = posterior.mean + posterior.std * noise
        return self.decode(z)[:, 0], z

    def sample_prior(self, count: int = 64, seed: int = 0, temperature: float = 1.0) -> torch.Tensor:
        """New pictures (count, 28, 28): f(z) with z ~ N(0, temperature^2 I)."""
        z = torch.randn(count, self.latents, generator=torch.Generator().manual_seed(seed))
        return self.decode(temperature * z)[:, 0]

    def morph(self, start: torch.Tensor, end: torch.Tensor, steps: int = 10) -> torch.Tensor:
        """Pictures (steps, 28, 28) on the way between two latents (d,).

        Straight on the plane; on the sphere in more dimensions, where the prior has its mass on a shell and a straight
        line would cut through its empty middle.
        """
        return self.decode(self.path(start, end, torch.linspace(0, 1, steps)))[:, 0]

    def path(self, start: torch.Tensor, end: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """Latents (T, d) at the fractions t (T,) of the way from `start` to `end`, each (d,)."""
        t = t.unsqueeze(1)
        lengths = start.norm(), end.norm()
        angle = torch.acos((start @ end / (lengths[0] * lengths[1]).clamp_min(1e-6)).clamp(-1, 1))
        if self.latents == 2 or angle < 1e-3 or min(lengths) < 1e-3:
            return (1 - t) * start + t * end
        return (torch.sin((1 - t) * angle) * start + torch.sin(t * angle) * end) / torch.sin(angle)

    def class_mean(self, label: int) -> torch.Tensor:
        """Mean of mu(X) over the training pictures of a class, (d,)."""
        if not 0 <= label < len(self.class_names):
            raise InputError(f"There are {len(self.class_names)} classes, numbered from 0.")
        return self.model.class_means[label].cpu()

    @torch.inference_mode()
    def evidence(
        self,
        x: torch.Tensor,
        counts: Sequence[int] = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000),
        repeats: int = 8,
        seed: int = 0,
    ) -> Iterator[Evidence]:
        """Estimates of log P(X) with more and more samples of z, from the prior and from the encoder, as they grow.

        The estimate with n samples uses the first n of each repeat, so no sample is decoded twice.
        """
        x = self.model.observed(x.to(self.device))
        mean, log_variance = self.model.encode(x)
        generator = torch.Generator(self.device).manual_seed(seed)
        shape = (repeats, len(counts))
        unknown = torch.full(shape, torch.nan)
        estimates = Evidence(list(counts), unknown, unknown.clone(), unknown[0].clone(), unknown[0].clone())
        log_likelihood = log_weights = torch.empty(repeats, 0, device=self.device)  # of the samples so far, (R, n)
        for index, count in enumerate(counts):
            while (missing := count - log_weights.shape[1]) > 0:
                fresh = min(missing, max(1, AT_ONCE // repeats))
                noise = torch.randn(2, repeats, fresh, self.latents, generator=generator, device=self.device)
                z = torch.stack([noise[0], reparametrise(mean, log_variance, noise[1])])  # (2, R, n, d)
                parts = cores.spread(partial(self._log_likelihood, x), z.flatten(0, 2).split(IN_CACHE))
                of_prior, of_encoder = torch.cat(list(parts)).view(2, repeats, fresh)
                weight = log_importance_weights(of_encoder, z[1], mean, log_variance)
                log_likelihood = torch.cat([log_likelihood, of_prior], 1)
                log_weights = torch.cat([log_weights, weight], 1)
            estimates.prior[:, index] = monte_carlo_log_evidence(log_likelihood)
            estimates.encoder[:, index] = importance_weighted_bound(log_weights)
            estimates.elbo[index] = log_weights.mean()  # E [log P(X|z) + log P(z) - log P(z|X; Theta_2)]
            estimates.best[index] = importance_weighted_bound(log_weights.flatten())
            yield estimates

    def _log_likelihood(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """log P(X|z), (N,), of X (1, 1, 28, 28) for latents (N, d)."""
        return self.model.log_likelihood(x, self.model.decoder(z).unsqueeze(0))[0]

    def gradient_spread(self, x: torch.Tensor, draws: int = 256, seed: int = 0) -> GradientSpread:
        """Estimates of d E log P(X|z) / d mu, each from one sample of z, made in two ways.

        reparametrised   z = mu + Sigma^(1/2) eps:   d log P(X|z) / dz, as dz / d mu = 1
        score function   without the trick:          log P(X|z) d log P(z|X) / d mu = log P(X|z) Sigma^-1 (z - mu)
        """
        x = self.model.observed(x.to(self.device))
        with torch.no_grad():
            mean, log_variance = self.model.encode(x)
        noise = torch.randn(
            draws, self.latents, generator=torch.Generator(self.device).manual_seed(seed), device=self.device
        )
        z = reparametrise(mean, log_variance, noise).requires_grad_()  # (draws, d)
        log_likelihood = self._log_likelihood(x, z)  # (draws,)
        (reparametrised,) = torch.autograd.grad(log_likelihood.sum(), z)  # (draws, d)
        score = log_likelihood.detach().unsqueeze(1) * (z.detach() - mean) * (-log_variance).exp()  # (draws, d)
        return GradientSpread(reparametrised.cpu(), score.cpu())


def predictor(name: str) -> VAEPredictor:
    """Predictor of that name, one for the whole process, loaded on first use."""
    return runtime.shelf.get(("vae", name), lambda: VAEPredictor(name))
