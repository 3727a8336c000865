"""Answers to the boards that take the visitor's drawing: its code, walks, random codes, comparisons."""

from typing import Any

import numpy as np

from demos import frame
from dlcv.core import weights
from dlcv.core.images.draw import grey

from .models import COPYING, DENOISING, UNITS, About, Drawing, predictor, read_picture, sheet, vae_model

LEVELS = 61  # of a bar, from -3 to 3 deviations: every level of a drag is held by one answer
WALK = 41  # every position of the slider
RANDOM = 16  # codes of each kind
NEAREST = 6
HEALING = 30  # steps
STEP = 0.2
SEEDS = 200  # over which `evaluate` measured random codes
SOURCES = {
    "box": "From the box around all codes",
    "gaussian": "From a Gaussian fitted to them",
    "vae": "From a VAE's prior",
}
KINDS = {"gaussian": "Gaussian noise", "masking": "Pixels missing", "salt": "Salt and pepper"}

Code = frame.Numbers(UNITS, -10, 10)


class Unit(About):
    """Question for what one unit does to the pictures of two codes, in deviations."""

    network: Code
    pca: Code
    unit: frame.Whole(0, UNITS - 1)


class Walk(About):
    """Question for the pictures between two drawings."""

    a: Any = None
    b: Any = None


class Draw(About):
    """Question for random codes."""

    seed: frame.Whole(0, 999_999)


class Noisy(frame.Query):
    """Question for what becomes of a drawing, or of no drawing at all, under noise."""

    picture: Any = None
    kind: frame.Choice(KINDS)
    level: frame.Slider("Noise", 0, 1, step=0.01)
    seed: frame.Whole(0, 999_999)


class Hurt(frame.Query):
    """Question for the healing of a picture, 784 bytes in base64."""

    pixels: Any = None


def show_data(query: About) -> dict:
    """Names of a data set's models and classes, and examples of garments, decoded ones as the real do not ship."""
    family, examples = query.family, []
    if query.data == "garments":
        vae = vae_model(family.vae)
        examples = [sheet(1 - one) for one in vae.decode(vae.class_means).detach().cpu()]
    return {
        "models": [family.network, family.pca],
        "names": predictor(family.network).class_names,
        "examples": examples,
    }


def read_drawing(query: Drawing) -> dict:
    """Code of a drawing in deviations, what is made of it, and the error, by the network and by PCA."""
    x = read_picture(query.picture, query.data)
    answer = {"seen": sheet(x), "pixels": frame.coded(grey(x), "u1")}
    for which, name in (("network", query.family.network), ("pca", query.family.pca)):
        reading = predictor(name).read(x)
        answer[which] = {
            "code": frame.rounded(reading.deviations, 4),
            "picture": sheet(reading.reconstruction),
            "error": reading.error,
        }
    return answer


def sweep_unit(query: Unit) -> dict:
    """All pictures of a bar's way, from -3 to 3 deviations: a row by the network, and below one by PCA."""
    import torch

    rows = [
        predictor(name).sweep(torch.tensor(code), query.unit, LEVELS).pictures
        for name, code in ((query.family.network, query.network), (query.family.pca, query.pca))
    ]
    return {"sheet": sheet(torch.cat(rows), LEVELS)}


def walk_between(query: Walk) -> dict:
    """Three rows of pictures from A to B: mixed as pixels, in PCA's code, and in the network's."""
    import torch

    a, b = (read_picture(picture, query.data) for picture in (query.a, query.b))
    t = torch.linspace(0, 1, WALK).view(-1, 1, 1)
    rows = [torch.lerp(a[0], b[0], t)]
    rows += [predictor(name).walk(a, b, WALK) for name in (query.family.pca, query.family.network)]
    return {"sheet": sheet(torch.cat(rows), WALK)}


def measured(metric: str) -> list[float]:
    """Percentages that `evaluate` measured: "taken" of each source's codes, "neighbours" by each of the measures."""
    rows = weights.metrics("autoencoder-mnist-30d").get("rows", [])
    return [row["value"] for row in rows if row["metric"] == metric]


def draw_codes(query: Draw) -> dict:
    """Sheets of pictures of random codes, and how many of each the judge is sure of."""
    import torch

    from dlcv.core import pool

    model, vae = predictor(query.family.network), vae_model(query.family.vae)
    z = torch.randn(RANDOM, vae.config.latents, generator=torch.Generator().manual_seed(query.seed))
    with torch.inference_mode():
        made = {how: model.decode(model.random_codes(how, RANDOM, query.seed)) for how in ("box", "gaussian")}
        made["vae"] = vae.decode(z.to(vae.class_means.device))[:, 0].cpu()
    sure = {how: pool.judged(query.data, pictures.unsqueeze(1))[1] > pool.SURE for how, pictures in made.items()}
    return {how: {"sheet": sheet(made[how], 4), "sure": int(sure[how].sum())} for how in SOURCES}


def find_nearest(query: Drawing) -> dict:
    """The nearest of the generated pictures by each of four measures: a sheet, and classes by the judge."""
    from .neighbours import MEASURES, nearest

    x = read_picture(query.picture, query.data)
    found = nearest(query.data, x, NEAREST)
    names = predictor(query.family.network).class_names
    return {
        "seen": sheet(x),
        "rows": [
            {"name": MEASURES[which], "sheet": sheet(one.pictures, NEAREST), "names": [names[i] for i in one.labels]}
            for which, one in found.items()
        ],
    }


def add_noise(query: Noisy) -> dict:
    """A spoiled picture, what the two wide networks and PCA make of it, and how far each is from what it was shown."""
    import torch

    from dlcv.autoencoder.loss import corrupted, squared_error

    x = torch.zeros(1, 1, 28, 28) if query.picture is None else read_picture(query.picture, "digits")
    spoiled = corrupted(x, query.kind, torch.tensor([query.level]), torch.Generator().manual_seed(query.seed))
    answer = {"spoiled": sheet(spoiled), "apart": squared_error(spoiled, x).item(), "made": []}
    for name in (COPYING, DENOISING, "autoencoder-mnist-30d", "pca-mnist"):
        rebuilt = predictor(name).rebuild(spoiled)
        errors = {"shown": squared_error(rebuilt, spoiled).item(), "clean": squared_error(rebuilt, x).item()}
        answer["made"].append({"name": name, "picture": sheet(rebuilt), **errors})
    return answer


def heal_picture(query: Hurt) -> dict:
    """All steps of the healing: a row by the denoising network, two by narrow ones, and one by PCA."""
    import torch

    values = frame.decoded(query.pixels, "u1", "A picture has 28 x 28 bytes.", count=28 * 28)
    x = torch.from_numpy(values.astype(np.float32) / 255).view(1, 1, 28, 28)
    names = (DENOISING, "autoencoder-mnist-2d", "autoencoder-mnist-30d", "pca-mnist")
    return {"sheet": sheet(torch.cat([predictor(name).heal(x, HEALING, STEP) for name in names]), HEALING + 1)}
