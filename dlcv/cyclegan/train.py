"""Train the CycleGANs that ship: python -m dlcv.cyclegan.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]"""

from dataclasses import replace
from pathlib import Path

import torch
from torchvision.transforms import v2

from ..core.datasets import TensorBatches
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from . import domains
from .loss import PictureBuffer, discriminator_objective, objective
from .model import CycleGAN
from .presets import FINE_TUNING, FINE_TUNING_EPOCHS, INTERPOLATED, INTERPOLATION, LICENCE, PRESETS, SETUPS, Setup


def make_loss(setup: Setup, others: torch.Tensor, buffers: tuple[PictureBuffer, PictureBuffer]):
    """The loss of a step: the generators', then the discriminators', one or more times, with what was just generated.

    Args:
        others: pictures of B; each step takes as many of them, at random, as the batch has pictures of A.
        buffers: of generated pictures of A and of B.
    """
    config = setup.config
    are_scenes = config.names[0] in domains.SCENES
    # Crops are about as large as they are in the picture: on a picture scaled down the strokes would be finer. The
    # paper crops 256 of 286 pixels.
    share = (setup.side / domains.SCENE) ** 2  # of the area
    scale = (share, 2 * share) if share < 0.5 else (0.7, 1)
    vary = v2.Compose([v2.RandomResizedCrop(setup.side, scale, ratio=(1, 1)), v2.RandomHorizontalFlip()])

    def loss(model, batch, step):
        generator = step.generator
        chosen = torch.randint(len(others), (len(batch[0]),), generator=generator, device=generator.device).cpu()
        x, y = batch[0], others[chosen].to(batch[0].device)
        if are_scenes:
            x, y = domains.spread(vary(x)), domains.spread(vary(y))
        generators_turn = step.number % (1 + setup.critic_steps) == 0
        for network in (model.G, model.F):
            network.requires_grad_(generators_turn)
        for network in (model.D_A, model.D_B):
            network.requires_grad_(not generators_turn)
        if not generators_turn:
            return discriminator_objective(model, x, y, *(buffer.exchange(generator) for buffer in buffers))
        noisy = domains.with_noise(x, config.input_noise, generator) if config.input_noise else x
        out = model(noisy, y)
        for buffer, fakes in zip(buffers, (out.fake_a, out.fake_b)):
            buffer.newest = fakes.detach()
        return objective(model, x, y, out, setup.cycle_weight, setup.identity_weight)

    return loss


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one CycleGAN, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    names = SETUPS[name].config.names
    a, b = (domains.scenes(of) if of in domains.SCENES else domains.digits(of)[0] for of in names)
    data = TensorBatches(a)

    def fitted(model: CycleGAN, setup: Setup, recipe: Recipe, run: Path) -> CycleGAN:
        buffers = PictureBuffer(), PictureBuffer()
        layout = torch.contiguous_format
        return fit(model, make_loss(setup, b, buffers), data, recipe, run, layout=layout, remembered=buffers)

    model = fitted(CycleGAN(SETUPS[name].config), SETUPS[name], recipe, runs / name)
    more = {}
    if name == INTERPOLATED:
        loss_weights = FINE_TUNING.cycle_weight, FINE_TUNING.identity_weight
        more = {
            "interpolation": INTERPOLATION,
            "fine_tuning_weights": loss_weights,
            "fine_tuning_epochs": FINE_TUNING_EPOCHS,
        }
        before = {key: weight.clone() for key, weight in model.state_dict().items()}
        tuning = replace(recipe, epochs=FINE_TUNING_EPOCHS)
        model = fitted(model, FINE_TUNING, tuning, runs / f"{name}-fine-tuning")
        after = model.state_dict()
        model.load_state_dict({key: before[key].lerp(weight, INTERPOLATION) for key, weight in after.items()})
    source = f"{len(a):,} training pictures of {names[0]}, {len(b):,} of {names[1]}, no pairs, no labels"
    save_checkpoint(model, name, "dlcv.cyclegan.train", recipe, licence=LICENCE, source=source, **more)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
