"""The pose tab: where the joints of people are, stage by stage, and which of them belong to one person."""

from importlib.util import find_spec
from pathlib import Path

import gradio as gr
import PIL.Image

from demos import frame
from demos.frame import pictures
from dlcv.pose import KEYPOINT, LINK, NOTICE, PEAK, SIDES

from . import boards
from .boards import LIVE_SIDE, MODEL, THUNDER

ABOUT = frame.Topic(
    title="Pose",
    name="Pose machines and affinity fields",
    lecture="Articulated pose prediction",
    summary="Find the joints of everybody in a picture, and watch stage by stage whose arm is whose.",
    card=".po-stage canvas",
    first=("#pose-picture", ".gallery", ".po-stage"),
    slides=(
        ("Stages rho, phi (5)", "dlcv/pose/model.py"),
        ("Belief maps and affinity fields (7)-(10)", "dlcv/pose/targets.py"),
        ("Line integral E (11)", "dlcv/pose/assembly.py"),
    ),
)

STAGES = (
    r"\begin{aligned} S^1 &= \rho^1(F), & S^t &= \rho^t(F, S^{t-1}, L^{t-1}) \\"
    r"L^1 &= \phi^1(F), & L^t &= \phi^t(F, S^{t-1}, L^{t-1}) \end{aligned}"
)
INTEGRAL = r"E = \int_0^1 L\big(p(u)\big) \cdot \frac{d_{j_2} - d_{j_1}}{\| d_{j_2} - d_{j_1} \|_2} \, du"
SKIMAGE = Path(find_spec("skimage").origin).parent / "data"
PHOTOGRAPHS = [SKIMAGE / "astronaut.png", SKIMAGE / "camera.png"]  # those of people that come with packages
PICTURES = Path(__file__).parent / "pictures"
PORTRAIT, GROUP = PICTURES / "grace_hopper.jpg", PICTURES / "apollo_11.jpg"
NOBODY = [SKIMAGE / "coffee.png", frame.PHOTOGRAPHS[1], SKIMAGE / "rocket.jpg"]
CREDIT = (
    "Eileen Collins (NASA), Grace Hopper (U.S. Navy, James S. Davis), crew of Apollo 11 (NASA S69-31739), all public"
    " domain; footballers (photograph 274422 of Pexels, from IBM's Model Asset Exchange), cameraman (Lav Varshney),"
    " coffee (Rachel Michetti) and rocket (SpaceX) from scikit-image, CC0; tower from Gradio."
)
DETAILS = {"Fast": 193, "Usual": 257, "Fine": 385, "Finest": 513}  # pixels of the longer side of the network's input
MATCHINGS = {"greedy": "Greedy", "optimal": "Optimal"}


def see(picture, detail):
    """The value of the boards for a picture, seen by MoveNet and by the pose machine."""
    x = pictures.tensor(picture)
    return boards.shown(x, boards.seen_by(x), boards.predictor().predict(x, DETAILS[detail]), "ours")


def see_published(picture, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """The value of the boards for a picture, seen by OpenPose's published network, which is fetched first."""
    from dlcv.pose import published

    x = pictures.tensor(picture)
    progress(0.0, "Fetching the weights, then looking")
    return boards.shown(x, boards.seen_by(x), published.predict(x), "published")


def see_again(picture, detail):
    """`see`, unless the picture was taken away."""
    return gr.skip() if picture is None else see(picture, detail)


def pose_people(
    picture: frame.Picture,
    side: frame.Whole(*SIDES) = DETAILS["Usual"],
    peak: boards.Peak = PEAK,
    link: boards.Link = LINK,
    network: frame.Choice([boards.MOVENET, boards.CLOSER, boards.MACHINE]) = boards.MOVENET,
    keypoint: boards.Peak = KEYPOINT,
):
    """The people of a picture, with their joints, in the layouts of OpenPose and of COCO. Side, peak and link are of
    the pose machine, keypoint is MoveNet's least score of a joint."""
    from dlcv.pose import closer, layouts, topdown
    from dlcv.pose.predictor import decode
    from dlcv.pose.skeleton import COCO_WITH_NECK, JOINTS

    x = pictures.tensor(picture)
    if network == boards.MOVENET:
        found, joints = topdown.parsed(boards.movenet().predict(x), keypoint), COCO_WITH_NECK
    elif network == boards.CLOSER:
        seen = closer.predict(boards.predictor(), x, boards.movenet().find(x))
        found, joints = topdown.parsed(seen, peak), JOINTS
    else:
        found, joints = decode(boards.predictor().predict(x, side), peak=peak, link=link), JOINTS
    return {"openpose": layouts.as_openpose(found, joints), "coco": layouts.as_coco(found, joints)}


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "A Convolutional Pose Machine computes a belief map of each joint, stage by stage; Part Affinity Fields tell"
        " which joints are one person's. MoveNet, as Google published it, answers first; the machine that was trained"
        " here is one click away.",
    )
    frame.equations(
        (
            STAGES,
            "$F$ are the features of the picture, $S^t$ the belief maps and $L^t$ the affinity fields of stage $t$,"
            " whose input includes the maps and fields of the stage before",
        ),
        (
            INTEGRAL,
            "how well the field $L$ of a limb agrees with the line $p(u)$ from the joint $d_{j_1}$ to the joint"
            " $d_{j_2}$",
        ),
    )
    with gr.Row(equal_height=False, elem_classes=["asks"]):
        with gr.Column(scale=2, min_width=300):
            picture, _ = pictures.picture_column(
                [*map(str, [PHOTOGRAPHS[0], PORTRAIT, GROUP, frame.FOOTBALLERS, PHOTOGRAPHS[1], *NOBODY])],
                "pose-picture",
                label="Picture",
                height=236,
                examples_label="Examples: an astronaut, a portrait, groups, a cameraman, nobody",
            )
            gr.Markdown(CREDIT, elem_classes=["pose-credit"])
            detail = gr.Radio(
                list(DETAILS),
                value="Usual",
                label="Look of the pose machine at the whole picture",
                info="A finer look finds smaller people, takes longer, and may miss large ones.",
                elem_id="pose-detail",
                elem_classes=["later"],
            )
            with gr.Accordion("OpenPose's own network", open=False, elem_classes=["later"]):
                gr.Markdown(NOTICE)
                other = gr.Button("Fetch and look", elem_id="pose-published")
        with gr.Column(scale=5, min_width=320):
            board = frame.Board(
                "pose/pose",
                server_functions=[boards.keep, boards.keep_seen, boards.people, boards.keypoints],
                gpu=False,
                asks=boards.Decoding,
                value={
                    "settings": {
                        "peaks": {"movenet": KEYPOINT, "closer": PEAK, "maps": PEAK},
                        "link": LINK,
                        "matchings": MATCHINGS,
                    }
                },
            )
    frame.section(
        "Look inside",
        "The belief maps of the pose machine at each stage, and how it assembles people. In the first stages a left"
        " knee may still be taken for a right one. Where two people are close, the field decides whose arm it is."
        " Connected joints count as a person where their mean belief and PoseNet's votes for these joints are enough"
        " together; a few of them only with a head or a hip, as an arm may be anybody's.",
        name="Inside",
    )
    frame.Board("pose/inside", server_functions=[boards.pairs], gpu=False)
    frame.section(
        "Live",
        "The pictures of your camera, which are not kept: everybody by one pass of MoveNet, or by the pose machine.",
    )
    networks = {name: name for name in (boards.MOVENET, boards.MACHINE)}
    live = {"peak": PEAK, "link": LINK, "side": LIVE_SIDE, "networks": networks}
    frame.Board("pose/camera", server_functions=[boards.watch], value=live)
    frame.architecture("pose", "pose-people", (1, 3, 257, 257), closed=("backbone", "published"))
    frame.weights_card(
        {"Pose machine, trained here": [MODEL], "MoveNet Thunder on boxes of NanoDet-Plus, as published": [THUNDER]},
        note="Both are measured by the same rules, on the same photographs. MoveNet was trained on many more, and goes"
        " from each person's box down to the joints. On the same boxes the pose machine looks at each person alone, as"
        " its inventors did; at one look at a whole photograph, where most people are small, it finds far less. Leeds"
        " Sports annotates one person a picture, so pictures of several people were made by cutting people out and"
        " pasting them together; the outlines come from a published network. Nose, eyes and ears are not among the pose"
        " machine's joints. Its training had few photographs of"
        " real groups: of the large people in photographs of COCO, the pose machine finds 59 % on boxes and 56 % at one"
        " look, hidden joints guessed; MoveNet finds 69 %, PoseNet's published weights 70 %.",
    )
    quiet = {"api_visibility": "private", "show_progress_on": picture, "trigger_mode": "always_last"} | frame.COMPUTE
    frame.on_first_show(see, [picture, detail], board, **frame.COMPUTE)
    gr.on([picture.change, detail.input], frame.guard(see_again), [picture, detail], board, **quiet)
    other.click(frame.guard(see_published), picture, board, **quiet)
    frame.endpoint(pose_people, ["json"], example={"picture": lambda: PIL.Image.open(PHOTOGRAPHS[0])}, **frame.COMPUTE)


if __name__ == "__main__":
    frame.show_alone("demos.pose")
