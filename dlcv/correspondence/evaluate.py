"""Score the networks and the estimators without one: python -m dlcv.correspondence.evaluate [--model NAME ...]

Prints the table and writes it beside the weights. Every estimator gets 20,000 trials, and the threshold that is best
for it on the validation place, on which nothing was trained (`python -m benchmarks.correspondence` finds it). poselib
is of requirements-dev.txt alone.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
import torch

from ..core import weights
from ..core.datasets import kitti, match_pairs, two_view
from ..core.geometry.cameras import FOCAL, intrinsics, normalised
from ..core.geometry.poses import WRONG, pose_error, pose_map
from ..core.training.evaluation import command_line
from ..core.weights.scores import Metric
from . import estimators
from .geometry import essential_of, sampson
from .matching import RATIO, match
from .metrics import counted
from .model import SIDE, CorrespondenceNet, side_information
from .predictor import KEPT_FROM
from .ransac import MOST

COMMAND = "python -m dlcv.correspondence.evaluate"
PLAIN = "correspondence-pointnet"
SCORES = ("Precision", "Recall", "F1")
RIGHT = 2.0  # pixels from the true epipolar line up to which a match counts as right
LIMITS = (5, 10, 20)
# a score of the card, and the same as one of the many of the table, which stands on the model's own card alone
MAPS, OF_TABLE = (
    {limit: Metric(f"pose_map_{limit}", f"mAP of the pose within {limit}°", "%", "higher", detail) for limit in LIMITS}
    for detail in (False, True)
)
INLIERS, INLIERS_OF_TABLE = (
    {name: Metric(f"inlier_{name.lower()}", f"{name} of inliers", "%", "higher", detail) for name in SCORES}
    for detail in (False, True)
)
TIME = Metric("milliseconds", "Time of a pair", "ms", "lower", detail=True)
BARS = {"test": 82.0, "test_internet": 66.0}
LABELLED_BAR = 85.0
DATA = {
    "test": "Herz-Jesu church, 150 pairs, a place never seen",
    "test_internet": "Internet photographs of two places never seen, 89 pairs",
    "kitti": "KITTI odometry, 100 pairs of two drives, nothing of it trained on",
}
SIMPLEST, BEST = (f"{first}, mutual check, then LO-RANSAC" for first in ("ratio test", "network"))


class Found(NamedTuple):
    """A pose, None where there is none, and which matches (P,) bool are taken for right."""

    rotation: torch.Tensor | None
    translation: torch.Tensor | None
    inliers: torch.Tensor


class Asked(NamedTuple):
    """One pair, as the estimators get it."""

    first: torch.Tensor  # (P, 2) normalised, float64
    second: torch.Tensor
    focal: float
    tested: torch.Tensor  # (P,) bool: passes the ratio test and the mutual check
    mutual: torch.Tensor  # (P,) bool: passes the mutual check
    logits: torch.Tensor  # (P,) of the network
    essential: torch.Tensor  # (3, 3) of the network: the weighted eight points
    robust: torch.Tensor  # (3, 3): the same reweighted


def nothing(asked: Asked) -> Found:
    """What is found where nothing is."""
    return Found(None, None, torch.zeros(len(asked.first), dtype=torch.bool))


def by_opencv(method: str, threshold: float, asked: Asked, kept: torch.Tensor) -> Found:
    """The pose by OpenCV from the matches that are kept."""
    first, second = asked.first[kept], asked.second[kept]
    matrix, inliers = estimators.essential(first, second, asked.focal, method, threshold)
    if matrix is None or inliers.sum() < 5:
        return nothing(asked)
    pose = estimators.pose(matrix, first[inliers], second[inliers])
    whole = torch.zeros(len(kept), dtype=torch.bool)
    whole[kept.nonzero()[:, 0][inliers]] = True
    return Found(pose.rotation, pose.translation, whole)


def by_poselib(threshold: float, asked: Asked, kept: torch.Tensor) -> Found:
    """The pose by poselib's LO-RANSAC from the matches that are kept."""
    import poselib  # here, so that what a score is called is known without it

    if kept.sum() < 6:
        return nothing(asked)
    focal = asked.focal
    camera = {"model": "SIMPLE_PINHOLE", "width": 1, "height": 1, "params": [focal, 0.0, 0.0]}
    ends = [focal * points[kept].numpy() for points in (asked.first, asked.second)]
    options = {"max_iterations": MOST, "max_epipolar_error": threshold, "success_prob": estimators.CONFIDENCE}
    pose, about = poselib.estimate_relative_pose(*ends, camera, camera, options, {})
    whole = torch.zeros(len(kept), dtype=torch.bool)
    whole[kept.nonzero()[:, 0][torch.tensor(about["inliers"], dtype=torch.bool)]] = True
    return Found(torch.tensor(pose.R), torch.tensor(pose.t), whole)


def alone(matrix: torch.Tensor, asked: Asked) -> Found:
    """The pose in a matrix of the network's own, and nothing after it."""
    kept = asked.logits > 0
    if kept.sum() < 8:
        return nothing(asked)
    best = asked.logits.topk(max(8, int(kept.sum()) // 2)).indices
    pose = estimators.pose(matrix, asked.first[best], asked.second[best])
    return Found(pose.rotation, pose.translation, kept)


THRESHOLDS = {"RANSAC": 0.5, "MAGSAC++": 0.5, "LO-RANSAC": 1.5}  # pixels, after ratio test and mutual check
AFTER = {"RANSAC": 0.5, "MAGSAC++": 0.5, "LO-RANSAC": 0.5}  # pixels, after the network


def estimate(name: str, threshold: float, asked: Asked, kept: torch.Tensor) -> Found:
    """The pose by the estimator of that name."""
    if name == "LO-RANSAC":
        return by_poselib(threshold, asked, kept)
    return by_opencv(name, threshold, asked, kept)


def kept_of(asked: Asked, logit: float = KEPT_FROM) -> torch.Tensor:
    """Which matches (P,) bool the network keeps for an estimator: each other's nearest, and above a logit."""
    return (asked.logits > logit) & asked.mutual


def methods() -> dict[str, Callable[[Asked], Found]]:
    """All rows of the table that a network has a part in, and those without one."""

    def without(name):
        return lambda asked: estimate(name, THRESHOLDS[name], asked, asked.tested)

    def after(name):
        return lambda asked: estimate(name, AFTER[name], asked, kept_of(asked))

    found: dict[str, Callable] = {f"ratio test, mutual check, then {name}": without(name) for name in THRESHOLDS}
    found["network, then LO-RANSAC"] = lambda asked: by_poselib(AFTER["LO-RANSAC"], asked, asked.logits > KEPT_FROM)
    found["network alone, weighted eight points"] = lambda asked: alone(asked.essential, asked)
    found["network alone, reweighted eight points"] = lambda asked: alone(asked.robust, asked)
    return found | {f"network, mutual check, then {name}": after(name) for name in AFTER}


@torch.inference_mode()
def asked_of(model: CorrespondenceNet, views: two_view.TwoView) -> list[tuple[Asked, float]]:
    """The pairs that scores are told of, as the estimators get them, and the milliseconds that the network took."""
    device, found = next(model.parameters()).device, []
    side = side_information(views.ratio, views.mutual, views.scale, views.turn)
    for number in views.bench.nonzero()[:, 0].tolist():
        begun = time.perf_counter()
        out = model(*(part[number][None].to(device) for part in (views.first, views.second, side)))
        took = 1e3 * (time.perf_counter() - begun)
        tested = (views.ratio[number] < RATIO) & views.mutual[number]
        first, second = views.first[number].double(), views.second[number].double()
        focal = views.focal[number].log().mean().exp().item()
        answers = (part[0].cpu() for part in (out.logits, out.essential, out.robust))
        answer = Asked(first, second, focal, tested, views.mutual[number], *answers)
        found.append((answer, took))
    return found


def scored(views: two_view.TwoView, pairs: list[tuple[Asked, float]], method: Callable, network: bool) -> dict:
    """mAP at the limits, precision, recall and F1 of the inliers, and the median time of a pair."""
    errors, kept, right, times = [], [], [], []
    truth = essential_of(views.rotation, views.translation)
    for number, (asked, took) in zip(views.bench.nonzero()[:, 0].tolist(), pairs):
        begun = time.perf_counter()
        found = method(asked)
        times.append(1e3 * (time.perf_counter() - begun) + took * network)
        true = views.rotation[number].numpy(), views.translation[number].numpy()
        told = found.rotation is not None
        errors.append(pose_error(found.rotation.numpy(), found.translation.numpy(), *true) if told else WRONG)
        pixels = sampson(truth[number].double(), asked.first, asked.second).sqrt() * asked.focal
        kept.append(found.inliers)
        right.append(pixels < RIGHT)
    maps = {limit: pose_map(errors, limit) for limit in LIMITS}
    return {"maps": maps, "inliers": counted(kept, right), "ms": float(np.median(times))}


def of_kitti() -> two_view.TwoView:
    """The pairs of KITTI's drives, matched as the others are."""
    moved = kitti.moving()
    matched = [match(one.first.float() / 255, one.second.float() / 255) for one in moved]
    count = min(len(one.first) for one in matched)  # as many of each, the strongest

    def stacked(part: Callable) -> torch.Tensor:
        return torch.stack([part(one)[:count] for one in matched])

    ends = [
        torch.stack([normalised(one[k][:count], of.intrinsics) for one, of in zip(matched, moved)]).float()
        for k in (0, 1)
    ]
    focal = torch.stack([of.intrinsics[0, 0].repeat(2) for of in moved]).float()
    return two_view.TwoView(
        *ends,
        *(stacked(lambda one, k=k: one[k]) for k in (2, 3, 4, 5)),
        torch.stack([of.rotation for of in moved]).float(),
        torch.stack([of.translation for of in moved]).float(),
        focal,
        torch.ones(len(moved), dtype=torch.bool),
    )


def poses(name: str) -> list[dict]:
    """Rows of the table."""
    model, rows = weights.load(CorrespondenceNet, name), []
    for split, data in DATA.items():
        views = of_kitti() if split == "kitti" else two_view.load(split)
        pairs, best = asked_of(model, views), {}
        for method, act in methods().items():
            if name == PLAIN and not method.startswith("network"):
                continue  # they stand in the other network's table
            found = best[method] = scored(views, pairs, act, network=method.startswith("network"))
            told = f"{data}, {method}"
            main = name != PLAIN and method == BEST
            for limit, value in found["maps"].items():
                more = {}
                if main and limit == 5:
                    beside = {"Without the network": round(best[SIMPLEST]["maps"][5], 1)}
                    more = {"bar": BARS.get(split), "beside": beside, "headline": split == "test"}
                shown = main or (name == PLAIN and method == BEST and limit == 5)
                rows.append((MAPS if shown else OF_TABLE)[limit].row(told, round(value, 1), **more))
            for what, value in found["inliers"].items():
                rows.append(INLIERS_OF_TABLE[what].row(told, round(value, 1)))
            rows.append(TIME.row(told, round(found["ms"], 1)))
    return rows


@torch.inference_mode()
def labelled(name: str) -> list[dict]:
    """Rows of the matches that people labelled: places alone are told, and focal lengths are guessed."""
    model = weights.load(CorrespondenceNet, name)
    kept, right = [], []
    for pair in match_pairs.load():
        ends = [
            normalised(points, intrinsics(FOCAL, size)).float()[None]
            for points, size in zip((pair.first, pair.second), pair.sizes)
        ]
        out = model(*ends, torch.zeros(1, len(pair.first), SIDE))
        kept.append(out.logits[0] > 0)
        right.append(pair.right)
    found = counted(kept, right)
    told = "AdelaideRMF, 11 pairs labelled by people, places of the matches alone, nothing of it trained on"
    bar = LABELLED_BAR if name != PLAIN else None
    return [
        INLIERS[what].row(told, round(value, 1), bar=bar if what == "F1" else None) for what, value in found.items()
    ]


def evaluate(name: str) -> list[dict]:
    """Rows of one model's metrics.json."""
    cv2.setNumThreads(1)
    return poses(name) + labelled(name)


if __name__ == "__main__":
    command_line(__doc__, "correspondence", evaluate, COMMAND)
