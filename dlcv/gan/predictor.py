"""Questions a visitor may ask the trained GANs. One predictor serves everybody."""

import functools
from typing import NamedTuple

import torch

from ..core import runtime, weights
from ..core.errors import InputError
from ..core.training import evaluation
from .classifier import Classifier, mean_distance
from .model import FORMULATIONS, GAN, GANOutput
from .progressive import ProgressiveGAN

AT_ONCE = 100  # pictures that are generated together: their feature maps stay in the cache, larger batches are slower


class Scores(NamedTuple):
    """What the critic thinks: D(x) in [0, 1] for the original formulation, f_w(x) without unit for the others."""

    picture: float
    real: torch.Tensor  # (500,): of real pictures that it never saw, sorted
    fake: torch.Tensor  # (500,): of pictures of its own generator, sorted


class Variety(NamedTuple):
    """What 1,000 samples are of, and how they differ."""

    counts: torch.Tensor  # (10,) samples judged to be of each class
    distance: float  # mean distance of two samples in the judge's features
    pictures: torch.Tensor  # (N, C, 28, 28): the first of them


class GANPredictor:
    """The generator and critic of one formulation, trained on "mnist", "fashion" or "stacked"."""

    def __init__(self, formulation: str, data: str):
        if formulation not in FORMULATIONS:
            raise InputError(f"Choose a formulation of {', '.join(FORMULATIONS)}.")
        self.model = weights.load(GAN, f"{formulation}-{data}")
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
        return torch.cat([self.model.generator(some).cpu() for some in self._checked(z).split(AT_ONCE)])

    @torch.inference_mode()
    def look(self, z: torch.Tensor) -> GANOutput:
        """Pictures of latents as by `generate`, and what the critic thinks of each: D or f_w."""
        out = self.model(self._checked(z))
        return GANOutput(out.pictures.cpu(), self._opinion(out.scores))

    def sample(self, count: int = 64, seed: int = 0, truncation: float = 1.0) -> torch.Tensor:
        """Pictures (count, C, 28, 28) of z ~ N(0, truncation^2 I): less variety for better pictures below 1."""
        return self.generate(truncation * self.latent(seed, count))

    def _opinion(self, scores: torch.Tensor) -> torch.Tensor:
        """Scores as they are spoken of: the probability D(x), or f_w(x) itself."""
        return (scores.sigmoid() if self.config.formulation == "gan" else scores).cpu()

    @functools.cached_property
    def real_score(self) -> float:
        """The median of what the critic thinks of real pictures: what the score of a generated one compares with."""
        return self._opinion(self.model.real_scores).median().item()

    @functools.cached_property
    def _fake_scores(self) -> torch.Tensor:
        """Of as many generated pictures as there are scores of real ones, sorted: the same whatever is drawn."""
        return self.look(self.latent(0, len(self.model.real_scores))).scores.sort().values

    @torch.inference_mode()
    def scores(self, x: torch.Tensor) -> Scores:
        """The critic's score of a picture (1, C, 28, 28) in [0, 1] beside those of real and generated ones."""
        if x.shape != (1, self.config.channels, 28, 28) or not torch.isfinite(x).all():
            raise InputError("The critic looks at one picture of 28 x 28 pixels.")
        score = self._opinion(self.model.critic(x.to(self.device)).float())
        return Scores(score.item(), self._opinion(self.model.real_scores), self._fake_scores)

    @torch.inference_mode()
    def variety(self, judge: Classifier, count: int = 1000, seed: int = 0) -> Variety:
        """Which classes `count` samples are of, and how far apart two of them are: small where modes collapsed."""
        pictures = self.sample(count, seed)
        judged = evaluation.judge(judge, pictures[:, :1])
        classes = torch.bincount(judged.logits.argmax(1), minlength=10)
        return Variety(classes, mean_distance(judged.features).item(), pictures[:64])


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


def predictor(formulation: str, data: str) -> GANPredictor:
    """The one predictor of that name in this process, loaded on first use."""
    return runtime.shelf.get(("gan", formulation, data), lambda: GANPredictor(formulation, data))


def judge(data: str) -> Classifier:
    """The classifier of "mnist" or "fashion", loaded on first use."""
    return runtime.shelf.get(("judge", data), lambda: weights.load(Classifier, f"judge-{data}"))


class ProgressivePredictor:
    """The GAN that grew on photographs of garments, at any moment of its growth."""

    def __init__(self, name: str):
        self.model = weights.load(ProgressiveGAN, name)
        self.device = self.model.shares.device
        self.last_stage = self.model.last_stage

    @torch.inference_mode()
    def sample(
        self, count: int = 16, seed: int = 0, stage: float | None = None, label: int | None = None
    ) -> torch.Tensor:
        """Pictures (count, 3, S, S) in [0, 1] at a stage, 2 for 16 x 16, 2.5 half way from there to 32 x 32.

        Of one class, or of all, as often as they are among the photographs. InputError where there is no such stage or
        class.
        """
        stage = self.last_stage if stage is None else stage
        if not 0 <= stage <= self.last_stage:
            raise InputError(f"This network grew from stage 0 to stage {self.last_stage}.")
        shares = self.model.shares.cpu()
        if label is not None and label not in range(len(shares)):
            raise InputError(f"This network knows {len(shares)} classes.")
        generator = torch.Generator().manual_seed(seed)
        z = torch.randn(count, self.model.config.latents, generator=generator)
        labels = shares.multinomial(count, replacement=True, generator=generator)
        if label is not None:
            labels.fill_(label)
        return self.model(z.to(self.device), labels.to(self.device), stage).float().cpu()


def progressive(name: str) -> ProgressivePredictor:
    """The GAN of garments of that name, loaded on first use."""
    return runtime.shelf.get(("progressive", name), lambda: ProgressivePredictor(name))
