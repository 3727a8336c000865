"""What the boards of the VAE tab ask for: small answers of the trained models, while the visitor drags and draws."""

import base64
import functools
from typing import NamedTuple

import numpy as np

from demos import frame
from dlcv.core import runtime
from dlcv.core.images.draw import data_uri, grey, sheet


class Family(NamedTuple):
    """The two models of a data set."""

    plane: str
    large: str


FAMILIES = {
    "digits": Family("vae-mnist-2d", "vae-mnist-40d"),
    "garments": Family("vae-fashion-2d", "vae-fashion-40d"),
}
MODELS = [name for family in FAMILIES.values() for name in family]
STEPS = 20  # cells of the plane along each axis
MORPH_STEPS = 91  # every position of the morph's slider, so that moving it asks for nothing
SAMPLES = 8  # pictures shown from the posterior
TELLING = 0.1  # nats of D[P(z|X) || P(z)] above which a latent tells something about X


def predictor(name: str):
    """The VAE of that name, loaded on first use."""
    from dlcv.vae.predictor import predictor

    return predictor(name)


runtime.preload(predictor, *MODELS)


def read_picture(picture, family: Family):
    """A data URI or a picture as one of the data set's, (1, 1, 28, 28)."""
    from dlcv.core.images import digits

    return digits.read(picture, garment=family == FAMILIES["garments"])


def family_of(query: dict) -> Family:
    """The models that a board is about."""
    return FAMILIES[frame.choice(query, "data", FAMILIES)]


@functools.lru_cache(maxsize=len(FAMILIES))
def plane(name: str) -> dict:
    """The manifold of a 2-D model, computed once: the picture of all cells, and half the width that they cover."""
    manifold = predictor(name).manifold(STEPS)
    extent = float(np.asarray(manifold.z).max())
    return {"sheet": data_uri(sheet(manifold.pictures, STEPS)), "half": extent * STEPS / (STEPS - 1)}


def show_plane(query: dict) -> dict:
    """The background of the latent plane, and what the models and classes of this data set are called."""
    family = family_of(query)
    models = [predictor(name) for name in family]
    return plane(family.plane) | {
        "models": list(family),
        "names": list(models[0].class_names),
        "sigmas": [model.sigma for model in models],
        "start": models[0].class_mean(0).tolist(),  # the point begins on a picture that is one of something
    }


def decode_point(query: dict) -> dict:
    """The picture at a point of the plane, 784 bytes in base64: this answers while the point is dragged."""
    import torch

    z = frame.numbers(query, "z", 2, -10, 10)
    pictures = predictor(family_of(query).plane).decode(torch.tensor([z]))
    return {"pixels": base64.b64encode(grey(pictures).tobytes()).decode()}


def describe(name: str, x) -> dict:
    """What one model makes of a picture: reconstruction, samples of its posterior, and the bound in nats."""
    model = predictor(name)
    posterior = model.encode(x)
    samples, _ = model.sample_posterior(posterior, SAMPLES, seed=0)
    on_plane = {"mean": posterior.mean.tolist(), "std": posterior.std.tolist()} if model.latents == 2 else {}
    return on_plane | {
        "latents": model.latents,
        "telling": int((np.asarray(posterior.kl_per_unit) > TELLING).sum()),
        "log_likelihood": posterior.log_likelihood,
        "kl": posterior.kl,
        "elbo": posterior.elbo,
        "seen": data_uri(sheet(posterior.picture)),
        "picture": data_uri(sheet(posterior.reconstruction)),
        "samples": data_uri(sheet(samples, SAMPLES)),
    }


def read_drawing(query: dict) -> dict:
    """What both models make of the drawing."""
    family = family_of(query)
    x = read_picture(query.get("picture"), family)
    return {"models": [describe(name, x) for name in family]}


def example_garments(query: dict) -> dict:
    """One garment of each class out of the generator, as ink on white paper."""
    import torch

    model = predictor(FAMILIES["garments"].large)
    z = torch.stack([model.class_mean(label) for label in range(len(model.class_names))])
    return {"pictures": [data_uri(sheet(1 - picture)) for picture in model.decode(z)]}


def morph_ends(query: dict) -> dict:
    """All pictures from A to B with the larger model, as one sheet; an end is {"label": 3} or {"picture": data URI}."""
    family = family_of(query)
    model = predictor(family.large)

    def latent(end):
        if isinstance(end, dict) and "picture" in end:
            return model.encode(read_picture(end["picture"], family)).mean
        label = frame.choice(end if isinstance(end, dict) else {}, "label", range(len(model.class_names)))
        return model.class_mean(label)

    pictures = model.morph(latent(query.get("a")), latent(query.get("b")), MORPH_STEPS)
    return {
        "sheet": data_uri(sheet(pictures, MORPH_STEPS)),
        "a": data_uri(sheet(pictures[0])),
        "b": data_uri(sheet(pictures[-1])),
        "steps": MORPH_STEPS,
        "model": family.large,
    }


def sample_many(query: dict) -> dict:
    """64 pictures of the prior as one sheet."""
    seed, temperature = int(frame.number(query, "seed", 0, 999_999)), frame.number(query, "temperature", 0, 2)
    pictures = predictor(frame.choice(query, "model", MODELS)).sample_prior(64, seed, temperature)
    return {"sheet": data_uri(sheet(pictures, 8))}
