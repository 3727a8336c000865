"""Score the Spatial Transformers that ship on distorted test digits: python -m dlcv.stn.evaluate [--data DIR]

Prints our cells of the table of Jaderberg et al. 2015 and writes each beside its weights.
"""

import argparse
import sys

import torch
from tqdm import tqdm

from ..core import weights
from ..core.datasets import distorted, mnist, parse_with_data
from ..core.weights import scores
from ..core.weights.scores import Metric
from .model import STN
from .train import CONFIGS, error

COMMAND = "python -m dlcv.stn.evaluate"
ERROR = Metric("error", "Classification error", "%", "lower")
HEADLINES = ("stn-affine-r", "stn-affine-rts")
SOURCE = "Jaderberg et al. 2015, Table 1"
PAPER = {  # error in percent
    "cnn": {"r": 1.2, "rts": 0.8, "p": 1.5, "e": 1.4},
    "affine": {"r": 0.7, "rts": 0.5, "p": 0.8, "e": 1.2},
    "projective": {"r": 0.8, "rts": 0.6, "p": 0.8, "e": 1.3},
    "tps": {"r": 0.7, "rts": 0.5, "p": 0.8, "e": 1.1},
    "fcn": {"r": 2.1},
    "fcn-affine": {"r": 1.2},
}
KINDS = ("r", "rts", "p", "e")  # the paper's; "all" is ours
TRANSFORMERS = ("affine", "projective", "tps")
COPIES = 5  # distortions of each test digit: evens out the luck of the draw, not that of the digits
MARGIN = 0.1  # percentage points over the paper that the mean of our twelve transformer cells may have


def errors(
    kind: str, names: list[str], digits: torch.Tensor, labels: torch.Tensor, copies: int = COPIES
) -> dict[str, float]:
    """Error in percent of each named model on the same distorted copies of digits (N, 1, 28, 28)."""
    pictures = distorted.test_set(digits.repeat(copies, 1, 1, 1), kind)
    found = {}
    for name in tqdm(names, f"networks on {kind.upper()}"):
        model = weights.load(STN, name)
        device = next(model.parameters()).device
        found[name] = error(model, pictures.to(device), labels.repeat(copies).to(device))
    return found


def main() -> None:
    """Score what ships, print the table, write it beside the weights; exit with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parse_with_data(parser)
    digits, labels = mnist.load("mnist", "test")
    shipped = [name for name in CONFIGS if name in weights.names("stn")]
    ours = {}
    for kind in distorted.SIZES:
        ours |= errors(kind, [name for name in shipped if name.endswith(f"-{kind}")], digits, labels)
    if missed := scores.report({name: [row(name, value)] for name, value in ours.items()}, COMMAND) + behind(ours):
        sys.exit(f"missed: {', '.join(missed)}")


def row(name: str, value: float) -> dict:
    """The row of metrics.json of a network, with the cell of the paper's table."""
    network, kind = name.removeprefix("stn-").rsplit("-", 1)
    paper = PAPER[network].get(kind)
    beside = {"paper": paper, "paper_source": SOURCE} if paper else {}
    return ERROR.row(kind.upper(), round(value, 2), **beside, headline=name in HEADLINES)


def behind(ours: dict[str, float]) -> list[str]:
    """What falls short in the table of errors by network: the mean of the twelve cells of transformers with a CNN that
    the paper has too, and each transformer that does not beat the plain network of its column."""
    cells = [(network, kind) for network in TRANSFORMERS for kind in KINDS]
    mean = sum(ours[f"stn-{network}-{kind}"] for network, kind in cells) / len(cells)
    target = sum(PAPER[network][kind] for network, kind in cells) / len(cells)
    print(f"\nmean of the twelve ST-CNN cells: {mean:.3f} (paper {target:.3f}, bar {target + MARGIN:.3f})")
    short = [f"mean error {mean:.3f}"] if mean > target + MARGIN else []
    return short + [f"stn-{n}-{k} beside stn-cnn-{k}" for n, k in cells if ours[f"stn-{n}-{k}"] >= ours[f"stn-cnn-{k}"]]


if __name__ == "__main__":
    main()
