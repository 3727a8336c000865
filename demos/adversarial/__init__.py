"""The adversarial tab: the smallest change of a picture that changes its class."""

import gradio as gr

from demos import frame
from demos.frame import pictures

from . import api, digits, photograph, plane, space
from .models import NETWORKS, RETRAINED, UNIVERSAL, USUAL, measured

ABOUT = frame.Topic(
    title="Adversarial",
    name="Adversarial examples",
    lecture="Generative models",
    summary="A change that nobody sees, and a network takes your photograph for anything you like.",
    card=".ad-three",
    first=(".ad-choose", ".ad-three"),
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


def digit() -> None:
    """A drawn digit, by the usual network and by those that were retrained."""
    frame.section(
        "How little it takes, and what retraining brings",
        "“Adversarial examples can be used for retraining to improve robustness”: after five epochs on digits that"
        " DeepFool has changed, and on nothing else, $\\|\\mathbf{r}\\|$ is longer. FGSM changes each pixel by the same"
        " amount, so far that nine in ten digits are lost: what such pictures teach is another matter. These are the"
        " paper's trainings, on pictures that were made once; in Madry's they are made anew for each step.",
        name="Digit",
    )
    value = {"titles": RETRAINED, "scores": digits.scores()}
    frame.Board("adversarial/digit", server_functions=[digits.fool_digit], value=value)


def in_the_plane() -> None:
    """DeepFool where it can be drawn."""
    frame.section(
        "DeepFool in the plane",
        "Each border between two classes is replaced by a straight line, from the slope of the network at this point."
        " Within the polygon the class would stay; the step goes to its nearest side. Where the borders are curved,"
        " the next step begins there; where they are straight, one step is exact.",
        name="Plane",
    )
    plane.board()


def doodle() -> None:
    """One scribble against many digits."""
    frame.section(
        "One doodle against a thousand digits",
        "Paint a faint scribble, and lay it over all digits at once. The usual network above read every one of them"
        " rightly. The data set's own digits do not ship with the gallery: these were made by a generator of the GAN"
        " tab, and are those that a classifier is sure of. One perturbation that was computed for all digits of the"
        " data set (Moosavi-Dezfooli et al. 2017), as strong as yours, shows what is possible.",
        name="Doodle",
    )
    value = {"bound": frame.sliders(digits.Doodle)[0]}
    frame.Board("adversarial/doodle", server_functions=[digits.count_fooled, digits.universal_doodle], value=value)


def through_space() -> None:
    """The slice through picture space."""
    frame.section(
        "A slice through picture space",
        "The border is near in the direction of $\\mathbf{r}$, and far in a random one: of noise of the same length the"
        " network takes no notice. Drag the point and see the picture there.",
        name="Slice",
    )
    space.board()


def for_all() -> None:
    """One perturbation for all photographs."""
    ours, noise = measured(UNIVERSAL["photographs"], "fooled")
    frame.section(
        "One noise for all",
        "A single perturbation, made from photographs of clothing alone, and laid over yours. No value changes by more"
        f" than 10 of 255 levels, and the network is fooled on {ours['value']:.0f} % of {ours['data'].split(',')[0]}."
        f" Noise of that strength, each value up or down at random, fools it on {noise['value']:.0f} %.",
        name="For all",
    )
    value = {"bound": frame.sliders(photograph.Over)[0]}
    frame.Board("adversarial/universal", server_functions=[photograph.lay_over], value=value)


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
    digit()
    in_the_plane()
    doodle()
    through_space()
    for_all()
    frame.architecture("adversarial", USUAL, (1, 1, 28, 28))
    frame.weights_card(
        {name: [name] for name in [*NETWORKS, *UNIVERSAL.values()]},
        note="Robustness is the mean of ||r||/||x|| of DeepFool's r over the test pictures, which lie in [0, 1]. The"
        " paper's FGSM has one strength for all pictures, that which fools 90 % of them; its figure for LeNet is"
        " larger than ours, for another scale of the inputs or of the strengths. Retrained by DeepFool, r is"
        " a third longer; the paper has half as long again. MobileNetV2 is Google's, as published.",
    )
    api.offer()


if __name__ == "__main__":
    frame.show_alone("demos.adversarial")
