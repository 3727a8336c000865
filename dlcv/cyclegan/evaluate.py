"""Score the CycleGANs that ship: python -m dlcv.cyclegan.evaluate [--sheet FOLDER] [--data DIR]

Of paintings: how many translated test photographs a classifier calls Monet, how far the photograph that comes back is
from the one that went in, whether edges stay where they were, and the kernel distance to paintings, in the features
of the published MobileNetV2 (from DLCV_START, or torchvision's server). Of digits: how well a classifier that learned
from translated digits alone reads real ones. A sheet of all test photographs, before and after, goes to a scratch
folder.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch
from torch import nn
from torchmetrics.functional import pearson_corrcoef
from torchmetrics.image.kid import KernelInceptionDistance

from ..core import weights
from ..core.backbones.mobilenet import mobilenet_v2
from ..core.datasets import clothing, parse_with_data
from ..core.images.draw import colour_sheet
from ..core.training.evaluation import accuracy, classify
from ..core.weights import scores
from ..core.weights.scores import Metric
from . import domains
from .classifier import MONET, Classifier, SceneClassifier
from .judges import READERS
from .model import CycleGAN

COMMAND = "python -m dlcv.cyclegan.evaluate"
TARGET_ACCURACY = Metric("target_accuracy", "Accuracy on a domain without labels", "%", "higher")
JUDGED_MONET = Metric("judged_monet", "Translations that a classifier takes for a Monet", "%", "higher")
CALLED_MONET = Metric("called_monet", "Photographs that a classifier takes for a Monet", "%", "lower")
RECOGNISED_MONET = Metric("recognised_monet", "Recall of paintings by Monet", "%", "higher")
FALSE_ALARMS = Metric("strange", "False alarms of out-of-distribution detection", "%", "lower", detail=True)
DETECTED = Metric("strange", "Recall of out-of-distribution detection", "%", "higher", detail=True)
GRADIENT_CORRELATION = Metric("gradient_correlation", "Correlation of edges", "", "higher")
CYCLE_L1 = Metric("cycle_l1", "Cycle reconstruction error (L1)", "", "lower")
KID = Metric("kid", "Kernel distance to paintings by Monet, x 1,000", "", "lower")
KID_BEFORE = Metric("kid_before", "Kernel distance of the photographs as they are, x 1,000", "", "lower")
IDENTITY_L1 = Metric("identity_l1", "Identity error (L1)", "", "lower")
TRANSLATORS = ("cyclegan-usps", "cyclegan-mnist-m")
DIGITS = 2000  # of each test set, that are taken there and back
PAINTERS = ("cyclegan-monet", "cyclegan-monet-without-cycle", "cyclegan-monet-without-identity")
HEADLINE = "reader-mnist-as-mnist-m"
JUDGED_BAR, UNTRANSLATED_BAR, CYCLE_BAR = 70, 10, 0.06
TARGETS = {  # what a reader is asked about, the bar, and what is known: of source-only readers, and the best
    "reader-mnist": {"USPS": (None, 82.2, "Hoffman et al. 2018 (CyCADA), source only"), "MNIST-M": (None, None, None)},
    "reader-usps": {"MNIST": (None, 69.6, "Hoffman et al. 2018 (CyCADA), source only")},
    "reader-mnist-as-usps": {"USPS": (95.6, 95.6, "Hoffman et al. 2018 (CyCADA)")},
    "reader-usps-as-mnist": {"MNIST": (96.5, 96.5, "Hoffman et al. 2018 (CyCADA)")},
    "reader-mnist-as-mnist-m": {"MNIST-M": (95.0, 98.2, "Bousmalis et al. 2017 (PixelDA)")},
}


def evaluate_reader(name: str) -> list[dict]:
    """The rows of metrics.json of a reader of digits, on the test digits of domains it has no label of."""
    reader, rows = weights.load(Classifier, name), []
    for target, (bar, paper, source) in TARGETS[name].items():
        pictures, labels = domains.digits(target, "test")
        value, data = round(accuracy(reader, pictures, labels), 2), f"{target} test, all {len(labels):,}"
        beside = {"bar": bar, "paper": paper, "paper_source": source}
        rows.append(TARGET_ACCURACY.row(data, value, **beside, headline=name == HEADLINE))
    return rows


@torch.inference_mode()
def evaluate_translator(name: str) -> list[dict]:
    """The rows of metrics.json of a CycleGAN of digits: how far what comes back is from what went in, both ways."""
    model = weights.load(CycleGAN, name)
    pictures = [domains.digits(of, "test")[0][:DIGITS] for of in model.config.names]
    outputs = [model(*batch) for batch in zip(*(of.split(100) for of in pictures))]
    reconstructed = [torch.cat([getattr(out, f"reconstructed_{side}") for out in outputs]) for side in "ab"]
    return [
        CYCLE_L1.row(f"{of} test, the first {DIGITS:,}", l1(before, back))
        for of, before, back in zip(model.config.names, pictures, reconstructed)
    ]


def share_of_monets(classifier: SceneClassifier, pictures: torch.Tensor) -> float:
    """Percentage of pictures (N, 3, S, S) in [-1, 1] that the classifier calls a Monet."""
    called = classify(classifier, pictures).logits.argmax(1)
    return round(100 * (called == classifier.config.class_names.index("Monet")).float().mean().item(), 1)


def share_of_strange(classifier: SceneClassifier, pictures: torch.Tensor) -> float:
    """Percentage of pictures (N, 3, S, S) in [-1, 1] that the classifier finds out of its training distribution."""
    scores = classifier.ood_score(classify(classifier, pictures).features.to(classifier.mean.device))
    return round(100 * (scores > 1).float().mean().item(), 1)


def edges(pictures: torch.Tensor) -> torch.Tensor:
    """Length of the gradient of the brightness of pictures (N, 3, H, W): (N, H - 1, W - 1)."""
    grey = pictures.mean(1)
    along, down = grey.diff(dim=2)[:, :-1], grey.diff(dim=1)[:, :, :-1]
    return torch.hypot(along, down)


def gradient_correlation(before: torch.Tensor, after: torch.Tensor) -> float:
    """Mean correlation of the edges of pictures (N, 3, H, W) with those of their translations; 1 where none moved."""
    return pearson_corrcoef(*(edges(pictures).flatten(1).T for pictures in (before, after))).mean().item()


def l1(before: torch.Tensor, after: torch.Tensor) -> float:
    """Mean absolute difference of pictures in [-1, 1], as a part of their whole range."""
    return round((before - after).abs().mean().item() / 2, 4)


class PublishedFeatures(nn.Module):
    """The 1,280 features of MobileNetV2 as published for ImageNet, of pictures (N, 3, H, W) in [0, 1]: no network of
    ours took part in them."""

    def __init__(self):
        super().__init__()
        self.features = mobilenet_v2(published=True).eval().features

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, 1280)."""
        return self.features(2 * pictures - 1).mean((2, 3))


def kernel_distance(pictures: torch.Tensor, paintings: torch.Tensor) -> float:
    """Kernel inception distance (Binkowski et al. 2018) between pictures and paintings (N, 3, S, S) in [-1, 1], times
    1,000, in the features of the published MobileNetV2: the mean over 100 draws of as many as there are paintings."""
    distance = KernelInceptionDistance(PublishedFeatures(), subsets=100, subset_size=len(paintings), normalize=True)
    torch.manual_seed(0)  # of the draws
    for real, some in ((True, paintings), (False, pictures)):
        for batch in some.split(20):
            distance.update((batch + 1) / 2, real=real)
    return round(1000 * distance.compute()[0].item(), 1)


def write_sheet(before: torch.Tensor, after: torch.Tensor, path: Path) -> None:
    """Pictures (N, 3, S, S) in [-1, 1], each beside its translation."""
    pairs = torch.stack([before, after], dim=1).flatten(0, 1)
    colour_sheet((pairs + 1) / 2, 10).save(path, quality=90)


@torch.inference_mode()
def evaluate_painter(name: str, classifier: SceneClassifier, folder: Path) -> list[dict]:
    """The rows of metrics.json of photograph and Monet, both ways, at 256 x 256; two sheets of pictures in `folder`."""
    model = weights.load(CycleGAN, name)
    photographs, paintings = (domains.spread(domains.scenes(of, "test")) for of in domains.SCENES)

    def through(network, pictures):
        return torch.cat([network(batch) for batch in pictures.split(4)])

    noisy = domains.with_noise(photographs, model.config.input_noise, torch.Generator().manual_seed(0))
    painted, photographed = through(model.G, noisy), through(model.F, paintings)
    write_sheet(photographs, painted, folder / f"{name}.jpg")
    write_sheet(paintings, photographed, folder / f"{name}-back.jpg")
    judged_bar, cycle_bar = (JUDGED_BAR, CYCLE_BAR) if name == PAINTERS[0] else (None, None)
    data = f"monet2photo test, all {len(photographs)} photographs"
    back = f"monet2photo test, all {len(paintings)} paintings"
    judged = share_of_monets(classifier, painted)
    return [
        JUDGED_MONET.row(data, judged, bar=judged_bar),
        KID.row(f"{data}, against all {len(paintings)} paintings", kernel_distance(painted, paintings)),
        KID_BEFORE.row(data, kernel_distance(photographs, paintings)),
        GRADIENT_CORRELATION.row(data, round(gradient_correlation(photographs, painted), 3)),
        CYCLE_L1.row(data, l1(photographs, through(model.F, painted)), bar=cycle_bar),
        CYCLE_L1.row(back, l1(paintings, through(model.G, photographed))),
        IDENTITY_L1.row(data, l1(photographs, through(model.F, photographs))),
        IDENTITY_L1.row(back, l1(paintings, through(model.G, paintings))),
    ]


def evaluate_judge(classifier: SceneClassifier) -> list[dict]:
    """The rows of metrics.json of the classifier of scenes: what is called a Monet, and what is found strange."""
    photographs, paintings = (domains.spread(domains.scenes(of, "test")) for of in domains.SCENES)
    garments = domains.spread(clothing.load("test", 128)[0])
    ours = f"monet2photo test photographs, all {len(photographs)}"
    theirs = f"monet2photo test paintings, all {len(paintings)}"
    mistaken, recognised = (share_of_monets(classifier, pictures) for pictures in (photographs, paintings))
    return [
        CALLED_MONET.row(ours, mistaken, bar=UNTRANSLATED_BAR),
        RECOGNISED_MONET.row(theirs, recognised),
        FALSE_ALARMS.row(ours, share_of_strange(classifier, photographs)),
        DETECTED.row(f"photographs of garments, all {len(garments)}", share_of_strange(classifier, garments)),
    ]


def main() -> None:
    """Score what ships, print the table, write it beside the weights; exit with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheet", type=Path, help="folder of the sheets of test pictures; a new one")
    args = parse_with_data(parser)
    sheet = args.sheet or Path(tempfile.mkdtemp(prefix="cyclegan-"))
    sheet.mkdir(parents=True, exist_ok=True)
    classifier = weights.load(SceneClassifier, MONET)
    found = {MONET: evaluate_judge(classifier)} | {name: evaluate_reader(name) for name in READERS}
    found |= {name: evaluate_translator(name) for name in TRANSLATORS}
    found |= {name: evaluate_painter(name, classifier, sheet) for name in PAINTERS}
    if missed := scores.report(found, COMMAND):
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
