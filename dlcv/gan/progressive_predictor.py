"""Pictures of the progressive GAN, at any stage of its growth."""

from collections.abc import Sequence

import torch

from ..core import runtime, weights
from ..core.errors import InputError
from .progressive import ProgressiveGAN


class ProgressivePredictor:
    """A progressive GAN of garments by name, at any stage of its growth, on `runtime.device()`."""

    def __init__(self, name: str):
        self.model = weights.load(ProgressiveGAN, name)
        self.device = self.model.shares.device
        self.last_stage = self.model.last_stage

    @torch.inference_mode()
    def sample(
        self, count: int = 16, seed: int = 0, stage: float | None = None, classes: Sequence[int] | None = None
    ) -> torch.Tensor:
        """Pictures (count, 3, S, S) in [0, 1] at a stage, 2 for 16 x 16, 2.5 half way from there to 32 x 32.

        Of some classes, or of all, in the shares of the training photographs. InputError where there is no such stage
        or class.
        """
        stage = self.last_stage if stage is None else stage
        if not 0 <= stage <= self.last_stage:
            raise InputError(f"This network grew from stage 0 to stage {self.last_stage}.")
        shares = self.model.shares.cpu()
        if classes is not None:
            if not classes or not set(classes) <= set(range(len(shares))):
                raise InputError(f"This network knows {len(shares)} classes.")
            shares = torch.zeros_like(shares).index_copy(0, torch.tensor(classes), shares[list(classes)])
        generator = torch.Generator().manual_seed(seed)
        z = torch.randn(count, self.model.config.latents, generator=generator)  # (count, d)
        labels = shares.multinomial(count, replacement=True, generator=generator)  # (count,)
        return self.model(z.to(self.device), labels.to(self.device), stage).float().cpu()


def predictor(name: str) -> ProgressivePredictor:
    """Predictor of that name, one for the whole process, loaded on first use."""
    return runtime.shelf.get(("progressive", name), lambda: ProgressivePredictor(name))
