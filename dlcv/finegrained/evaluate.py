"""Score the networks that ship on test photographs: python -m dlcv.finegrained.evaluate [--data DIR]

Prints the accuracy without transformers and with 1, 2 and 4, the mean of three trainings and its interval, what the
windows hold, and whether other pictures are told from birds of the twenty species; writes all beside the weights.
"""

import argparse
import math
import sys
from collections.abc import Iterable

import torch

from ..core import runtime, weights
from ..core.datasets import cub, parse_with_data
from ..core.training.evaluation import outputs
from ..core.weights import scores
from ..core.weights.scores import Metric
from .film import Film
from .model import SCALE, TILES, FineGrained
from .samples import outsiders
from .train import CONFIGS, FILM, FILMED, SEEDS, SETTINGS, named

COMMAND = "python -m dlcv.finegrained.evaluate"
ACCURACY = Metric("accuracy", "Accuracy", "%", "higher")
MEAN = Metric("accuracy_mean", "Accuracy, mean of three trainings", "%", "higher")
HELD = {
    "beak and an eye": Metric("held_head", "A window holds beak and eye", "%", "higher"),
    "belly": Metric("held_belly", "A window holds the belly", "%", "higher"),
}
CONFUSED = Metric("confused", "Photographs of a species taken for another", "%", "lower", detail=True)
TAKEN = ", taken for "  # between the names of two species
FEWEST = 2  # photographs of a species taken for the same other one, that a row tells of
APART = {  # by what the pictures show
    "photographs with other birds": Metric("auroc_birds", "Other birds are told from the twenty, AUROC", "%", "higher"),
    "photographs of other things": Metric("auroc_things", "Other things are told from them, AUROC", "%", "higher"),
}
DATA = "CUB-200-2011, 20 species, all 585 test photographs"
PAPER = {"whole": 82.3, "two-windows": 83.1, "four-windows": 84.1}  # 224 px, 224 px and 448 px
BESIDE = {"paper_source": "Jaderberg et al. 2015, Table 3", "paper_data": "all 200 species at 224 or 448 px"}
GAIN = 2.0  # points that two windows have to bring, at as many operations
STUDENT = {2: 12.706, 3: 4.303}  # 97.5 % quantiles of Student's t of so many trainings less one


def mean_and_interval(values: list[float]) -> tuple[float, float]:
    """Mean of several trainings' scores, and half of its 95 % interval by Student's t."""
    found = torch.tensor(values)
    return found.mean().item(), STUDENT[len(values)] * found.std().item() / math.sqrt(len(values))


def holds(centres: torch.Tensor, parts: torch.Tensor, names: Iterable[str]) -> torch.Tensor:
    """Whether a window holds a part, (N, K, P), for centres (N, K, 2), parts (N, 15, 2), and P names of parts."""
    places = parts[:, [cub.PARTS.index(name) for name in names]]  # (N, P, 2), nan where hidden
    return ((places.unsqueeze(1) - centres.unsqueeze(2)).abs() <= SCALE).all(-1)


def shares(centres: torch.Tensor, parts: torch.Tensor) -> dict[str, tuple[float, list[float]]]:
    """Percentages of the pictures with a visible beak and eye, and of those with a visible belly, in which some window
    holds them, and the same of each window."""
    beak, left, right, belly = holds(centres, parts, ("beak", "left eye", "right eye", "belly")).unbind(-1)
    seen = {name: ~parts[:, cub.PARTS.index(name), 0].isnan() for name in ("beak", "left eye", "right eye", "belly")}
    wanted = {
        "beak and an eye": (beak & (left | right), seen["beak"] & (seen["left eye"] | seen["right eye"])),
        "belly": (belly, seen["belly"]),
    }
    return {
        what: (
            100 * held[visible].any(1).float().mean().item(),
            [100 * share for share in held[visible].float().mean(0).tolist()],
        )
        for what, (held, visible) in wanted.items()
    }


def held(centres: torch.Tensor, began: torch.Tensor, parts: torch.Tensor) -> list[dict]:
    """Rows of what windows at `centres` (N, K, 2) hold, beside each window alone and where they `began`."""
    rows = []
    for what, (some_window, each) in shares(centres, parts).items():
        beside = {f"Window {number}": round(share, 1) for number, share in enumerate(each, 1)}
        beside |= {"Where they began": round(shares(began, parts)[what][0], 1)}
        rows.append(HELD[what].row(f"{DATA} where the {what} can be seen", round(some_window, 1), beside=beside))
    return rows


def filmed(birds: cub.Birds) -> list[dict]:
    """Rows of the film: what the windows hold at its last moment, beside its first."""
    film = weights.load(Film, FILM)
    with torch.inference_mode():
        ways = [film(some.to(runtime.device()).float() / 255)[[0, -1]].cpu() for some in birds.pictures.split(100)]
    began, centres = torch.cat(ways, dim=1)
    return held(centres, began, birds.parts)


def auroc(inside: torch.Tensor, outside: torch.Tensor) -> float:
    """Percentage of pairs, one of each, in which the one outside has the larger score; ties count half."""
    larger, equal = (test(outside[:, None], inside[None]).float().mean() for test in (torch.gt, torch.eq))
    return 100 * (larger + equal / 2).item()


def confusions(predicted: torch.Tensor, labels: torch.Tensor, names: tuple[str, ...]) -> list[dict]:
    """A row for each species that FEWEST photographs at least of another were taken for, the largest shares first."""
    rows = []
    for species, name in enumerate(names):
        counts = predicted[labels == species].bincount(minlength=len(names))
        for other in ((counts >= FEWEST).nonzero()[:, 0]).tolist():
            if other != species:
                share = round(100 * counts[other].item() / counts.sum().item(), 1)
                rows.append(CONFUSED.row(f"{name}{TAKEN}{names[other]}", share))
    return sorted(rows, key=lambda row: -row["value"])


def scored(name: str, birds: cub.Birds, others: dict[str, torch.Tensor]) -> tuple[float, list[dict]]:
    """Accuracy of a network in percent, and the rows of its metrics.json that are its own."""
    model = weights.load(FineGrained, name)
    x = birds.pictures.float() / 255
    logits, descriptors = outputs(model, x, "logits", "descriptors")
    right = 100 * (logits.argmax(1) == birds.labels).float().mean().item()
    rows = []
    if model.config.transformers:
        centres = torch.cat([model.localise(some.to(logits.device)).centres.detach().cpu() for some in x.split(100)])
        rows.extend(held(centres, torch.tensor(TILES[model.config.transformers]).expand_as(centres), birds.parts))
    inside = model.unlikeness(descriptors)
    for what, pictures in others.items():
        found = model.unlikeness(outputs(model, pictures, "descriptors")[0])
        beside = {"Said to be unlike": round(100 * (found > model.reach).float().mean().item(), 1)}
        rows.append(
            APART[what].row(f"{len(pictures)} {what}, and the {len(x)}", round(auroc(inside, found), 1), beside=beside)
        )
    if name == FILMED:
        rows.extend(confusions(logits.argmax(1), birds.labels, model.config.class_names))
    return right, rows


def table(found: dict[str, float]) -> dict[str, dict]:
    """The rows of the mean of each setting, by setting, for the accuracy in percent of each network."""
    means = {}
    for setting in SETTINGS:
        mean, half = mean_and_interval([found[named(setting, seed)] for seed in range(SEEDS)])
        paper = BESIDE | {"paper": PAPER[setting]} if setting in PAPER else {}
        bar = round(means["whole"]["value"] + GAIN, 1) if setting == "two-windows" else None
        means[setting] = MEAN.row(
            f"{DATA}, three trainings, 95 % interval ± {half:.1f}",
            round(mean, 1),
            bar=bar,
            headline=setting in ("whole", "two-windows"),
            **paper,
        )
    return means


def main() -> None:
    """Score what ships, print the table, write it beside the weights; exit with 1 where a bar is missed."""
    parse_with_data(argparse.ArgumentParser(description=__doc__))
    birds, others = cub.load("test"), outsiders()
    accuracies, rows = {}, {}
    for name in CONFIGS:
        accuracies[name], rows[name] = scored(name, birds, others)
        rows[name].insert(0, ACCURACY.row(DATA, round(accuracies[name], 1)))
    for setting, row in table(accuracies).items():
        rows[named(setting, 0)].insert(0, row)  # beside the first of the three
    rows[FILM] = filmed(birds)
    if missed := scores.report(rows, COMMAND):
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
