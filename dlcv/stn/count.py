"""How many digits are read wrong with a transformer and without it, all of them distorted alike.

The digits are made, not MNIST's own: those of the pool that the judge takes for one class beyond doubt.
"""

from typing import NamedTuple

import torch

from ..core import pool
from ..core.errors import InputError
from ..core.images import digits
from .predictor import Distortion, STNPredictor

COUNT = 1000
PARTS = 4  # in which they are counted, so that a count can be given up on the way
SURE = 0.999  # probability that the judge gives to a digit's class: with it the errors are near those on test digits
SHOWN = 2  # digits of each part that only the transformer reads right
TRIED = 4  # of which as many are written on paper to see whether it is still so


class Found(NamedTuple):
    """A digit that is read right with the transformer alone; all of it as it is once the digit was put on paper."""

    upright: torch.Tensor  # (28, 28): what is on the paper
    distorted: torch.Tensor  # (S, S): what the networks see
    label: int
    plain: int  # the class that the plain network names
    margin: float  # the smaller of the probabilities of a right class with the transformer, of a wrong one without


class Count(NamedTuple):
    """Errors on some of the digits."""

    of: int
    transformer: int  # digits that are read wrong with the transformer
    plain: int  # and without it
    both: int  # and both ways
    found: list[Found]


def made_digits() -> tuple[torch.Tensor, torch.Tensor]:
    """The digits that are counted, (1000, 1, 28, 28), and their labels (1000,)."""
    made = pool.pool("digits")
    sure = made.certainty > SURE
    return made.pictures[sure][:COUNT], made.labels[sure][:COUNT]


def count(predictor: STNPredictor, distortion: Distortion, part: int) -> Count:
    """The count over one part of the digits, 0 to PARTS - 1."""
    pictures, labels = (values.chunk(PARTS)[part] for values in made_digits())
    seen = predictor.distort(pictures, distortion)
    transformed, plain = predictor.read(seen)  # (N, 10) each
    wrong, wrong_plain = (answers.argmax(1) != labels for answers in (transformed, plain))
    margins = margins_of(transformed, plain, labels)
    found = []
    for i in margins.argsort(descending=True)[:TRIED].tolist():
        try:
            on_paper = digits.from_picture(digits.to_image(pictures[i], scale=10))  # (1, 1, 28, 28)
        except InputError:  # one in pieces, which on paper is more than one thing
            continue
        distorted = predictor.distort(on_paper, distortion)
        answers = predictor.read(distorted)
        margin = margins_of(*answers, labels[i : i + 1]).item()
        if min(margin, margins[i].item()) > 0.5 and len(found) < SHOWN:
            found.append(Found(pictures[i, 0], distorted[0, 0], int(labels[i]), int(answers[1].argmax()), margin))
    return Count(len(labels), int(wrong.sum()), int(wrong_plain.sum()), int((wrong & wrong_plain).sum()), found)


def margins_of(transformed: torch.Tensor, plain: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """How surely each of N digits is read right with the transformer alone, (N,): above 1/2 it is, with both networks
    sure of what they say."""
    right, wrong = (answers.gather(1, labels[:, None])[:, 0] for answers in (transformed, plain))
    return torch.minimum(right, 1 - wrong)
