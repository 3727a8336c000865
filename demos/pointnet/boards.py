"""What the boards of the PointNet tab ask for: a cloud, disturbed as the sliders say, through the networks."""

import base64
import functools
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from demos import frame
from demos.frame import coded
from dlcv.core import runtime
from dlcv.core.errors import InputError
from dlcv.core.images import draw
from dlcv.pointnet.kinds import KINDS

if TYPE_CHECKING:
    import torch

    from dlcv.pointnet.disturb import Disturbed
    from dlcv.pointnet.predictor import PointNetPredictor
    from dlcv.pointnet.reading import Reading

SYMMETRIC = {"max": "pointnet-max", "sum": "pointnet-sum"}
FLAT, PARTS = "pointnet-flat", "pointnet-parts"
UNIT = 16_384  # a point on the wire is three integers of 16 bits: this is 1, so that clouds may reach to 2
MOST = 4096  # points that a board may send
PACKAGED = {"rabbit": "Bunny.obj", "duck": "Duck.glb"}  # come with Gradio
SHAPES = dict.fromkeys((*KINDS, *PACKAGED), 0) | {"chair": 3, "table": 5}  # seeds of those shown first
SIDES = ("left", "right", "front", "back", "bottom", "top")
TURNS = ("turn_x", "turn_y", "turn_z")


def predictor(name: str) -> "PointNetPredictor":
    """The network of that name, loaded on first use."""
    from dlcv.pointnet.predictor import predictor

    return predictor(name)


runtime.preload(predictor, *SYMMETRIC.values(), FLAT, PARTS)


def packed(points: "torch.Tensor") -> str:
    """Points (P, 3) for the wire."""
    return coded((points.clamp(-1.99, 1.99) * UNIT).round().numpy(), "<i2")


def cloud_of(query: dict) -> "torch.Tensor":
    """The cloud (P, 3) that a board sends back, turned z up; InputError where it is none."""
    import torch

    from dlcv.pointnet.reading import UPRIGHT, upright

    text = query.get("cloud")
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) and len(text) <= 8 * MOST else b""
    except ValueError:
        data = b""
    if not data or len(data) % 6:
        raise InputError("Choose a shape first, or bring a file.")
    points = torch.from_numpy(np.frombuffer(data, "<i2").reshape(-1, 3).astype(np.float32) / UNIT)
    return upright(points, frame.choice(query, "up", UPRIGHT))


def disturbed(query: dict) -> "Disturbed":
    """The cloud of a query after what its sliders say."""
    from dlcv.pointnet.disturb import LIMITS, Disturbance, disturb

    how = {name: frame.number(query, name, *limits) for name, limits in LIMITS.items()}
    return disturb(cloud_of(query), Disturbance(**how, side=frame.choice(query, "side", SIDES)))


# ---- clouds


@functools.lru_cache(maxsize=32)
def example(name: str, seed: int = 0) -> "Reading":
    """One of the shapes that are there: made by the generator from a seed, or a packaged mesh."""
    from dlcv.pointnet.reading import even, read

    if name in PACKAGED:
        return read(Path(gr.__file__).parent / "media_assets" / "models3d" / PACKAGED[name])
    import torch

    from dlcv.pointnet.formats import Found
    from dlcv.pointnet.shapes import mesh

    shape = mesh(name, torch.Generator().manual_seed(seed))
    return even(Found(shape.vertices.double().numpy(), shape.faces.numpy()))


def shown(reading: "Reading", title: str) -> dict:
    """What the boards keep of a cloud."""
    return {
        "title": title,
        "cloud": packed(reading.points),
        "colours": coded(reading.colours, "u1") if reading.colours is not None else None,
        "up": reading.up,
        "said": description(reading),
    }


def description(reading: "Reading") -> str:
    """Where a cloud comes from, how large it is and where it lay, in words."""
    what = f"{reading.found:,} triangles, sampled at" if reading.mesh else f"{reading.found:,} points, of them"
    lost = f" {reading.dropped:,} were not finite and left out." if reading.dropped else ""
    centre = ", ".join(f"{value:.3g}" for value in reading.centre).replace("-", "−")
    return (
        f"{what} {len(reading.points):,} even points.{lost} Centre ({centre}), radius {reading.radius:.3g}, "
        "in its own units."
    )


def shape(query: dict) -> dict:
    """One of the shapes that can be chosen; a seed makes another one of its kind."""
    name = frame.choice(query, "name", SHAPES)
    return shown(example(name, frame.whole(query.get("seed"), "seed", 0, 999_999)), name)


# ---- the networks


def classifier(query: dict) -> "PointNetPredictor":
    """The classifier with the symmetric function of a query."""
    return predictor(SYMMETRIC[frame.choice(query, "symmetric", SYMMETRIC)])


def look(query: dict) -> dict:
    """What the classifier makes of the disturbed cloud, and everything on the way there; this follows the sliders."""
    from dlcv.core.geometry.clouds import normalised

    model, spoilt = classifier(query), disturbed(query)
    seen = model.classify(spoilt.points)
    feature = seen.global_feature.reshape(32, 32)
    low, high = feature.min().item(), feature.max().item()
    return {
        "points": packed(spoilt.points),
        "source": coded(spoilt.source, "<i2"),
        "classes": list(model.class_names),
        "probabilities": rounded(seen.probabilities),
        "strangeness": round(seen.ood_score, 3),
        "wins": coded(seen.wins, "<u2"),
        "aligned": packed(normalised(seen.aligned)),
        "features": draw.data_uri(draw.heat(feature, low, max(high, low + 1e-6))),
    }


def listed(points: "torch.Tensor") -> list[list[float]]:
    """Points (P, 3) for a client."""
    return [[round(value, 5) for value in point] for point in points.tolist()]


def rounded(probabilities: "torch.Tensor") -> list[float]:
    """Probabilities for the wire."""
    return [round(share, 4) for share in probabilities.tolist()]


def parts(query: dict) -> dict:
    """The part of every point of the disturbed cloud, read as a shape of this kind."""
    kind = frame.choice(query, "kind", KINDS)
    found = predictor(PARTS).parts(disturbed(query).points, kind)
    return {"labels": coded(found.labels, "u1"), "names": list(found.names)}


def upper_bound(query: dict) -> dict:
    """The points of a dense grid that could be added without changing the answer: the upper-bound shape."""
    found = classifier(query | {"symmetric": "max"}).upper_bound(disturbed(query).points)
    step = max(1, -(-len(found) // MOST))  # the screen needs no more
    return {"points": packed(found[::step]), "count": len(found)}


def shuffle(query: dict) -> dict:
    """What both networks say of the disturbed cloud in another order, or by height where `shuffled` is not true."""
    import torch

    points = disturbed(query).points
    seed = frame.whole(query.get("seed"), "seed", 0, 999_999)
    order = torch.randperm(len(points), generator=torch.Generator().manual_seed(seed))
    if query.get("shuffled") is not True:
        order = points[:, 2].argsort()
    models = {"pointnet": classifier(query), "flat": predictor(FLAT)}
    return {
        "order": coded(order, "<u2"),
        "classes": list(models["pointnet"].class_names),
        "says": {name: rounded(model.classify(points[order]).probabilities) for name, model in models.items()},
    }


def differences(query: dict) -> dict:
    """The largest change of a probability over 100 orders of the disturbed cloud, of both networks."""
    points = disturbed(query).points
    models = {"pointnet": classifier(query), "flat": predictor(FLAT)}
    return {"largest": {name: model.shuffle_difference(points) for name, model in models.items()}}
