"""The CycleGAN tab: a photograph painted like Monet and back, what each loss is for, and digits of other domains."""

from pathlib import Path

import gradio as gr

from demos import frame
from demos.frame import pictures
from dlcv.cyclegan.published import NOTICE, STYLES

from . import api, boards, digits

ABOUT = frame.Topic(
    title="CycleGAN",
    name="CycleGAN",
    lecture="Generative models",
    summary="Paint a photograph like Monet and take it back, learned without a single pair of pictures.",
    card="#cyclegan-painted .slider-wrap",
    first=("#cyclegan-picture", ".gallery", "#cyclegan-painted"),
    slides=(("L_GAN + L_GAN + lambda L_cyc", "dlcv/cyclegan/loss.py"),),
)

ADVERSARIAL = (
    r"\begin{aligned} \min_{G,F} \max_{D_A, D_B} \;& \mathcal{L}_\text{GAN}(G, D_B) + \mathcal{L}_\text{GAN}(F, D_A) \\"
    r"&+ \lambda\, \mathcal{L}_\text{cyc}(G, F) \end{aligned}"
)
CYCLE = (
    r"\begin{aligned} \mathcal{L}_\text{cyc} = {} & E_{x \sim A} \| F(G(x)) - x \|_1 \\"
    r"&+ E_{y \sim B} \| G(F(y)) - y \|_1 \end{aligned}"
)

MONETS = [str(Path(__file__).parent / "pictures" / f"monet_{name}.jpg") for name in ("regatta", "grainstacks")]
"""Regatta at Argenteuil and grainstacks in snow, in the public domain: Monet died in 1926."""


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "A CycleGAN learns to translate pictures of one kind into another without a single pair to learn from:"
        " here photographs of landscapes into paintings of Monet, and back.",
        "Choose a photograph, and see it painted.",
    )
    frame.equations(
        (
            ADVERSARIAL,
            r"$G$ paints photographs $x \in A$, $F$ turns paintings $y \in B$ into photographs; each has a"
            r" discriminator, which looks at patches of 70 × 70 pixels",
        ),
        (
            CYCLE,
            "what is painted must be found again in the painting: nothing but this preserves the content",
        ),
    )
    with gr.Row(elem_classes=["asks"]):
        with gr.Column(scale=2, min_width=320):
            picture, examples = pictures.picture_column(
                [*frame.PHOTOGRAPHS, *MONETS], "cyclegan-picture", label="Picture"
            )
            direction = gr.Radio(
                list(boards.DIRECTIONS), value=boards.FIRST, label="What to make of it", elem_classes=["later"]
            )
            side = gr.Slider(
                *boards.SIDES,
                value=boards.SIDE,
                step=64,
                label="Longer side, pixels",
                info="Larger: finer strokes, slower.",
                elem_id="cyclegan-side",
                elem_classes=["later"],
            )
            with gr.Accordion("Other translations, from the Hub", open=False, elem_classes=["later"]):
                gr.Markdown(NOTICE)
                style = gr.Radio(list(STYLES.values()), value=STYLES["horse2zebra"], show_label=False)
                other = gr.Button("Fetch and translate", elem_id="cyclegan-published")
        with gr.Column(scale=3, min_width=320):
            slider = gr.ImageSlider(
                label="Before and after", show_label=False, format="png", interactive=False, elem_id="cyclegan-painted"
            )
            text = gr.Markdown(elem_id="cyclegan-text")
    frame.section(
        "Look inside",
        "The whole cycle, and what the discriminator of the target domain says of each patch: 1 is real, 0 is made by"
        " the generator. At the end of a training that went well it cannot tell, and says a half everywhere. So whether"
        " the painting looks like a Monet is judged by a classifier that was trained apart, above.",
        name="Cycle",
    )
    inside = _row_of_figures("cyclegan-inside")
    frame.section(
        "How can we make sure that the content is preserved?",
        "The adversarial loss alone is satisfied with any painting of Monet. Both networks below paint; but only from"
        " the one that was trained with the cycle loss does the picture come back as it was. The other loses what"
        " nothing asks it to keep, colours first: about twice as much is lost on the way.",
        name="Content",
        folded=True,
    )
    cycles = _row_of_figures("cyclegan-cycles")
    frame.section(
        "What is right already should stay",
        "The identity loss asks a generator to leave pictures alone that are of its target domain already, so that it"
        " changes no colours without need. Trained without it, the network changes the same picture more.",
        name="Identity",
        folded=True,
    )
    identities = _row_of_figures("cyclegan-identities")
    frame.section(
        "Digits that teach themselves",
        "Translated pictures keep their labels: a classifier that never saw a label of the other domain learns to"
        " read it from translations. Draw a digit of MNIST, and see it as USPS and MNIST-M would have it.",
        name="Digits",
    )
    digits.board()
    frame.architecture("cyclegan", "cyclegan-monet", (1, 3, 256, 256), run=lambda network, x: network.D_B(network.G(x)))
    frame.weights_card(
        {title: [name] for title, name in boards.PAINTERS.items()},
        title="the painters",
        note="The classifier was trained apart, but on the same paintings. Asked in the features of MobileNetV2, which"
        " knows neither, the paintings are farther from Monet's than the photographs are: colours are learned, but"
        " much of what stands for strokes is a fine grain, made of the noise that G is given. The authors trained on"
        " eight times as many photographs, and longer.",
    )
    digits.scores()
    private = {"api_visibility": "private", "show_progress_on": [slider, text]} | frame.COMPUTE
    quiet = {"api_visibility": "private", "show_progress": "hidden"} | frame.COMPUTE
    other.click(frame.guard(boards.paint_published), [picture, style, side], [slider, text], **private)
    # an example may bring another direction with it: what is asked last is answered last
    changes = [picture.change, direction.change, side.release]
    inputs, answer = [picture, direction, side], [slider, text]
    chosen = gr.on(changes, frame.guard(_paint_anew), inputs, answer, trigger_mode="always_last", **private)
    first = frame.remembered(boards.paint)
    shown = frame.on_first_show(first, inputs, answer, **frame.COMPUTE)
    examples.select(_direction_of, None, direction, **frame.PLUMBING)
    for painted, kept in ((chosen, lambda fn: fn), (shown, frame.remembered)):
        painted.then(frame.guard(kept(boards.show_cycle)), [picture, direction], inside, **quiet)
        painted.then(frame.guard(kept(boards.show_compare)), [picture, direction], [cycles, identities], **quiet)
    api.offer()


def _paint_anew(picture, direction, side, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """`boards.paint`, unless the picture was taken away."""
    return (gr.skip(), gr.skip()) if picture is None else boards.paint(picture, direction, side, progress)


def _direction_of(chosen: gr.SelectData) -> str:
    """What to make of an example: a painting of a photograph, a photograph of a painting."""
    return list(boards.DIRECTIONS)[chosen.index >= len(frame.PHOTOGRAPHS)]


def _row_of_figures(name: str) -> gr.HTML:
    """The place of `boards.figures`."""
    return gr.HTML(js_on_load=None, apply_default_css=False, elem_classes=["board-block"], elem_id=name)


if __name__ == "__main__":
    frame.show_alone("demos.cyclegan")
