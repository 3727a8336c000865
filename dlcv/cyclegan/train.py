"""Train the CycleGANs that ship: python -m dlcv.cyclegan.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

from dataclasses import replace
from pathlib import Path

import torch
from torchvision.transforms import v2

from ..core import weights
from ..core.datasets import TensorBatches
from ..core.training.loop import Recipe, command_line, fit, passport_recipe
from . import domains
from . import loss as objectives
from .model import CycleGAN, CycleGANConfig

PAPER_WEIGHTS = 10.0, 5.0  # of the cycle and identity losses, beside the adversarial one
BARE_WEIGHTS = 1.0, 0.25  # generators that let contrast past them return to the photograph all too easily
CALM_WEIGHTS, CALM_EPOCHS = (2.0, 2.0), 3  # trained on like this, what need not change gets its colours back
CALM = 0.1  # how far the weights go from the bold painter to the calm one, on the straight line between them
BARE_TURNS = 3  # of the discriminators for each of the generators, where they have no norm to help them
MONET = CycleGANConfig(shortcut=0.5, smooth=True, grain=0.05, bare=True)
# Halved once only: a stroke may change its look, but not become another digit.
SHALLOW = {"width": 24, "blocks": 3, "halvings": 1, "contrast": True}
CONFIGS = {
    "cyclegan-monet": MONET,
    "cyclegan-monet-without-cycle": MONET,  # two that show what a loss is for
    "cyclegan-monet-without-identity": MONET,
    "cyclegan-usps": CycleGANConfig(("MNIST", "USPS"), (1, 1), **SHALLOW),
    "cyclegan-mnist-m": CycleGANConfig(("MNIST", "MNIST-M"), (1, 3), rest=3, **SHALLOW),
    "cyclegan-monet-256": CycleGANConfig(width=64, blocks=9, critic_width=64),  # the paper's, wants a GPU
}
SIDE = 96  # pixels of the crops that are learned from
SIDES = {"cyclegan-monet-256": 256}  # where it is not that
LICENCE = "cc-by-nc-sa-4.0"  # some of the data sets are for research only


def recipes(bare: int, paper: int, digits: int) -> dict[str, Recipe]:
    """An epoch is one pass over the pictures of A; every second batch is the discriminators', or three of four.

    Bare painters learn for a short time: discriminators without a norm win in the end, and paintings become gaudy.
    """
    usual = Recipe(paper, batch_size=1, learning_rate=2e-4, betas=(0.5, 0.999))
    found = {name: replace(usual, epochs=bare, learning_rate=3e-4) for name in CONFIGS if CONFIGS[name].bare}
    on_digits = replace(usual, batch_size=16, learning_rate=4e-4)
    return found | {
        "cyclegan-usps": replace(on_digits, epochs=digits),
        "cyclegan-mnist-m": replace(on_digits, epochs=2 * digits),
        "cyclegan-monet-256": usual,
    }


PRESETS = {"cpu": recipes(bare=6, paper=30, digits=4), "gpu": recipes(bare=6, paper=400, digits=20)}


Buffers = tuple[objectives.PictureBuffer, objectives.PictureBuffer]


def make_loss(
    name: str, others: torch.Tensor, buffers: Buffers, side: int = SIDE, ties: tuple[float, float] | None = None
):
    """The generators' turn, then the discriminators', one or more: with what was just generated, by way of the buffers.

    `others` are the pictures of B: each step takes as many of them, at random, as the batch has pictures of A.
    `buffers` are of generated pictures of A and of B.
    Of paintings and photographs it takes crops of `side` pixels, about as they are in the picture: on smaller pictures
    of the same the strokes would be finer. The paper crops 256 of 286. `ties` are the weights of the cycle and identity
    losses, where not the usual ones.
    """
    config = CONFIGS[name]
    scenes = config.names[0] in domains.SCENES
    cycle_weight, identity_weight = ties or (BARE_WEIGHTS if config.bare else PAPER_WEIGHTS)
    turns = 1 + (BARE_TURNS if config.bare else 1)
    share = (side / domains.SCENE) ** 2  # of the area
    scale = (share, 2 * share) if share < 0.5 else (0.7, 1)
    vary = v2.Compose([v2.RandomResizedCrop(side, scale, ratio=(1, 1)), v2.RandomHorizontalFlip()])

    def loss(model, batch, step):
        generator = step.generator
        chosen = torch.randint(len(others), (len(batch[0]),), generator=generator, device=generator.device).cpu()
        x, y = batch[0], others[chosen].to(batch[0].device)
        if scenes:
            x, y = domains.spread(vary(x)), domains.spread(vary(y))
        generators_turn = step.number % turns == 0
        for network, learns in zip(model.children(), [generators_turn] * 2 + [not generators_turn] * 2, strict=True):
            network.requires_grad_(learns)
        if not generators_turn:
            fake_a, fake_b = (buffer.exchange(generator) for buffer in buffers)
            return {
                "loss": objectives.discriminator_loss(model.critic_a(x).float(), model.critic_a(fake_a).float())
                + objectives.discriminator_loss(model.critic_b(y).float(), model.critic_b(fake_b).float())
            }
        found = model(domains.grained(x, config.grain, generator) if config.grain else x, y)
        for buffer, fakes in zip(buffers, (found.fake_a, found.fake_b)):
            buffer.newest = fakes.detach()
        adversarial = objectives.adversarial_loss(model.critic_b(found.fake_b).float())
        adversarial = adversarial + objectives.adversarial_loss(model.critic_a(found.fake_a).float())
        cycle = objectives.cycle_loss(x, found.back_a) + objectives.cycle_loss(y, found.back_b)
        terms, total = {"adversarial": adversarial, "cycle": cycle}, adversarial
        if "without-cycle" not in name:
            total = total + cycle_weight * cycle
        if scenes and "without-identity" not in name:
            terms["identity"] = objectives.identity_loss(y, model.to_b(y)) + objectives.identity_loss(x, model.to_a(x))
            total = total + identity_weight * terms["identity"]
        return {"loss": total, **terms}

    return loss


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one CycleGAN, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    config = CONFIGS[name]
    a, b = (domains.scenes(of) if of in domains.SCENES else domains.digits(of)[0] for of in config.names)
    data, buffers = TensorBatches(a), (objectives.PictureBuffer(), objectives.PictureBuffer())
    loss, plain = make_loss(name, b, buffers, SIDES.get(name, SIDE)), torch.contiguous_format
    model = fit(CycleGAN(config), loss, data, recipe, runs / name, layout=plain, remembered=buffers)
    made_by = passport_recipe("dlcv.cyclegan.train", name, recipe)
    if name == "cyclegan-monet":
        made_by |= {"calm": CALM, "calm_weights": CALM_WEIGHTS, "calm_epochs": CALM_EPOCHS}
        buffers = objectives.PictureBuffer(), objectives.PictureBuffer()
        last, loss = replace(recipe, epochs=CALM_EPOCHS), make_loss(name, b, buffers, SIDE, CALM_WEIGHTS)
        bold = {name: weight.clone() for name, weight in model.state_dict().items()}
        model = fit(model, loss, data, last, runs / f"{name}-calm", layout=plain, remembered=buffers)
        model.load_state_dict({name: bold[name].lerp(weight, CALM) for name, weight in model.state_dict().items()})
    source = f"{len(a):,} training pictures of {config.names[0]}, {len(b):,} of {config.names[1]}, no pairs, no labels"
    weights.save(model, name, topic="cyclegan", recipe=made_by, licence=LICENCE, source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
