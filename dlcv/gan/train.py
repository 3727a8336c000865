"""Train the GANs that ship: python -m dlcv.gan.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

from pathlib import Path

import torch
from torch.nn import functional as F

from ..core import weights
from ..core.datasets import TensorBatches, distorted, mnist
from ..core.training.classifiers import ClassifierConfig
from ..core.training.evaluation import accuracy, classify
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from .algorithm import GameSettings, critic_objective, freeze_the_other, generator_objective, network_at
from .classifier import Classifier, covered, mean_distance, modes_and_kl
from .loss import clip_weights
from .model import FORMULATIONS, GAN, REAL, GANConfig

PICTURES = 60_000  # of training, of either data set
HELD_OUT = 2000  # the last training digits, for the validation of the evaluator
GAMES = {
    "gan": GameSettings("gan", critic_steps=1),
    "wgan": GameSettings("wgan", critic_steps=2, clip=0.06),
    "wgan-gp": GameSettings("wgan-gp", critic_steps=2, penalty=10.0),
}
RATES = {"gan": 1e-3, "wgan": 2e-3, "wgan-gp": 2e-3}  # learning rate of both networks; with half of it WGANs are slower

DATA = {  # training set, channels of its pictures, description, licence
    "mnist": ("mnist", 1, "MNIST, {:,} training digits", "cc-by-sa-3.0"),
    "fashion": ("fashion", 1, "Fashion-MNIST, {:,} training garments", "mit"),
    "stacked": ("mnist", 3, "MNIST, three of {:,} training digits at random as red, green and blue", "cc-by-sa-3.0"),
}
COLLAPSED = "gan-collapsed-mnist"
CONFIGS = {
    f"{formulation}-{data}": GANConfig(formulation, channels=DATA[data][1])
    for data in DATA
    for formulation in FORMULATIONS
} | {COLLAPSED: GANConfig("gan", width=16, first_norm=False)}
COLLAPSING = Recipe(epochs=2, batch_size=64, learning_rate=1e-3, betas=(0.0, 0.9), average=0.9)
EVALUATORS = {"judge-mnist": "mnist", "judge-fashion": "fashion"}
PRESETS = {  # an epoch is 468 updates of either network: every formulation has as many
    preset: dict.fromkeys(EVALUATORS, Recipe(epochs=10, batch_size=128, average=0.998))
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
    | {COLLAPSED: COLLAPSING}
    for preset, epochs, stacked, average in (("cpu", 40, 60, 0.999), ("gpu", 400, 600, 0.9995))
}


def stack(digits: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Three digits as one picture: (N, 1, 28, 28) -> (N, 3, 28, 28), the second and third drawn from the same batch."""
    others = [digits[torch.randperm(len(digits), generator=generator, device=digits.device)] for _ in range(2)]
    return torch.cat([digits, *others], dim=1)


def loss(model, batch, step):
    """Loss of the network that this update is of: k updates are the critic's, the next is the generator's, and again.

    Every update takes a batch of real pictures; of the generator's only the size counts.
    """
    settings = GAMES[model.config.formulation]
    network = network_at(step.number, settings.critic_steps)
    freeze_the_other(model, network)
    if settings.formulation == "wgan":
        clip_weights(model.critic, settings.clip)  # after the update before this one

    def critic(x):
        return model.critic(x).float()

    real = batch[0] if model.config.channels == 1 else stack(batch[0], step.generator)  # (N, C, 28, 28)
    z = torch.randn(len(real), model.config.latents, generator=step.generator, device=real.device)  # (N, d)
    fake = model.generator(z).float()  # (N, C, 28, 28)
    if network == "critic":
        return {"loss": critic_objective(critic, real, fake, settings, step.generator)}
    return {"loss": generator_objective(critic, fake, settings)}


def classification_loss(model, batch, step):
    """Cross-entropy on digits that are turned by up to 10 degrees, scaled by a tenth and shifted by up to 2 pixels."""
    digits, labels = batch
    parameters = distorted.identity(len(digits))
    turn, scale, shift = (2 * torch.rand(len(digits), n, generator=step.generator).cpu() - 1 for n in (1, 1, 2))
    parameters.rotation, parameters.scale, parameters.shift = 10 * turn[:, 0], 1 + 0.1 * scale[:, 0], 2 * shift
    return {"loss": F.cross_entropy(model(distorted.distort(digits, parameters, distorted.SIDE)).logits, labels)}


def train_evaluator(name: str, recipe: Recipe, runs: Path) -> Classifier:
    """Classifier of a data set; the last pictures are held out for its validation."""
    pictures, labels = mnist.load(EVALUATORS[name], "train")
    training = TensorBatches(pictures[:-HELD_OUT], labels[:-HELD_OUT])
    held_out, truth = pictures[-HELD_OUT:], labels[-HELD_OUT:]

    def validate(model):
        return {"held_out_accuracy": round(accuracy(model, held_out, truth), 3)}

    config = ClassifierConfig(tuple(mnist.CLASSES[EVALUATORS[name]]))
    model = fit(Classifier(config), classification_loss, training, recipe, runs / name, validate)
    model.real_distance.copy_(mean_distance(classify(model, held_out).features))
    return model


@torch.inference_mode()
def set_real_scores(model: GAN, pictures: torch.Tensor) -> None:
    """Store the critic's scores of real pictures outside the training set, (REAL, 1, 28, 28), with the weights."""
    real = pictures if model.config.channels == 1 else stack(pictures, torch.Generator().manual_seed(0))
    model.real_scores.copy_(model.critic(real).sort().values)


def validate_modes(evaluator: Classifier):
    """Validation of a training on stacked digits: modes and KL of 10,000 samples."""

    @torch.inference_mode()
    def validate(model):
        generator = torch.Generator().manual_seed(0)
        z = torch.randn(10_000, model.config.latents, generator=generator).to(model.real_scores.device)
        modes, kl = modes_and_kl(evaluator, torch.cat([model.generator(batch) for batch in z.split(500)]))
        return {"modes": modes, "kl": round(kl, 4)}

    return validate


def validate_classes(evaluator: Classifier):
    """Validation of a training on digits: the classes that 600 samples cover."""

    @torch.inference_mode()
    def validate(model):
        z = torch.randn(600, model.config.latents, generator=torch.Generator().manual_seed(5))
        pictures = torch.cat([model.generator(batch.to(model.real_scores.device)) for batch in z.split(100)])
        counts = torch.bincount(classify(evaluator, pictures).logits.argmax(1), minlength=10)
        return {"classes": covered(counts)}

    return validate


def validation(name: str):
    """Validation of a training of that name, or None. The evaluator takes random numbers when it is made, before the
    model does: without it a training begins elsewhere."""
    if name.endswith("stacked"):
        return validate_modes(weights.load(Classifier, "judge-mnist"))
    return validate_classes(weights.load(Classifier, "judge-mnist")) if name == COLLAPSED else None


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one model, or resume its training, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    data, _, source, licence = DATA[name.split("-")[-1]]
    if name in EVALUATORS:
        model = train_evaluator(name, recipe, runs)
        count = PICTURES - HELD_OUT
    else:
        pictures = TensorBatches(*mnist.load(data, "train"))
        validate = validation(name)
        model = fit(GAN(CONFIGS[name]), loss, pictures, recipe, runs / name, validate)
        count = PICTURES
        set_real_scores(model.cpu(), mnist.load(data, "test")[0][:REAL])
    save_checkpoint(model, name, "dlcv.gan.train", recipe, licence=licence, source=source.format(count))


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
