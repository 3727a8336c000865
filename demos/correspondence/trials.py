"""RANSAC for its board, so many trials at a time; and the race against wrong matches."""

import itertools
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from demos import frame
from demos.frame.keep import Keep
from dlcv.core.errors import InputError

from .pairs import PLAIN, USUAL, Known, Threshold, Which, flat, known, predictor

if TYPE_CHECKING:
    import torch

    from dlcv.correspondence.predictor import Pair
    from dlcv.correspondence.ransac import Trial

KINDS = (
    "Essential matrix, 5 points", "Fundamental matrix, 7 points", "Fundamental matrix, 8 points",
    "Homography, 4 points",
)  # fmt: skip
AMONG = {"all": "All matches", "tested": "Those of the ratio test, mutual"}
AT_ONCE, MOST = 250, 20_000  # trials of one answer, and of a run
MEASURED = 3000  # trials of the formula up to which RANSAC is run to count them


class Run(NamedTuple):
    """RANSAC on its way."""

    trials: "Iterator[Trial]"
    numbers: "torch.Tensor"  # which of the pair's matches it draws from
    pair: "Pair"
    kind: str
    lock: threading.Lock


runs: "Keep[Run]" = Keep(64, "This run is no longer remembered. Begin anew.")


class Begin(Which):
    """Question for a new run."""

    kind: frame.Choice(KINDS) = KINDS[0]
    among: frame.Choice(AMONG) = "tested"
    threshold: Threshold = 1.5
    confidence: frame.Slider("Confidence p", 0.5, 0.9999, step=0.0001) = 0.999
    seed: frame.Whole(0, 999_999) = 0


class Next(frame.Query):
    """Question for more trials of a run."""

    run: frame.Text
    count: frame.Whole(1, AT_ONCE) = 1


def begin(query: Begin) -> dict:
    """Name of a new run, and how many matches it draws from."""
    import torch

    from dlcv.correspondence import predictor as of
    from dlcv.correspondence.ransac import KINDS as SAMPLES
    from dlcv.correspondence.ransac import ransac

    pair, weighed = known(query.pair)
    chosen = of.tested(pair.matches) if query.among == "tested" else torch.ones(len(weighed.weights), dtype=torch.bool)
    numbers = chosen.nonzero()[:, 0]
    if len(numbers) <= SAMPLES[query.kind].sample:
        raise InputError("There are too few of these matches to draw a sample from. Take all of them.")
    ends, unit = ends_of(pair, query.kind)
    first, second = (points[numbers].double() for points in ends)
    trials = ransac(query.kind, first, second, query.threshold * unit, query.confidence, query.seed, MOST)
    return {"run": runs.add(Run(trials, numbers, pair, query.kind, threading.Lock())), "matches": len(numbers)}


def ends_of(pair: "Pair", kind: str) -> "tuple[tuple[torch.Tensor, torch.Tensor], float]":
    """The places of the matches (P, 2) as that kind of matrix takes them, and what a pixel is in them."""
    if kind.startswith("Essential"):
        return pair.normalised, 1 / pair.focal
    return (pair.matches.first, pair.matches.second), 1.0


def go_on(query: Next) -> dict:
    """The next trials of a run: sample and number of inliers of each, and what is known after the last of them."""
    run = runs.get(query.run)
    with run.lock:  # a generator serves one at a time
        trials = list(itertools.islice(run.trials, query.count))
    if not trials:
        return {"trials": [], "done": True}
    last = trials[-1]
    done = last.number >= min(last.bound, MOST)
    best = ending(run, last) if done else last.best
    return {
        "trials": [
            {
                "number": trial.number,
                "sample": run.numbers[trial.sample].tolist(),
                "inliers": int(trial.inliers.sum()),
                "best": int(trial.best_inliers.sum()),
                "bound": min(trial.bound, 1e9),
            }
            for trial in trials
        ],
        "matrix": None if last.matrix is None else in_pixels(run, last.matrix),
        "best": None if best is None else in_pixels(run, best),
        "inliers": frame.coded(_spread(run, last.inliers), "u1"),
        "kept": frame.coded(_spread(run, last.best_inliers), "u1"),
        "done": done,
    }


def ending(run: Run, last: "Trial") -> "torch.Tensor | None":
    """RANSAC's last step: the matrix of least squares through the inliers of the best one."""
    from dlcv.correspondence.ransac import refined

    first, second = (points[run.numbers].double() for points in ends_of(run.pair, run.kind)[0])
    found = refined(run.kind, first, second, last.best_inliers)
    return last.best if found is None else found


def in_pixels(run: Run, matrix: "torch.Tensor") -> list[float]:
    """The nine numbers of a matrix for pixels."""
    return flat(run.pair.fundamental(matrix) if run.kind.startswith("Essential") else matrix)


def _spread(run: Run, inliers: "torch.Tensor") -> "torch.Tensor":
    """Inliers of a run as a mask of all matches of the pair."""
    import torch

    whole = torch.zeros(len(run.pair.matches.first), dtype=torch.bool)
    whole[run.numbers[inliers]] = True
    return whole


# ---- wrong matches, added


class Spoil(Which):
    """Question for RANSAC and the network on the right matches of a pair and wrong ones beside them."""

    share: frame.Slider("Wrong matches", 0, 0.95, step=0.05) = 0.5
    seed: frame.Whole(0, 999_999) = 0


def spoil(query: Spoil) -> dict:
    """Trials that RANSAC needs, and its F1 in the time that the network takes, beside the network's and that of the one
    without context normalisation."""
    one = known(query.pair)
    pair, right = spoiled(one, query.share, query.seed)
    weighed = predictor().weigh(pair)
    weighed = predictor().weigh(pair)  # the time of the second: the first also fetches memory
    hurried = in_time(pair, weighed.milliseconds)
    return {
        "matches": len(right),
        "right": int(right.sum()),
        "network": {"f1": f1(weighed.logits > 0, right), "milliseconds": weighed.milliseconds},
        "plain": {"f1": f1(predictor(PLAIN).weigh(pair).logits > 0, right)},
        "ransac": {"f1": f1(hurried, right)},
        **needed(pair, right),
    }


def spoiled(one: Known, share: float, seed: int) -> "tuple[Pair, torch.Tensor]":
    """The right matches of a pair and wrong ones beside them, of which nothing is told but where they are; and which
    are right. What is right is known of examples; of a visitor's own it is what the best estimate says."""
    import torch

    from dlcv.correspondence import predictor as of
    from dlcv.correspondence.matching import FEWEST, spoiled

    pair, weighed = one
    right = of.truly(pair)
    if right is None:
        right = of.geometry(pair, weighed, USUAL).inliers
    if right.sum() < FEWEST:
        raise InputError("Too few matches of this pair are right to begin with. Choose another pair.")
    clean = pair.matches.some(right)
    kept = min(int(right.sum()), max(FEWEST, round((1 - share) * 1000)))
    matches = spoiled(clean, share, pair.sizes, seed, kept)
    return pair._replace(matches=matches), torch.arange(len(matches.first)) < kept


def in_time(pair: "Pair", milliseconds: float) -> "torch.Tensor":
    """Inliers of OpenCV's RANSAC with as many trials as it can make in a time: twice as many each time it has some
    left."""
    from dlcv.correspondence import estimators
    from dlcv.correspondence.predictor import THRESHOLD

    begun, trials = time.perf_counter(), 8
    while True:
        _, inliers = estimators.essential(*pair.normalised, pair.focal, "RANSAC", THRESHOLD, trials)
        if 1e3 * (time.perf_counter() - begun) > milliseconds or trials >= MOST:
            return inliers
        trials *= 2


def needed(pair: "Pair", right: "torch.Tensor") -> dict:
    """Trials that RANSAC made, None where that would take too long, and those that the formula says for the share of
    right matches."""
    from dlcv.correspondence.predictor import THRESHOLD
    from dlcv.correspondence.ransac import ransac, trials_needed

    formula, trials = trials_needed(right.double().mean().item(), 5, 0.999), None
    if formula <= MEASURED:
        trials = sum(1 for _ in ransac(KINDS[0], *pair.normalised, THRESHOLD / pair.focal, most=MOST))
    return {"trials": trials, "formula": formula}


def f1(kept: "torch.Tensor", right: "torch.Tensor") -> float:
    """F1 of matches kept (P,) bool, in [0, 1]."""
    from dlcv.correspondence.metrics import counted

    return counted([kept], [right])["F1"] / 100


# ---- the order


class Order(Which):
    """Question for the network's answer on matches in another order."""

    seed: frame.Whole(0, 999_999) = 0


def shuffle(query: Order) -> dict:
    """How far the weights of a pair's matches change when they are shuffled; and what a network without context
    normalisation says of them."""
    import torch

    from dlcv.correspondence import predictor as of

    pair, weighed = known(query.pair)
    order = torch.randperm(len(weighed.weights), generator=torch.Generator().manual_seed(query.seed))
    again = predictor().weigh(pair._replace(matches=pair.matches.some(order)))
    back = torch.empty_like(again.weights)
    back[order] = again.weights
    plain, right = predictor(PLAIN).weigh(pair), of.truly(pair)
    return {
        "change": (back - weighed.weights).abs().max().item(),
        "order": order[:12].tolist(),
        "plain": frame.coded(plain.weights, "<f4"),
        "f1": None if right is None else [f1(one.logits > 0, right) for one in (weighed, plain)],
    }
