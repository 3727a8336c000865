"""The losses of CycleGAN under their equations. Pictures are (N, C, H, W) in [-1, 1], scores (N, h, w) of patches."""

import torch
from torch.nn import functional as F


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """min_D   1/2 E_y (D(y) - 1)^2 + 1/2 E_x D(G(x))^2: least squares instead of logarithms (Mao et al. 2017)."""
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def adversarial_loss(fake: torch.Tensor) -> torch.Tensor:
    """min_G   E_x (D(G(x)) - 1)^2: every patch should look real."""
    return (fake - 1).square().mean()


def cycle_loss(x: torch.Tensor, back: torch.Tensor) -> torch.Tensor:
    """min_{G,F}   E_x |F(G(x)) - x|_1: what is to be translated back cannot be thrown away."""
    return F.l1_loss(back, x)


def identity_loss(y: torch.Tensor, translated: torch.Tensor) -> torch.Tensor:
    """min_G   E_y |G(y) - y|_1: what is in the target domain already stays; without it colours may be exchanged."""
    return F.l1_loss(translated, y)


class PictureBuffer:
    """The last `size` generated pictures: a discriminator that remembers them is not led round in circles.

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
