"""What the CycleGANs that ship are, and how each of them is trained."""

from dataclasses import dataclass, replace

from ..core.training.loop import Recipe
from .model import CycleGANConfig


@dataclass(frozen=True)
class Setup:
    """A CycleGAN, the pictures it learns from, and the weights of its losses: 0 is an ablation."""

    config: CycleGANConfig
    side: int = 96  # pixels of the crops of photographs and paintings
    cycle_weight: float = 10.0  # lambda, the paper's
    identity_weight: float = 5.0  # the paper's
    critic_steps: int = 1  # of the discriminators for each of the generators


# Generators without outer norms let contrast past, and return to the photograph all too easily: the cycle weighs less.
# Discriminators without norms learn more slowly: they get more steps.
PAINTER = Setup(
    CycleGANConfig(skip_weight=0.5, blurred_upsampling=True, input_noise=0.05, outer_norm="none", critic_norm="none"),
    cycle_weight=1.0,
    identity_weight=0.25,
    critic_steps=3,
)
# Downsampled once only: a stroke may change its look, but not become another digit. Batch norm, for the contrast tells
# the domains apart.
SHALLOW = {
    "width": 24,
    "blocks": 3,
    "downsamplings": 1,
    "residual_norm": "batch",
    "outer_norm": "batch",
    "critic_norm": "none",
}
SETUPS = {
    "cyclegan-monet": PAINTER,
    "cyclegan-monet-without-cycle": replace(PAINTER, cycle_weight=0.0),
    "cyclegan-monet-without-identity": replace(PAINTER, identity_weight=0.0),
    "cyclegan-usps": Setup(CycleGANConfig(("MNIST", "USPS"), (1, 1), **SHALLOW), identity_weight=0.0),
    "cyclegan-mnist-m": Setup(
        CycleGANConfig(("MNIST", "MNIST-M"), (1, 3), residual_channels=3, **SHALLOW), identity_weight=0.0
    ),
    "cyclegan-monet-256": Setup(CycleGANConfig(width=64, blocks=9, critic_width=64), side=256),  # the paper's: for GPUs
}
# Final weights = lerp(model, model fine-tuned with stronger cycle and identity losses, 0.1): what need not change gets
# its colours back.
INTERPOLATED, INTERPOLATION = "cyclegan-monet", 0.1
FINE_TUNING, FINE_TUNING_EPOCHS = replace(PAINTER, cycle_weight=2.0, identity_weight=2.0), 3
LICENCE = "cc-by-nc-sa-4.0"  # some of the data sets are for research only


def recipes(monet_256: int, digits: int) -> dict[str, Recipe]:
    """The recipes of all CycleGANs by name, from their epochs: an epoch is one pass over the pictures of A.

    Painters learn for a short time: discriminators without a norm win in the end, and paintings become gaudy.
    """
    paper = Recipe(monet_256, batch_size=1, learning_rate=2e-4, betas=(0.5, 0.999))
    on_digits = replace(paper, batch_size=16, learning_rate=4e-4)
    painters = {name: replace(paper, epochs=6, learning_rate=3e-4) for name in list(SETUPS)[:3]}
    return painters | {
        "cyclegan-usps": replace(on_digits, epochs=digits),
        "cyclegan-mnist-m": replace(on_digits, epochs=2 * digits),
        "cyclegan-monet-256": paper,
    }


PRESETS = {"cpu": recipes(monet_256=30, digits=4), "gpu": recipes(monet_256=400, digits=20)}
