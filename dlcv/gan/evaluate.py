"""Score the GANs that ship: python -m dlcv.gan.evaluate [--data DIR]

Modes covered and KL on stacked digits; Fréchet distances in the features of our own classifiers, each beside its
floor, the distance between as many training pictures and the test pictures. Of generated garments: the confidence of
their class, and their distance to the nearest training photograph. Sheets of samples are written beside the weights.
"""

import argparse
import sys
from collections.abc import Callable

import torch
from PIL import Image
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance

from ..core import weights
from ..core.datasets import clothing, mnist, parse_with_data
from ..core.images.draw import colour_sheet
from ..core.training.evaluation import accuracy, classify
from ..core.weights import scores
from ..core.weights.scores import Metric
from .classifier import Classifier, covered, modes_and_kl
from .garments import NAME, SIDE, GarmentClassifier, nearest
from .predictor import GANPredictor
from .progressive import SMALLEST
from .progressive_predictor import ProgressivePredictor
from .train import CONFIGS, DATA, EVALUATORS, stack

COMMAND = "python -m dlcv.gan.evaluate"
FRECHET = Metric("frechet", "Fréchet distance", "", "lower")
FRECHET_FLOOR = Metric("frechet_floor", "Fréchet distance of real pictures", "", "lower")
CLASSES = Metric("classes", "Classes covered, of 10", "", "higher")
MODES = Metric("modes", "Modes covered, of 1,000", "", "higher")
MODES_KL = Metric("modes_kl", "KL divergence from the real modes", "nats", "lower")
ACCURACY = Metric("accuracy", "Accuracy", "%", "higher")
CONFIDENCE = Metric("confidence", "Confidence of a classifier", "%", "higher")
REAL_CONFIDENCE = Metric("real_confidence", "Confidence on real pictures", "%", "higher")
LARGEST_CLASS = Metric("largest_class", "Share of the largest class", "%", "lower")
NEAREST = Metric("nearest_photograph", "Distance to the nearest training picture", "", "higher")
REAL_NEAREST = Metric("real_nearest_photograph", "Distance of real pictures to it", "", "higher")
RECOGNISED = Metric("recognised", "Recognised as its kind", "%", "higher", detail=True)
OF_A_KIND = 200  # samples
HEADLINE = "wgan-gp"
STACKED_SAMPLES, SAMPLES = 26_000, 10_000
KL_BAR, ACCURACY_BAR = 0.10, 99.3
CONFIDENCE_GAP, SHARE_BAR = 15, 100 / 3  # percent: of confidence, of samples in one class
TESTS = {
    "mnist": "MNIST test",
    "fashion": "Fashion-MNIST test",
    "stacked": "MNIST test, stacked",
    "clothing": "clothing test",
}
PAPERS = {  # modes and KL on stacked digits
    "gan": (99, 3.40, "Lin et al. 2018 (PacGAN), DCGAN"),
    "wgan-gp": (959, 0.7276, "Kumar et al. 2019, WGAN-GP"),
}


class Features(nn.Module):
    """An evaluator's features of each channel of a picture, side by side: (N, C, 28, 28) -> (N, 128 C)."""

    def __init__(self, evaluator: Classifier, channels: int):
        super().__init__()
        self.evaluator, self.num_features = evaluator, 128 * channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features (N, 128 C) of pictures (N, C, 28, 28) in [0, 1]."""
        features = self.evaluator(x.flatten(0, 1).unsqueeze(1)).features  # (N C, 128)
        return features.unflatten(0, x.shape[:2]).flatten(1)


def frechet_to(evaluator: Classifier, real: torch.Tensor) -> Callable[[torch.Tensor], float]:
    """Function that gives the Fréchet distance of pictures (N, C, 28, 28) to the real ones, in evaluator's features."""
    metric = FrechetInceptionDistance(feature=Features(evaluator, real.shape[1]), reset_real_features=False)
    for batch in real.split(1000):
        metric.update(batch, real=True)

    def distance(pictures: torch.Tensor) -> float:
        metric.reset()
        for batch in pictures.split(1000):
            metric.update(batch, real=False)
        return metric.compute().item()

    return distance


@torch.inference_mode()
def evaluate(data: str, evaluator: Classifier) -> dict[str, list[dict]]:
    """Rows of metrics.json of the models of one data set."""
    generator = torch.Generator().manual_seed(0)
    test, train = (mnist.load(DATA[data][0], split)[0] for split in ("test", "train"))
    sampled = f"{TESTS[data]}, {SAMPLES:,} samples"
    if data == "stacked":
        test, train = stack(test, generator), stack(train, generator)
    distance = frechet_to(evaluator, test)
    floor = distance(train[torch.randperm(len(train), generator=generator)[:SAMPLES]])
    found = {}
    for name in (name for name in CONFIGS if name.endswith(data)):
        formulation = name.removesuffix(f"-{data}")
        pictures = GANPredictor(name).sample(STACKED_SAMPLES if data == "stacked" else SAMPLES, seed=2014)
        write_samples(name, pictures[:64], 8)
        rows = [
            FRECHET.row(sampled, round(distance(pictures[:SAMPLES]), 2)),
            FRECHET_FLOOR.row(sampled, round(floor, 2)),
        ]
        if data == "stacked":
            modes, kl = modes_and_kl(evaluator, pictures)
            modes_paper, kl_paper, source = PAPERS.get(formulation, (None, None, None))
            modes_bar, kl_bar = (1000, KL_BAR) if formulation == "wgan-gp" else (None, None)
            counted = f"stacked digits, {STACKED_SAMPLES:,} samples"
            of_kl = {"bar": kl_bar, "paper": kl_paper, "paper_source": source}
            rows += [
                MODES.row(counted, modes, bar=modes_bar, paper=modes_paper, paper_source=source),
                MODES_KL.row(counted, round(kl, 3), **of_kl, headline=formulation == HEADLINE),
            ]
        else:
            counts = torch.bincount(classify(evaluator, pictures).logits.argmax(1), minlength=10)
            rows.append(CLASSES.row(f"{SAMPLES:,} samples", covered(counts)))
        found[name] = rows
    return found


def evaluate_evaluator(model: nn.Module, pictures: torch.Tensor, labels: torch.Tensor, test: str) -> list[dict]:
    """Rows of metrics.json of an evaluator: its accuracy on the test pictures (N, C, S, S), `test` their name."""
    bar = ACCURACY_BAR if test == TESTS["mnist"] else None
    return [ACCURACY.row(f"{test}, all {len(labels):,}", round(accuracy(model, pictures, labels), 2), bar=bar)]


def write_samples(name: str, pictures: torch.Tensor, columns: int, file: str = "samples.png") -> None:
    """Write a sheet of pictures (N, C, S, S) beside the weights, enlarged to about 100 pixels each without blur."""
    sheet = colour_sheet(pictures.expand(-1, 3, -1, -1), columns)
    scale = max(1, 96 // pictures.shape[-1])
    sheet = sheet.resize((sheet.width * scale, sheet.height * scale), Image.Resampling.NEAREST)
    sheet.save(weights.root() / name / file, optimize=True)


@torch.inference_mode()
def evaluate_garments(evaluator: GarmentClassifier, name: str = "progressive-clothing-64") -> dict[str, list[dict]]:
    """Rows of metrics.json of the progressive GAN; writes a sheet of samples of every resolution."""
    training, test = (clothing.load(split, SIDE)[0].float() / 255 for split in ("train", "test"))
    model = ProgressivePredictor(name)
    pictures = model.sample(1000, seed=2018)
    for stage in range(model.last_stage + 1):
        write_samples(name, model.sample(24, seed=2018, stage=stage), 8, f"samples-{SMALLEST * 2**stage}.png")

    real, generated = (classify(evaluator, x).logits.softmax(1) for x in (test, pictures))
    of_real, of_samples = (round(100 * p.amax(1).mean().item(), 1) for p in (real, generated))
    largest = torch.bincount(generated.argmax(1), minlength=10).max().item() / len(generated) * 100
    copies, unseen = (nearest(x, training, 1)[1].mean().item() for x in (pictures, test))
    samples, photographs = "1,000 samples", f"{TESTS['clothing']}, all {len(test)}"
    rows = [
        CONFIDENCE.row(samples, of_samples, bar=round(of_real - CONFIDENCE_GAP, 1)),
        REAL_CONFIDENCE.row(photographs, of_real),
        LARGEST_CLASS.row(samples, round(largest, 1), bar=round(SHARE_BAR, 1)),
        NEAREST.row(samples, round(copies, 4)),
        REAL_NEAREST.row(photographs, round(unseen, 4)),
    ]
    for label, kind in enumerate(model.model.config.class_names):
        found = classify(evaluator, model.sample(OF_A_KIND, 2018, classes=[label])).logits.argmax(1)  # (200,)
        share = (found == label).float().mean().item()
        rows.append(RECOGNISED.row(f"{OF_A_KIND} samples of {kind}", round(100 * share, 1)))
    return {name: rows}


def main() -> None:
    """Score what ships, print the table, write it beside the weights; exit with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parse_with_data(parser)
    evaluators = {name: weights.load(Classifier, name) for name in EVALUATORS}
    found = {
        name: evaluate_evaluator(evaluator, *mnist.load(EVALUATORS[name], "test"), TESTS[EVALUATORS[name]])
        for name, evaluator in evaluators.items()
    }
    of_garments, (photographs, labels) = weights.load(GarmentClassifier, NAME), clothing.load("test", SIDE)
    found[NAME] = evaluate_evaluator(of_garments, photographs.float() / 255, labels, TESTS["clothing"])
    for data, (digits, *_) in DATA.items():
        found |= evaluate(data, evaluators[f"judge-{digits}"])
    found |= evaluate_garments(of_garments)
    if missed := scores.report(found, COMMAND):
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
