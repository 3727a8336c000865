"""The PointNet tab: a cloud of points is spoilt, turned and shuffled, before a network that ignores the order."""

import gradio as gr

from demos import frame
from dlcv.core import weights
from dlcv.pointnet.kinds import FURNITURE, KINDS
from dlcv.pointnet.learned import LEARNED

from . import api, boards
from .boards import SHAPES, SIDES, STRANGERS

ABOUT = frame.Topic(
    title="PointNet",
    name="PointNet",
    lecture="Dealing with orderless input",
    summary="Spoil, cut and shuffle a cloud of points; a network that forgets their order still knows the shape.",
    card=".pn-stage canvas",
    first=(".pick-known", ".pn-stage", ".pn-verdict"),
    slides=(("f = gamma(g(h(x_1), ..., h(x_P))) (22)", "dlcv/pointnet/model.py"),),
)

TILTS = ("turn_x", "turn_y")  # the sliders that come last
SYMMETRY = r"f(x_1, \dots, x_n) = \gamma\big(g(h(x_1), \dots, h(x_n))\big)"


def build() -> None:
    """Build the tab."""
    frame.heading(
        ABOUT,
        "PointNet reads the points of a shape in whatever order they come: every point goes through the same small "
        "network, and a maximum over all of them forgets which came first.",
        "Choose a shape, spoil it, and see what it still is.",
    )
    frame.equations(
        (
            SYMMETRY,
            r"$h$ is the same network for every point $x_i$, $g$ is symmetric, here the maximum or the sum, and "
            r"$\gamma$ reads what is left: no order of the points can change $f$.",
        )
    )
    with gr.Row(equal_height=False, elem_classes=["asks"]):
        with gr.Column(scale=2, min_width=240):
            pick = frame.Board(
                "pointnet/pick",
                server_functions=[boards.shape],
                value={"shapes": SHAPES, "strangers": STRANGERS, "made": (*KINDS, *FURNITURE)},
            )
            file = frame.SafeFile(
                label="Or bring your own", height=180, elem_id="pointnet-file", elem_classes=["later"]
            )
            kept = frame.SafeFile(visible=False)  # a table, until it is known which of its columns are meant
            gr.Markdown(
                "Meshes and clouds: ply, obj, off, stl, glb, xyz, csv, npy, npz, pcd, las; up to 50 MB and 5 million "
                "points.",
                elem_classes=["later"],
            )
        with gr.Column(scale=7, min_width=320):
            config = {
                "sliders": sorted(frame.sliders(boards.Disturbance), key=lambda one: one["name"] in TILTS),
                "learned": {name: {"usual": one.usual, "seldom": one.seldom} for name, one in LEARNED.items()},
                "sides": SIDES,
                "kinds": KINDS,
                "symmetric": {"max": "Maximum", "sum": "Sum"},
            }
            look, parts = boards.look, boards.parts
            frame.Board("pointnet/pointnet", server_functions=[look, parts], value=config)
    private = {"api_visibility": "private", "show_progress_on": file} | frame.COMPUTE
    file.upload(frame.guard(boards.open_file), file, [pick, file, kept], **private)
    pick.columns(frame.guard(boards.read_columns), [pick, kept], pick, **private)
    frame.section(
        "Shuffle the order",
        "The same points, listed differently. A plain network on the list, trained on the same clouds, reads another "
        "shape; PointNet does not.",
        name="Shuffle",
    )
    shuffle = [boards.shuffle, boards.differences]
    frame.Board("pointnet/shuffle", server_functions=shuffle)
    frame.section(
        "Look inside",
        "Between the cloud and the answer. Aligned as they are, the critical points alone give the same global "
        "feature, and so does every cloud between them and the upper-bound shape.",
        name="Inside",
    )
    frame.Board("pointnet/inside", server_functions=[boards.upper_bound])
    frame.section(
        "The whole network, and one point on its way through it",
        "$n$ points of 3 coordinates come in; every one goes through the same layers, until it has 1,024 features;"
        " a maximum over the points leaves 1,024 numbers, and of these $\\gamma$ makes the classes. The numbers are"
        " those of your cloud: choose a point.",
        name="Whole network",
    )
    frame.Board("pointnet/network", server_functions=[boards.flow])
    frame.architecture("pointnet", "pointnet-max", (1, 1024, 3))
    frame.weights_card(
        {
            "PointNet, maximum": ["pointnet-max"],
            "PointNet, sum": ["pointnet-sum"],
            "Plain MLP on the list": ["pointnet-flat"],
            "Parts": ["pointnet-parts"],
        },
        note="The classifiers were trained on ModelNet10. No part labels were at hand: parts were learned from shapes "
        "made by a generator, whose parts are known by construction, and tested on others of its making. "
        + _strangers(),
    )
    api.offer()


def _strangers() -> str:
    """How well a class is told that was left out of the training, and which classes are not."""
    rows = [row for row in weights.metrics("pointnet-max")["rows"] if row["metric"] == "out_of_class_auroc"]
    found = {row["data"].split(":")[0].split()[-1]: row["value"] for row in rows if row["data"].startswith("a network")}
    twins = [found.pop(name) for name in ("dresser", "night_stand")]
    return (
        "Whether a shape is like the training set was measured with each class left out in turn (AUROC): for eight of"
        f" the ten {sum(found.values()) / len(found):.0f} % on average; but a dresser is a large night stand, and who"
        f" knows the one hardly finds the other strange ({twins[0]:.0f} and {twins[1]:.0f} %)."
    )


if __name__ == "__main__":
    frame.show_alone("demos.pointnet")
