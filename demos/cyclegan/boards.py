"""The CycleGAN tab: a photograph painted like Monet and back, what each loss is for, and digits of other domains."""

from html import escape

import gradio as gr
import numpy as np
import PIL.Image

from demos import frame
from dlcv.core import runtime
from dlcv.core.errors import InputError
from dlcv.core.images import draw
from dlcv.cyclegan.published import NOTICE, STYLES

from . import digits

ABOUT = frame.Topic(
    title="CycleGAN",
    name="CycleGAN",
    lecture="Generative models",
    summary="Paint a photograph like Monet and take it back, learned without a single pair of pictures.",
    card="#cyclegan-painted .slider-wrap",
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
PAINTERS = {
    "All losses": "cyclegan-monet",
    "Without the cycle loss": "cyclegan-monet-without-cycle",
    "Without the identity loss": "cyclegan-monet-without-identity",
}
DIRECTIONS = {"A photograph like Monet": "Monet", "A painting like a photograph": "photograph"}
SIDES = (256, 4096)  # pixels of the longer side that a picture may be painted at
SIDE = 512
INSIDE = 320  # pixels of the longer side, where everything is computed at once
STRANGE = (
    "This picture is unlike the landscapes that the network was trained on: it knows what Monet made of water, sky and"
    " trees, and may do little else than change the colours."
)


def predictor(name: str):
    """The CycleGAN of that name, loaded on first use."""
    from dlcv.cyclegan.predictor import predictor

    return predictor(name)


runtime.preload(predictor, *PAINTERS.values())


def tensor_of(picture: PIL.Image.Image | None, side: int):
    """A visitor's picture as (3, H, W) in [0, 1], upright, `side` pixels on the longer side at most."""
    import torch
    from PIL import ImageOps

    from dlcv.cyclegan.predictor import fitted

    if picture is None:
        raise InputError("Choose a picture first: upload one, take one, or click an example.")
    pixels = np.array(ImageOps.exif_transpose(picture).convert("RGB"))
    return fitted(torch.from_numpy(pixels).permute(2, 0, 1).float() / 255, side)


def image_of(picture) -> PIL.Image.Image:
    """A tensor (3, H, W) in [0, 1] as a picture."""
    return PIL.Image.fromarray(draw.grey(picture.permute(1, 2, 0)))


def paint(picture, direction, side, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """Before and after under one slider, and what the judge says of both."""
    from dlcv.cyclegan.predictor import score_scene

    to = DIRECTIONS[frame.choice({"direction": direction}, "direction", DIRECTIONS)]
    x = tensor_of(picture, frame.whole(side, "side", *SIDES))
    painted = predictor(PAINTERS["All losses"]).translate(x, to, lambda done: progress(done, "Painting"))
    before, after = score_scene(x), score_scene(painted)
    height, width = x.shape[1:]
    text = (
        f"{width:,} × {height:,} pixels. A classifier that was trained apart, and looks at squares of 256 pixels, is"
        f" sure of a Monet with {100 * before.monet:.0f} % before and {100 * after.monet:.0f} % after."
    )
    return (image_of(x), image_of(painted)), text + (f"\n\n{STRANGE}" if before.strange else "")


def paint_published(picture, style, side, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """Before and after, by a generator that the authors published; it is fetched from the Hub first."""
    from dlcv.cyclegan import predictor as cyclegan
    from dlcv.cyclegan import published

    names = {title: name for name, title in STYLES.items()}
    name = names[frame.choice({"style": style}, "style", names)]
    x = tensor_of(picture, frame.whole(side, "side", *SIDES))
    progress(0.0, "Fetching the weights")
    generator = published.style(name)
    painted = cyclegan.translate(generator, x, lambda done: progress(done, "Painting"))
    return (image_of(x), image_of(painted)), f"{style}: {x.shape[2]:,} × {x.shape[1]:,} pixels."


def look(picture, direction):
    """Everything on the way there and back, at a moderate size, as pictures with a line each."""
    to = DIRECTIONS[frame.choice({"direction": direction}, "direction", DIRECTIONS)]
    x = tensor_of(picture, INSIDE)
    model = predictor(PAINTERS["All losses"])
    seen = model.cycle(x, to)
    there, back = ("G", "F") if to == model.names[1] else ("F", "G")
    critic = "B" if to == model.names[1] else "A"
    patches = [patch_map(scores, seen.translated) for scores in (seen.patches_before, seen.patches_after)]
    real = [100 * (scores > 0.5).float().mean().item() for scores in (seen.patches_before, seen.patches_after)]
    return [
        (image_of(seen.translated), f"{there}(x): the picture as a {to}"),
        (image_of(seen.reconstructed), f"{back}({there}(x)): and back again"),
        (draw.heat(seen.error, 0, 0.25), f"|{back}({there}(x)) − x|: {seen.error.mean():.3f} of 1 on average"),
        (image_of(seen.identity), f"{back}(x): x is of this domain already, and should stay"),
        (patches[0], f"D_{critic}(x): {real[0]:.0f} % of the patches look like a {to}"),
        (patches[1], f"D_{critic}({there}(x)): {real[1]:.0f} % of the patches do"),
    ]


def patch_map(scores, picture) -> PIL.Image.Image:
    """A discriminator's scores (h, w) as squares over the whole of a picture (3, H, W): dark 0, bright 1."""
    height, width = picture.shape[1:]
    return draw.heat(scores).resize((width, height), PIL.Image.Resampling.NEAREST)


def compare(picture, direction):
    """The same picture by networks that were trained without one of the losses."""
    to = DIRECTIONS[frame.choice({"direction": direction}, "direction", DIRECTIONS)]
    x = tensor_of(picture, INSIDE)
    return [(image_of(predictor(name).translate(x, to)), title) for title, name in PAINTERS.items()]


def figures(pictures: list[tuple[PIL.Image.Image, str]]) -> str:
    """Pictures side by side, each over what it is."""
    parts = [
        f"<figure><img src='{draw.data_uri(picture)}' alt=''><figcaption>{escape(title)}</figcaption></figure>"
        for picture, title in pictures
    ]
    return f"<div class=figures>{''.join(parts)}</div>"


def show_look(picture, direction) -> str:
    """`look` for the screen."""
    return figures(look(picture, direction))


def show_compare(picture, direction) -> str:
    """`compare` for the screen."""
    return figures(compare(picture, direction))


def cyclegan_paint(picture, direction, side):
    """The translated picture, and how sure the judge is of a Monet before and after, for a client."""
    from dlcv.cyclegan.predictor import score_scene

    to = DIRECTIONS[frame.choice({"direction": direction}, "direction", DIRECTIONS)]
    x = tensor_of(picture, frame.whole(side, "side", *SIDES))
    painted = predictor(PAINTERS["All losses"]).translate(x, to)
    before, after = score_scene(x), score_scene(painted)
    return image_of(painted), {
        "monet_before": before.monet,
        "monet_after": after.monet,
        "strange": before.strange,
    }


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "A CycleGAN learns to translate pictures of one kind into another without a single pair to learn from:"
        " here photographs of landscapes into paintings of Monet, and back.",
        "Choose a photograph, and paint it.",
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
    with gr.Row():
        with gr.Column(scale=2, min_width=320):
            picture = frame.SafeImage(
                value=frame.PHOTOGRAPHS[0],
                label="Photograph",
                type="pil",
                sources=["upload", "webcam", "clipboard"],
                height=300,
                elem_id="cyclegan-picture",
            )
            gr.Examples(
                [[photograph] for photograph in frame.PHOTOGRAPHS], picture, label="Examples", cache_examples=False
            )
            direction = gr.Radio(list(DIRECTIONS), value=next(iter(DIRECTIONS)), label="What to make of it")
            side = gr.Slider(
                *SIDES,
                value=SIDE,
                step=64,
                label="Longer side, pixels",
                info="Strokes are as wide whatever the size: a larger painting gets finer ones, and takes longer.",
                elem_id="cyclegan-side",
            )
            button = gr.Button("Paint", variant="primary", elem_id="cyclegan-paint")
            with gr.Accordion("Other translations, from the Hub", open=False):
                gr.Markdown(NOTICE)
                style = gr.Radio(list(STYLES.values()), value=STYLES["horse2zebra"], show_label=False)
                other = gr.Button("Fetch and translate", elem_id="cyclegan-published")
        with gr.Column(scale=3, min_width=320):
            slider = gr.ImageSlider(
                label="Before and after", format="png", interactive=False, elem_id="cyclegan-painted"
            )
            text = gr.Markdown(elem_id="cyclegan-text")
    frame.section(
        "Look inside", "The whole cycle, and what the discriminator of the target domain sees in its patches."
    )
    inside = _row_of_figures("cyclegan-inside")
    frame.section(
        "How can we make sure that the content is preserved?",
        "The adversarial loss alone is satisfied with any painting of Monet. Three networks, trained with"
        " and without the losses that tie the painting to the photograph.",
    )
    losses = _row_of_figures("cyclegan-losses")
    frame.section(
        "Digits that teach themselves",
        "Translated pictures keep their labels: a classifier that never saw a label of the other domain learns to"
        " read it from translations. Draw a digit of MNIST, and see it as USPS and MNIST-M would have it.",
    )
    digits.board()
    frame.weights_card({title: [name] for title, name in PAINTERS.items()}, title="The weights of the painters")
    private = {"api_visibility": "private", "show_progress_on": slider} | frame.COMPUTE
    quiet = {"api_visibility": "private", "show_progress": "hidden"} | frame.COMPUTE
    other.click(frame.guard(paint_published), [picture, style, side], [slider, text], **private)
    asked = button.click(frame.guard(paint), [picture, direction, side], [slider, text], **private)
    shown = frame.on_first_show(paint, [picture, direction, side], [slider, text], **frame.COMPUTE)
    for painted in (asked, shown):
        painted.then(frame.guard(show_look), [picture, direction], inside, **quiet)
        painted.then(frame.guard(show_compare), [picture, direction], losses, **quiet)
    _offer()


def _row_of_figures(name: str) -> gr.HTML:
    """Where `figures` go."""
    return gr.HTML(js_on_load=None, apply_default_css=False, elem_classes=["board-block"], elem_id=name)


def _offer() -> None:
    """The public endpoint /cyclegan_paint, on components that nobody sees."""
    inputs = [
        frame.SafeImage(label="Picture", type="pil", visible=False),
        gr.Textbox(next(iter(DIRECTIONS)), label=f"Direction: {' or '.join(DIRECTIONS)}", visible=False),
        gr.Number(SIDE, label="Longer side, pixels", visible=False),
    ]
    outputs = [gr.Image(label="Painting", format="png", visible=False), gr.JSON(label="Judge", visible=False)]
    frame.api(cyclegan_paint, inputs, outputs, "cyclegan_paint", **frame.COMPUTE)


if __name__ == "__main__":
    frame.show_alone("demos.cyclegan")
