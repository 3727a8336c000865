"""What the CycleGAN tab asks its networks: to paint a picture, to show its whole cycle, and what each loss is for."""

import re
from html import escape

import gradio as gr
import PIL.Image

from demos import frame
from demos.frame import pictures
from demos.frame.questions import understood
from dlcv.core.images import draw
from dlcv.cyclegan.published import STYLES

WHOLE, NO_CYCLE, NO_IDENTITY = "All losses", "Without the cycle loss", "Without the identity loss"
PAINTERS = {
    WHOLE: "cyclegan-monet",
    NO_CYCLE: "cyclegan-monet-without-cycle",
    NO_IDENTITY: "cyclegan-monet-without-identity",
}
LARGE = 0.25  # part of the whole range: differences from here on are brightest
DIRECTIONS = {"A photograph like Monet": "Monet", "A painting like a photograph": "photograph"}
FIRST = "A photograph like Monet"
TITLES = {title: name for name, title in STYLES.items()}
SIDES = (256, 4096)  # pixels of the longer side that a picture may be painted at
SIDE = 512
INSIDE = 320  # pixels of the longer side, where everything is computed at once
STRANGE = (
    "This picture is unlike the landscapes that the network was trained on: the network knows what Monet made of water,"
    " sky and trees, and may do little else than change the colours."
)

Direction, Side = frame.Choice(DIRECTIONS), frame.Whole(*SIDES)
predictor = frame.model("dlcv.cyclegan.predictor", *PAINTERS.values(), "cyclegan-usps", "cyclegan-mnist-m")


class Painting(frame.Query):
    """How a picture is to be painted by the networks trained here."""

    direction: Direction = FIRST
    side: Side = SIDE

    @property
    def domain(self) -> str:
        """The name of the target domain."""
        return DIRECTIONS[self.direction]


class PublishedPainting(frame.Query):
    """How a picture is to be painted by a network that the authors published."""

    style: frame.Choice(TITLES)
    side: Side = SIDE


def tensor_of(picture: PIL.Image.Image | None, side: int):
    """A visitor's picture as (3, H, W) in [0, 1], upright, `side` pixels on the longer side at most."""
    from dlcv.cyclegan.predictor import fitted

    return fitted(pictures.tensor(picture), side)


def paint(picture, direction, side, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """Before and after under one slider, and a sentence with the classifier's scores of both."""
    from dlcv.cyclegan.predictor import score_scene

    painting = understood(Painting, {"direction": direction, "side": side})
    x = tensor_of(picture, painting.side)
    painted = predictor().translate(x, painting.domain, lambda done: progress(done, "Painting"))
    before, after = score_scene(x), score_scene(painted)
    height, width = x.shape[1:]
    text = (
        f"{width:,} × {height:,} pixels. A classifier that was trained apart, and looks at squares of 256 pixels, gives"
        f" Monet {100 * before.monet:.0f} % before and {100 * after.monet:.0f} % after."
    )
    return (pictures.image(x), pictures.image(painted)), text + (f"\n\n{STRANGE}" if before.strange else "")


def paint_published(picture, style, side, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """Before and after, by a generator that the authors published; its weights are fetched from the Hub first."""
    from dlcv.cyclegan import published
    from dlcv.cyclegan.predictor import translate

    painting = understood(PublishedPainting, {"style": style, "side": side})
    x = tensor_of(picture, painting.side)
    progress(0.0, "Fetching the weights")
    generator = published.style(TITLES[painting.style])
    painted = translate(generator, x, lambda done: progress(done, "Painting"))
    return (pictures.image(x), pictures.image(painted)), f"{style}: {x.shape[2]:,} × {x.shape[1]:,} pixels."


def cycle(picture, direction) -> list[tuple[PIL.Image.Image, str]]:
    """Everything on the way there and back, at a moderate size, as pictures with a line each."""
    domain = understood(Painting, {"direction": direction}).domain
    x, model = tensor_of(picture, INSIDE), predictor()
    out = model.cycle(x, domain)
    there, back, critic = ("G", "F", "D_B") if domain == model.names[1] else ("F", "G", "D_A")
    before, after = (patch_map(scores, out.translated) for scores in (out.patches_before, out.patches_after))
    return [
        (pictures.image(out.translated), f"{there}(x): the picture as a {domain}"),
        (pictures.image(out.reconstructed), f"{back}({there}(x)): and back again"),
        (draw.heat(out.error, 0, LARGE), f"|{back}({there}(x)) − x|: {100 * out.error.mean():.1f} % on average"),
        (pictures.image(out.identity), f"{back}(x): x is of this domain already, and should stay"),
        (before, f"{critic}(x): {out.patches_before.mean():.2f} on average, where 1 is a {domain}"),
        (after, f"{critic}({there}(x)): {out.patches_after.mean():.2f} on average"),
    ]


def patch_map(scores, picture) -> PIL.Image.Image:
    """A discriminator's scores (h, w) as squares over the whole of a picture (3, H, W): dark 0, bright 1."""
    height, width = picture.shape[1:]
    return draw.heat(scores).resize((width, height), PIL.Image.Resampling.NEAREST)


def compare(picture, direction) -> tuple[list[tuple[PIL.Image.Image, str]], list[tuple[PIL.Image.Image, str]]]:
    """What two losses are for, three pictures with a line each for every network.

    Of the cycle loss: the translation, the translation taken back, and how far that is from the picture x. Of the
    identity loss: what the network that leads into the domain of x makes of x, and how far that is from x.
    """
    domain = understood(Painting, {"direction": direction}).domain
    x = tensor_of(picture, INSIDE)
    there, back = ("G", "F") if domain == predictor().names[1] else ("F", "G")
    seen = {title: predictor(name).cycle(x, domain) for title, name in PAINTERS.items()}
    cycles, identities = [], []
    for title in (WHOLE, NO_CYCLE):
        out = seen[title]
        cycles += [
            (pictures.image(out.translated), f"{title}: {there}(x)"),
            (pictures.image(out.reconstructed), f"and back again: {back}({there}(x))"),
            (draw.heat(out.error, 0, LARGE), f"lost on the way: {100 * out.error.mean():.1f} % on average"),
        ]
    for title in (WHOLE, NO_IDENTITY):
        made = seen[title].identity  # (3, H, W)
        changed = (made - x[:, : made.shape[1], : made.shape[2]]).abs().mean(0)
        identities += [
            (pictures.image(x), f"{title}: x"),
            (pictures.image(made), f"{back}(x)"),
            (draw.heat(changed, 0, LARGE), f"changed: {100 * changed.mean():.1f} % on average"),
        ]
    return cycles, identities


def figures(shown: list[tuple[PIL.Image.Image, str]]) -> str:
    """Pictures side by side, each over what it is."""
    parts = [
        f"<figure><img src='{draw.data_uri(picture)}' alt=''><figcaption>{_caption(title)}</figcaption></figure>"
        for picture, title in shown
    ]
    return f"<div class=figures>{''.join(parts)}</div>"


def _caption(text: str) -> str:
    """A line as markup, with the index of D_A and D_B below the line."""
    return re.sub(r"\bD_([AB])", r"D<sub>\1</sub>", escape(text))


def show_cycle(picture, direction) -> str:
    """`cycle` for the screen, unless the picture was taken away."""
    return gr.skip() if picture is None else figures(cycle(picture, direction))


def show_compare(picture, direction) -> list[str]:
    """`compare` for the screen, unless the picture was taken away."""
    return [gr.skip()] * 2 if picture is None else [figures(shown) for shown in compare(picture, direction)]
