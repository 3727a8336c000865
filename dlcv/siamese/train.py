"""Train the siamese networks that ship: python -m dlcv.siamese.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]

A batch has several pictures of each of its classes, so that pairs of both kinds are found within it; whole alphabets,
so that some of the negatives are hard.
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch.utils.data import Dataset

from ..core.datasets import TensorBatches, att_faces, mnist, omniglot
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from . import faces, strokes
from .loss import mine, n_pairs, negative, negative_of_hadsell, positive, squared_distances, triplet
from .model import Siamese, SiameseConfig, SiameseFolds, SiameseFoldsConfig
from .predictor import embed_all
from .protocols import verify
from .variation import SYMMETRIES, symmetric, warped, with_another_pen

SHOTS = 2  # pictures of a character in a batch
FACES_SHOTS, STEPS = 4, 20  # pictures of a person in a batch, which has all people; batches of an epoch
SCALE = 16.0  # of the cosines between embeddings
MARGIN, ALPHA = 1.0, 0.2  # of the contrastive loss, a squared distance as on the slide; of triplets, FaceNet's
PLANE = 4.0  # margin of Hadsell's loss in the plane, a distance
CONFIG = SiameseConfig(views=True)
MAIN_CONFIG = replace(CONFIG, channels=(48, 88, 176), quantiles=201, classes=659)  # of the one that answers on the tab
DIGITS = SiameseConfig((28, 28), (16, 32, 64), 2, unit_length=False)
FACES = SiameseFoldsConfig(faces.SIZE, (16, 32, 64), 64, views=True)
LOSSES = {
    "siamese-omniglot": "n-pairs",
    "siamese-omniglot-random": "contrastive, random",
    "siamese-omniglot-mined": "contrastive, semi_hard",
    "siamese-omniglot-triplets": "triplets, semi_hard",
}
CHARACTERS = {"batch_size": 4, "warmup": 0.05, "weight_decay": 0.05}  # 4 alphabets a batch, of 32 characters each
PRESETS = {
    "cpu": {
        "siamese-omniglot": Recipe(epochs=96, learning_rate=3e-3, average=0.99, **CHARACTERS),
        **{name: Recipe(epochs=2, learning_rate=3e-3, average=0.98, **CHARACTERS) for name in list(LOSSES)[1:]},
        "siamese-mnist-2d": Recipe(epochs=3, learning_rate=3e-3, warmup=0.05, average=0.99),
        "siamese-faces": Recipe(
            epochs=15, batch_size=1, learning_rate=3e-3, warmup=0.05, weight_decay=0.05, average=0.98
        ),
    },
}
PRESETS["gpu"] = {name: replace(recipe, epochs=10 * recipe.epochs) for name, recipe in PRESETS["cpu"].items()}


class Groups(Dataset):
    """Classes in groups, such as an alphabet: a batch has all classes of some groups, so that they are hard to tell.

    `pictures` is (C, S, ...), `group` (C,). An item is a group in one of `times` variants; a batch is pictures
    (P, S, ...), labels (P,), which differ by variant, too, and the variants (P,).
    """

    def __init__(self, pictures: torch.Tensor, group: torch.Tensor, times: int = 1):
        self.pictures, self.times = pictures, times
        self.members = [(group == number).nonzero()[:, 0] for number in range(int(group.max()) + 1)]

    def __len__(self):
        return len(self.members) * self.times

    def __getitems__(self, items):
        members = [self.members[item // self.times] for item in items]
        variant = torch.cat([torch.full_like(one, item % self.times) for one, item in zip(members, items)])
        chosen = torch.cat(members)
        return self.pictures[chosen], chosen * self.times + variant, variant


def some(pictures: torch.Tensor, shots: int, generator: torch.Generator) -> torch.Tensor:
    """`shots` pictures of each class of (P, S, ...) at random, (P shots, ...), in [0, 1]."""
    order = torch.rand(pictures.shape[:2], generator=generator, device=pictures.device).argsort(1)[:, :shots]
    rows = torch.arange(len(pictures), device=pictures.device)[:, None]
    return pictures[rows, order].flatten(0, 1).float() / 255


def pair_terms(squared: torch.Tensor, labels: torch.Tensor, which: str, generator: torch.Generator) -> dict:
    """The contrastive or the triplet loss of a batch, from d^2 (N, N), and the share of negatives that push.

    `which` names the loss and its mining. Each pair of one class has one negative, so that all losses see as many.
    """
    kind, mining = which.split(", ")
    anchor, partner, other = mine(squared, labels, mining, generator)
    near, far = squared[anchor, partner], squared[anchor, other]
    pushed = near - far + ALPHA > 0 if kind == "triplets" else far < MARGIN
    terms = triplet(near, far, ALPHA) if kind == "triplets" else positive(near) + negative(far, MARGIN)
    return {"loss": terms.mean(), "active": pushed.float().mean(), "apart": squared.mean()}


def characters(which: str):
    """The loss of a batch of characters, each alphabet in one of 8 symmetries and each picture varied as hands vary."""

    def loss(model, batch, step):
        pictures, labels, symmetry = batch
        x = symmetric(some(pictures, SHOTS, step.generator), symmetry.repeat_interleave(SHOTS))
        embedding = model(with_another_pen(warped(x, step.generator), step.generator)).embedding
        squared, labels = squared_distances(embedding, embedding), labels.repeat_interleave(SHOTS)
        if which == "n-pairs":
            return {"loss": n_pairs(squared, labels, SCALE)}
        return pair_terms(squared, labels, which, step.generator)

    return loss


def digits(model, batch, step):
    """Hadsell's loss of all pairs of a batch of digits, both kinds with the same weight."""
    pictures, labels = batch
    embedding = model(warped(pictures, step.generator, 0.5)).embedding
    squared, same = squared_distances(embedding, embedding), labels[:, None] == labels[None]
    pull, push = positive(squared[same]), negative_of_hadsell(squared[~same], PLANE)
    return {"loss": pull.mean() + push.mean(), "active": (push > 0).float().mean()}


def people(model, batch, step):
    """The loss of a batch of faces, each varied anew."""
    pictures, labels, _ = batch
    x = some(pictures, FACES_SHOTS, step.generator)
    embedding = model(faces.varied(x, step.generator)).embedding
    squared = squared_distances(embedding, embedding)
    return {"loss": n_pairs(squared, labels.repeat_interleave(FACES_SHOTS), SCALE)}


def train_characters(name: str, recipe: Recipe, runs: Path) -> Siamese:
    """The network of that name, trained on the 30 alphabets of the background set in 8 symmetries each.

    The one that visitors ask knows where the characters of the evaluation set lie, and how far from each other.
    """
    background = omniglot.load("background")
    data = Groups(strokes.all_framed(background.ink), background.alphabet, SYMMETRIES)
    config = MAIN_CONFIG if name == "siamese-omniglot" else CONFIG
    network = fit(Siamese(config), characters(LOSSES[name]), data, recipe, runs / name)
    if config.quantiles:
        known = omniglot.load("evaluation")
        embeddings = embed_all(network, strokes.all_framed(known.ink))
        network.keep_distances(*(verify(embeddings, known.alphabet, enrolled) for enrolled in (1, 3)))
        network.means.copy_(embeddings.mean(1))
    return network


def train_digits(name: str, recipe: Recipe, runs: Path) -> Siamese:
    """The network that puts digits into the plane."""
    pictures, labels = mnist.load("mnist", "train")
    return fit(Siamese(DIGITS), digits, TensorBatches(pictures, labels), recipe, runs / name)


def train_faces(name: str, recipe: Recipe, runs: Path) -> SiameseFolds:
    """The networks of faces, each trained on 30 of the 40 people."""
    pictures, model = faces.framed(att_faces.load()), SiameseFolds(FACES)
    for fold, network in enumerate(model.networks):
        seen = pictures[~faces.held_out(fold)]
        data = Groups(seen, torch.zeros(len(seen), dtype=torch.long), STEPS)
        network.load_state_dict(fit(network, people, data, recipe, runs / name / str(fold)).state_dict())
    return model


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one model, or resume its training, and write checkpoints/<name>."""
    trainer, source, licence = next(SOURCES[start] for start in SOURCES if name.startswith(start))
    model = trainer(name, recipe, runs).cpu()
    save_checkpoint(model, name, "dlcv.siamese.train", recipe, licence=licence, source=source)


SOURCES = {
    "siamese-omniglot": (train_characters, "Omniglot, the 964 characters of its background set", "mit"),
    "siamese-mnist": (train_digits, "MNIST, all 60,000 training digits", "cc-by-sa-3.0"),
    "siamese-faces": (train_faces, "The Database of Faces (AT&T Cambridge), 30 people a network", "cc-by-nc-sa-4.0"),
}  # how each model is trained, on what, and the licence of the weights

if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
