"""Score the siamese networks that ship: python -m dlcv.siamese.evaluate [--model NAME ...] [--data DIR]

Prints the scores and writes them beside the weights.
"""

import torch
from scipy.spatial import cKDTree
from torchvision.transforms.v2.functional import gaussian_blur

from ..core import weights
from ..core.datasets import att_faces, mnist, omniglot
from ..core.training.evaluation import command_line
from ..core.weights.scores import Metric
from . import faces, strokes
from .model import Siamese, SiameseFolds
from .predictor import embed, embed_all
from .protocols import Accuracy, equal_error, one_shot, verify

COMMAND = "python -m dlcv.siamese.evaluate"
ONE_SHOT = Metric("one_shot_20", "Right answers among 20 characters seen once", "%", "higher")
EER = Metric("eer", "Equal error rate", "%", "lower")
NEIGHBOURS = Metric("neighbours", "Right answers of the nearest neighbour", "%", "higher")
FLOOR = Metric("floor", "Right answers among 20 by pixels alone", "%", "higher", detail=True)
MAIN = "siamese-omniglot"
EPISODES = 4000
WITHIN = "of one alphabet, a drawer's against another's"
ANY = "of any alphabet"
PAPERS = {
    WITHIN: {"paper": 92.0, "paper_source": "Koch et al. 2015", "paper_data": "10 of 50 alphabets, not these 20"},
    ANY: {
        "paper": 96.0,
        "paper_source": "Snell et al. 2017",
        "paper_data": "1,692 classes, of which turned characters are three in four",
    },
}
BARS = {WITHIN: 90.0, ANY: 95.0}


def said(found: Accuracy, what: str) -> str:
    """What was measured on, with its interval."""
    return f"Omniglot evaluation set, 659 characters, 20 {what}, {EPISODES:,} tasks (+- {found.interval:.1f})"


def both_protocols(embeddings: torch.Tensor, alphabet: torch.Tensor) -> dict[str, Accuracy]:
    """Accuracies of the two protocols."""
    return {WITHIN: one_shot(embeddings, alphabet, EPISODES), ANY: one_shot(embeddings, None, EPISODES)}


def floors(ink: torch.Tensor, alphabet: torch.Tensor) -> list[dict]:
    """Rows of what pixels alone reach, as they are and blurred by one pixel."""
    pixels = ink.float()
    ways = {"pixels": pixels, "pixels, blurred": gaussian_blur(pixels, [7, 7], [1.0, 1.0])}
    return [
        FLOOR.row(f"{said(found, what)}, by {words}", round(found.percent, 1))
        for words, pictures in ways.items()
        for what, found in both_protocols(pictures.flatten(2), alphabet).items()
    ]


def characters(name: str) -> list[dict]:
    """Rows of a network of characters."""
    known = omniglot.load("evaluation")
    embeddings = embed_all(weights.load(Siamese, name), strokes.all_framed(known.ink))
    main, rows = name == MAIN, []
    for what, found in both_protocols(embeddings, known.alphabet).items():
        more = PAPERS[what] | {"bar": BARS[what], "headline": what == WITHIN} if main else {}
        rows.append(ONE_SHOT.row(said(found, what), round(found.percent, 1), **more))
    if main:
        rows += floors(known.ink, known.alphabet)
    for enrolled in (3, 1):
        trials = verify(embeddings, known.alphabet, enrolled)
        sample = "three samples" if enrolled == 3 else "one sample"
        for against, words, bar in (
            (trials.other, "other characters", 6.0),
            (trials.forged, "its five most alike", 15.0),
        ):
            what = f"Omniglot evaluation set, {sample} by other hands, against {words}"
            value = round(equal_error(trials.same, against).percent, 2)
            rows.append(EER.row(what, value, bar=bar if main and enrolled == 3 else None))
    return rows


def people(name: str) -> list[dict]:
    """Rows of the networks of faces: each is asked for the ten people that it has never seen."""
    model, pictures = weights.load(SiameseFolds, name), faces.framed(att_faces.load())
    rates = []
    for fold, network in enumerate(model.networks):
        seen = pictures[faces.held_out(fold)]
        embeddings = embed(network, seen.flatten(0, 1))
        squared = torch.cdist(embeddings, embeddings)
        who = torch.arange(len(seen)).repeat_interleave(seen.shape[1])
        upper = torch.ones_like(squared, dtype=torch.bool).triu(1)
        same = who[:, None] == who[None]
        rates.append(equal_error(squared[same & upper], squared[~same & upper]).percent)
    words = "Database of Faces, all pairs of 10 people never seen, mean of 5 folds"
    return [EER.row(words, round(sum(rates) / len(rates), 2), bar=6.0)] + [
        EER.row(f"Database of Faces, fold {fold + 1}", round(rate, 2)) for fold, rate in enumerate(rates)
    ]


def digits(name: str) -> list[dict]:
    """Row of the plane: the nearest of all training digits, for each test digit."""
    model = weights.load(Siamese, name)
    known, labels = mnist.load("mnist", "train")
    asked, truth = mnist.load("mnist", "test")
    points, queries = (embed(model, (255 * x).to(torch.uint8)).numpy() for x in (known, asked))
    rows = []
    for count in (1, 5):
        _, nearest = cKDTree(points).query(queries, count)
        votes = labels[torch.from_numpy(nearest).view(len(queries), -1)].mode(1).values
        words = "nearest" if count == 1 else "five nearest"
        what = f"MNIST test, all 10,000, by the {words} of 60,000 in the plane"
        rows.append(NEIGHBOURS.row(what, round(100 * (votes == truth).float().mean().item(), 2)))
    return rows


def evaluate(name: str) -> list[dict]:
    """Rows of one model's metrics.json."""
    if name.startswith("siamese-omniglot"):
        return characters(name)
    return people(name) if name == "siamese-faces" else digits(name)


if __name__ == "__main__":
    command_line(__doc__, "siamese", evaluate, COMMAND)
