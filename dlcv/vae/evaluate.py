"""Score the VAEs that ship on all test pictures: python -m dlcv.vae.evaluate [--model NAME ...] [--data DIR]

Prints each table and writes it beside the weights. The 5,000 samples a digit take an hour on two cores.
"""

import argparse

import torch
from tqdm import tqdm

from ..core import runtime, weights
from ..core.datasets import mnist, parse_with_data
from ..core.weights import scores
from .loss import evidence_lower_bound, importance_weighted_bound, kl_to_prior, log_importance_weights
from .model import VAE, reparametrise

COMMAND = "python -m dlcv.vae.evaluate"
SAMPLES = {"vae-mnist-40d": 5000}  # of z for each picture; 200 for the models that have no paper's score beside them
ROWS_AT_ONCE = 500  # decoded together: more would only fall out of the processor's cache
BAR = 81.0
PAPERS = [
    (86.76, "Burda et al. 2016, one stochastic layer, k = 1"),
    (84.78, "Burda et al. 2016, one stochastic layer, k = 50"),
    (78.0, "Vahdat and Kautz 2020 (NVAE), many layers"),
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


def evaluate(name: str, every: int = 1) -> list[dict]:
    """Rows of one model's metrics.json, measured on each `every`-th of the 10,000 test pictures."""
    pictures, _ = mnist.load("fashion" if "fashion" in name else "mnist", "test")
    pictures = pictures[::every]
    model = weights.load(VAE, name)
    samples = SAMPLES.get(name, 200)
    found = score(model, pictures, samples)
    chosen = f"all {len(pictures):,}" if every == 1 else f"{len(pictures):,} of 10,000"
    data = f"{'Fashion-MNIST' if 'fashion' in name else 'MNIST'} test, {chosen}"
    nats = {"unit": "nats", "data": data, "better": "lower"}
    nll = {"metric": "nll", **nats, "value": round(-found["bound"].mean().item(), 2)}
    if name in SAMPLES:
        rows = [{**nll, "bar": BAR, "paper": paper, "paper_source": source} for paper, source in PAPERS]
    else:
        rows = [nll]
    rows.append({"metric": "negative_elbo", **nats, "value": round(-found["elbo"].mean().item(), 2)})
    rows.append({"metric": "reconstruction", **nats, "value": round(-found["log_likelihood"].mean().item(), 2)})
    rows.append({"metric": "kl", **nats, "value": round(found["kl"].mean().item(), 2)})
    used = active_units(found["mean"])
    rows.append({"metric": "active_units", "unit": "latents", "data": data, "better": "higher", "value": used})
    return rows


def main() -> None:
    """Read the command line, score, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", nargs="+", choices=weights.names("vae"), default=weights.names("vae"))
    parser.add_argument("--every", type=int, default=1, help="score each so many-th test picture only")
    args = parse_with_data(parser)
    for name in args.model:
        rows = evaluate(name, args.every)
        scores.record(name, COMMAND if args.every == 1 else f"{COMMAND} --every {args.every}", rows)
        print(f"\n{name}")
        for row in rows:
            paper = f"   paper {row['paper']} ({row['paper_source']})" if row.get("paper") else ""
            print(f"  {row['metric']:16} {row['value']:8} {row['unit']}{paper}")


if __name__ == "__main__":
    main()
