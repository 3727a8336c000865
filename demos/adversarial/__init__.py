"""The adversarial tab: the smallest change of a picture that changes its class."""

import gradio as gr

from demos import frame
from demos.frame import pictures

from . import photograph
from .models import NETWORKS, PHOTOGRAPHS

ABOUT = frame.Topic(
    title="Adversarial",
    name="Adversarial examples",
    lecture="Generative models",
    summary="A change that nobody sees, and a network takes your photograph for anything you like.",
    card=".ad-three",
    slides=(("min || r ||_2 subject to c(x + r) != c(x)", "dlcv/adversarial/deepfool.py"),),
)
SHORTEST = r"\min_{\mathbf{r}} \|\mathbf{r}\|_2 \text{ subject to } c(\mathbf{x} + \mathbf{r}) \neq c(\mathbf{x})"
STEP = (
    r"\mathbf{r}_i = \frac{|f_l - f_{k_0}|}{\|w_l\|_2^2}\, w_l, \quad"
    r" l = \arg\min_{k \neq k_0} \frac{|f_k - f_{k_0}|}{\|w_k\|_2}"
)


def fooled() -> None:
    """A photograph, and what fools the network about it."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            picture, _ = pictures.picture_column(photograph.EXAMPLES, "adversarial-picture", height=250)
        with gr.Column(scale=6, min_width=320):
            board = frame.Board("adversarial/adversarial", server_functions=[photograph.fool])
    quiet = {"api_visibility": "private", "show_progress_on": board, "trigger_mode": "always_last"} | frame.COMPUTE
    first = frame.remembered(photograph.see_first)
    frame.on_first_show(first, picture, board, **frame.COMPUTE)
    picture.change(frame.guard(photograph.see_again), picture, board, **quiet)


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "A network that names a photograph rightly is a hair's breadth from naming it wrongly. DeepFool finds that"
        " breadth: the shortest change $\\mathbf{r}$ of the picture $\\mathbf{x}$ that changes its class.",
        "Choose a photograph, or what it shall become.",
    )
    frame.equations(
        (SHORTEST, "$\\mathbf{x}$ the picture, $c(\\cdot)$ the class that a trained network predicts"),
        (
            STEP,
            "a step of DeepFool, to the nearest border as it would be if it were flat: $f_k$ the logits, $k_0$ the"
            " class of $\\mathbf{x}$, $w_k = \\nabla f_k - \\nabla f_{k_0}$",
        ),
    )
    fooled()
    frame.architecture("adversarial", PHOTOGRAPHS, (1, 3, 224, 224), closed=("features",))
    frame.weights_card({name: [name] for name in NETWORKS})


if __name__ == "__main__":
    frame.show_alone("demos.adversarial")
