"""Answers to the boards of the VAE tab: trained models, asked while the visitor drags and draws."""

import functools
from typing import Any, NamedTuple

import numpy as np

from demos import frame
from demos.frame.questions import understood
from dlcv.core.images.draw import data_uri, grey, sheet
from dlcv.vae import MOMENTS


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
INFORMATIVE = 0.1  # nats of D[P(z|X) || P(z)] above which a latent tells something about X

FORMING = "vae-mnist-2d-forming"
predictor, states = frame.model("dlcv.vae.predictor", *MODELS), frame.model("dlcv.vae.forming", FORMING)


class About(frame.Query):
    """Question about a data set."""

    data: frame.Choice(FAMILIES)

    @property
    def family(self) -> Family:
        """The two models of the data set."""
        return FAMILIES[self.data]


class Point(About):
    """Question for the picture at a point of the latent plane."""

    z: frame.Numbers(2, -10, 10)


class Drawing(About):
    """Question about a drawing, a data URI."""

    picture: Any = None


class Moment(frame.Query):
    """Question for a state of a training."""

    state: frame.Whole(0, len(MOMENTS) - 1) = len(MOMENTS) - 1


class ClassEnd(frame.Query):
    """An end of a morph that is the mean of a class."""

    label: frame.Choice(range(10))


class Morph(About):
    """Question for the pictures from a to b; an end is {"label": 3} or {"picture": data URI}."""

    a: dict
    b: dict


class Prior(frame.Query):
    """Question for samples of the prior."""

    model: frame.Choice(MODELS)
    seed: frame.Whole(0, 999_999)
    temperature: frame.Slider("Temperature τ", 0, 2, step=0.05)


def read_picture(picture, family: Family):
    """A data URI or a picture as one of the data set's, (1, 1, 28, 28)."""
    from dlcv.core.images import digits

    return digits.read(picture, garment=family == FAMILIES["garments"])


@functools.lru_cache(maxsize=len(FAMILIES))
def plane(name: str) -> dict:
    """Manifold of a 2-D model, computed once: the picture of all cells, and half the width that the cells cover."""
    manifold = predictor(name).manifold(STEPS)
    extent = float(np.asarray(manifold.z).max())
    return {"sheet": data_uri(sheet(manifold.pictures, STEPS)), "half": extent * STEPS / (STEPS - 1)}


@functools.lru_cache(maxsize=len(MOMENTS))
def _formed(state: int) -> dict:
    """What `form` answers, computed once."""
    updates, elbo, model = states()[state]
    manifold = model.manifold(STEPS)
    extent = float(np.asarray(manifold.z).max())
    return {
        "sheet": data_uri(sheet(manifold.pictures, STEPS)),
        "half": extent * STEPS / (STEPS - 1),
        "updates": updates,
        "elbo": elbo,
        "means": [model.class_mean(label).tolist() for label in range(len(model.class_names))],
    }


def form(query: Moment) -> dict:
    """The plane of a small network at a moment of its training, where the classes lie, and the mean ELBO."""
    return _formed(query.state)


def show_plane(query: About) -> dict:
    """Background of the latent plane, and the names of the data set's models and classes."""
    models = [predictor(name) for name in query.family]
    return plane(query.family.plane) | {
        "models": list(query.family),
        "names": list(models[0].class_names),
        "sigmas": [model.sigma for model in models],
        "start": models[0].class_mean(0).tolist(),  # the point begins on a picture of a class
    }


def decode_point(query: Point) -> dict:
    """Picture at a point of the plane, 784 bytes in base64: asked during a drag."""
    import torch

    pictures = predictor(query.family.plane).decode(torch.tensor([query.z]))
    return {"pixels": frame.coded(grey(pictures), "u1")}


def describe(name: str, x) -> dict:
    """Reconstruction of a picture by one model, samples of its posterior, and the bound in nats."""
    model = predictor(name)
    posterior = model.encode(x)
    samples, _ = model.sample_posterior(posterior, SAMPLES, seed=0)
    on_plane = {"mean": posterior.mean.tolist(), "std": posterior.std.tolist()} if model.latents == 2 else {}
    return on_plane | {
        "latents": model.latents,
        "telling": int((np.asarray(posterior.kl_per_unit) > INFORMATIVE).sum()),
        "log_likelihood": posterior.log_likelihood,
        "kl": posterior.kl,
        "elbo": posterior.elbo,
        "below": model.share_below(posterior.elbo),  # of the test pictures
        "seen": data_uri(sheet(posterior.picture)),
        "picture": data_uri(sheet(posterior.reconstruction)),
        "samples": data_uri(sheet(samples, SAMPLES)),
    }


def read_drawing(query: Drawing) -> dict:
    """Descriptions of a drawing by both models of its data set."""
    x = read_picture(query.picture, query.family)
    return {"models": [describe(name, x) for name in query.family]}


def example_garments(query: dict) -> dict:
    """One decoded garment of each class, as ink on white paper."""
    import torch

    model = predictor(FAMILIES["garments"].large)
    z = torch.stack([model.class_mean(label) for label in range(len(model.class_names))])
    return {"pictures": [data_uri(sheet(1 - picture)) for picture in model.decode(z)]}


def morph_ends(query: Morph) -> dict:
    """Sheet of all pictures from A to B, decoded by the larger model."""
    family = query.family
    model = predictor(family.large)

    def latent(end):
        if "picture" in end:
            return model.encode(read_picture(end["picture"], family)).mean
        return model.class_mean(understood(ClassEnd, end).label)

    pictures = model.morph(latent(query.a), latent(query.b), MORPH_STEPS)
    return {
        "sheet": data_uri(sheet(pictures, MORPH_STEPS)),
        "a": data_uri(sheet(pictures[0])),
        "b": data_uri(sheet(pictures[-1])),
        "steps": MORPH_STEPS,
        "model": family.large,
    }


def sample_many(query: Prior) -> dict:
    """Sheet of 64 pictures decoded from the prior."""
    pictures = predictor(query.model).sample_prior(64, query.seed, query.temperature)
    return {"sheet": data_uri(sheet(pictures, 8))}
