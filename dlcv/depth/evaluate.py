"""Score the networks that ship on data they were not trained on: python -m dlcv.depth.evaluate [--data DIR]

The network of depth: the last fifth of the kitchen. The network of disparities: the last frames of two drives of KITTI,
against semi-global matching of the real pair; made scenes, whose depth is exact; and pairs of other data sets. The two
ablations: what the missing loss is for.

All of them, a published network among them, on photographs beside the row alone: held_out.py.
"""

import argparse
import functools
import sys
from dataclasses import replace

import torch
from torch.nn import functional as F
from torchvision.transforms.v2.functional import to_pil_image

from ..core.datasets import kitchen, kitti, parse_with_data, small_pairs
from ..core.weights import scores
from ..core.weights.scores import Metric
from . import held_out, scenes
from .metrics import abs_rel, d1, rank_correlation, within
from .predictor import DepthMaps, DepthPredictor, asked, predictor, rebuild, resized, semi_global
from .train import TEST_SCENES

COMMAND = "python -m dlcv.depth.evaluate"
DELTA_1 = Metric("delta_1", "Depths within a factor of 1.25 (delta 1)", "%", "higher")
ABS_REL = Metric("abs_rel", "Absolute relative error (Abs Rel)", "", "lower")
ABS_REL_SCALED = Metric("abs_rel_scaled", "Abs Rel after median scaling", "", "lower")
ABS_REL_SINGLE = replace(ABS_REL_SCALED, detail=True)
D1 = Metric("d1", "Wrong disparities (D1)", "%", "lower")
RANK = Metric("rank_correlation", "Rank correlation with the true disparity", "", "higher")
DELTA_1_FITTED = Metric("delta_1_fitted", "Delta 1 after least squares in disparity", "%", "higher")
EDGE_F1 = Metric("edge_f1", "Edges of depth found (F1)", "%", "higher")
PEOPLE = Metric("people_nearer", "People nearer than what is beside them", "%", "higher")
DISAGREEMENT = Metric("disagreement", "Left-right disagreement", "pixels", "lower")
ROUGHNESS = Metric("roughness", "Disparity gradient on plain surfaces", "pixels", "lower")
REBUILT_L1 = Metric("rebuilt_l1", "Reconstruction error (L1)", "", "lower")
PHOTOS, STEREO, KITCHEN, PUBLISHED = "depth-photos", "depth-stereo", "depth-kitchen", "tiefenrausch"
DELTA_BAR, KITCHEN_BAR, KITTI_BAR, D1_BAR, RANK_BAR = 85.0, 0.13, 0.15, 10.0, 0.5
# of the network of photographs, in the order of its rows: ranks in four places, delta 1, edges, people
PHOTO_BARS = (0.85, 0.85, 0.88, 0.90, 80.0, 61.0, 95.0)
SCENES = 200  # made ones that are scored
MIN_DISPARITY = 379.8 / 1226 / 80  # of the width, at 80 metres, the paper's limit: f b = 379.8 px m, 1,226 pixels wide
PAPER = {"paper": 0.148, "paper_source": "Godard et al. 2017, Table 2, K, 80 m", "paper_data": "KITTI against LiDAR"}


def kitchen_rows() -> list[dict]:
    """Scores of the network trained with depth."""
    network, found, truth = predictor(KITCHEN), [], []
    for picture, depth in kitchen.load("test"):
        seen, known = resized(network.predict(picture / 255).maps[0][0], depth.shape[1:]), depth[0] > 0
        found.append(seen[known])
        truth.append(depth[0][known])
    both, data = (torch.cat(found), torch.cat(truth)), f"red kitchen, the last {len(found)} frames"
    return [
        DELTA_1.row(data, round(100 * within(*both), 2), bar=DELTA_BAR),
        ABS_REL.row(data, round(abs_rel(*both), 4), bar=KITCHEN_BAR),
    ]


def drives() -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """The held-out pairs of KITTI in [0, 1], and disparities (H, W) of semi-global matching, 0 where unknown."""
    pairs = [tuple(picture / 255 for picture in pair) for pair in kitti.load("test")]
    return [(*pair, semi_global(*pair).disparity / pair[0].shape[2]) for pair in pairs]


def kitti_row(network: DepthPredictor, pairs: list) -> dict:
    """The relative error of depth on KITTI up to 80 metres, as in the paper; f b of depth = f b / d cancels."""
    found, truth = [], []
    for left, _, matched in pairs:
        disparity = resized(network.predict(left).maps[0][0], left.shape[1:]).clamp_min(MIN_DISPARITY)
        sure = matched > MIN_DISPARITY
        found.append(1 / disparity[sure])
        truth.append(1 / matched[sure])
    data = f"KITTI, the last {len(pairs)} pairs of two drives, against what semi-global matching is sure of"
    value = round(abs_rel(torch.cat(found), torch.cat(truth)), 4)
    return ABS_REL.row(data, value, bar=KITTI_BAR, **PAPER, headline=True)


def made_row(network: DepthPredictor) -> dict:
    """D1 on held-out made scenes, at the width of the network's input."""
    height, width = network.config.height, network.config.width
    pairs = [scenes.pair(TEST_SCENES + k, height, width) for k in range(SCENES)]
    found = torch.stack([width * network.predict(pair.left).maps[0][:1] for pair in pairs])
    truth = torch.stack([pair.disparity_left for pair in pairs])
    return D1.row(f"{SCENES} made scenes, {width} pixels wide", round(d1(found, truth), 4), bar=D1_BAR)


def scaled_abs_rel(seen: DepthMaps, disparity: torch.Tensor, cropped: float = 0.0) -> float:
    """abs_rel after scaling by the median depth, for cameras that the network was not trained with."""
    known = disparity > 0
    depth = 1 / resized(seen.inverse_depth, disparity.shape)[known].clamp_min(1e-6)
    truth = 1 / (disparity[known] + cropped)
    return abs_rel(depth * truth.median() / depth.median(), truth)


def small_rows(network: DepthPredictor) -> list[dict]:
    """The relative error on the small pairs after median scaling; no bar, as the training data is unlike them."""
    pairs = small_pairs.load()
    values = [scaled_abs_rel(network.predict(pair.left / 255), pair.disparity[0], pair.cropped) for pair in pairs]
    indoors = [value for pair, value in zip(pairs, values) if pair.name.startswith("middlebury")]
    mean = ABS_REL_SCALED.row("Middlebury 2005, mean of five pairs", round(sum(indoors) / len(indoors), 4))
    return [mean, *(ABS_REL_SINGLE.row(pair.name, round(value, 4)) for pair, value in zip(pairs, values))]


def motorcycle_row(network: DepthPredictor) -> dict:
    """The rank correlation with the true disparities of the packaged pair: whether near and far are in order."""
    from skimage import data

    left, _, truth = data.stereo_motorcycle()
    truth = torch.from_numpy(truth).nan_to_num(posinf=0)
    found = resized(network.predict(torch.from_numpy(left).permute(2, 0, 1) / 255).inverse_depth, truth.shape)
    value = rank_correlation(found[truth > 0], truth[truth > 0])
    return RANK.row("Motorcycle, Middlebury 2014", round(value, 4), bar=RANK_BAR)


def loss_rows(network: DepthPredictor, pairs: list) -> list[dict]:
    """Disagreement of both eyes, roughness of plain surfaces and error of the rebuilt pictures, on held-out KITTI."""
    disagreement, roughness, rebuilt_l1 = [], [], []
    for left, right, _ in pairs:
        seen = network.predict(left)
        found = rebuild(seen, left, right)
        disagreement.append(found.disagreement.mean())
        rebuilt_l1.append(found.l1.mean())
        disparity = seen.maps[0][:1] * seen.maps[0].shape[2]
        small = F.interpolate(left[None], disparity.shape[1:], mode="bilinear", antialias=True)[0]
        plain = small.diff(dim=2).abs().mean(0) < 0.02
        roughness.append(disparity.diff(dim=2).abs()[0][plain].mean())
    data = f"KITTI, the last {len(pairs)} pairs"
    measured = {DISAGREEMENT: disagreement, ROUGHNESS: roughness, REBUILT_L1: rebuilt_l1}
    return [metric.row(data, round(torch.stack(values).mean().item(), 4)) for metric, values in measured.items()]


def photograph_rows(asks: dict[str, held_out.Ask]) -> dict[str, list[dict]]:
    """The rows of metrics.json of each that is asked, by name, with the row alone beside."""
    known, persons = held_out.places(), held_out.people()
    first = next(iter(known))
    measured = [(RANK, data, held_out.rank_of, of, 4) for data, of in known.items()]
    measured += [
        (DELTA_1_FITTED, first, held_out.delta_1_of, known[first], 2),
        (EDGE_F1, first, held_out.edge_f1_of, known[first], 2),
    ]
    measured.append((PEOPLE, f"COCO val, {len(persons)} people outlined by hand", held_out.people_of, persons, 1))
    found: dict[str, list[dict]] = {name: [] for name in asks}
    for (metric, data, score, of, digits), bar in zip(measured, PHOTO_BARS, strict=True):
        prior = {held_out.ROW_ALONE: round(score(held_out.row_alone, of), digits)}
        for name, ask in asks.items():
            bars = {"bar": bar, "headline": data == first and metric is RANK} if name == PHOTOS else {}
            found[name].append(metric.row(data, round(score(ask, of), digits), beside=prior, **bars))
    return found


def asking(name: str) -> held_out.Ask:
    """What a network that ships says of a picture, as the gallery asks it."""
    return lambda picture: asked(predictor(name), to_pil_image(picture)).inverse_depth


def main() -> None:
    """Score what ships, print the table, write it beside the weights; exit with 1 where a bar is missed."""
    parse_with_data(argparse.ArgumentParser(description=__doc__))
    pairs, network = drives(), predictor(STEREO)
    found = {KITCHEN: kitchen_rows()}
    found[STEREO] = [kitti_row(network, pairs), made_row(network), motorcycle_row(network), *small_rows(network)]
    found[STEREO] += loss_rows(network, pairs)
    asks = {name: functools.cache(asking(name)) for name in (PHOTOS, STEREO, KITCHEN, PUBLISHED)}
    photographs = photograph_rows(asks)
    for name, rows in photographs.items():
        found[name] = found.get(name, []) + rows
    missed = scores.report(found, COMMAND)
    print(held_out.table(photographs))
    if missed:
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
