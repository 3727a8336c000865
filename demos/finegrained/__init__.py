"""The fine-grained tab: which of twenty look-alikes a bird is, and where the network looked."""

import gradio as gr

from demos import frame
from demos.frame import pictures
from dlcv.finegrained.birds import PLUMAGES

from . import alike, api, birds, boards
from .models import FILM, NETWORKS, USUAL, accuracies, score

ABOUT = frame.Topic(
    title="Fine-grained",
    name="Fine-grained categories",
    lecture="Learning geometry",
    summary="Twenty birds that look alike; a network finds by itself where to look, and you steer its second eye.",
    card=".fg-stage",
    first=("#finegrained-picture", ".fg-stage", ".fg-verdict", ".fg-bars"),
    slides=(("f_loc, windows and classifiers, trained together", "dlcv/finegrained/model.py"),),
)
WINDOW = (
    r"\begin{pmatrix} x_i^s \\ y_i^s \end{pmatrix} = \begin{bmatrix} \tfrac{1}{2} & 0 & \theta_{k,1} \\"
    r" 0 & \tfrac{1}{2} & \theta_{k,2} \end{bmatrix} \begin{pmatrix} x_i^t \\ y_i^t \\ 1 \end{pmatrix}"
)
JOINT = r"p(\text{species}) = \operatorname{softmax}\Big( \mathbf{W}\, [d_1, \ldots, d_K] + \mathbf{b} \Big)"


def bird() -> None:
    """A picture, where the network looks, and what it says."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=260):
            picture, _ = pictures.picture_column(birds.examples(), "finegrained-picture", height=230)
        with gr.Column(scale=6, min_width=320):
            value = {"networks": NETWORKS, "usual": USUAL, "names": list(PLUMAGES)}
            value |= {"accuracies": accuracies(), "across": boards.ACROSS, "reach": boards.REACH}
            asked = [boards.look, boards.steer, boards.landscape, boards.pull]
            board = frame.Board("finegrained/finegrained", server_functions=asked, value=value)
    quiet = {"api_visibility": "private", "show_progress_on": board, "trigger_mode": "always_last"} | frame.COMPUTE
    frame.on_first_show(frame.remembered(boards.see), picture, board, **frame.COMPUTE)
    picture.change(frame.guard(boards.see_again), picture, board, **quiet)


def film() -> None:
    """The way of the windows during training."""
    held = score(FILM, "held_head")
    how_often = held and (
        f" A window holds beak and eye in {held['beside']['Where they began']:.0f} % of the test photographs at first,"
        f" in {held['value']:.0f} % in the end."
    )
    frame.section(
        "How the windows found their places",
        "They begin side by side, whatever the picture shows. Nobody tells them where a head or a belly is: the loss of"
        f" the species alone, through $\\partial V / \\partial \\theta$, moves them onto the bird.{how_often or ''}",
        name="Film",
    )
    frame.Board("finegrained/film", server_functions=[boards.film])


def look_alikes() -> None:
    """Which species are near to each other."""
    frame.section(
        "The look-alikes",
        "How near the network with two windows has the birds of two species, after what all twenty have in common is"
        " taken off. A dot: so many test photographs of the row's species were taken for the column's. Choose a pair:"
        " where one window finds them less alike than the other, it sees what tells them apart. The birds are drawn by"
        " code.",
        name="Look-alikes",
    )
    frame.Board("finegrained/alike", server_functions=[alike.alike, alike.pair], value={"names": list(PLUMAGES)})


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "Two crows differ by a beak, two cuckoos by its colour. Parallel Spatial Transformers look for what tells them"
        " apart: each has a window on the picture, and was never told where to put it.",
        "Drag a window, or choose a photograph of your own.",
    )
    frame.equations(
        (WINDOW, "window $k$: attention alone, of half the picture's size, only its place $\\theta_k$ is predicted"),
        (JOINT, "the classifier of the joined descriptors $d_k$ of what the windows show"),
    )
    bird()
    film()
    look_alikes()
    frame.architecture("finegrained", USUAL, (1, 3, 160, 160))
    frame.weights_card(
        {title: [name] for name, title in NETWORKS.items()},
        note="Trained on 540 photographs of CUB-200-2011, which are not shown here: they are free for research and"
        " teaching alone. The paper's networks saw all 200 species at 224 and 448 pixels, so its figures are no"
        " comparison. Without transformers the same network sees the whole picture at as many operations as two"
        " windows and what finds them, and it names more birds right than they do. A likely reason: the photographs are"
        " 160 pixels wide, so that a window shows no finer feather than the whole picture. In the paper two windows"
        " brought 0.8 points, and 1.6 where they were cut from twice as large a picture. Four windows, at nearly twice"
        " the operations, name the most. The birds are drawn by code; cat (Stéfan van der Walt) and rocket (SpaceX) are"
        " from scikit-image, CC0, the cheetah from Gradio.",
    )
    api.offer()


if __name__ == "__main__":
    frame.show_alone("demos.finegrained")
