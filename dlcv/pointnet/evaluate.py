"""Score the networks that ship on clouds they never saw: python -m dlcv.pointnet.evaluate [--sheet FOLDER] [--data DIR]

Of classes: the 908 test clouds of ModelNet10, as they are, with points missing, replaced and moved, as in Figure 6 of
the paper. Of parts: made shapes. Of out-of-distribution scores: for each class a network trained without it.
"""

import argparse
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import torch
from torchmetrics.functional.classification import binary_auroc, multiclass_accuracy

from ..core import weights
from ..core.datasets import modelnet, parse_with_data
from ..core.images.draw import colour_sheet
from ..core.training.evaluation import outputs
from ..core.weights import scores
from ..core.weights.scores import Metric
from . import shapes
from .disturb import Disturbance, disturb, rotation
from .kinds import KINDS, PARTS
from .model import FlatMLP, PartNet, PointNet, by_height
from .predictor import PointNetPredictor
from .reading import read, upright
from .train import WITHOUT, part_iou

COMMAND = "python -m dlcv.pointnet.evaluate"
OVERALL_ACCURACY = Metric("overall_accuracy", "Overall accuracy", "%", "higher")
CLASS_ACCURACY = Metric("class_accuracy", "Mean class accuracy", "%", "higher")
LOST_WITH_HALF = Metric("lost_with_half", "Accuracy lost with half of the points", "points", "lower")
ORDER_DIFFERENCE = Metric("order_difference", "Largest change under reordering", "", "lower", detail=True)
PART_MIOU = Metric("part_miou", "Part mIoU", "%", "higher")
OOD_AUROC = Metric("out_of_class_auroc", "Out-of-distribution detection, AUROC", "%", "higher")
FALSE_ALARMS = Metric("called_strange", "False alarms of out-of-distribution detection", "%", "lower", detail=True)
OOD_SCORE = Metric("strangeness", "Out-of-distribution score", "", "higher", detail=True)
ACCURACY_BAR, LOST_BAR, SHUFFLE_BAR, PARTS_BAR, AUROC_BAR = 92.0, 4.0, 1e-5, 90.0, 90.0
CLASSIFIERS = ("pointnet-max", "pointnet-sum")
CURVES = {  # what is done to the test clouds, the accuracy then, and how much of it
    "missing": ("points missing", "Accuracy with points missing", [0.25, 0.5, 0.75, 0.875]),
    "outliers": ("outliers", "Accuracy with outliers", [0.1, 0.2, 0.3, 0.5]),
    "noise": ("of the radius as noise", "Accuracy with noise", [0.02, 0.05, 0.1]),
}
ACCURACIES = {
    what: Metric(f"accuracy_{what}", label, "%", "higher", detail=True) for what, (_, label, _) in CURVES.items()
}
SHAPES, SHAPES_SEED = 50, 2  # made shapes of each kind that parts are tested on; 0 and 1 made those of the training
MESHES = ("Bunny.obj", "Duck.glb", "face.obj", "sofia.stl")  # come with Gradio; neither furniture nor the like
PAPER = {"paper_source": "Qi et al. 2017", "paper_data": "the 40 classes of ModelNet40"}
PAPER_PARTS = {"paper": 83.7, "paper_source": "Qi et al. 2017", "paper_data": "real shapes of ShapeNet"}


def spoilt(clouds: torch.Tensor, what: str, amount: float) -> torch.Tensor:
    """Test clouds (N, 1024, 3) with points missing, outliers or noise, each from a seed of its own: (N, P, 3)."""
    settings = {"count": round(clouds.shape[1] * (1 - amount))} if what == "missing" else {what: amount}
    return torch.stack([disturb(cloud, Disturbance(**settings, seed=seed)).points for seed, cloud in enumerate(clouds)])


def right(model: PointNet | FlatMLP, clouds: torch.Tensor, labels: torch.Tensor, average: str = "micro") -> float:
    """Percentage of clouds (N, P, 3) that get the class of their label (N,); "macro" takes the mean over classes."""
    clouds = by_height(clouds) if isinstance(model, FlatMLP) else clouds
    logits = outputs(model, clouds, "logits", at_once=32)[0]
    return round(100 * multiclass_accuracy(logits, labels, len(modelnet.CLASSES), average=average).item(), 2)


def accuracy_rows(
    model: PointNet | FlatMLP, clouds: torch.Tensor, labels: torch.Tensor, bar: float | None = None
) -> list[dict]:
    """The rows of metrics.json of the undisturbed clouds; those of the network with a bar stand for the topic."""
    data = f"ModelNet10 test, all {len(labels)}"
    overall, by_class = (right(model, clouds, labels, average) for average in ("micro", "macro"))
    return [
        OVERALL_ACCURACY.row(data, overall, bar=bar, paper=89.2, **PAPER, headline=bar is not None),
        CLASS_ACCURACY.row(data, by_class, paper=86.2, **PAPER),
    ]


def curve_rows(model: PointNet, clouds: torch.Tensor, labels: torch.Tensor) -> list[dict]:
    """The rows of the robustness curves."""
    return [
        ACCURACIES[what].row(
            f"ModelNet10 test, {100 * amount:g} % {words}", right(model, spoilt(clouds, what, amount), labels)
        )
        for what, (words, _, amounts) in CURVES.items()
        for amount in amounts
    ]


def evaluate_classifier(name: str, clouds: torch.Tensor, labels: torch.Tensor) -> list[dict]:
    """The rows of a PointNet; the bars are those of the one with the maximum."""
    predictor = PointNetPredictor(name)
    accuracy_bar, lost_bar = (ACCURACY_BAR, LOST_BAR) if name == CLASSIFIERS[0] else (None, None)
    plain = accuracy_rows(predictor.model, clouds, labels, accuracy_bar)
    curves = curve_rows(predictor.model, clouds, labels)
    half = next(row["value"] for row in curves if "50 % points missing" in row["data"])
    lost = round(plain[0]["value"] - half, 2)
    lost_row = LOST_WITH_HALF.row("half the points missing", lost, bar=lost_bar, paper=3.8, **PAPER)
    return [*plain, lost_row, *curves, shuffle_row(predictor, clouds, bar=SHUFFLE_BAR)]


def shuffle_row(predictor: PointNetPredictor, clouds: torch.Tensor, bar: float | None) -> dict:
    """How far a probability moves at most when test clouds (N, P, 3) are listed in other orders."""
    largest = max(predictor.shuffle_difference(cloud, orders=100) for cloud in clouds[:: len(clouds) // 10][:10])
    return ORDER_DIFFERENCE.row("10 test clouds, 100 orders each", float(f"{largest:.2g}"), bar=bar)


def ood_scores(model: PointNet, clouds: torch.Tensor) -> torch.Tensor:
    """The out-of-distribution scores (N,) of clouds (N, P, 3)."""
    found = outputs(model, clouds, "global_feature", "embedding", at_once=32)
    return model.ood_score(*(some.to(model.memory.device) for some in found)).cpu()


def auroc(inside: torch.Tensor, outside: torch.Tensor) -> float:
    """The area under the ROC curve of OOD scores, in distribution (N,) and out of it (M,): 0.5 is chance."""
    truth = torch.cat([torch.zeros(len(inside)), torch.ones(len(outside))]).long()
    values = torch.cat([inside, outside])
    return round(binary_auroc(values.argsort().argsort() / len(values), truth).item(), 4)  # ranks: it squashes others


def left_out_rows(clouds: torch.Tensor, labels: torch.Tensor) -> list[dict]:
    """The rows of out-of-distribution detection: a network trained without a class, each in turn, and the mean.

    None of these ten networks ships; nothing where they were not trained.
    """
    if not set(WITHOUT) <= set(weights.names("pointnet")):
        return []
    found = []
    for name, left_out in WITHOUT.items():
        values, others = ood_scores(weights.load(PointNet, name), clouds), labels == modelnet.CLASSES.index(left_out)
        data = f"a network without {left_out}: {left_out} against the other nine"
        found.append(OOD_AUROC.row(data, round(100 * auroc(values[~others], values[others]), 2)))
    mean = round(sum(row["value"] for row in found) / len(found), 2)
    return [OOD_AUROC.row("mean over ten classes, each left out in turn", mean, bar=AUROC_BAR), *found]


def packaged_rows(model: PointNet, clouds: torch.Tensor) -> list[dict]:
    """The rows of OOD scores of meshes that come with Gradio and belong to no class, and of the test clouds."""
    folder = Path(find_spec("gradio").origin).parent / "media_assets" / "models3d"
    readings = {name: read(folder / name) for name in MESHES}
    meshes = torch.stack([upright(reading.points, reading.up) for reading in readings.values()])
    inside, outside = ood_scores(model, clouds), ood_scores(model, meshes)
    told = round(100 * auroc(inside, outside), 2)
    alarms = round(100 * (inside > 1).float().mean().item(), 1)
    return [
        OOD_AUROC.row(f"{', '.join(readings)} against ModelNet10 test", told, bar=AUROC_BAR),
        FALSE_ALARMS.row(f"ModelNet10 test, all {len(clouds)}", alarms),
        *(OOD_SCORE.row(name, round(value, 2)) for name, value in zip(readings, outside.tolist())),
    ]


def evaluate_parts() -> list[dict]:
    """The rows of the network of parts, on shapes made from another seed than those it learned from."""
    scored = part_iou(weights.load(PartNet, "pointnet-parts"), *shapes.collection(SHAPES, SHAPES_SEED))
    rows = [
        PART_MIOU.row(f"{SHAPES} made shapes: {kind}", round(some.mean().item(), 2))
        for kind, some in zip(KINDS, scored.split(SHAPES))
    ]
    mean = round(scored.mean().item(), 2)
    return [PART_MIOU.row(f"{len(scored)} made shapes", mean, bar=PARTS_BAR, **PAPER_PARTS), *rows]


PAINT = torch.tensor([[230, 140, 60], [60, 120, 200], [80, 170, 90], [170, 80, 160]], dtype=torch.uint8)  # of parts


def cloud_picture(points: torch.Tensor, labels: torch.Tensor, side: int = 128) -> torch.Tensor:
    """A cloud (P, 3), z up, seen from the front, a little from the left and above; its parts in colours:
    (3, side, side) in [0, 1]."""
    x, y, z = (rotation(25, 0, 0) @ rotation(0, 0, 30) @ points.T).unbind(0)
    pixels = torch.full((side, side, 3), 255, dtype=torch.uint8)
    order = y.argsort(descending=True)  # the nearest last
    column, row = ((along[order] * 0.45 + 0.5).clamp(0, 0.98).mul(side).long() for along in (x, -z))
    for right in (0, 1):
        for below in (0, 1):
            pixels[row + below, column + right] = PAINT[labels[order]]
    return pixels.permute(2, 0, 1) / 255


def real_parts(clouds: torch.Tensor, labels: torch.Tensor, folder: Path) -> None:
    """Show what the network of parts makes of ModelNet10, where no parts are known: of test clouds (N, P, 3) a sheet
    in `folder`, and the share of the points that each part gets beside its share in made shapes."""
    predictor = PointNetPredictor("pointnet-parts")
    made, truth, kinds = shapes.collection(SHAPES, SHAPES_SEED)
    for kind in ("chair", "table"):
        real, names = clouds[labels == modelnet.CLASSES.index(kind)], PARTS[kind]
        found = torch.stack([predictor.parts(cloud, kind).labels for cloud in real])
        drawn = torch.stack([cloud_picture(cloud, parts) for cloud, parts in zip(real[:40], found)])
        colour_sheet(drawn, 8).save(folder / f"parts-{kind}.png")
        known = truth[kinds == KINDS.index(kind)]
        shares = [[100 * (some == part).float().mean() for some in (found, known)] for part in range(len(names))]
        words = [f"{name} {here:.0f} % (made shapes: {there:.0f} %)" for name, (here, there) in zip(names, shares)]
        print(f"{len(real)} ModelNet10 test clouds of the class {kind}, as they are read: {', '.join(words)}")


def main() -> None:
    """Score what ships, print the table, write it beside the weights; exit with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheet", type=Path, help="folder of the pictures of parts; a new one")
    args = parse_with_data(parser)
    clouds, labels = modelnet.load("test")
    found = {name: evaluate_classifier(name, clouds, labels) for name in CLASSIFIERS}
    flat = PointNetPredictor("pointnet-flat")
    found["pointnet-flat"] = [*accuracy_rows(flat.model, clouds, labels), shuffle_row(flat, clouds, bar=None)]
    found["pointnet-parts"] = evaluate_parts()
    folder = args.sheet or Path(tempfile.mkdtemp(prefix="pointnet-"))
    folder.mkdir(parents=True, exist_ok=True)
    real_parts(clouds, labels, folder)
    found["pointnet-max"] += [
        *left_out_rows(clouds, labels),
        *packaged_rows(weights.load(PointNet, "pointnet-max"), clouds),
    ]
    if missed := scores.report(found, COMMAND):
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
