"""Score the autoencoders that ship on all test pictures: python -m dlcv.autoencoder.evaluate [--model NAME ...]

Prints the scores and writes them beside the weights. The neighbours and scikit-image's filters take minutes.
"""

import numpy as np
import torch

from ..core import pool, weights
from ..core.datasets import mnist
from ..core.training.evaluation import command_line, outputs
from ..core.weights.scores import Metric
from .loss import corrupted, squared_error
from .model import PCA, PIXELS, Coder
from .predictor import AutoencoderPredictor

COMMAND = "python -m dlcv.autoencoder.evaluate"
SQUARED_ERROR = Metric("squared_error", "Squared error of a picture, summed over its pixels", "", "lower")
SPOILED = Metric("spoiled", "Mean squared error of a pixel after denoising", "", "lower")
NEIGHBOURS = Metric("neighbours", "Right answers of the 5 nearest of 10,000", "%", "higher", detail=True)
TAKEN = Metric("taken", "Random codes whose pictures the judge takes for digits", "%", "higher", detail=True)
HINTON = "Hinton and Salakhutdinov 2006, Fig. 2"
BARS = {"autoencoder-mnist-30d": 2.6}
PAPERS = {"autoencoder-mnist-30d": 3.00}
PART_OF_PCA = 0.75  # what two units may leave of the error that PCA leaves
LEVELS = (0.25, 0.5)
FILTERED = 500  # test digits that scikit-image's filters get, with the best of their settings for each level
SEEDS = 200
VAE = "vae-mnist-40d"


@torch.inference_mode()
def error(model: Coder, pictures: torch.Tensor) -> float:
    """Squared error (1) of a picture, the mean over pictures (N, 1, 28, 28)."""
    return squared_error(outputs(model, pictures, "reconstruction")[0], pictures).mean().item()


@torch.inference_mode()
def error_of_pca(model: PCA, pictures: torch.Tensor, units: int) -> float:
    """The same of PCA with the first so many of its units."""
    return squared_error(model.decode(model.encode(pictures)[:, :units]), pictures).mean().item()


def neighbours(train: torch.Tensor, labels: torch.Tensor, test: torch.Tensor, truth: torch.Tensor, k: int = 5) -> float:
    """Percentage of test vectors (N, d) whose k nearest of the training vectors (M, d) elect the true class."""
    right = 0
    for rows, wanted in zip(test.split(500), truth.split(500)):
        nearest = torch.cdist(rows, train).topk(k, largest=False).indices
        votes = torch.zeros(len(rows), 10).scatter_add_(1, labels[nearest], torch.ones(nearest.shape))
        votes.scatter_add_(1, labels[nearest[:, :1]], torch.full((len(rows), 1), 0.5))  # of equals, the nearest's
        right += (votes.argmax(1) == wanted).sum().item()
    return 100 * right / len(test)


def measures(data: str) -> dict:
    """The four ways to compare pictures of a data set: words, and a function from pictures to vectors (N, d)."""
    name = f"autoencoder-{data}-30d"
    vae = weights.load(weights.model_class(f"vae-{data}-40d"), f"vae-{data}-40d")
    coders = {f"pca-{data}": "PCA code of 30", name: "autoencoder's code of 30"}
    found = {"pixels": lambda x: x.flatten(1)}
    for coder, words in coders.items():
        found[words] = AutoencoderPredictor(coder).codes
    found["VAE's mean of 40"] = lambda x: vae.encode((x >= 0.5).float() if data == "mnist" else x)[0]
    return found


@torch.inference_mode()
def neighbour_rows(data: str, title: str) -> list[dict]:
    """Rows of "can be used to compare images": right answers by each of four measures."""
    train, labels = (tensor[:10_000] for tensor in mnist.load(data, "train"))
    test, truth = mnist.load(data, "test")
    rows = []
    for words, vectors in measures(data).items():
        known, asked = (torch.cat([vectors(batch) for batch in x.split(500)]) for x in (train, test))
        rows.append(
            NEIGHBOURS.row(f"{title} test, all 10,000, by {words}", round(neighbours(known, labels, asked, truth), 2))
        )
    return rows


@torch.inference_mode()
def taken_rows(name: str) -> list[dict]:
    """Rows of random codes: how many of `SEEDS` give a picture that the judge is sure to be a digit."""
    model, vae = AutoencoderPredictor(name), weights.load(weights.model_class(VAE), VAE)
    z = torch.cat(
        [torch.randn(1, vae.config.latents, generator=torch.Generator().manual_seed(s)) for s in range(SEEDS)]
    )
    made = {
        "the box of all training codes": torch.cat(
            [model.decode(model.random_codes("box", 1, s)) for s in range(SEEDS)]
        ),
        "a Gaussian fitted to them": torch.cat(
            [model.decode(model.random_codes("gaussian", 1, s)) for s in range(SEEDS)]
        ),
        f"the prior of {VAE}": vae.decode(z)[:, 0],
    }
    return [
        TAKEN.row(f"{SEEDS} codes from {words}", round(100 * share(pictures), 1)) for words, pictures in made.items()
    ]


def share(pictures: torch.Tensor) -> float:
    """The part of pictures (N, 28, 28) that the judge of digits is sure of."""
    return (pool.judged("digits", pictures.unsqueeze(1))[1] > pool.SURE).float().mean().item()


def filtered(spoiled: torch.Tensor, clean: torch.Tensor, level: float) -> dict[str, float]:
    """Mean squared errors of scikit-image's non-local means and total variation, each with its best settings."""
    from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

    noisy, truth = spoiled[:, 0].numpy(), clean[:, 0].numpy()

    def best(denoise, settings):
        return min(
            float(np.mean([np.square(denoise(x, value) - y).mean() for x, y in zip(noisy, truth)]))
            for value in settings
        )

    return {
        "total variation": best(lambda x, w: denoise_tv_chambolle(x, weight=w), [0.1, 0.2, 0.3, 0.4, 0.6, 0.8]),
        "non-local means": best(
            lambda x, h: denoise_nl_means(x, 5, 7, h=h * level, sigma=level, fast_mode=True), [0.4, 0.6, 0.8, 1.0, 1.3]
        ),
    }


@torch.inference_mode()
def denoising_rows(model: Coder, name: str, pictures: torch.Tensor) -> list[dict]:
    """Rows of what is left of Gaussian noise, beside two filters of scikit-image."""
    rows = []
    for level in LEVELS:
        generator = torch.Generator().manual_seed(0)
        spoiled = corrupted(pictures, "gaussian", torch.full((len(pictures),), level), generator)
        left = (outputs(model, spoiled, "reconstruction")[0] - pictures).square().mean().item()
        data = f"MNIST test, all 10,000, Gaussian noise of {level:g} cut to [0, 1]"
        if name.endswith("wide"):
            rows.append(SPOILED.row(data, round(left, 4)))
            continue
        for filter_name, value in filtered(spoiled[:FILTERED], pictures[:FILTERED], level).items():
            source = f"scikit-image, {filter_name} with its best settings, {FILTERED} digits"
            rows.append(SPOILED.row(data, round(left, 4), paper=round(value, 4), paper_source=source))
    return rows


def noise_error(model: Coder) -> float:
    """Squared error (1) of a picture of uniform noise, the mean over 1,000."""
    return error(model, torch.rand(1000, 1, 28, 28, generator=torch.Generator().manual_seed(0)))


def evaluate(name: str) -> list[dict]:
    """Rows of one model's metrics.json."""
    data = "fashion" if "fashion" in name else "mnist"
    title = "Fashion-MNIST" if data == "fashion" else "MNIST"
    pictures, _ = mnist.load(data, "test")
    test = f"{title} test, all 10,000"
    model = weights.load(weights.model_class(name), name)
    if isinstance(model, PCA):
        two, thirty = (round(error_of_pca(model, pictures, units), 3) for units in (2, 30))
        paper = {"paper": 13.87, "paper_source": HINTON} if data == "mnist" else {}
        return [
            SQUARED_ERROR.row(f"{test}, 30 units", thirty, **paper),
            SQUARED_ERROR.row(f"{test}, 2 units", two),
        ]
    units = model.config.units
    if units >= PIXELS:
        rows = denoising_rows(model, name, pictures)
        if name.endswith("wide"):
            rows += [SQUARED_ERROR.row("1,000 pictures of uniform noise", round(noise_error(model), 3))]
            rows.insert(0, SQUARED_ERROR.row(f"{test}, {units:,} units", round(error(model, pictures), 3)))
        return rows
    pca = error_of_pca(weights.load(PCA, f"pca-{data}"), pictures, units)
    compared = {"paper": round(pca, 3), "paper_source": f"PCA with {units} units, computed here"}
    bar = PART_OF_PCA * pca if units == 2 else BARS.get(name)
    found = round(error(model, pictures), 3)
    rows = [SQUARED_ERROR.row(f"{test}, {units} units", found, bar=bar and round(bar, 3), **compared)]
    if name in PAPERS:
        paper = {"paper": PAPERS[name], "paper_source": HINTON, "headline": True}
        rows.insert(0, SQUARED_ERROR.row(f"{test}, {units} units", found, bar=bar, **paper))
    if units == 30:
        rows += neighbour_rows(data, title)
    if name == "autoencoder-mnist-30d":
        rows += taken_rows(name)
    return rows


if __name__ == "__main__":
    command_line(__doc__, "autoencoder", evaluate, COMMAND)
