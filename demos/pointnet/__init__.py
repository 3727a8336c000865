"""The PointNet tab: a cloud of points is spoilt, turned and shuffled, before a network that ignores the order."""

import time
from pathlib import Path
from typing import NamedTuple

import gradio as gr

from demos import frame
from dlcv.core.errors import InputError
from dlcv.pointnet.kinds import KINDS

from . import boards
from .boards import SHAPES, SIDES, SYMMETRIC

ABOUT = frame.Topic(
    title="PointNet",
    name="PointNet",
    lecture="Dealing with orderless input",
    summary="Spoil, cut and shuffle a cloud of points; a network that forgets their order still knows the shape.",
    card=".pn-stage canvas, .pn-answer",
    slides=(
        ("f = gamma(g(h(x_1), ..., h(x_P))) (22)", "dlcv/pointnet/model.py"),
    ),
)

SYMMETRY = r"f(x_1, \dots, x_n) = \gamma\big(g(h(x_1), \dots, h(x_n))\big)"


class Slider(NamedTuple):
    """One number of the disturbance, within the library's limits; `neutral` leaves the cloud as it is."""

    name: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    neutral: float


SLIDERS = [
    Slider("count", "Points", "", 64, 1024, 1, 1024),
    Slider("noise", "Noise, of the radius", "%", 0, 0.2, 0.005, 0),
    Slider("outliers", "Outliers", "%", 0, 0.5, 0.01, 0),
    Slider("cut", "Cut away", "%", 0, 0.75, 0.01, 0),
    Slider("turn_z", "Turn about z, up", "°", -180, 180, 1, 0),
    Slider("turn_x", "Turn about x", "°", -180, 180, 1, 0),
    Slider("turn_y", "Turn about y", "°", -180, 180, 1, 0),
]
AT_REST = {slider.name: slider.neutral for slider in SLIDERS} | {"side": SIDES[0]}
UP = ["guess", "x", "y", "z"]


def open_file(path, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """The visitor's file as the boards keep it, or what is wrong with it; told apart from the same one before."""
    from dlcv.pointnet.reading import read

    if path is None:
        return gr.skip()
    try:
        found = boards.shown(read(path, progress), Path(path).name)
    except InputError as error:
        found = {"error": str(error)}
    return found | {"opened": time.monotonic_ns()}


# ---- for clients


def reading_of(file: str | None, example: str):
    """The cloud of an uploaded file, or where there is none the example of that name."""
    from dlcv.pointnet.reading import read

    if file is not None:
        return read(file)
    name = frame.choice({"example": example}, "example", SHAPES)
    return boards.example(name, SHAPES[name])


def query_of(file: str | None, example: str, up: str, **settings) -> dict:
    """What a board would ask about that cloud; `up` is an axis, or "guess"."""
    cloud = boards.shown(reading_of(file, example), "")
    axis = frame.choice({"up": up}, "up", UP)
    return {"cloud": cloud["cloud"], "up": cloud["up"] if axis == "guess" else axis, **settings}


def pointnet_classify(file, example, up, symmetric, count, noise, outliers, cut, side, turn_x, turn_y, turn_z):
    """What a cloud is, how strange it is, and which of its points decide."""
    query = query_of(**locals())
    model, spoilt = boards.classifier(query), boards.disturbed(query)
    seen = model.classify(spoilt.points)
    best = model.class_names[seen.probabilities.argmax()]
    return {
        "class": best if seen.ood_score <= 1 else None,
        "probabilities": dict(zip(model.class_names, boards.rounded(seen.probabilities))),
        "strangeness": round(seen.ood_score, 4),
        "up": query["up"],
        "points": boards.listed(spoilt.points),
        "critical": seen.wins.nonzero()[:, 0].tolist(),
    }


def pointnet_parts(file, example, up, kind):
    """The part of every point of a cloud, read as a shape of this kind."""
    query = query_of(file, example, up) | AT_REST
    spoilt = boards.disturbed(query)
    found = boards.predictor(boards.PARTS).parts(spoilt.points, frame.choice({"kind": kind}, "kind", KINDS))
    return {"names": list(found.names), "labels": found.labels.tolist(), "points": boards.listed(spoilt.points)}


def pointnet_shuffle(file, example, up, symmetric):
    """The largest change of a probability over 100 orders of the points: PointNet's, and that of a plain MLP."""
    return boards.differences(query_of(file, example, up, symmetric=symmetric) | AT_REST)["largest"]


def _offer() -> None:
    """The public endpoints, on components that nobody sees."""
    cloud = [
        frame.SafeFile(label="Cloud or mesh; without one, the example", visible=False),
        gr.Textbox(KINDS[0], label=f"Example: {', '.join(SHAPES)}", visible=False),
        gr.Textbox("guess", label="Axis that points up: guess, x, y or z", visible=False),
    ]
    symmetric = gr.Textbox("max", label=f"Symmetric function: {' or '.join(SYMMETRIC)}", visible=False)
    numbers = {one.name: gr.Number(one.neutral, label=one.label, visible=False) for one in SLIDERS}
    side = gr.Textbox(SIDES[0], label=f"Side that is cut: {', '.join(SIDES)}", visible=False)
    kind = gr.Textbox(KINDS[0], label=f"Kind: {', '.join(KINDS)}", visible=False)
    answers = [gr.JSON(label=label, visible=False) for label in ("Class", "Parts", "Differences")]
    order = ("count", "noise", "outliers", "cut", side, "turn_x", "turn_y", "turn_z")
    spoilt = [numbers.get(one, one) if isinstance(one, str) else one for one in order]
    frame.api(pointnet_classify, [*cloud, symmetric, *spoilt], [answers[0]], "pointnet_classify", **frame.COMPUTE)
    frame.api(pointnet_parts, [*cloud, kind], [answers[1]], "pointnet_parts", **frame.COMPUTE)
    frame.api(pointnet_shuffle, [*cloud, symmetric], [answers[2]], "pointnet_shuffle", **frame.COMPUTE)


def build() -> None:
    """Build the tab."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=320):
            frame.heading(
                ABOUT,
                "PointNet reads the points of a shape in whatever order they come: every point goes through the same "
                "small network, and a maximum over all of them forgets which came first. Choose a shape, spoil it, and "
                "see what it still is.",
            )
        with gr.Column(scale=4, min_width=320):
            frame.equation(
                SYMMETRY,
                r"$h$ is the same network for every point $x_i$, $g$ is symmetric, here the maximum or the sum, and "
                r"$\gamma$ reads what is left: no order of the points can change $f$.",
            )
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=240):
            pick = frame.Board(
                "pointnet/pick",
                server_functions=[boards.shape],
                value={"shapes": SHAPES, "made": KINDS},
            )
            file = frame.SafeFile(label="Or bring your own", height=180, elem_id="pointnet-file")
            gr.Markdown(
                "Meshes and clouds: ply, obj, off, stl, glb, xyz, csv, npy, npz, pcd, las; up to 50 MB and 5 million "
                "points."
            )
        with gr.Column(scale=7, min_width=320):
            config = {
                "sliders": [slider._asdict() for slider in SLIDERS],
                "sides": SIDES,
                "kinds": KINDS,
                "symmetric": {"max": "Maximum", "sum": "Sum"},
            }
            look, parts = boards.look, boards.parts
            frame.Board("pointnet/pointnet", server_functions=[look, parts], value=config)
    opened = file.upload(
        frame.guard(open_file), file, pick, api_visibility="private", show_progress_on=file, **frame.COMPUTE
    )
    opened.then(lambda: None, None, file, **frame.PLUMBING)  # ready for the next one
    frame.section(
        "Shuffle the order",
        "The same points, listed differently. A plain network on the list, trained on the same clouds, reads another "
        "shape; PointNet does not.",
    )
    shuffle = [boards.shuffle, boards.differences]
    frame.Board("pointnet/shuffle", server_functions=shuffle)
    frame.section(
        "Look inside",
        "Between the cloud and the answer. Aligned as they are, the critical points alone give the same global "
        "feature, and so does every cloud between them and the upper-bound shape.",
    )
    frame.Board("pointnet/inside", server_functions=[boards.upper_bound])
    frame.weights_card(
        {
            "PointNet, maximum": ["pointnet-max"],
            "PointNet, sum": ["pointnet-sum"],
            "Plain MLP on the list": ["pointnet-flat"],
            "Parts": ["pointnet-parts"],
        },
        note="The classifiers were trained on ModelNet10. No part labels were at hand: parts were learned from shapes "
        "made by a generator, whose parts are known by construction, and tested on others of its making.",
    )
    _offer()


if __name__ == "__main__":
    frame.show_alone("demos.pointnet")
