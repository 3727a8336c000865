"""Score the Spatial Transformers that ship on distorted test digits: python -m dlcv.stn.evaluate [--data DIR]

Prints the table of Jaderberg et al. 2015 beside ours and writes each cell beside its weights.
"""

import argparse

import torch
from tqdm import tqdm

from ..core import weights
from ..core.datasets import distorted, mnist, parse_with_data
from ..core.weights import scores
from .model import STN
from .train import CONFIGS, NETWORKS, error

COMMAND = "python -m dlcv.stn.evaluate"
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
    """Score every network, print the table, write the cells; exit with 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parse_with_data(parser)
    digits, labels = mnist.load("mnist", "test")
    shipped = [name for name in CONFIGS if name in weights.names("stn")]
    ours = {}
    for kind in distorted.SIZES:
        ours |= errors(kind, [name for name in shipped if name.endswith(f"-{kind}")], digits, labels)
    for name, value in ours.items():
        network, kind = name.removeprefix("stn-").rsplit("-", 1)
        paper = PAPER[network].get(kind)
        row = {"metric": "error", "unit": "%", "data": kind.upper(), "value": round(value, 2), "better": "lower"}
        scores.record(name, COMMAND, [{**row, "paper": paper, "paper_source": SOURCE if paper else None}])

    print("error in percent, ours (paper)\n" + " " * 12 + "".join(f"{kind.upper():>14}" for kind in distorted.SIZES))
    for network in NETWORKS:
        cells = [(ours.get(f"stn-{network}-{kind}"), PAPER[network].get(kind)) for kind in distorted.SIZES]
        print(f"{network:12}" + "".join(cell(*pair).rjust(14) for pair in cells))
    if missing := [name for name in CONFIGS if name not in ours]:
        raise SystemExit(f"\nnot trained yet: {', '.join(missing)}")
    mean = sum(ours[f"stn-{network}-{kind}"] for network in TRANSFORMERS for kind in KINDS) / 12
    target = sum(PAPER[network][kind] for network in TRANSFORMERS for kind in KINDS) / 12
    behind = [f"{n}-{k}" for n in TRANSFORMERS for k in KINDS if ours[f"stn-{n}-{k}"] >= ours[f"stn-cnn-{k}"]]
    print(f"\nmean of the twelve ST-CNN cells: {mean:.3f} (paper {target:.3f}, bar {target + MARGIN:.3f})")
    print(f"transformers that do not beat the plain network of their column: {', '.join(behind) or 'none'}")
    raise SystemExit(int(mean > target + MARGIN or bool(behind)))


def cell(value: float | None, paper: float | None) -> str:
    """'0.61 (0.7)', '0.61', or a dash where there is no such network."""
    return "-" if value is None else f"{value:.2f}" + (f" ({paper})" if paper else "")


if __name__ == "__main__":
    main()
