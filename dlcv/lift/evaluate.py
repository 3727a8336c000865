"""Score LIFT after each of its trainings: python -m dlcv.lift.evaluate [--model NAME ...] [--data DIR]

Prints the scores, with those of OpenCV's SIFT, RootSIFT and ORB and, where DLCV_XFEAT is its file, of XFeat on the same
pictures, and writes them beside the weights.
"""

import functools
import os
from collections.abc import Callable
from pathlib import Path

import torch

from ..core import weights
from ..core.training.evaluation import command_line
from ..core.weights.scores import Metric
from . import peers
from .dominant import dominant_gradient
from .features import Features, Parts, describe, detect, features, parts_of
from .glue import angle_of, rotate
from .held_out import (
    COUNT,
    TURNED,
    TURNS,
    Method,
    by_ours,
    by_sift,
    of_homographies,
    of_split,
    of_turned,
    rate,
    transfers,
)
from .matching import PairScore
from .model import Descriptor, Detector, Lift, Orientation
from .patches import SIDE
from .scale_space import cut, pyramid

COMMAND = "python -m dlcv.lift.evaluate"
RATIO = {"SIFT": 0.8, "RootSIFT": 0.85, "ORB": 0.95, "XFeat": 1.0}
OURS = 0.9
"""Of matches that a pose is found from: the best of 0.7 to 1 on pairs of the places for validation and training."""

FPR95 = Metric("fpr95", "False positives at 95 % recall", "%", "lower")
REPEATABILITY = Metric("repeatability", "Repeatability", "%", "higher")
MATCHING = Metric("matching_score", "Matching score", "%", "higher")
NN_MAP = Metric("nn_map", "Nearest-neighbour mAP", "%", "higher")
POSE = Metric("pose_map_5", "Poses within 5 degrees", "%", "higher")
ROTATED = Metric("rotated", "Matching score of turned pictures", "%", "higher", detail=True)
PLACES = {"test": "a church, 25 photographs", "test_internet": "two places, 20 photographs from the Internet"}
BARS = {"test": 1.2, "test_internet": 4.0}  # of FPR95, after the training of DESC alone
ORDER = {"lift-descriptor": Descriptor, "lift-orientation": Orientation, "lift-detector": Detector}


def shipped(name: str) -> Parts:
    """The networks that there are after the training of that name; None for what is learned later."""
    if name == "lift":
        return parts_of(weights.load(Lift, name))
    known = list(ORDER)[: list(ORDER).index(name) + 1]
    return Parts(*(weights.load(ORDER[one], one) if one in known else None for one in reversed(ORDER)))


def method(name: str) -> Method:
    """Features after the training of that name: what is not learned yet is SIFT's."""
    parts = shipped(name)
    return functools.partial(features if parts.detector is not None else peers.on_sift, parts)


@functools.cache
def peer_methods() -> dict[str, Method]:
    """Those of others."""
    path = os.environ.get("DLCV_XFEAT")
    return peers.named(Path(path) if path else None)


# others


@functools.cache
def peers_rate(split: str) -> dict[str, float]:
    """FPR95 of the others."""
    return {name: round(rate(split, by_sift(name == "RootSIFT")), 2) for name in ("SIFT", "RootSIFT")}


@functools.cache
def of_peers(split: str) -> dict[str, tuple[PairScore, float]]:
    """`of_split` of the others."""
    return {name: of_split(split, way, RATIO[name]) for name, way in peer_methods().items()}


@functools.cache
def homographies_of_peers() -> dict[str, PairScore]:
    """`of_homographies` of the others."""
    return {name: of_homographies(way) for name, way in peer_methods().items()}


def otherwise_turned(name: str, turn_of: Callable[[torch.Tensor], torch.Tensor]) -> Method:
    """Features of a training whose angles are another's than ORI's, of patches (N, 1, 64, 64)."""
    parts = shipped(name)

    def found(picture, count):
        levels = pyramid(picture)
        points = detect(parts.detector, levels, count)
        still = torch.zeros_like(points.scale)
        angle = turn_of(cut(levels, points.xy, points.scale, still, SIDE))
        return Features(*points, angle, describe(parts.descriptor, levels, points.xy, points.scale, angle))

    return found


def ori_of(parts: Parts) -> Callable[[torch.Tensor], torch.Tensor]:
    """ORI's angles (N,) of patches (N, 1, 64, 64)."""
    upright = torch.zeros(1)

    @torch.inference_mode()
    def of(patches):
        return angle_of(parts.orientation(rotate(patches, upright.expand(len(patches)), parts.orientation.config.side)))

    return of


# rows


def percent(part: float) -> float:
    """A part of 1 as it is written."""
    return round(100 * part, 1)


def three(words: str, ours: PairScore, others: dict[str, PairScore], bar: float | None = None) -> list[dict]:
    """Rows of the paper's three scores; `bar` is that of the matching score."""
    rows = []
    metrics = {REPEATABILITY: ours.repeatability, MATCHING: ours.matching_score, NN_MAP: ours.nn_map}
    for number, (metric, value) in enumerate(metrics.items()):
        beside = {name: percent(found[number]) for name, found in others.items()}
        more = {"bar": bar, "headline": True} if bar is not None and metric is MATCHING else {}
        rows.append(metric.row(words, percent(value), beside=beside, **more))
    return rows


def evaluate(name: str) -> list[dict]:
    """Rows of one model's metrics.json."""
    parts, way, last, rows = shipped(name), method(name), name == "lift", []
    for split, words in PLACES.items():
        first, beside = name == "lift-descriptor", peers_rate(split)
        bar = BARS[split] if first else None
        value = round(rate(split, by_ours(parts)), 2)
        what = f"{words}, 10,000 pairs of patches, turned as SIFT says"
        rows.append(FPR95.row(what, value, beside=beside, bar=bar, headline=first and split == "test"))
        if parts.orientation is not None:
            value, gradient = (round(rate(split, by_ours(parts, one)), 2) for one in (ori_of(parts), dominant_gradient))
            what = f"{words}, the same pairs, turned as ORI says"
            rows.append(FPR95.row(what, value, beside={"dominant gradient": gradient}))
    for split, words in PLACES.items():
        ours, poses = of_split(split, way, OURS)
        others = of_peers(split)
        held_out = last and split == "test"
        bar = percent(others["SIFT"][0].matching_score) if held_out else None
        rows += three(f"{words}, {COUNT:,} points each", ours, {key: found[0] for key, found in others.items()}, bar)
        beside = {key: round(found[1], 1) for key, found in others.items()}
        what = f"{words}, {len(transfers(split))} pairs, {COUNT:,} points each, USAC_MAGSAC"
        bar = beside["SIFT"] if held_out else None
        rows.append(POSE.row(what, round(poses, 1), beside=beside, bar=bar))
    rows += three(f"homogr, 15 pairs, {COUNT:,} points each", of_homographies(way), homographies_of_peers())
    if last:
        ways = {
            "dominant gradient": otherwise_turned(name, dominant_gradient),
            "no angle": otherwise_turned(name, lambda patches: torch.zeros(len(patches))),
            "SIFT": peers.sift,
        }
        others = {key: of_turned(one) for key, one in ways.items()}
        for number, (degrees, value) in enumerate(zip(TURNS, of_turned(way))):
            what = f"turned by {degrees} degrees, {TURNED} photographs of {PLACES['test'].split(',')[0]}"
            rows.append(ROTATED.row(what, value, beside={key: found[number] for key, found in others.items()}))
    return rows


if __name__ == "__main__":
    command_line(__doc__, "lift", evaluate, COMMAND)
