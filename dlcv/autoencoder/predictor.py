"""Answers of autoencoders and of PCA. One predictor serves all visitors: it returns what belongs to one visitor."""

from typing import NamedTuple

import torch

from ..core import runtime, weights
from ..core.errors import InputError
from .loss import squared_error

FARTHEST = 10.0  # deviations of a unit that are decoded at most


class Reading(NamedTuple):
    """What becomes of one picture."""

    code: torch.Tensor  # (d,)
    deviations: torch.Tensor  # (d,): the code in standard deviations of the training pictures' codes
    reconstruction: torch.Tensor  # (28, 28)
    error: float  # squared error, summed over the pixels


class Sweep(NamedTuple):
    """What one unit of a code does."""

    levels: torch.Tensor  # (L,) in deviations
    pictures: torch.Tensor  # (L, 28, 28)


class AutoencoderPredictor:
    """A shipped autoencoder or PCA by name, on `runtime.device()`."""

    def __init__(self, name: str):
        self.model = weights.load(weights.model_class(name), name)
        self.device = next(self.model.parameters()).device
        self.units = self.model.config.units
        self.class_names = self.model.config.class_names

    @torch.inference_mode()
    def codes(self, x: torch.Tensor) -> torch.Tensor:
        """Codes f(x), (N, d), of pictures (N, 1, 28, 28) in [0, 1]."""
        return self.model.encode(x.to(self.device)).cpu()

    @torch.inference_mode()
    def rebuild(self, x: torch.Tensor) -> torch.Tensor:
        """Reconstructions g(f(x)), (N, 1, 28, 28), of pictures of that shape."""
        return self.model(x.to(self.device)).reconstruction.cpu()

    @torch.inference_mode()
    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """Pictures g(code), (N, 28, 28), of codes (N, d). InputError on another length or values not finite."""
        if code.ndim != 2 or code.shape[1] != self.units:
            raise InputError(f"A code of this model has {self.units} numbers.")
        if not torch.isfinite(code).all():
            raise InputError("A code needs finite numbers.")
        return self.model.decode(code.to(self.device, torch.float32))[:, 0].cpu()

    def deviations(self, code: torch.Tensor) -> torch.Tensor:
        """A code (..., d) in standard deviations from the mean code of the training pictures."""
        return (code - self.model.code_mean.cpu()) / self.model.code_std.cpu()

    def code_at(self, deviations: torch.Tensor) -> torch.Tensor:
        """The code (..., d) that lies so many deviations from the mean one, each held within `FARTHEST`."""
        deviations = deviations.clamp(-FARTHEST, FARTHEST)
        return self.model.code_mean.cpu() + deviations * self.model.code_std.cpu()

    @torch.inference_mode()
    def read(self, x: torch.Tensor) -> Reading:
        """Code, reconstruction and squared error (1) of a picture (1, 1, 28, 28) in [0, 1]."""
        rebuilt, code = (part.cpu() for part in self.model(x.to(self.device)))
        return Reading(code[0], self.deviations(code[0]), rebuilt[0, 0], squared_error(rebuilt, x).item())

    def sweep(self, deviations: torch.Tensor, unit: int, steps: int = 61, reach: float = 3.0) -> Sweep:
        """Pictures while one unit of a code, (d,) in deviations, goes from -reach to reach and the others stay."""
        if not 0 <= unit < self.units:
            raise InputError(f"The units of this model are numbered from 0 to {self.units - 1}.")
        levels = torch.linspace(-reach, reach, steps)
        codes = deviations.repeat(steps, 1)
        codes[:, unit] = levels
        return Sweep(levels, self.decode(self.code_at(codes)))

    def walk(self, a: torch.Tensor, b: torch.Tensor, steps: int) -> torch.Tensor:
        """Pictures (steps, 28, 28) decoded on the straight way between the codes of two pictures (1, 1, 28, 28)."""
        t = torch.linspace(0, 1, steps).unsqueeze(1)
        return self.decode(torch.lerp(self.codes(a), self.codes(b), t))

    def random_codes(self, how: str, count: int, seed: int) -> torch.Tensor:
        """Codes (count, d) from the "box" that holds all training codes, or from the "gaussian" fitted to them."""
        generator = torch.Generator().manual_seed(seed)
        if how == "box":
            low, high = self.model.code_low.cpu(), self.model.code_high.cpu()
            return low + (high - low) * torch.rand(count, self.units, generator=generator)
        values, vectors = torch.linalg.eigh(
            self.model.code_covariance.cpu().double()
        )  # float16 may leave it not quite >= 0
        spread = (vectors * values.clamp_min(0).sqrt()).float()  # (d, d), spread spread^T the covariance
        return self.model.code_mean.cpu() + torch.randn(count, self.units, generator=generator) @ spread.T

    def heal(self, x: torch.Tensor, steps: int = 30, step: float = 0.2) -> torch.Tensor:
        """x <- x + step (g(f(x)) - x), so many times: (steps + 1, 28, 28) from a picture (1, 1, 28, 28) itself on."""
        seen = [x]
        for _ in range(steps):
            seen.append(torch.lerp(seen[-1], self.rebuild(seen[-1]), step))
        return torch.cat(seen)[:, 0]

    def pull(self, code: torch.Tensor) -> torch.Tensor:
        """f(g(code)) - code, (N, d): where decoding and encoding again would draw codes (N, d)."""
        return self.codes(self.decode(code).unsqueeze(1)) - code

    def drift(self, code: torch.Tensor, steps: int = 30, step: float = 0.2) -> torch.Tensor:
        """Codes (steps + 1, d) on the way with the current, code <- code + step (f(g(code)) - code), from (d,) on."""
        seen = [code.unsqueeze(0)]
        for _ in range(steps):
            seen.append(seen[-1] + step * self.pull(seen[-1]))
        return torch.cat(seen)


def predictor(name: str) -> AutoencoderPredictor:
    """Predictor of that name, one for the whole process, loaded on first use."""
    return runtime.shelf.get(("autoencoder", name), lambda: AutoencoderPredictor(name))
