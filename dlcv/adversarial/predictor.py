"""What fools a classifier, on a visitor's picture. One predictor of a network serves all visitors."""

import io
import math
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torchvision.transforms.v2 import functional as T

from ..core import runtime, weights
from ..core.errors import InputError
from .attacks import fgsm, pgd
from .deepfool import deepfool
from .model import SIDE, Photographs
from .robustness import CAREFUL, by_deepfool, relative

CROPPED = 0.875  # of the shorter side is seen, as in the network's own evaluation
LONGEST_PUSH, PUSHES = 32.0, 24  # times DeepFool's perturbation at most, and how many lengths are tried at once
BEYOND = 1.5  # times the way of a film that is looked at
FROM, GROWTH, HALVINGS = 1e-3, 4.0, 5  # FGSM's or PGD's length grows until it fools, and is then halved between


class Film(NamedTuple):
    """What an attack did, step by step: S + 1 frames from the clean picture to the last one."""

    perturbations: torch.Tensor  # (S + 1, C, H, W)
    probabilities: torch.Tensor  # (S + 1, classes)
    candidates: list[int]  # DeepFool's: the classes whose borders were looked at, the class of the picture first
    distances: torch.Tensor  # (S, K - 1): to the linearised borders; (0, 0) for other methods
    chosen: list[int]  # (S): the class whose border was nearest

    @property
    def fooled(self) -> bool:
        """Whether the class at the end is another one than at the beginning."""
        return self.before != self.after

    @property
    def before(self) -> int:
        """The class of the clean picture."""
        return int(self.probabilities[0].argmax())

    @property
    def after(self) -> int:
        """The class of the last picture."""
        return int(self.probabilities[-1].argmax())


def squared(picture: torch.Tensor) -> torch.Tensor:
    """The centre square (3, SIDE, SIDE) in [0, 1] of a picture (3, H, W) in [0, 1], as MobileNetV2 sees it."""
    picture = T.resize(picture, round(SIDE / CROPPED), antialias=True)
    return T.center_crop(picture, [SIDE, SIDE]).clamp(0, 1)


def eight_bits(x: torch.Tensor) -> torch.Tensor:
    """Pictures as a PNG stores them: in [0, 1], each value one of 256."""
    return (x.clamp(0, 1) * 255).round() / 255


def jpeg(x: torch.Tensor, quality: int = 75) -> torch.Tensor:
    """A picture (1, C, H, W) written as JPEG and read again."""
    levels = (eight_bits(x[0]) * 255).byte().permute(1, 2, 0).numpy()
    file = io.BytesIO()
    Image.fromarray(levels.squeeze()).save(file, "JPEG", quality=quality)
    read = torch.from_numpy(np.array(Image.open(file))).view(levels.shape)
    return read.permute(2, 0, 1)[None].float() / 255


SPOILED = {
    "as it is": lambda x: x,
    "8 bits, as in a PNG": eight_bits,
    "one bit less": lambda x: (x.clamp(0, 1) * 127).round() / 127,
    "JPEG of quality 75": jpeg,
    "a little blur": lambda x: T.gaussian_blur(x, 5, 0.7),
    "shifted by a pixel": lambda x: torch.roll(x, (1, 1), (2, 3)),
}
"""What may happen to a picture (1, C, H, W) on its way to somebody else's network."""


class AdversarialPredictor:
    """A shipped classifier by name, on `runtime.device()`, and what fools it."""

    def __init__(self, name: str):
        self.model = weights.load(weights.model_class(name), name).requires_grad_(False)
        self.device = next(self.model.parameters()).device
        self.class_names = self.model.config.class_names
        self.photographs = isinstance(self.model, Photographs)

    def classify(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of pictures (N, C, H, W) on the model's device; a gradient may pass."""
        return self.model(x).logits

    @torch.inference_mode()
    def probabilities(self, x: torch.Tensor) -> torch.Tensor:
        """Probabilities (N, classes) of pictures (N, C, H, W) in [0, 1]."""
        return torch.cat([self.classify(part.to(self.device)).softmax(1).cpu() for part in x.split(100)])

    def fool(self, x: torch.Tensor, method: str = "DeepFool", norm: float = 2, target: int | None = None) -> Film:
        """Film of an attack on a picture (1, C, H, W) in [0, 1] that stays in [0, 1].

        `norm` is 2 or infinity; with `target` the picture shall become that class. FGSM and PGD get the shortest length
        that fools, found by trying. Raises InputError on a target that is the picture's class.
        """
        x = x.to(self.device)
        before = int(self.probabilities(x).argmax())
        if target is not None and not 0 <= target < len(self.class_names):
            raise InputError(f"This network has {len(self.class_names)} classes.")
        if target == before:
            raise InputError(f"The network takes this picture for that class already: {self.class_names[before]}.")
        if method == "DeepFool":
            steps = [step._replace(normals=None) for step in deepfool(self.classify, x, norm=norm, target=target)]
            return Film(
                torch.cat([step.perturbation for step in steps]).cpu(),
                torch.cat([step.logits for step in steps]).softmax(1).cpu(),
                steps[0].candidates[0].tolist(),
                torch.cat([step.distances for step in steps[:-1]]).cpu(),
                [int(step.chosen) for step in steps[:-1]],
            )
        frames = torch.cat(self._shortest(x, method, norm, before, target)).cpu()
        return Film(frames, self.probabilities(x.cpu() + frames), [before], torch.zeros(0, 0), [])

    def _shortest(self, x, method, norm, before, target) -> list[torch.Tensor]:
        """Frames of FGSM or PGD at the least length that fools, to 5 %; at the longest where none does."""
        label = torch.tensor([before if target is None else target], device=self.device)

        def frames(epsilon):
            if method == "PGD":
                return list(pgd(self.classify, x, label, epsilon, norm=norm, towards=target is not None))
            r = fgsm(self.classify, x, label, epsilon if target is None else -epsilon)
            return [torch.zeros_like(x), (x + r).clamp(0, 1) - x]

        def fools(found):
            after = int(self.probabilities(x + found[-1]).argmax())
            return after != before if target is None else after == target

        high, longest = FROM, 1.0 if method == "FGSM" or norm != 2 else math.sqrt(x[0].numel()) / 4
        low, best = 0.0, frames(high)
        while high < longest and not fools(best):
            low, high = high, min(high * GROWTH, longest)
            best = frames(high)
        for _ in range(HALVINGS if low and fools(best) else 0):
            middle = (low * high) ** 0.5
            found = frames(middle)
            low, high, best = (low, middle, found) if fools(found) else (middle, high, best)
        return best

    def along(self, x: torch.Tensor, film: Film, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Places (count,) on a film's way, parts of its length, up to BEYOND, and the probabilities there.

        From 0, at x, over the steps, to 1, at x + r; from there on straight away from x.
        """
        frames = film.perturbations.flatten(1)
        lengths = torch.cat([torch.zeros(1), frames.diff(dim=0).norm(dim=1).cumsum(0)])
        places = torch.linspace(0, BEYOND, count)
        step = torch.bucketize(places.clamp_max(1 - 1e-6) * lengths[-1], lengths, right=True).clamp(1, len(frames) - 1)
        start, end = lengths[step - 1], lengths[step]
        part = ((places * lengths[-1] - start) / (end - start).clamp_min(1e-12)).clamp(0, 1)
        way = torch.lerp(frames[step - 1], frames[step], part[:, None]) * places.clamp_min(1)[:, None]
        return places, self.probabilities((x.cpu() + way.view(-1, *x.shape[1:])).clamp(0, 1))

    def lasting(self, x: torch.Tensor, r: torch.Tensor, target: int | None = None) -> torch.Tensor | None:
        """The picture (1, C, H, W) in 8 bits with the shortest multiple of r that fools after rounding; None if none.

        Rounding alone undoes about half of DeepFool's perturbations.
        """
        before = int(self.probabilities(x).argmax())
        factors = torch.logspace(0, math.log10(LONGEST_PUSH), PUSHES)
        for factor in factors:  # one at a time: the first is most often enough
            tried = eight_bits(x + factor * r)
            after = int(self.probabilities(tried).argmax())
            if after != before if target is None else after == target:
                return tried
        return None

    def survival(self, x: torch.Tensor) -> dict[str, tuple[int, float]]:
        """The class of a picture (1, C, H, W), and its probability, after each of SPOILED."""
        found = self.probabilities(torch.cat([spoil(x) for spoil in SPOILED.values()]))
        values, classes = found.max(1)
        return dict(zip(SPOILED, zip(classes.tolist(), values.tolist())))

    def rows(self, x: torch.Tensor, r: torch.Tensor, heights: list[float], reach: float, side: int) -> torch.Tensor:
        """Classes (len(heights), side) of the plane through a picture (1, C, H, W) that r and a random direction span.

        A row lies `height` lengths of r from x in the random direction, and goes from -reach to reach along r.
        """
        along, across = self.directions(r)
        places = torch.linspace(-reach, reach, side).view(-1, 1, 1, 1)
        pictures = torch.cat([x + along * places + across * height for height in heights])
        return self.probabilities(pictures.clamp(0, 1)).argmax(1).view(-1, side)

    @staticmethod
    def directions(r: torch.Tensor, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        """r, and a random direction of its length that is orthogonal to it, both (1, C, H, W)."""
        across = torch.randn(r.shape, generator=torch.Generator().manual_seed(seed))
        across -= r * (across * r).sum() / r.square().sum().clamp_min(1e-12)
        return r, across * (r.norm() / across.norm())

    def robustness(self, x: torch.Tensor) -> torch.Tensor:
        """||r|| / ||x||, (N,), of DeepFool's perturbations of pictures (N, C, H, W) that stay in [0, 1]."""
        x = x.to(self.device)
        return relative(by_deepfool(self.classify, x, share=CAREFUL), x).cpu()


def predictor(name: str) -> AdversarialPredictor:
    """Predictor of that name, one for the whole process, loaded on first use."""
    return runtime.shelf.get(("adversarial", name), lambda: AdversarialPredictor(name))
