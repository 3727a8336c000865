"""The segmentation tab: a class for every pixel, and what has to cross an hour-glass for that."""

import secrets

import gradio as gr

from demos import frame
from demos.frame import pictures

from . import api, boards, cells, colour, crossing
from .kept import DECODERS, EVERYDAY, EXAMPLES, LARGEST, LOOKS, MEMBRANES, MOST, STRONGEST, Kept, drawn, open_picture

ABOUT = frame.Topic(
    title="Segmentation",
    name="Image segmentation: SegNet and U-Net",
    lecture="Segmentation",
    summary="Cut what crosses an hour-glass, let another street cross instead, colour your own photograph.",
    card=".sg-stage canvas",
    first=("#segmentation-picture", "#segmentation-look", ".sg-stage"),
    slides=(
        ("L(Theta), equation (18)", "dlcv/segmentation/loss.py"),
        ("SegNet's indices, U-Net's features", "dlcv/segmentation/model.py"),
    ),
)
LOSS = r"\mathcal{L}(\Theta) = \sum_{\mathbf{x}} \sum_l -\log p_{cl(\mathbf{x}, l)}\big(f(\mathbf{x}; \Theta)[l]\big)"
WEIGHTS = r"w(l) = w_c(l) + w_0 \exp\!\Big({-\frac{(d_1(l) + d_2(l))^2}{2 \sigma^2}}\Big)"
DRAWN = (
    "The streets here are drawn by code, so that the class of every pixel is known; the networks learned from"
    " photographs of one town, and none of these."
)


def see(picture, look):
    """The value of the first board for a picture; nothing where the picture was taken away."""
    if picture is None:
        return gr.skip()
    return boards.seen(Kept(pictures.tensor(picture, LARGEST)), look)


def draw_street():
    """Another drawn street, and the network for it."""
    return pictures.image(drawn("street", secrets.randbelow(MOST + 1)).pixels), "Streets"


def first_section() -> None:
    """A visitor's picture, and the class of its pixels."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            picture, _ = pictures.picture_column(EXAMPLES, "segmentation-picture", height=200)
            street = gr.Button("Draw a street", size="md", elem_id="segmentation-street")
            look = gr.Radio(
                list(LOOKS),
                value=next(iter(LOOKS)),
                label="Look for",
                info="Streets were learned from one town alone.",
                elem_id="segmentation-look",
            )
        with gr.Column(scale=5, min_width=320):
            asks = [boards.at_pixel, boards.field_at, boards.cut_out, boards.take_away]
            board = frame.Board("segmentation/segmentation", server_functions=asks, gpu=False)
    street.click(frame.guard(draw_street), None, [picture, look], **frame.PLUMBING)
    private = {"api_visibility": "private", "show_progress_on": board} | frame.COMPUTE
    gr.on(
        [frame.first_shown(), picture.change, look.input],
        frame.guard(see, gpu=False),
        [picture, look],
        board,
        trigger_mode="always_last",
        **private,
    )


def crossings() -> None:
    """What crosses from the encoder to the decoder."""
    frame.section(
        "Cut the skips",
        "U-Net's decoder is given the features of four levels of the encoder. Let less of each cross: areas suffer, and"
        f" borders suffer more. SegNet is given places of maxima alone; shuffle these. {DRAWN}",
        name="Skips",
    )
    asks = [open_picture, crossing.cut]
    frame.Board("segmentation/skips", server_functions=asks, gpu=False)
    frame.section(
        "Transplant: the deep features of one street, what crosses of another",
        "The deep features are those of A. What crosses at each level may be A's own, B's, noise, or nothing. With all"
        " levels of B, U-Net sees B's street: its features carry meaning, too. SegNet's indices, which only say where"
        " maxima were, take the picture about half of the way there. Which level carries edges?",
        name="Transplant",
    )
    frame.Board("segmentation/transplant", server_functions=[open_picture, crossing.transplant], gpu=False)
    frame.section(
        "SegNet against U-Net",
        "One encoder and as many weights; only what crosses differs: nothing, indices, or features. Point at the"
        " pictures to see edges enlarged.",
        name="Compare",
    )
    frame.Board("segmentation/compare", server_functions=[open_picture, crossing.compare], gpu=False)
    frame.section(
        "The path of U-Net",
        "Every level as the lecture draws it: down on the left, up on the right. Right of the U, each level has the"
        " maps that were copied across beside those that were enlarged. Click a map to enlarge it.",
        name="Path",
    )
    asks = [open_picture, crossing.path, crossing.feature_map]
    frame.Board("segmentation/path", server_functions=asks, gpu=False)


def own_classes() -> None:
    """Cells, and classes that a visitor paints."""
    frame.section(
        "Cells, one by one",
        "Tissue drawn by code. A network says where membranes are, a watershed makes cells of the rest. Where a"
        " membrane is missed two cells are one: U-Net's authors gave the narrow gaps between cells more weight. On this"
        " tissue, unlike the slices that both networks learned from, the one without does better: see V^Rand.",
        name="Cells",
    )
    frame.equation(WEIGHTS, r"$d_1$ and $d_2$ are the distances to the two nearest cells, $w_0 = 10$ and $\sigma = 5$")
    asks = [open_picture, cells.find_cells, cells.take_cells]
    frame.Board("segmentation/cells", server_functions=asks, gpu=False, asks=cells.Cells)
    frame.section(
        "Colour it yourself",
        "Paint a few strokes of two or more classes. A small U-Net learns from these pixels alone, for some seconds,"
        " on features of the published network, which stay as they are. More strokes, better mask.",
        name="Colour it",
    )
    asks = [open_picture, colour.begin, colour.advance]
    frame.Board("segmentation/colour", server_functions=asks, gpu=False)


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "Segmentation gives every pixel a class. An hour-glass finds out what there is by making the picture small, and"
        " forgets where it ends; SegNet and U-Net let some of that cross to the way back.",
        "Click a pixel.",
    )
    frame.equations(
        (LOSS, r"the probability $p$ of the true class $cl(\mathbf{x}, l)$ of every pixel $l$ of every picture")
    )
    first_section()
    crossings()
    own_classes()
    frame.architecture("segmentation", DECODERS["unet"], (1, 3, 96, 128))
    frame.weights_card(
        {name: [name] for name in (*DECODERS.values(), STRONGEST, *MEMBRANES.values(), EVERYDAY)},
        note="Streets: the 233 test frames of CamVid at 480 x 360, in 11 classes. The papers' figures are of larger"
        " networks on the same 367 training frames, or on more, as said beside them. Membranes: the last 6 of 30"
        " slices, held out; the challenge's own test set was never published.",
    )
    api.offer()


if __name__ == "__main__":
    frame.show_alone("demos.segmentation")
