"""Train the VAEs that ship: python -m dlcv.vae.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

from dataclasses import asdict
from pathlib import Path

import torch

from ..core.datasets import TensorBatches, mnist
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from .forming import SMALL, FormingConfig, FormingVAE
from .loss import evidence_lower_bound, importance_weighted_bound, log_importance_weights
from .model import VAE, VAEConfig

FORMING = "vae-mnist-2d-forming"
HELD_OUT = 1000  # the last training pictures, for validation; the test set is left to evaluate.py

# Digits are binarised anew at each visit, garments keep their greys: the two choices of P(X|z).
CONFIGS = {
    "vae-mnist-2d": VAEConfig(2, "bernoulli"),
    "vae-mnist-40d": VAEConfig(40, "bernoulli"),
    "vae-fashion-2d": VAEConfig(2, "gaussian", class_names=mnist.GARMENTS),
    "vae-fashion-40d": VAEConfig(40, "gaussian", class_names=mnist.GARMENTS),
    FORMING: FormingConfig(**SMALL),
}
SOURCES = {
    "mnist": ("MNIST, 59,000 training digits", "cc-by-sa-3.0"),
    "fashion": ("Fashion-MNIST, 59,000 training garments", "mit"),
}  # training set and licence of each model
PRESETS = {
    "cpu": {
        "vae-mnist-2d": Recipe(epochs=15, batch_size=128),
        "vae-mnist-40d": Recipe(epochs=80, batch_size=128),
        "vae-fashion-2d": Recipe(epochs=15, batch_size=128),
        "vae-fashion-40d": Recipe(epochs=25, batch_size=128),
        FORMING: Recipe(epochs=6, batch_size=128),
    },
    "gpu": {
        name: Recipe(epochs=400, batch_size=256, average=0.9995)
        if config.latents > 2
        else Recipe(epochs=100, batch_size=256)
        for name, config in CONFIGS.items()
    },
}
IWAE_FROM, IWAE_SAMPLES = 0.6, 5  # the last two fifths maximise the importance-weighted bound of 5 samples
# Then, for the model that is compared with papers, of 20: costly, so only when there is little left to learn.
FINE_TUNING = {"vae-mnist-40d": Recipe(epochs=8, batch_size=128, learning_rate=4e-4, seed=1)}
FINE_TUNING_SAMPLES = 20


def loss(model, batch, step):
    """Minus the bound on log P(X): the ELBO with one sample, at the end the importance-weighted bound with several."""
    weighted = step.progress >= IWAE_FROM and model_config(model).latents > 2
    kl_weight = min(1.0, 0.1 + step.progress / 0.05)  # a gentle start keeps units from dying before they are of use
    return minus_bound(model, batch, IWAE_SAMPLES if weighted else 1, kl_weight, step.generator)


def fine_tuning_loss(model, batch, step):
    """Minus the importance-weighted bound with `FINE_TUNING_SAMPLES` samples."""
    return minus_bound(model, batch, FINE_TUNING_SAMPLES, 1.0, step.generator)


def minus_bound(model, batch, samples: int, kl_weight: float, generator) -> dict[str, torch.Tensor]:
    """Terms of one batch's loss; `kl_weight` counts only where there is one sample."""
    pictures, _ = batch
    if model_config(model).likelihood == "bernoulli":
        pictures = torch.bernoulli(pictures, generator=generator)
    out = model(pictures, samples, generator)
    if samples == 1:
        bound = evidence_lower_bound(out.log_likelihood, out.mean, out.log_variance, kl_weight)
    else:
        bound = importance_weighted_bound(log_importance_weights(out.log_likelihood, out.z, out.mean, out.log_variance))
    return {"loss": -bound.mean(), "log_likelihood": out.log_likelihood.mean()}


def model_config(model) -> VAEConfig:
    """Settings of a VAE, also where several processes wrap it."""
    return getattr(model, "module", model).config


@torch.inference_mode()
def watch(model, pictures) -> dict[str, float]:
    """ELBO and 10-sample bound on held-out training pictures, nats."""
    generator = torch.Generator(pictures.device).manual_seed(0)
    if model.config.likelihood == "bernoulli":
        pictures = torch.bernoulli(pictures, generator=generator)
    elbo, bound = [], []
    for batch in pictures.split(100):
        out = model(batch, 10, generator)
        elbo.append(evidence_lower_bound(out.log_likelihood, out.mean, out.log_variance))
        bound.append(
            importance_weighted_bound(log_importance_weights(out.log_likelihood, out.z, out.mean, out.log_variance))
        )
    return {
        "held_out_elbo": round(torch.cat(elbo).mean().item(), 3),
        "held_out_bound": round(torch.cat(bound).mean().item(), 3),
    }


@torch.inference_mode()
def set_class_means(model, pictures, labels) -> None:
    """Store the mean of mu(X) over each class with the weights: the ends of a morph between two classes."""
    means = torch.cat([model.encode(batch)[0] for batch in pictures.split(1000)])
    for label in range(len(model.config.class_names)):
        model.class_means[label] = means[labels == label].mean(0)


def train_forming(recipe: Recipe, runs: Path) -> None:
    """Train a small VAE and keep its weights at moments on the way; write checkpoints/<name>."""
    pictures, labels = mnist.load("mnist", "train")
    training = TensorBatches(pictures[:-HELD_OUT], labels[:-HELD_OUT])
    forming = FormingVAE(CONFIGS[FORMING])
    moments = forming.config.moments

    def loss_and_state(model, batch, step):
        if step.number in moments:
            now = getattr(model, "module", model).state_dict()
            forming.states[moments.index(step.number)].load_state_dict(now)
        return loss(model, batch, step)

    model = fit(VAE(forming.config), loss_and_state, training, recipe, runs / FORMING, remembered=[forming])
    forming.states[-1].load_state_dict(model.state_dict())  # the average, as of every training
    for state in forming.states:
        set_class_means(state.eval(), *training.tensors)
    source, licence = SOURCES["mnist"]
    save_checkpoint(forming, FORMING, "dlcv.vae.train", recipe, licence=licence, source=source)


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one model, or resume its training, and write checkpoints/<name>."""
    if name == FORMING:
        return train_forming(recipe, runs)
    data = "fashion" if "fashion" in name else "mnist"
    pictures, labels = mnist.load(data, "train")
    training, held_out = TensorBatches(pictures[:-HELD_OUT], labels[:-HELD_OUT]), pictures[-HELD_OUT:]

    def held_out_scores(averaged):
        return watch(averaged, held_out.to(averaged.class_means.device))

    model = fit(VAE(CONFIGS[name]), loss, training, recipe, runs / name, held_out_scores)
    more = {}
    if name in FINE_TUNING:
        second = FINE_TUNING[name]
        model = fit(model, fine_tuning_loss, training, second, runs / f"{name}-fine-tuned", held_out_scores)
        more["fine_tuning"] = {"samples": FINE_TUNING_SAMPLES, **asdict(second)}
    set_class_means(model.cpu(), *training.tensors)
    source, licence = SOURCES[data]
    save_checkpoint(model, name, "dlcv.vae.train", recipe, licence=licence, source=source, **more)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
