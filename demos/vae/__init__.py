"""The VAE tab: a plane on which every point is a picture, your drawing on it, and why such a network can be trained."""

import time

import gradio as gr
import numpy as np

from demos import frame
from demos.frame.questions import understood
from dlcv.core.images import draw
from dlcv.vae import MOMENTS

from . import api, boards, plots

ABOUT = frame.Topic(
    title="VAE",
    name="Variational autoencoder",
    lecture="Generative models",
    summary="Walk through a space where every point is a digit, and find yours on the map.",
    card=".vae-map .plane",
    first=(".plane", ".decoded", ".vae-draw .pad"),
    slides=(
        ("P(X) as a mean over z (6), (8)", "dlcv/vae/loss.py"),
        ("ELBO (12), (13)", "dlcv/vae/loss.py"),
        ("z = mean + Sigma^(1/2) epsilon", "dlcv/vae/model.py"),
    ),
)

SMALL, LARGE = "2 latents", "40 latents"
EVERY = (1, 3, 10, 30, 100, 300, *range(500, 10_001, 250))  # samples at which the curves go on: twice a second or so
INSIDE = {"api_visibility": "private", "show_progress": "hidden"} | frame.COMPUTE


class Inside(boards.Drawing):
    """Question of "Look inside": a drawing, and one of the data set's models."""

    size: frame.Choice([SMALL, LARGE])


def drawing_of(board, size):
    """The drawing on the pad as a picture of its data set, and the model of the data set with so many latents."""
    query = understood(Inside, (board if isinstance(board, dict) else {}) | {"size": size})
    name = query.family.plane if query.size == SMALL else query.family.large
    return boards.read_picture(query.picture, query.family), boards.predictor(name)


def estimate(board, size, counts=EVERY):
    """Both estimates of log P(X) as they grow: figure, numbers, and a Stop button that works meanwhile."""
    x, model = drawing_of(board, size)
    picture = draw.data_uri(draw.sheet(model.encode(x).picture))

    def show(evidence, running: bool):
        figure = plots.evidence_figure(evidence, picture)
        return figure, plots.evidence_text(evidence), gr.Button(interactive=running)

    last, shown = None, 0.0
    for last in model.evidence(x, counts, seed=0):
        if time.monotonic() - shown > 0.5:  # drawn more often, the figure would keep the browser from all else
            shown = time.monotonic()
            yield show(last, running=True)
    yield show(last, running=False)


def begin(board, size):
    """`estimate` with its first samples only, for a visitor who has not asked for more."""
    yield from estimate(board, size, counts=[count for count in EVERY if count <= 100])


def spread(board, size):
    """Single-sample estimates of a gradient with and without the trick, for the latent with the largest divergence."""
    x, model = drawing_of(board, size)
    unit = int(np.argmax(np.asarray(model.encode(x).kl_per_unit)))
    gradients = model.gradient_spread(x, seed=0)
    return plots.gradient_figure(gradients, unit), plots.gradient_text(gradients, unit)


def playground() -> frame.Board:
    """The plane and the pad, and below them the morph and the samples, which take data set and drawings from there."""
    main = frame.Board(
        "vae/vae",
        server_functions=[
            boards.show_plane,
            boards.decode_point,
            boards.read_drawing,
            boards.example_garments,
        ],
    )
    frame.section("Morph", "From one latent to another: on the way there are pictures nobody has drawn.")
    morph = frame.Board("vae/morph", server_functions=[boards.morph_ends])
    frame.section("Sample", "New pictures, as many as you like: $z \\sim P(z)$, then $f(z;\\Theta)$.")
    prior = frame.Board("vae/prior", server_functions=[boards.sample_many], asks=boards.Prior)
    main.shared(None, main, [morph, prior], js="(value) => [value, value]", **frame.PLUMBING)
    return main


def why_an_encoder(main: frame.Board) -> None:
    """Look inside (a): log P(X) by samples from the prior and from the encoder."""
    frame.section(
        "Why an encoder",
        "From the prior, most $z$ decode to something that is not your drawing: $P(X|z) \\approx 0$, the sum hangs on a"
        " few lucky samples, and the estimate is too low and never twice the same. Drawn where the encoder expects it,"
        " and weighted by $P(z)/P(z|X;\\Theta_2)$, each sample counts, and a handful is enough. The ELBO stays below,"
        " by what the encoder's Gaussian lacks of the true $P(z|X)$.",
        name="Encoder",
    )
    with gr.Row():
        with gr.Column(scale=2, min_width=320):
            frame.equation(
                r"P(X) \approx \frac{1}{N} \sum_j P(X\,|\,z_j;\Theta) \quad (6, 8)", "$z_j$ from the prior $P(z)$"
            )
            frame.equation(
                r"P(X) \approx \frac{1}{N} \sum_j P(X\,|\,z_j;\Theta)\, \frac{P(z_j)}{P(z_j\,|\,X;\Theta_2)}",
                r"$z_j$ from the encoder $P(z|X;\Theta_2)$",
            )
            size = gr.Radio([SMALL, LARGE], value=LARGE, label="Network")
            with gr.Row():
                run = gr.Button("Go on to 10,000 samples", variant="primary", min_width=200, elem_id="vae-estimate")
                stop = gr.Button("Stop", interactive=False, min_width=80, elem_id="vae-stop")
            numbers = gr.Markdown(
                "Each estimate is made eight times over.", latex_delimiters=frame.LATEX, elem_id="vae-evidence-text"
            )
        with gr.Column(scale=3, min_width=320):
            plot = gr.Plot(show_label=False, elem_id="vae-evidence", elem_classes=["vae-plot"])
    inputs, outputs = [main, size], [plot, numbers, stop]
    running = run.click(frame.guard(estimate), inputs, outputs, **INSIDE)
    looking = main.looked(frame.guard(begin), inputs, outputs, **INSIDE)
    choosing = size.input(frame.guard(begin), inputs, outputs, cancels=[running, looking], **INSIDE)
    stop.click(lambda: gr.Button(interactive=False), None, stop, cancels=[running, looking, choosing], **frame.PLUMBING)


def why_reparametrise(main: frame.Board) -> None:
    """Look inside (b): the spread of the gradient with and without the trick."""
    frame.section(
        "Why reparametrise",
        "Training needs the gradient of $E_{z \\sim P(z|X;\\Theta_2)}[\\log P(X|z;\\Theta)]$ to the encoder's $\\mu$,"
        " and has one sample of $z$ to estimate it. Both estimates are right on average; with only one of them"
        " a network can be trained.",
        name="Reparametrise",
    )
    with gr.Row():
        with gr.Column(scale=2, min_width=320):
            frame.equation(
                r"z = \mu(X;\Theta_2) + \Sigma(X;\Theta_2)^{1/2}\,\epsilon",
                r"with the trick, $\epsilon \sim \mathcal{N}(0, I)$: $\partial \log P(X|z) / \partial z$ by"
                " back-propagation through $f$",
            )
            frame.equation(
                r"\log P(X\,|\,z)\; \frac{\partial}{\partial \mu} \log P(z\,|\,X;\Theta_2)",
                "without it: not the sample, only its probability can be differentiated",
            )
            size = gr.Radio([SMALL, LARGE], value=SMALL, label="Network")
            run = gr.Button("Estimate 256 times", variant="primary", elem_id="vae-spread")
            numbers = gr.Markdown(
                "Each estimate is made from one sample of $z$.",
                latex_delimiters=frame.LATEX,
                elem_id="vae-spread-text",
            )
        with gr.Column(scale=3, min_width=320):
            plot = gr.Plot(show_label=False, elem_id="vae-gradients", elem_classes=["vae-plot"])
    for event in (run.click, main.looked, size.input):
        event(frame.guard(spread), [main, size], [plot, numbers], **INSIDE)


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "A variational autoencoder turns random numbers $z$ into pictures $X$ that follow the distribution of its"
        " training set: every point of the plane below is a picture.",
        "Drag the point; then draw, and see where on the plane the encoder looks for your drawing, and how surely.",
    )
    frame.equations(
        (
            r"P(z\,|\,X;\Theta_2) = \mathcal{N}\big(z\,|\,\mu(X;\Theta_2),\, \Sigma(X;\Theta_2)\big) \quad (9)",
            r"the encoder says where the $z$ of a picture $X$ are; the prior is $P(z) = \mathcal{N}(0, I)$,"
            r" the decoder $f(z;\Theta)$",
        ),
        (
            r"\begin{aligned} &\log P(X) - \mathcal{D}[P(z|X;\Theta_2)\,\|\,P(z|X)] \\"
            r"&= E_{z \sim P(z|X;\Theta_2)}[\log P(X|z;\Theta)] \\"
            r"&\phantom{={}} - \mathcal{D}[P(z|X;\Theta_2)\,\|\,P(z)] \quad (13) \end{aligned}",
            r"what follows the equals sign, the ELBO, is what training maximises: never more than $\log P(X)$",
        ),
    )
    main = playground()
    frame.section(
        "The plane while it forms",
        "A small network with two latents, kept at moments of its training. At first every $z$ is the same grey; then"
        " come blots and strokes, and at last regions of digits. The numbers stand at the mean of"
        " $\\mu(X;\\Theta_2)$ of each class.",
        name="Forming",
    )
    frame.Board("vae/forming", server_functions=[boards.form], value={"moments": list(MOMENTS)})
    with gr.Column(elem_id="vae-inside"):
        why_an_encoder(main)
        why_reparametrise(main)
    frame.architecture("vae", "vae-mnist-40d", (1, 1, 28, 28))
    frame.weights_card(
        {name: [name] for name in boards.MODELS},
        note="Bounds on the log-likelihood of test pictures that no network saw: digits made black or white at random,"
        " garments in greys, whose densities may exceed 1. Less is better.",
    )
    api.offer()


if __name__ == "__main__":
    frame.show_alone("demos.vae")
