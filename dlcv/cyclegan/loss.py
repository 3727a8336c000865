"""The objective of CycleGAN, and its terms. Pictures are (N, C, H, W) in [-1, 1], scores of patches (N, h, w)."""

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from .model import CycleGAN, Translations


def objective(
    model: "CycleGAN",
    x: torch.Tensor,
    y: torch.Tensor,
    out: "Translations",
    cycle_weight: float = 10.0,
    identity_weight: float = 5.0,
) -> dict[str, torch.Tensor]:
    """The whole objective, which G and F minimise, with its terms; `out` are the translations of x and y.

    L(G, F, D_A, D_B) = L_GAN(G, D_B) + L_GAN(F, D_A) + lambda L_cyc(G, F) + lambda_id L_id(G, F)

    Where lambda_id is 0, L_id is left out: it needs domains with as many channels.
    """
    gan = adversarial_loss(model.D_B(out.fake_b).float()) + adversarial_loss(model.D_A(out.fake_a).float())
    cycle = cycle_loss(x, out.reconstructed_a) + cycle_loss(y, out.reconstructed_b)
    terms = {"adversarial": gan, "cycle": cycle}
    loss = gan + cycle_weight * cycle
    if identity_weight:
        terms["identity"] = identity_loss(y, model.G(y)) + identity_loss(x, model.F(x))
        loss = loss + identity_weight * terms["identity"]
    return {"loss": loss} | terms


def discriminator_objective(
    model: "CycleGAN", x: torch.Tensor, y: torch.Tensor, fake_a: torch.Tensor, fake_b: torch.Tensor
) -> dict[str, torch.Tensor]:
    """What D_A and D_B minimise in place of maximising L, of pictures x, y and generated ones."""
    a = discriminator_loss(model.D_A(x).float(), model.D_A(fake_a).float())
    b = discriminator_loss(model.D_B(y).float(), model.D_B(fake_b).float())
    return {"loss": a + b}


def adversarial_loss(fake: torch.Tensor) -> torch.Tensor:
    """L_GAN(G, D_B) = min_G   E_x (D_B(G(x)) - 1)^2: every patch should look real (Mao et al. 2017)."""
    return (fake - 1).square().mean()


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """min_D   1/2 E_y (D(y) - 1)^2 + 1/2 E_x D(G(x))^2: least squares instead of logarithms (Mao et al. 2017)."""
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def cycle_loss(x: torch.Tensor, reconstructed: torch.Tensor) -> torch.Tensor:
    """L_cyc = min_{G,F}   E_x |F(G(x)) - x|_1: what is to be translated back cannot be thrown away."""
    return F.l1_loss(reconstructed, x)


def identity_loss(y: torch.Tensor, translated: torch.Tensor) -> torch.Tensor:
    """L_id = min_G   E_y |G(y) - y|_1: what is in the target domain already stays; else colours may be exchanged."""
    return F.l1_loss(translated, y)


class PictureBuffer:
    """The last `size` generated pictures: a discriminator that remembers these is not led round in circles.

    (Shrivastava et al. 2017; Section 7.2 of CycleGAN.)
    """

    def __init__(self, size: int = 50):
        self.size, self.pictures = size, []
        self.newest: torch.Tensor | None = None  # (N, C, H, W), what the generator made in its last turn

    def state_dict(self) -> dict:
        """What a training that goes on has to remember."""
        return {"pictures": self.pictures, "newest": self.newest}

    def load_state_dict(self, state: dict) -> None:
        """Takes up what `state_dict` gave."""
        self.pictures, self.newest = state["pictures"], state["newest"]

    def exchange(self, generator: torch.Generator | None = None) -> torch.Tensor:
        """Pictures (N, C, H, W) to show to the discriminator: new ones, half the time an old one that is replaced."""
        shown = []
        for fake in self.newest:
            if len(self.pictures) < self.size:
                self.pictures.append(fake)
                shown.append(fake)
            elif torch.rand((), generator=generator, device=fake.device) < 0.5:
                place = torch.randint(self.size, (), generator=generator, device=fake.device).item()
                shown.append(self.pictures[place])
                self.pictures[place] = fake
            else:
                shown.append(fake)
        return torch.stack(shown)
