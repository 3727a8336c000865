"""Pictures that nobody drew or bought: the data sets' own stay at their homes, generators that ship make others."""

from typing import NamedTuple

import torch

from . import runtime, weights
from .training.evaluation import classify

COUNT = 2000
GENERATORS = {"digits": ("wgan-gp-mnist", "judge-mnist"), "garments": ("wgan-gp-fashion", "judge-fashion")}
AT_ONCE = 100
SURE = 0.9  # probability of a class above which the judge is said to be sure


class Pool(NamedTuple):
    """Generated pictures, and what the judge takes each for."""

    pictures: torch.Tensor  # (N, 1, 28, 28) in [0, 1]
    labels: torch.Tensor  # (N,)
    certainty: torch.Tensor  # (N,): the probability of that class


def judged(data: str, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels (N,) and their probabilities (N,) that the judge of "digits" or "garments" gives to (N, 1, 28, 28)."""
    name = GENERATORS[data][1]
    judge = runtime.shelf.get(("evaluator", name), lambda: weights.load(weights.model_class(name), name))
    certainty, labels = classify(judge, pictures).logits.softmax(1).max(1)
    return labels, certainty


@torch.inference_mode()
def make(data: str, count: int = COUNT, seed: int = 0) -> Pool:
    """Pool of so many pictures of "digits" or "garments"."""
    name = GENERATORS[data][0]
    model = weights.load(weights.model_class(name), name)
    z = torch.randn(count, model.config.latents, generator=torch.Generator().manual_seed(seed))
    pictures = torch.cat([model.generator(batch.to(runtime.device())).cpu() for batch in z.split(AT_ONCE)])
    return Pool(pictures, *judged(data, pictures))


def pool(data: str) -> Pool:
    """The pool of "digits" or "garments", made on first use, one for the whole process."""
    return runtime.shelf.get(("pool", data), lambda: make(data))
