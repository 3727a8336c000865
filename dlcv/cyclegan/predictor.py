"""Translations of one picture, and what the slide asks about them: what comes back, and which patches look real."""

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
from .classifier import MONET, Classifier, SceneJudge
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
    grain: float = 0.0,
) -> torch.Tensor:
    """A picture (3, H, W) in [0, 1], of up to four million pixels, through a generator: (3, H, W)."""
    height, width = picture.shape[1:]
    x = _grained(domains.spread(picture[None]), grain).to(next(generator.parameters()).device)
    x = F.pad(x, (0, -width % 4, 0, -height % 4), mode="replicate")
    found = large.translate(generator, x, progress)[0, :, :height, :width]
    return (found.float().cpu() + 1) / 2


def _grained(x: torch.Tensor, grain: float) -> torch.Tensor:
    """x (N, C, H, W) with noise, the same each time, so that a picture is always painted alike."""
    return domains.grained(x, grain, torch.Generator().manual_seed(0))


class Look(NamedTuple):
    """One picture x (3, H, W) on its way there and back, all in [0, 1]."""

    translated: torch.Tensor  # (3, H, W): G(x)
    back: torch.Tensor  # (3, H, W): F(G(x))
    error: torch.Tensor  # (H, W): |F(G(x)) - x|, mean over colours; its mean is the cycle loss
    same: torch.Tensor  # (3, H, W): F(x), where x is in F's target domain already
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
            return model.to_b, model.to_a, model.critic_b
        if to == self.names[0]:
            return model.to_a, model.to_b, model.critic_a
        raise InputError(f"This network translates into {self.names[0]} and {self.names[1]}.")

    def translate(
        self, picture: torch.Tensor, to: str, progress: Callable[[float], None] = lambda done: None
    ) -> torch.Tensor:
        """A picture (3, H, W) in [0, 1], of up to four million pixels, in the style of the domain `to`: (3, H, W)."""
        return translate(self._networks(to)[0], picture, progress, self._grain(to))

    def _grain(self, to: str) -> float:
        """Of the noise that a picture gets on its way to the domain `to`."""
        return self.model.config.grain if to == self.names[1] else 0.0

    @torch.inference_mode()
    def look(self, picture: torch.Tensor, to: str) -> Look:
        """Everything at once, for a picture (3, H, W) in [0, 1] of moderate size; H and W become multiples of 4."""
        there, back, critic = self._networks(to)
        x = domains.spread(picture[None, :, : picture.shape[1] // 4 * 4, : picture.shape[2] // 4 * 4]).to(self.device)
        translated = there(_grained(x, self._grain(to)))
        returned, same = back(torch.cat([translated, x]))
        before, after = critic(torch.cat([x, translated])).float().cpu()
        pictures = [((found + 1) / 2).cpu() for found in (translated[0], returned, same)]
        error = ((returned - x[0]).abs().mean(0) / 2).cpu()
        return Look(pictures[0], pictures[1], error, pictures[2], before, after)


class DigitLook(NamedTuple):
    """One digit of MNIST in another domain, before each of N backgrounds where it has some, all in [0, 1]."""

    translated: torch.Tensor  # (N, C, 28, 28)
    back: torch.Tensor  # (N, 1, 28, 28)
    source_only: torch.Tensor  # (N, 10): probabilities of the reader that knows MNIST alone
    adapted: torch.Tensor  # (N, 10): of the reader that learned from translations


DOMAINS = {
    "USPS": ("cyclegan-usps", "reader-mnist-as-usps"),
    "MNIST-M": ("cyclegan-mnist-m", "reader-mnist-as-mnist-m"),
}


@torch.inference_mode()
def look_at_digit(digit: torch.Tensor, to: str, backgrounds: torch.Tensor) -> DigitLook:
    """A digit (1, 1, 28, 28) in [0, 1], as MNIST shows it, translated to "USPS" or "MNIST-M" and back.

    MNIST-M shows it before `backgrounds`, patches of photographs (N, 3, 28, 28) in [0, 1]; USPS has none.
    """
    if to not in DOMAINS:
        raise InputError(f"Digits are translated to {' and '.join(DOMAINS)}.")
    cyclegan, reader = DOMAINS[to]
    model = predictor(cyclegan).model
    device = next(model.parameters()).device
    x = domains.spread(digit).to(device)
    if model.config.rest:
        _, rest = model.take_apart(domains.spread(backgrounds).to(device))
    else:
        rest = x[:, :0]
    translated = model.compose(x.expand(len(rest), -1, -1, -1), rest)
    probabilities = [classifier(name)(translated).logits.softmax(1).cpu() for name in ("reader-mnist", reader)]
    back, _ = model.take_apart(translated)
    return DigitLook((translated.cpu() + 1) / 2, (back.cpu() + 1) / 2, *probabilities)


class Opinion(NamedTuple):
    """What the judge makes of a picture."""

    monet: float  # how sure it is that this is a painting of Monet, 0 to 1
    strange: bool  # whether it is unlike the photographs that the networks know


def squares(picture: torch.Tensor) -> torch.Tensor:
    """Squares of 256 pixels side by side in the middle of a picture (3, H, W), or of its shorter side: (N, 3, S, S)."""
    side = min(domains.SCENE, *picture.shape[1:])
    whole = v2.functional.center_crop(picture, [length // side * side for length in picture.shape[1:]])
    return whole.unfold(1, side, side).unfold(2, side, side).permute(1, 2, 0, 3, 4).flatten(0, 1)


@torch.inference_mode()
def opinion(picture: torch.Tensor) -> Opinion:
    """The judge's, of a picture (3, H, W) in [0, 1].

    It learned from pictures of 256 pixels. Strokes of a larger painting are seen as they are, in squares of that size,
    whose mean counts; what is shown, and whether that is strange, in the whole picture made so small.
    """
    judge = scene_judge()
    device, monet = next(judge.parameters()).device, judge.config.class_names.index("Monet")
    pieces = torch.cat([judge(domains.spread(some).to(device)).logits for some in squares(picture).split(8)])
    small = judge(domains.spread(fitted(picture, domains.SCENE)[None]).to(device))
    return Opinion(pieces.softmax(1)[:, monet].mean().item(), (judge.strangeness(small.features) > 1).item())


def predictor(name: str) -> CycleGANPredictor:
    """The CycleGAN of that name, loaded on first use."""
    return runtime.shelf.get(("cyclegan", name), lambda: CycleGANPredictor(name))


def classifier(name: str) -> Classifier:
    """The classifier of that name, loaded on first use."""
    return runtime.shelf.get(("cyclegan", name), lambda: weights.load(Classifier, name))


def scene_judge() -> SceneJudge:
    """The judge of photographs and paintings, loaded on first use."""
    return runtime.shelf.get(("cyclegan", MONET), lambda: weights.load(SceneJudge, MONET))
