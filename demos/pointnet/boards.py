"""What the boards of the PointNet tab ask for: a cloud, disturbed as the sliders say, through the networks."""

import functools
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from demos import frame
from demos.frame import coded
from demos.frame.checks import UNEXPECTED
from dlcv.core.errors import InputError
from dlcv.core.images import draw
from dlcv.pointnet.kinds import FURNITURE, KINDS, KNOWN

if TYPE_CHECKING:
    import torch

    from dlcv.pointnet.disturb import Disturbed
    from dlcv.pointnet.predictor import PointNetPredictor
    from dlcv.pointnet.reading import Reading

log = logging.getLogger("gallery")

SYMMETRIC = {"max": "pointnet-max", "sum": "pointnet-sum"}
FLAT, PARTS = "pointnet-flat", "pointnet-parts"
POINT_SCALE = 16_384  # a coordinate is sent as an integer of 16 bits in units of 1 / 16,384: clouds may reach to 2
MOST = 4096  # points that a board may send
PACKAGED = {"rabbit": "Bunny.obj", "duck": "Duck.glb"}  # come with Gradio
STRANGERS = ("lamp", "mug", "aeroplane", *PACKAGED)  # of none of the ten classes
SHAPES = dict.fromkeys((*KNOWN, *STRANGERS), 0) | {"chair": 3, "table": 5}  # seeds of those shown first
SIDES = ("left", "right", "front", "back", "bottom", "top")
AXES = ("x", "y", "z")
Seed = frame.Whole(0, 999_999)
Symmetric = frame.Choice(SYMMETRIC)
Kind = frame.Choice(KINDS)


class Disturbance(frame.Query):
    """What is done to a cloud, as `dlcv.pointnet.disturb` says it."""

    count: frame.Slider("Points", 64, 1024, step=1) = 1024
    noise: frame.Slider("Noise, of the radius", 0, 0.2, step=0.005, unit="%") = 0
    outliers: frame.Slider("Outliers", 0, 0.5, step=0.01, unit="%") = 0
    cut: frame.Slider("Cut away", 0, 0.75, step=0.01, unit="%") = 0
    side: frame.Choice(SIDES) = SIDES[0]
    turn_x: frame.Slider("Turn about x", -180, 180, step=1, unit="°") = 0
    turn_y: frame.Slider("Turn about y", -180, 180, step=1, unit="°") = 0
    turn_z: frame.Slider("Turn about z, up", -180, 180, step=1, unit="°") = 0


class Cloud(Disturbance):
    """A cloud that a board sends back, and which of its axes points up."""

    cloud: frame.Text
    up: frame.Choice(AXES)
    symmetric: Symmetric = "max"


class PartsOf(Cloud):
    """A cloud, to be read as a shape of this kind."""

    kind: Kind


class PointOf(Cloud):
    """A cloud, and one of its points."""

    number: frame.Whole(0, MOST)


class Shuffled(Cloud):
    """A cloud in the order of a seed, or by height."""

    seed: Seed
    shuffled: frame.Yes = False


class Shape(frame.Query):
    """One of the shapes that can be chosen; a seed makes another one of its kind."""

    name: frame.Choice(SHAPES)
    seed: Seed


predictor = frame.model("dlcv.pointnet.predictor", *SYMMETRIC.values(), FLAT, PARTS)


def packed(points: "torch.Tensor") -> str:
    """Points (P, 3) as base64 int16 in units of 1 / POINT_SCALE."""
    return coded((points.clamp(-1.99, 1.99) * POINT_SCALE).round().numpy(), "<i2")


def cloud_of(query: Cloud) -> "torch.Tensor":
    """The cloud (P, 3) that a board sends back, turned z up; InputError where it is none."""
    import torch

    from dlcv.pointnet.reading import upright

    refusal = "Choose a shape first, or bring a file."
    numbers = frame.decoded(query.cloud, "<i2", refusal, most=3 * MOST)
    if len(numbers) % 3:
        raise InputError(refusal)
    points = torch.from_numpy(numbers.astype("float32") / POINT_SCALE).reshape(-1, 3)
    return upright(points, query.up)


def disturbed(query: Cloud) -> "Disturbed":
    """The cloud of a query after what its sliders say."""
    from dlcv.pointnet import disturb

    return disturb.disturb(
        cloud_of(query), disturb.Disturbance(**query.model_dump(include=set(Disturbance.model_fields)))
    )


# ---- clouds


@functools.lru_cache(maxsize=32)
def example(name: str, seed: int = 0) -> "Reading":
    """One of the shapes that can be chosen: made by the generator from a seed, or a packaged mesh."""
    from dlcv.pointnet.reading import even, read

    if name in PACKAGED:
        return read(Path(gr.__file__).parent / "media_assets" / "models3d" / PACKAGED[name])
    import torch

    from dlcv.pointnet import furniture, shapes
    from dlcv.pointnet.formats import Found

    shape = (furniture if name in FURNITURE else shapes).mesh(name, torch.Generator().manual_seed(seed))
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
    where = f" From the columns {reading.columns}." if reading.columns else ""
    lost = f" {reading.dropped:,} were not finite and left out." if reading.dropped else ""
    centre = ", ".join(f"{value:.3g}" for value in reading.centre).replace("-", "−")
    return (
        f"{what} {len(reading.points):,} even points.{where}{lost} Centre ({centre}), radius {reading.radius:.3g}, "
        "in its own units."
    )


def shape(query: Shape) -> dict:
    """The cloud of the shape that was chosen."""
    return shown(example(query.name, query.seed), query.name)


def three(columns: str) -> tuple[str, ...]:
    """Columns that are written between commas."""
    return tuple(name.strip() for name in columns.split(",") if name.strip())


def open_file(path, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """What the boards keep of a visitor's file, nothing for its place, which is free for the next one, and the file
    itself where it has to be read again."""
    if path is None:
        return gr.skip(), gr.skip(), gr.skip()
    found = opened(path, (), progress)
    return found, None, path if "which" in found else None


def read_columns(answer: dict, path: str | None) -> dict:
    """The cloud in those columns of a table that the visitor chose."""
    columns = answer.get("columns") if isinstance(answer, dict) else None
    if path is None or not isinstance(columns, str):
        raise InputError("Bring the file again.")
    return opened(path, three(columns))


def opened(path: str, columns: tuple[str, ...], progress: Callable = lambda *_: None) -> dict:
    """The cloud of a visitor's file, or what is wrong with it, or the question which of its columns are meant; told
    apart from the same file before."""
    from dlcv.pointnet.formats import WhichColumns
    from dlcv.pointnet.reading import read

    try:
        found = shown(read(path, progress, columns), Path(path).name)
    except WhichColumns as asked:
        found = {"which": {"said": asked.question, "names": asked.names, "rows": asked.rows, "likely": asked.likely}}
    except InputError as error:
        found = {"error": str(error)}
    except Exception:  # the place of the file is freed whatever happens
        log.exception("a file could not be read")
        found = {"error": UNEXPECTED}
    return found | {"opened": time.monotonic_ns()}


# ---- the networks


def classifier(query: Cloud) -> "PointNetPredictor":
    """The classifier with the symmetric function of a query."""
    return predictor(SYMMETRIC[query.symmetric])


def look(query: Cloud) -> dict:
    """The class of the disturbed cloud and every stage on the way there; this follows the sliders."""
    from dlcv.core.geometry.clouds import normalised

    model, spoilt = classifier(query), disturbed(query)
    seen = model.classify(spoilt.points)
    feature = seen.global_feature.reshape(32, 32)
    low, high = feature.min().item(), feature.max().item()
    return {
        "points": packed(spoilt.points),
        "source": coded(spoilt.source, "<i2"),
        "classes": list(model.class_names),
        "probabilities": frame.rounded(seen.probabilities),
        "strangeness": round(seen.ood_score, 3),
        "wins": coded(seen.wins, "<u2"),
        "aligned": packed(normalised(seen.aligned)),
        "features": draw.data_uri(draw.heat(feature, low, max(high, low + 1e-6))),
    }


def parts(query: PartsOf) -> dict:
    """The part of every point of the disturbed cloud."""
    found = predictor(PARTS).parts(disturbed(query).points, query.kind)
    return {"labels": coded(found.labels, "u1"), "names": list(found.names)}


def flow(query: PointOf) -> dict:
    """What one point of the disturbed cloud, and the whole cloud, is at every stage of the network."""
    stages = classifier(query).flow(disturbed(query).points, query.number)
    return {"stages": [{"name": one.name, "size": one.size, "values": coded(one.values, "<f4")} for one in stages]}


def upper_bound(query: Cloud) -> dict:
    """The points of a dense grid that could be added without changing the answer: the upper-bound shape."""
    found = predictor(SYMMETRIC["max"]).upper_bound(disturbed(query).points)
    step = max(1, -(-len(found) // MOST))  # the screen needs no more
    return {"points": packed(found[::step]), "count": len(found)}


def shuffle(query: Shuffled) -> dict:
    """The classes of the disturbed cloud in another order, or by height, by both networks."""
    import torch

    points = disturbed(query).points
    order = torch.randperm(len(points), generator=torch.Generator().manual_seed(query.seed))
    if not query.shuffled:
        order = points[:, 2].argsort()
    models = {"pointnet": classifier(query), "flat": predictor(FLAT)}
    return {
        "order": coded(order, "<u2"),
        "classes": list(models["pointnet"].class_names),
        "says": {name: frame.rounded(model.classify(points[order]).probabilities) for name, model in models.items()},
    }


def differences(query: Cloud) -> dict:
    """The largest change of a probability over 100 orders of the disturbed cloud, of both networks."""
    points = disturbed(query).points
    models = {"pointnet": classifier(query), "flat": predictor(FLAT)}
    return {"largest": {name: model.shuffle_difference(points) for name, model in models.items()}}
