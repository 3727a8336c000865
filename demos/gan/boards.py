"""What the boards of the GAN tab ask of the trained networks, while the visitor drags, draws and clicks."""

import base64
import functools

from demos import frame
from dlcv.core import runtime
from dlcv.core.errors import InputError
from dlcv.core.images.draw import data_uri, grey, sheet

FORMULATIONS = {"gan": "Original", "wgan": "WGAN, clipped", "wgan-gp": "WGAN-GP"}
DATA = {"digits": "mnist", "garments": "fashion"}
JUDGES = [f"judge-{data}" for data in DATA.values()]
START = {"digits": [16, 59, 42], "garments": [17, 57, 8]}  # the first anchors, by their place on the first sheet
TRAINED = [f"{formulation}-{data}" for data in (*DATA.values(), "stacked") for formulation in FORMULATIONS]
SAMPLES = 64  # pictures on a sheet
CELLS = 9  # of the plane along each axis
EDGE = 0.25  # how far the plane goes on beyond its anchors
COUNTED = 1000  # samples whose classes are counted


def predictor(formulation: str, data: str):
    """The GAN of that formulation and data set, loaded on first use."""
    from dlcv.gan.predictor import predictor

    return predictor(formulation, data)


def judge(data: str):
    """The classifier of "mnist" or "fashion", loaded on first use."""
    from dlcv.gan.predictor import judge

    return judge(data)


def data_of(query: dict) -> str:
    """The data set that a board is about."""
    return DATA[frame.choice(query, "data", DATA)]


def anchors_of(query: dict, model):
    """Three latents (3, d), each named by the sheet it was seen on and its place there: {"seed": 1, "index": 5}."""
    import torch

    places = query.get("anchors")
    if not isinstance(places, list) or len(places) != 3 or not all(isinstance(place, dict) for place in places):
        raise InputError("Choose three pictures: A, B and C.")
    latents = [
        model.latent(int(frame.number(place, "seed", 0, 999_999)), SAMPLES)[
            int(frame.number(place, "index", 0, SAMPLES - 1))
        ]
        for place in places
    ]
    return frame.number(query, "truncation", 0, 2) * torch.stack(latents)


def show_samples(query: dict) -> dict:
    """The same 64 latents through all three generators, a sheet each."""
    data, seed = data_of(query), int(frame.number(query, "seed", 0, 999_999))
    truncation = frame.number(query, "truncation", 0, 2)
    pictures = {name: predictor(name, data).sample(SAMPLES, seed, truncation) for name in FORMULATIONS}
    return {"sheets": {name: data_uri(sheet(found, 8)) for name, found in pictures.items()}}


def show_plane(query: dict) -> dict:
    """The plane through the anchors, as one formulation sees it: one sheet, cells from -EDGE to 1 + EDGE."""
    import torch

    from dlcv.gan.predictor import through_anchors

    model = predictor(frame.choice(query, "formulation", FORMULATIONS), data_of(query))
    line = torch.linspace(-EDGE, 1 + EDGE, 2 * CELLS + 1)[1::2]  # the cells' centres
    v, u = torch.meshgrid(line.flip(0), line, indexing="ij")
    pictures = model.generate(through_anchors(anchors_of(query, model), u.flatten(), v.flatten()))
    return {"sheet": data_uri(sheet(pictures, CELLS)), "edge": EDGE}


def decode_point(query: dict) -> dict:
    """One latent of the plane through all three generators, and what each one's critic says: this answers a drag."""
    import torch

    from dlcv.gan.predictor import through_anchors

    models = {name: predictor(name, data_of(query)) for name in FORMULATIONS}
    u, v = (torch.tensor([frame.number(query, name, -EDGE, 1 + EDGE)]) for name in "uv")
    z = through_anchors(anchors_of(query, models["gan"]), u, v)
    found = {name: model.look(z) for name, model in models.items()}
    return {
        "seen": {
            name: {
                "pixels": base64.b64encode(grey(seen.pictures).tobytes()).decode(),
                "score": seen.scores.item(),
                "real": models[name].real_score,
            }
            for name, seen in found.items()
        }
    }


def score_drawing(query: dict) -> dict:
    """What the three critics say about a drawing, beside what they say about real and generated pictures."""
    from dlcv.core.images import digits

    data = data_of(query)
    x = digits.read(query.get("picture"), garment=query["data"] == "garments")
    found = {name: predictor(name, data).scores(x) for name in FORMULATIONS}
    return {
        "seen": data_uri(sheet(x)),
        "scores": {
            name: {"picture": scores.picture, "real": scores.real.tolist(), "fake": scores.fake.tolist()}
            for name, scores in found.items()
        },
    }


@functools.lru_cache(maxsize=32)
def _variety(formulation: str, data: str, seed: int) -> dict:
    found = predictor(formulation, data).variety(judge(data), COUNTED, seed)
    return {
        "counts": found.counts.tolist(),
        "distance": found.distance,
        "pictures": data_uri(sheet(found.pictures[:32], 16)),
    }


def show_variety(query: dict) -> dict:
    """Classes of 1,000 samples of one formulation, how far apart two samples are, and how far two real pictures."""
    data, seed = data_of(query), int(frame.number(query, "seed", 0, 999_999))
    formulation = frame.choice(query, "formulation", FORMULATIONS)
    return _variety(formulation, data, seed) | {
        "classes": list(judge(data).config.class_names),
        "real": judge(data).real_distance.item(),
        "count": COUNTED,
    }


runtime.preload(lambda pair: predictor(*pair), *((name, data) for data in DATA.values() for name in FORMULATIONS))
runtime.preload(judge, *DATA.values())
