"""Translations of one picture, and what the slide asks about these: what comes back, and which patches look real."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn import functional as F
from torchvision.transforms import v2

from ..core import runtime, weights
from ..core.errors import InputError
from ..core.images.fit import fit_within
from . import domains, large
from .classifier import MONET, Classifier, SceneClassifier
from .model import CycleGAN, Generator

MOST_PIXELS = 4_000_000
FEWEST = 32  # pixels of a side: less is nothing to paint


def fitted(picture: torch.Tensor, side: int | None = None) -> torch.Tensor:
    """A picture (3, H, W) in [0, 1] made so small that it has no more than four million pixels, or `side` on its
    longer side; never enlarged. InputError where a side has less than 32 pixels."""
    if picture.ndim != 3 or picture.shape[0] != 3 or min(picture.shape[1:]) < FEWEST:
        raise InputError(f"The picture must be in colour, and at least {FEWEST} pixels wide and high.")
    height, width = picture.shape[1:]
    longest = max(height, width) * min(1.0, math.sqrt(MOST_PIXELS / (height * width)))
    return fit_within(picture, min(longest, side or math.inf), FEWEST)


def translate(
    generator: Generator,
    picture: torch.Tensor,
    progress: Callable[[float], None] = lambda done: None,
    input_noise: float = 0.0,
) -> torch.Tensor:
    """A picture (3, H, W) in [0, 1], of up to four million pixels, through a generator: (3, H, W)."""
    height, width = picture.shape[1:]
    x = _with_noise(domains.spread(picture[None]), input_noise).to(next(generator.parameters()).device)
    x = F.pad(x, (0, -width % 4, 0, -height % 4), mode="replicate")
    translated = large.translate(generator, x, progress)[0, :, :height, :width]
    return (translated.float().cpu() + 1) / 2


def _with_noise(x: torch.Tensor, deviation: float) -> torch.Tensor:
    """x (N, C, H, W) with noise, the same each time, so that a picture is always painted alike."""
    return domains.with_noise(x, deviation, torch.Generator().manual_seed(0))


class Translation(NamedTuple):
    """A picture x (3, H, W) there and back, all in [0, 1]; written for x of A: for x of B, G and F change places."""

    translated: torch.Tensor  # (3, H, W): G(x)
    reconstructed: torch.Tensor  # (3, H, W): F(G(x))
    error: torch.Tensor  # (H, W): |F(G(x)) - x|, mean over colours; its mean is the cycle loss
    identity: torch.Tensor  # (3, H, W): F(x), where x is in F's target domain already
    patches_before: torch.Tensor  # (h, w): D(x) of the target domain's discriminator, about 1 where it looks real
    patches_after: torch.Tensor  # (h, w): D(G(x))


class CycleGANPredictor:
    """The four networks of one CycleGAN, by the name of a checkpoint."""

    def __init__(self, name: str):
        self.model = weights.load(CycleGAN, name)
        self.names = self.model.config.names
        self.device = next(self.model.parameters()).device

    def _networks(self, to: str) -> tuple:
        """The generator into the domain `to`, the one out of it, and the discriminator of `to`."""
        model = self.model
        if to == self.names[1]:
            return model.G, model.F, model.D_B
        if to == self.names[0]:
            return model.F, model.G, model.D_A
        raise InputError(f"This network translates into {self.names[0]} and {self.names[1]}.")

    def translate(
        self, picture: torch.Tensor, to: str, progress: Callable[[float], None] = lambda done: None
    ) -> torch.Tensor:
        """A picture (3, H, W) in [0, 1], of up to four million pixels, in the style of the domain `to`: (3, H, W)."""
        return translate(self._networks(to)[0], picture, progress, self._input_noise(to))

    def _input_noise(self, to: str) -> float:
        """Standard deviation of the noise that a picture gets on its way to the domain `to`."""
        return self.model.config.input_noise if to == self.names[1] else 0.0

    @torch.inference_mode()
    def cycle(self, picture: torch.Tensor, to: str) -> Translation:
        """The whole cycle of a picture (3, H, W) in [0, 1] of moderate size; H and W become multiples of 4."""
        there, back, discriminator = self._networks(to)
        height, width = (length // 4 * 4 for length in picture.shape[1:])
        x = domains.spread(picture[None, :, :height, :width]).to(self.device)  # (1, 3, H, W)
        translated = there(_with_noise(x, self._input_noise(to)))  # (1, 3, H, W)
        reconstructed, identity = back(torch.cat([translated, x]))  # (3, H, W) each
        before, after = discriminator(torch.cat([x, translated])).float().cpu()  # (h, w) each
        pictures = [((made + 1) / 2).cpu() for made in (translated[0], reconstructed, identity)]
        error = ((reconstructed - x[0]).abs().mean(0) / 2).cpu()  # (H, W)
        return Translation(pictures[0], pictures[1], error, pictures[2], before, after)


class DigitTranslation(NamedTuple):
    """One digit of MNIST in another domain, before each of N backgrounds where it has some, all in [0, 1]."""

    translated: torch.Tensor  # (N, C, 28, 28)
    reconstructed: torch.Tensor  # (N, 1, 28, 28)
    source_only: torch.Tensor  # (N, 10): probabilities by the classifier that learned from MNIST as it is
    adapted: torch.Tensor  # (N, 10): by the classifier that learned from translations


DOMAINS = {
    "USPS": ("cyclegan-usps", "reader-mnist-as-usps"),
    "MNIST-M": ("cyclegan-mnist-m", "reader-mnist-as-mnist-m"),
}


@torch.inference_mode()
def translate_digit(digit: torch.Tensor, to: str, backgrounds: torch.Tensor) -> DigitTranslation:
    """A digit (1, 1, 28, 28) in [0, 1], as MNIST shows it, translated to "USPS" or "MNIST-M" and back.

    MNIST-M shows the digit before `backgrounds`, patches of photographs (N, 3, 28, 28) in [0, 1]; USPS has none.
    """
    if to not in DOMAINS:
        raise InputError(f"Digits are translated to {' and '.join(DOMAINS)}.")
    cyclegan, reader = DOMAINS[to]
    model = predictor(cyclegan).model
    x = domains.spread(digit).to(next(model.parameters()).device)  # (1, 1, 28, 28)
    if model.config.residual_channels:
        _, residual = model.decompose(domains.spread(backgrounds).to(x.device))  # (N, R, 28, 28)
    else:
        residual = x[:, :0]  # (1, 0, 28, 28)
    translated = model.compose(x.expand(len(residual), -1, -1, -1), residual)  # (N, C, 28, 28)
    source_only, adapted = (classifier(name)(translated).logits.softmax(1).cpu() for name in ("reader-mnist", reader))
    reconstructed, _ = model.decompose(translated)  # (N, 1, 28, 28)
    return DigitTranslation((translated.cpu() + 1) / 2, (reconstructed.cpu() + 1) / 2, source_only, adapted)


class SceneScore(NamedTuple):
    """What the classifier of scenes finds in a picture."""

    monet: float  # probability of a painting by Monet
    strange: bool  # out of the distribution of the photographs that the networks know


def squares(picture: torch.Tensor) -> torch.Tensor:
    """Squares (N, 3, S, S) side by side in the middle of a picture (3, H, W), of 256 pixels or of its shorter side."""
    side = min(domains.SCENE, *picture.shape[1:])
    whole = v2.functional.center_crop(picture, [length // side * side for length in picture.shape[1:]])
    return whole.unfold(1, side, side).unfold(2, side, side).permute(1, 2, 0, 3, 4).flatten(0, 1)


@torch.inference_mode()
def score_scene(picture: torch.Tensor) -> SceneScore:
    """The score of a picture (3, H, W) in [0, 1] by the classifier of scenes, which learned from 256 x 256 pixels.

    Strokes of a larger painting are seen as they are, in squares of that size, whose mean probability counts; whether
    the picture is out of distribution is seen in the whole of it, scaled down.
    """
    model = scene_classifier()
    device, monet = next(model.parameters()).device, model.config.class_names.index("Monet")
    logits = torch.cat([model(domains.spread(batch).to(device)).logits for batch in squares(picture).split(8)])
    whole = model(domains.spread(fitted(picture, domains.SCENE)[None]).to(device))
    return SceneScore(logits.softmax(1)[:, monet].mean().item(), (model.ood_score(whole.features) > 1).item())


def predictor(name: str) -> CycleGANPredictor:
    """The CycleGAN of that name, loaded on first use."""
    return runtime.shelf.get(("cyclegan", name), lambda: CycleGANPredictor(name))


def classifier(name: str) -> Classifier:
    """The classifier of digits of that name, loaded on first use."""
    return runtime.shelf.get(("cyclegan", name), lambda: weights.load(Classifier, name))


def scene_classifier() -> SceneClassifier:
    """The classifier of photographs and paintings, loaded on first use."""
    return runtime.shelf.get(("cyclegan", MONET), lambda: weights.load(SceneClassifier, MONET))
