"""How well a digit is read in a photograph of handwriting: python -m benchmarks.handwriting [--digits 300]

A classifier reads what `digits.from_picture` makes of test digits of MNIST that are drawn large and spoilt as
`benchmarks.paper` does it. Exits with 1 where a usual strength costs more than BAR points against the clean drawings.
Needs DLCV_DATA.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from benchmarks.paper import KINDS, REFUSED, STRENGTHS, USUAL, Ink, Spoil, clean, drawn
from dlcv.core import weights
from dlcv.core.datasets import mnist
from dlcv.core.errors import InputError
from dlcv.core.images import digits

BAR = 3.0  # points of accuracy
READER = "judge-mnist"


class Count(NamedTuple):
    """Percentages of pictures."""

    right: float
    wrong: float  # without a word
    refused: float  # with a sentence

    def __str__(self) -> str:
        return f"{self.right:6.1f}{self.wrong:6.1f}{self.refused:6.1f}"


def counted(spoil: Spoil, strength: float, inks: list[Ink], labels: list[int], model: torch.nn.Module) -> Count:
    """What becomes of drawings that are spoilt in one way."""
    rng, right, refused = np.random.default_rng(0), 0, 0
    for ink, label in zip(inks, labels):
        picture = Image.fromarray(np.uint8(np.clip(spoil(ink, strength, rng), 0, 255)))
        try:
            x = digits.from_picture(picture)
        except InputError:
            refused += 1
            continue
        with torch.inference_mode():
            right += int(model(x).logits.argmax()) == label
    wrong = len(inks) - right - refused
    return Count(*(100 * count / len(inks) for count in (right, wrong, refused)))


def table(first: int, count: int, kinds: list[str], strengths: Sequence[float]) -> dict[str, list[Count]]:
    """Counts of each kind at each strength, and of "clean" drawings; printed as they come."""
    pictures, labels = mnist.load("mnist", "test")
    labels = labels[first : first + count].tolist()
    inks = [drawn(picture) for picture in pictures[first : first + count, 0].numpy()]
    model = weights.load(weights.model_class(READER), READER)
    print(f"{'right, wrong, refused':22}" + "".join(f"{f'at {strength:g}':>20}" for strength in strengths))
    found = {"clean": [counted(clean, 0, inks, labels, model)]}
    print(f"{'clean':22}  {found['clean'][0]}")
    for name in kinds:
        found[name] = [counted(KINDS[name], strength, inks, labels, model) for strength in strengths]
        print(f"{name:22}  " + "  ".join(map(str, found[name])), flush=True)
    return found


def missed(found: dict[str, list[Count]]) -> list[str]:
    """Kinds of trouble that cost more than BAR points at a usual strength."""
    least = found["clean"][0].right - BAR
    return [
        name
        for name, counts in found.items()
        if any((one.refused if name in REFUSED else one.right) < least for one in counts[: len(USUAL)])
    ]


def main() -> int:
    """Prints the table; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--digits", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="number of the first test digit")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    chosen = parser.parse_args()
    costly = missed(table(chosen.first, chosen.digits, chosen.kinds, STRENGTHS))
    print(f"missed: {', '.join(costly)}" if costly else f"every usual strength costs at most {BAR:g} points")
    return int(bool(costly))


if __name__ == "__main__":
    sys.exit(main())
