"""Score the VAEs that ship on all test pictures: python -m dlcv.vae.evaluate [--model NAME ...] [--data DIR]

Prints the scores and writes them beside the weights. The 5,000 samples a digit take an hour on two cores.
"""

import argparse
import sys

import torch
from tqdm import tqdm

from ..core import runtime, weights
from ..core.datasets import mnist, parse_with_data
from ..core.weights import scores
from ..core.weights.scores import Metric
from .forming import FormingVAE
from .loss import evidence_lower_bound, importance_weighted_bound, kl_to_prior, log_importance_weights
from .model import VAE, reparametrise
from .predictor import QUANTILE
from .train import FORMING

COMMAND = "python -m dlcv.vae.evaluate"
SAMPLES = {"vae-mnist-40d": 5000}  # of z for each picture; 200 for the models that have no paper's score beside them
ROWS_AT_ONCE = 500  # decoded together: more would only fall out of the processor's cache
NLL = Metric("nll", "Negative log-likelihood", "nats", "lower")
NEGATIVE_ELBO = Metric("negative_elbo", "Negative ELBO", "nats", "lower")
RECONSTRUCTION = Metric("reconstruction", "Reconstruction term", "nats", "lower")
KL = Metric("kl", "KL divergence to the prior", "nats", "lower")
ACTIVE_UNITS = Metric("active_units", "Active units", "latents", "higher")
QUANTILES = {  # by the part of the test pictures
    part: Metric(f"{QUANTILE}{part:g}", f"ELBO that {100 * part:g} % stay below", "nats", "higher", detail=True)
    for part in (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
}
BAR = 81.0
PAPERS = [
    {"paper": 86.76, "paper_source": "Burda et al. 2016, one stochastic layer, k = 1", "headline": True},
    {"paper": 84.78, "paper_source": "Burda et al. 2016, one stochastic layer, k = 50"},
    {"paper": 78.0, "paper_source": "Vahdat and Kautz 2020 (NVAE), many layers"},
]


def observed(model: VAE, pictures: torch.Tensor) -> torch.Tensor:
    """X of P(X|z): pictures (N, 1, 28, 28) themselves, or binarised at random with a fixed seed."""
    if model.config.likelihood == "gaussian":
        return pictures
    return torch.bernoulli(pictures, generator=torch.Generator().manual_seed(1))


@torch.inference_mode()
def score(model: VAE, pictures: torch.Tensor, samples: int) -> dict[str, torch.Tensor]:
    """Bounds on log P(X) of pictures (N, 1, 28, 28) in nats, (N,) each, and mu(X), (N, d).

    Args:
        samples: K of the importance-weighted bound, and the number of samples that estimate the ELBO's expectation.
    """
    device = model.class_means.device
    generator = torch.Generator(device).manual_seed(0)
    columns = {"bound": [], "elbo": [], "log_likelihood": [], "kl": [], "mean": []}
    for x in tqdm(observed(model, pictures).to(device).split(1), "pictures", mininterval=10):
        mean, log_variance = model.encode(x)
        log_likelihoods, log_weights = [], []
        for start in range(0, samples, ROWS_AT_ONCE):
            count = min(ROWS_AT_ONCE, samples - start)
            noise = torch.randn(count, mean.shape[1], generator=generator, device=device)
            z = reparametrise(mean, log_variance, noise)  # (count, d)
            with torch.autocast(device.type, torch.bfloat16, enabled=runtime.precision() == "bf16"):
                logits = model.decoder(z)
            log_likelihood = model.log_likelihood(x, logits.float().unsqueeze(0))  # (1, count)
            log_likelihoods.append(log_likelihood)
            log_weights.append(log_importance_weights(log_likelihood, z.unsqueeze(0), mean, log_variance))
        log_likelihood = torch.cat(log_likelihoods, 1)  # (1, K)
        columns["bound"].append(importance_weighted_bound(torch.cat(log_weights, 1)))
        columns["elbo"].append(evidence_lower_bound(log_likelihood, mean, log_variance))
        columns["log_likelihood"].append(log_likelihood.mean(1))
        columns["kl"].append(kl_to_prior(mean, log_variance).sum(1))
        columns["mean"].append(mean)
    return {name: torch.cat(values).cpu() for name, values in columns.items()}


def active_units(mean: torch.Tensor) -> int:
    """Number of latents in use: those whose mean varies over pictures (N, d) by more than 0.01 (Burda et al. 2016)."""
    return int((mean.var(0) > 0.01).sum())


@torch.inference_mode()
def bounds(model: VAE, pictures: torch.Tensor, samples: int = 64) -> torch.Tensor:
    """The ELBO of pictures (N, 1, 28, 28) in nats, (N,), as the gallery says it of a visitor's."""
    device = model.class_means.device
    generator = torch.Generator(device).manual_seed(0)
    found = []
    for x in tqdm(model.observed(pictures).to(device).split(16), "pictures", mininterval=10):
        out = model(x, samples, generator)
        found.append(evidence_lower_bound(out.log_likelihood, out.mean, out.log_variance))
    return torch.cat(found).cpu()


def typical(name: str, model: VAE) -> list[dict]:
    """Rows of metrics.json with quantiles of the ELBO of 1,000 test pictures: by them the gallery says that a drawing
    is unlike the rest."""
    kind, data = ("fashion", "Fashion-MNIST") if "fashion" in name else ("mnist", "MNIST")
    data = f"{data} test, 1,000 of 10,000"
    found = bounds(model, mnist.load(kind, "test")[0][::10]).quantile(torch.tensor(list(QUANTILES)))
    return [metric.row(data, round(value, 1)) for metric, value in zip(QUANTILES.values(), found.tolist())]


def evaluate(name: str, every: int = 1) -> list[dict]:
    """Rows of one model's metrics.json, measured on each `every`-th of the 10,000 test pictures."""
    pictures, _ = mnist.load("fashion" if "fashion" in name else "mnist", "test")
    pictures = pictures[::every]
    chosen = f"all {len(pictures):,}" if every == 1 else f"{len(pictures):,} of 10,000"
    data = f"{'Fashion-MNIST' if 'fashion' in name else 'MNIST'} test, {chosen}"
    if name == FORMING:
        forming = weights.load(FormingVAE, name)
        return [
            NEGATIVE_ELBO.row(f"{data}, {moment:,} updates", round(-bounds(state, pictures, 4).mean().item(), 1))
            for moment, state in zip(forming.config.moments, forming.states)
        ]
    model = weights.load(VAE, name)
    samples = SAMPLES.get(name, 200)
    found = score(model, pictures, samples)
    bound, elbo, log_likelihood, kl = (found[key].mean().item() for key in ("bound", "elbo", "log_likelihood", "kl"))
    papers = [{"bar": BAR} | paper for paper in PAPERS] if name in SAMPLES else [{}]
    return [
        *(NLL.row(data, round(-bound, 2), **paper) for paper in papers),
        NEGATIVE_ELBO.row(data, round(-elbo, 2)),
        RECONSTRUCTION.row(data, round(-log_likelihood, 2)),
        KL.row(data, round(kl, 2)),
        ACTIVE_UNITS.row(data, active_units(found["mean"])),
        *typical(name, model),
    ]


def main() -> None:
    """Score what ships, print the table, write it beside the weights; exit with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", nargs="+", choices=weights.names("vae"), default=weights.names("vae"))
    parser.add_argument("--every", type=int, default=1, help="score each so many-th test picture only")
    args = parse_with_data(parser)
    found = {name: evaluate(name, args.every) for name in args.model}
    if missed := scores.report(found, COMMAND if args.every == 1 else f"{COMMAND} --every {args.every}"):
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
