"""Train the siamese networks that ship: python -m dlcv.siamese.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]

A batch has several pictures of each of its classes, so that pairs of both kinds are found within it.
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import Dataset

from ..core.datasets import TensorBatches, att_faces, mnist, omniglot
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from . import faces, strokes
from .loss import mine, negative, negative_of_hadsell, positive, squared_distances, to_proxies, triplet
from .model import Siamese, SiameseConfig, SiameseFolds, SiameseFoldsConfig
from .predictor import embed_all
from .protocols import verify
from .variation import SYMMETRIES, symmetric, warped, with_another_pen

SHOTS = 4  # pictures of a class in a batch
SCALE = 20.0  # of the cosines between embeddings and proxies
MARGIN, ALPHA = 1.0, 0.2  # of the contrastive loss, a squared distance as on the slide; of triplets, FaceNet's
PLANE = 4.0  # margin of Hadsell's loss in the plane, a distance
CONFIG = SiameseConfig(views=True, quantiles=201)
DIGITS = SiameseConfig((28, 28), (16, 32, 64), 2, unit_length=False)
FACES = SiameseFoldsConfig(faces.SIZE, (16, 32, 64), 64)
LOSSES = {
    "siamese-omniglot": "proxies",
    "siamese-omniglot-random": "contrastive, random",
    "siamese-omniglot-mined": "contrastive, hardest",
    "siamese-omniglot-triplets": "triplets, semi_hard",
}
CHARACTERS = {"batch_size": 64, "warmup": 0.05, "weight_decay": 0.05, "average": 0.998}
PRESETS = {
    "cpu": {
        "siamese-omniglot": Recipe(epochs=30, learning_rate=3e-3, **CHARACTERS),
        **{name: Recipe(epochs=8, learning_rate=2e-3, **CHARACTERS) for name in list(LOSSES)[1:]},
        "siamese-mnist-2d": Recipe(epochs=3, learning_rate=3e-3, warmup=0.05, average=0.99),
        "siamese-faces": Recipe(
            epochs=200, batch_size=30, learning_rate=3e-3, warmup=0.05, weight_decay=0.05, average=0.98
        ),
    },
}
PRESETS["gpu"] = {name: replace(recipe, epochs=10 * recipe.epochs) for name, recipe in PRESETS["cpu"].items()}


class Classes(Dataset):
    """All pictures of whole classes: one item is a class, and a batch of P classes is (P, S, ...) and labels (P,).

    `pictures` is (C, S, ...); with `times`, each class is there so many times, under labels of its own.
    """

    def __init__(self, pictures: torch.Tensor, times: int = 1):
        self.pictures, self.times = pictures, times

    def __len__(self):
        return len(self.pictures) * self.times

    def __getitem__(self, index):
        label = torch.as_tensor(index)
        return self.pictures[label // self.times], label

    def __getitems__(self, indices):
        return self[indices]


def some(pictures: torch.Tensor, labels: torch.Tensor, generator: torch.Generator, shots: int = SHOTS):
    """`shots` pictures of each class at random, (P shots, ...), in [0, 1], with their labels, (P shots,)."""
    order = torch.rand(pictures.shape[:2], generator=generator, device=pictures.device).argsort(1)[:, :shots]
    rows = torch.arange(len(pictures), device=pictures.device)[:, None]
    return pictures[rows, order].flatten(0, 1).float() / 255, labels.repeat_interleave(shots)


class WithProxies(nn.Module):
    """A network and one proxy a class: what is trained. The network alone is kept."""

    def __init__(self, network: Siamese, classes: int):
        super().__init__()
        self.network = network
        self.proxies = nn.Parameter(torch.randn(classes, network.config.units))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Embeddings (N, D) of pictures, and the proxies (C, D)."""
        return self.network(x).embedding, self.proxies


def pair_terms(embedding: torch.Tensor, labels: torch.Tensor, which: str, generator: torch.Generator) -> dict:
    """The contrastive or the triplet loss of a batch of embeddings (N, D), and the share of negatives that push.

    `which` names the loss and its mining. Each pair of one class has one negative, so that all losses see as many.
    """
    kind, mining = which.split(", ")
    squared = squared_distances(embedding, embedding)
    anchor, partner, other = mine(squared, labels, mining, generator)
    near, far = squared[anchor, partner], squared[anchor, other]
    pushed = near - far + ALPHA > 0 if kind == "triplets" else far < MARGIN
    terms = triplet(near, far, ALPHA) if kind == "triplets" else positive(near) + negative(far, MARGIN)
    return {"loss": terms.mean(), "active": pushed.float().mean(), "apart": squared.mean()}


def characters(which: str):
    """The loss of a batch of characters, each class in one of 8 symmetries and each picture varied as hands vary."""

    def loss(model, batch, step):
        pictures, labels = some(*batch, step.generator)
        x = with_another_pen(warped(symmetric(pictures, labels % SYMMETRIES), step.generator), step.generator)
        embedding, proxies = model(x)
        if which == "proxies":
            return {"loss": to_proxies(embedding, proxies, labels, SCALE)}
        return pair_terms(embedding, labels, which, step.generator)

    return loss


def digits(model, batch, step):
    """Hadsell's loss of all pairs of a batch of digits, both kinds with the same weight."""
    pictures, labels = batch
    embedding = model(warped(pictures, step.generator, 0.5)).embedding
    squared, same = squared_distances(embedding, embedding), labels[:, None] == labels[None]
    pull, push = positive(squared[same]), negative_of_hadsell(squared[~same], PLANE)
    return {"loss": pull.mean() + push.mean(), "active": (push > 0).float().mean()}


def people(model, batch, step):
    """The loss to proxies of a batch of faces, each varied anew."""
    pictures, labels = some(*batch, step.generator)
    embedding, proxies = model(faces.varied(pictures, step.generator))
    return {"loss": to_proxies(embedding, proxies, labels, SCALE)}


def train_characters(name: str, recipe: Recipe, runs: Path) -> Siamese:
    """The network of that name, trained on the 964 background characters in 8 symmetries each."""
    pictures = strokes.all_framed(omniglot.load("background").ink)
    data = Classes(pictures, SYMMETRIES)
    which = LOSSES[name]
    model = WithProxies(Siamese(CONFIG), len(data) if which == "proxies" else 0)
    network = fit(model, characters(which), data, recipe, runs / name).network
    known = omniglot.load("evaluation")
    embeddings = embed_all(network, strokes.all_framed(known.ink))
    network.keep_distances(*(verify(embeddings, known.alphabet, enrolled) for enrolled in (1, 3)))
    return network


def train_digits(name: str, recipe: Recipe, runs: Path) -> Siamese:
    """The network that puts digits into the plane."""
    pictures, labels = mnist.load("mnist", "train")
    return fit(Siamese(DIGITS), digits, TensorBatches(pictures, labels), recipe, runs / name)


def train_faces(name: str, recipe: Recipe, runs: Path) -> SiameseFolds:
    """The networks of faces, each trained on 30 of the 40 people."""
    pictures, model = faces.framed(att_faces.load()), SiameseFolds(FACES)
    for fold, network in enumerate(model.networks):
        data = Classes(pictures[~faces.held_out(fold)])
        trained = fit(WithProxies(network, len(data)), people, data, recipe, runs / name / str(fold))
        network.load_state_dict(trained.network.state_dict())
    return model


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one model, or resume its training, and write checkpoints/<name>."""
    trainer, source, licence = next(SOURCES[start] for start in SOURCES if name.startswith(start))
    model = trainer(name, recipe, runs).cpu()
    save_checkpoint(model, name, "dlcv.siamese.train", recipe, licence=licence, source=source)


SOURCES = {
    "siamese-omniglot": (train_characters, "Omniglot, the 964 characters of its background set", "mit"),
    "siamese-mnist": (train_digits, "MNIST, all 60,000 training digits", "cc-by-sa-3.0"),
    "siamese-faces": (train_faces, "The Database of Faces, AT&T Laboratories Cambridge: 30 people a network", "mit"),
}  # how each model is trained, on what, and the licence of the weights

if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
