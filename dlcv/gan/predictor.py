"""Answers of the trained GANs of 28 x 28 pictures. One predictor serves all visitors."""

from functools import cached_property, partial
from typing import NamedTuple

import torch

from ..core import cores, runtime, weights
from ..core.errors import InputError
from ..core.training.evaluation import classify
from .classifier import Classifier, mean_distance
from .model import GAN, GANOutput

AT_ONCE = 100  # pictures generated together: their feature maps stay in the cache, larger batches are slower


class Scores(NamedTuple):
    """Values of the critic: D(x) in [0, 1] for the original formulation, f_w(x) without unit for the others."""

    picture: float
    real: torch.Tensor  # (500,): of real pictures outside the training set, sorted
    fake: torch.Tensor  # (500,): of pictures of the critic's own generator, sorted


class Variety(NamedTuple):
    """Classes of N samples, and their mean distance."""

    counts: torch.Tensor  # (10,): samples that the evaluator puts into each class
    distance: float  # mean distance of two samples in the evaluator's features
    pictures: torch.Tensor  # (64, C, 28, 28): the first samples


class GANPredictor:
    """Generator and critic of one checkpoint, such as "wgan-gp-mnist", on `runtime.device()`."""

    def __init__(self, name: str):
        self.model = weights.load(GAN, name)
        self.config = self.model.config
        self.device = self.model.real_scores.device

    def latent(self, seed: int, count: int = 1) -> torch.Tensor:
        """z ~ N(0, I), (count, d), the same for a seed in all formulations."""
        return torch.randn(count, self.config.latents, generator=torch.Generator().manual_seed(seed))

    def _checked(self, z: torch.Tensor) -> torch.Tensor:
        if z.ndim != 2 or z.shape[1] != self.config.latents or not torch.isfinite(z).all():
            raise InputError(f"A latent of this model has {self.config.latents} finite numbers.")
        return z.to(self.device)

    @torch.inference_mode()
    def generate(self, z: torch.Tensor) -> torch.Tensor:
        """Pictures (N, C, 28, 28) in [0, 1] of latents (N, d). InputError on another length or values not finite."""
        return torch.cat([self.model.generator(batch).cpu() for batch in self._checked(z).split(AT_ONCE)])

    @torch.inference_mode()
    def generate_scored(self, z: torch.Tensor) -> GANOutput:
        """Pictures of latents (N, d) as by `generate`, with D or f_w of each, (N,)."""
        out = self.model(self._checked(z))
        return GANOutput(out.pictures.cpu(), self._value(out.scores))

    def sample(self, count: int = 64, seed: int = 0, truncation: float = 1.0) -> torch.Tensor:
        """Pictures (count, C, 28, 28) of z ~ N(0, truncation^2 I): less variety for better pictures below 1."""
        return self.generate(truncation * self.latent(seed, count))

    def _value(self, scores: torch.Tensor) -> torch.Tensor:
        """The probability D(x) of logits (N,), or f_w(x), which is the score itself."""
        return (scores.sigmoid() if self.config.formulation == "gan" else scores).cpu()

    @cached_property
    def real_score(self) -> float:
        """Median of D or f_w over real pictures, to compare with that of a generated picture."""
        return self._value(self.model.real_scores).median().item()

    @cached_property
    def _fake_scores(self) -> torch.Tensor:
        """D or f_w of as many generated pictures as there are scores of real ones, sorted."""
        return self.generate_scored(self.latent(0, len(self.model.real_scores))).scores.sort().values

    @torch.inference_mode()
    def scores(self, x: torch.Tensor) -> Scores:
        """D or f_w of a picture (1, C, 28, 28) in [0, 1], of real pictures and of generated ones."""
        if x.shape != (1, self.config.channels, 28, 28) or not torch.isfinite(x).all():
            raise InputError("The critic looks at one picture of 28 x 28 pixels.")
        score = self._value(self.model.critic(x.to(self.device)).float())
        return Scores(score.item(), self._value(self.model.real_scores), self._fake_scores)

    @torch.inference_mode()
    def variety(self, evaluator: Classifier, count: int = 1000, seed: int = 0) -> Variety:
        """Classes of `count` samples and the mean distance of two samples: small where modes collapsed."""
        parts = cores.spread(partial(self._evaluated, evaluator), self.latent(seed, count).split(AT_ONCE))
        pictures, logits, features = (torch.cat(columns) for columns in zip(*parts))
        return Variety(torch.bincount(logits.argmax(1), minlength=10), mean_distance(features).item(), pictures[:64])

    def _evaluated(self, evaluator: Classifier, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Pictures (N, C, 28, 28) of latents (N, d), and the evaluator's logits and features of these."""
        pictures = self.generate(z)
        return pictures, *classify(evaluator, pictures[:, :1])


def through_anchors(anchors: torch.Tensor, u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Latents (N, d) on the plane through three latents (3, d): anchor 0 at (0, 0), 1 at (1, 0), 2 at (0, 1).

    Rescaled to the length that the anchors have there: N(0, I) has its mass on a shell, and the plane cuts inside it.
    """
    share = torch.stack([1 - u - v, u, v], dim=1)
    z = share @ anchors
    length = share.abs() @ anchors.norm(dim=1, keepdim=True) / share.abs().sum(1, keepdim=True)
    return z / z.norm(dim=1, keepdim=True).clamp_min(1e-6) * length


def lines_apart(offset: float, theta: float = 0.0) -> tuple[float, float]:
    """Jensen-Shannon divergence (nats) and Wasserstein distance of two parallel lines, one at `theta`, one at `offset`.

    The slide's "important property", after Arjovsky et al. 2017, example 1: the lines share no point unless they are
    the same, so the divergence is log 2 however close they come and jumps to 0; the distance is |offset - theta|.
    """
    apart = abs(offset - theta)
    return (float(torch.log(torch.tensor(2.0))) if apart else 0.0), apart


def predictor(name: str) -> GANPredictor:
    """Predictor of that name, one for the whole process, loaded on first use."""
    return runtime.shelf.get(("gan", name), lambda: GANPredictor(name))


def evaluator(name: str) -> Classifier:
    """Classifier of that name, such as "judge-mnist", loaded on first use."""
    return runtime.shelf.get(("evaluator", name), lambda: weights.load(Classifier, name))
