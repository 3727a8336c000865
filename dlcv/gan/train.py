"""Train the GANs that ship: python -m dlcv.gan.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

from pathlib import Path

import torch
from torch.nn import functional as F

from ..core import weights
from ..core.datasets import TensorBatches, distorted, mnist
from ..core.training.evaluation import ClassifierConfig, accuracy, judge
from ..core.training.loop import Recipe, command_line, fit, passport_recipe
from . import loss as objectives
from .classifier import Classifier, mean_distance, modes_and_kl
from .model import FORMULATIONS, GAN, REAL, GANConfig, give_turn

PICTURES = 60_000  # of training, of either data set
HELD_OUT = 2000  # the last training digits, to watch the classifier with
CRITIC_STEPS = {"gan": 1, "wgan": 2, "wgan-gp": 2}  # k, for each step of the generator
RATES = {"gan": 1e-3, "wgan": 2e-3, "wgan-gp": 2e-3}  # of both networks' learning; with half of it WGANs are slower
CLIP, PENALTY = 0.06, 10.0  # c and lambda of the slide

DATA = {  # what is learned, channels of its pictures, what they are, their licence
    "mnist": ("mnist", 1, "MNIST, {:,} training digits", "cc-by-sa-3.0"),
    "fashion": ("fashion", 1, "Fashion-MNIST, {:,} training garments", "mit"),
    "stacked": ("mnist", 3, "MNIST, three of {:,} training digits at random as red, green and blue", "cc-by-sa-3.0"),
}
CONFIGS = {
    f"{formulation}-{data}": GANConfig(formulation, channels=DATA[data][1])
    for data in DATA
    for formulation in FORMULATIONS
}
JUDGES = {"judge-mnist": "mnist", "judge-fashion": "fashion"}
PRESETS = {  # an epoch is 468 updates of either network: every formulation has as many
    preset: dict.fromkeys(JUDGES, Recipe(epochs=10, batch_size=128, average=0.998))
    | {
        name: Recipe(
            stacked if config.channels == 3 else epochs,
            128,
            RATES[config.formulation],
            betas=(0.0, 0.9),
            average=average,
        )
        for name, config in CONFIGS.items()
    }
    for preset, epochs, stacked, average in (("cpu", 40, 60, 0.999), ("gpu", 400, 600, 0.9995))
}


def stack(digits: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Three digits as one picture: (N, 1, 28, 28) -> (N, 3, 28, 28), the second and third drawn from the same batch."""
    others = [digits[torch.randperm(len(digits), generator=generator, device=digits.device)] for _ in range(2)]
    return torch.cat([digits, *others], dim=1)


def make_loss(config: GANConfig):
    """One step of the algorithm: k steps of the discriminator or critic, one of the generator, and again."""
    k = CRITIC_STEPS[config.formulation]

    def loss(model, batch, step):
        real = batch[0] if config.channels == 1 else stack(batch[0], step.generator)
        critics_turn = step.number % (k + 1) < k
        give_turn(model, critics_turn)
        if config.formulation == "wgan":
            objectives.clip_weights(model.critic, CLIP)
        fake, fake_score = model(torch.randn(len(real), config.latents, generator=step.generator, device=real.device))
        if not critics_turn:
            if config.formulation == "gan":
                return {"loss": objectives.non_saturating_generator_loss(fake_score)}
            return {"loss": objectives.wasserstein_generator_loss(fake_score)}
        real_score = model.critic(real).float()
        if config.formulation == "gan":
            return {"loss": objectives.discriminator_loss(real_score, fake_score)}
        terms = {"loss": objectives.critic_loss(real_score, fake_score)}
        if config.formulation == "wgan-gp":
            with torch.autocast(real.device.type, enabled=False):  # the slope of a slope needs its digits
                terms["loss"] += PENALTY * objectives.gradient_penalty(model.critic, real, fake.float(), step.generator)
        return terms

    return loss


def classification_loss(model, batch, step):
    """Cross-entropy on digits that are turned by up to 10 degrees, scaled by a tenth and shifted by up to 2 pixels."""
    digits, labels = batch
    parameters = distorted.identity(len(digits))
    turn, scale, shift = (2 * torch.rand(len(digits), n, generator=step.generator).cpu() - 1 for n in (1, 1, 2))
    parameters.rotation, parameters.scale, parameters.shift = 10 * turn[:, 0], 1 + 0.1 * scale[:, 0], 2 * shift
    return {"loss": F.cross_entropy(model(distorted.distort(digits, parameters, distorted.SIDE)).logits, labels)}


def train_judge(name: str, recipe: Recipe, runs: Path) -> Classifier:
    """The classifier of a data set; its last pictures are kept to watch it with."""
    pictures, labels = mnist.load(JUDGES[name], "train")
    seen = TensorBatches(pictures[:-HELD_OUT], labels[:-HELD_OUT])
    held_out, truth = pictures[-HELD_OUT:], labels[-HELD_OUT:]

    def validate(model):
        return {"held_out_accuracy": round(accuracy(model, held_out, truth), 3)}

    config = ClassifierConfig(tuple(mnist.CLASSES[JUDGES[name]]))
    model = fit(Classifier(config), classification_loss, seen, recipe, runs / name, validate)
    model.real_distance.copy_(mean_distance(judge(model, held_out).features))
    return model


@torch.inference_mode()
def set_real_scores(model: GAN, pictures: torch.Tensor) -> None:
    """Keep with the weights what the critic thinks of real pictures that it never saw, (REAL, 1, 28, 28)."""
    real = pictures if model.config.channels == 1 else stack(pictures, torch.Generator().manual_seed(0))
    model.real_scores.copy_(model.critic(real).sort().values)


def watch_modes(judging: Classifier):
    """What a training on stacked digits is watched with: modes and KL of 10,000 samples."""

    @torch.inference_mode()
    def validate(model):
        generator = torch.Generator().manual_seed(0)
        z = torch.randn(10_000, model.config.latents, generator=generator).to(model.real_scores.device)
        modes, kl = modes_and_kl(judging, torch.cat([model.generator(some) for some in z.split(500)]))
        return {"modes": modes, "kl": round(kl, 4)}

    return validate


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one model, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    data, _, source, licence = DATA[name.split("-")[-1]]
    if name in JUDGES:
        model = train_judge(name, recipe, runs)
        count = PICTURES - HELD_OUT
    else:
        pictures = TensorBatches(*mnist.load(data, "train"))
        validate = watch_modes(weights.load(Classifier, "judge-mnist")) if name.endswith("stacked") else None
        model = fit(GAN(CONFIGS[name]), make_loss(CONFIGS[name]), pictures, recipe, runs / name, validate)
        count = PICTURES
        set_real_scores(model.cpu(), mnist.load(data, "test")[0][:REAL])
    made_by = passport_recipe("dlcv.gan.train", name, recipe)
    weights.save(model, name, topic="gan", recipe=made_by, licence=licence, source=source.format(count))


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
