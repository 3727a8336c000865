"""The Spatial Transformer tab: distort a digit, watch where a network looks before it reads it."""

import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
import PIL.Image

from demos import frame
from dlcv.core import runtime, weights
from dlcv.core.errors import InputError
from dlcv.core.images import draw

ABOUT = frame.Topic(
    title="Spatial Transformer",
    name="Spatial Transformer network",
    lecture="Learning geometry",
    summary="Turn, stretch and warp a digit; a network learns to set it upright before reading it.",
    card=".stn-in, .stn-out",
    slides=(
        ("T_theta(G) and its grid", "dlcv/stn/model.py"),
        ("Bilinear sampling and its derivatives", "dlcv/stn/sampler.py"),
    ),
)

if TYPE_CHECKING:
    import torch

    from dlcv.stn.predictor import Rectified, STNPredictor

SIDE = 28  # of the rectified picture, pixels


class Slider(NamedTuple):
    """One number of the distortion, within the library's limits; `neutral` leaves the digit as it is."""

    name: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    neutral: float


SLIDERS = [
    Slider("rotation", "Rotation", "°", -180, 180, 1, 0),
    Slider("scale", "Scale", "×", 0.4, 1.6, 0.01, 1),
    Slider("shift_x", "Shift right", "px", -14, 14, 0.1, 0),
    Slider("shift_y", "Shift down", "px", -14, 14, 0.1, 0),
    Slider("tilt_x", "Tilt sideways", "", -1, 1, 0.01, 0),
    Slider("tilt_y", "Tilt up and down", "", -1, 1, 0.01, 0),
    Slider("warp", "Elastic warp", "px", 0, 4, 0.1, 0),
]

TRANSFORMERS = {"affine": "Affine", "projective": "Projective", "tps": "Thin-plate spline"}

ROOM = "room"  # a shift that leaves the digit's square on the canvas: it depends on the scale
SHIFTED, TILTED = {"shift_x": ROOM, "shift_y": ROOM}, {"tilt_x": (-1, 1), "tilt_y": (-1, 1)}
DATA = {  # title, what it means, and the distortions seen in training; only the neutral value of the others
    "all": (
        "Everything mixed",
        "42 × 42 px: turned by up to 90°, scaled by 0.7 to 1.2, anywhere on the canvas, often tilted or warped too.",
        {"rotation": (-90, 90), "scale": (0.7, 1.2), **SHIFTED, **TILTED, "warp": (0, 1.5)},
    ),
    "r": ("R", "Rotated: 28 × 28 px, turned by up to 90° either way.", {"rotation": (-90, 90)}),
    "rts": (
        "RTS",
        "Rotated, translated, scaled: 42 × 42 px, turned by up to 45°, scaled by 0.7 to 1.2, anywhere on the canvas.",
        {"rotation": (-45, 45), "scale": (0.7, 1.2), **SHIFTED},
    ),
    "p": (
        "P",
        "Projected: 28 × 28 px, scaled by 0.75 to 1, every corner pulled out or pushed in, as if seen from the side.",
        {"scale": (0.75, 1), **TILTED},
    ),
    "e": (
        "E",
        "Elastic: 28 × 28 px, scaled by 0.75 to 1, bent by 16 control points moved at random.",
        {"scale": (0.75, 1), "warp": (0, 1.5)},
    ),
}

SHIPPED = weights.names("stn")
DATA = {
    key: entry for key, entry in DATA.items() if all(f"stn-{net}-{key}" in SHIPPED for net in (*TRANSFORMERS, "cnn"))
}

EXAMPLES = [  # title, digit, transformer, distortion, and its strokes as an SVG path on a sheet of 280 x 280
    ("A turned 7", 7, "affine", {"rotation": 40}, "M78 72H204L124 222"),
    ("A 2 in the corner", 2, "affine", {"rotation": -30, "scale": 0.75, "shift_x": 8, "shift_y": -8},
     "M84 96C88 46 190 40 192 96C194 140 120 170 84 222H204"),
    ("A tilted 4", 4, "projective", {"rotation": 20, "tilt_x": 0.7, "tilt_y": -0.3}, "M160 50L78 165H205M172 110V232"),
    ("A warped 3", 3, "tps", {"rotation": -25, "warp": 2},
     "M88 72C120 40 200 48 190 100C184 132 150 134 130 134C168 134 206 150 198 192C188 240 110 240 82 208"),
    ("A 6 upside down", 6, "affine", {"rotation": 180},
     "M176 52C116 84 84 150 92 190C102 240 192 236 190 184C188 138 116 136 94 176"),
]  # fmt: skip

AFFINE = r"""\begin{aligned} \begin{pmatrix} x_i^s \\ y_i^s \end{pmatrix} &= \mathcal{T}_\theta(G_i)
= \mathbf{A}_\theta \begin{pmatrix} x_i^t \\ y_i^t \\ 1 \end{pmatrix} \\[0.3em]
&= \begin{bmatrix} \theta_{11} & \theta_{12} & \theta_{13} \\ \theta_{21} & \theta_{22} & \theta_{23} \end{bmatrix}
\begin{pmatrix} x_i^t \\ y_i^t \\ 1 \end{pmatrix} \end{aligned}"""
SAMPLER = r"""\begin{aligned} V_i = \sum_{n=1}^{H} \sum_{m=1}^{W} U_{nm} & \max(0, 1 - |x_i^s - m|) \\[-0.6em]
\times & \max(0, 1 - |y_i^s - n|) \end{aligned}"""
D_VALUE = r"""\begin{aligned} \frac{\partial V_i}{\partial U_{nm}} = {} & \max(0, 1 - |x_i^s - m|) \\[-0.3em]
\times & \max(0, 1 - |y_i^s - n|) \end{aligned}"""
D_PLACE = r"""\begin{aligned} \frac{\partial V_i}{\partial x_i^s} = \sum_{n=1}^{H} \sum_{m=1}^{W} U_{nm}
& \max(0, 1 - |y_i^s - n|) \\ \times & \begin{cases} 0 & |m - x_i^s| \geq 1 \\ 1 & m \geq x_i^s \\ -1 & m \leq x_i^s
\end{cases} \end{aligned}"""

NETWORKS = {  # rows of the paper's table: its name, ours, and the ways to distort that it was trained on
    "FCN, fully connected": ("fcn", "r"),
    "ST-FCN, affine": ("fcn-affine", "r"),
    "CNN": ("cnn", "r", "rts", "p", "e", "all"),
    "ST-CNN, affine": ("affine", "r", "rts", "p", "e", "all"),
    "ST-CNN, projective": ("projective", "r", "rts", "p", "e", "all"),
    "ST-CNN, thin-plate spline": ("tps", "r", "rts", "p", "e", "all"),
}


def whole(value: Any) -> Any:
    """3 for 3.0, which is how a client's whole numbers arrive; anything else as it is, for the library to refuse."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def digit(query: dict) -> "torch.Tensor":
    """The digit that was drawn, upright, (1, 1, 28, 28); from a data URI, or from a picture that Gradio decoded."""
    from dlcv.core.images import digits

    picture = query.get("picture")
    if not isinstance(picture, (str, PIL.Image.Image)):
        raise InputError("Draw a digit, or upload a picture of one.")
    return digits.read(picture)


def meaning(theta: list[list[float]], size: int) -> dict[str, float]:
    """What an affine A_theta (2, 3) does to the window that is read, of an input of `size` pixels.

    `rotation` in degrees, clockwise on screen; `width` and `height` as parts of the input's; `shear`, how many degrees
    its axes are away from a right angle; `shift_x`, `shift_y` of its centre in pixels, right and down.
    """
    (a, b, right), (c, d, down) = theta
    shear = math.degrees(math.atan2(d, b) - math.atan2(c, a)) - 90
    return {
        "rotation": math.degrees(math.atan2(c - b, a + d)),
        "width": math.hypot(a, c),
        "height": math.hypot(b, d),
        "shear": (shear + 180) % 360 - 180,
        "shift_x": right * (size - 1) / 2,
        "shift_y": down * (size - 1) / 2,
    }


def as_image(pixels: "torch.Tensor") -> PIL.Image.Image:
    """Pixels (H, W) in [0, 1], ink = 1, as black ink on white paper."""
    from dlcv.core.images import digits

    return digits.to_image(pixels)


def rounded(values: Any, digits: int = 4) -> Any:
    """A tensor as nested lists, or a number or a list of them, rounded for the wire; a horizon ends at +-1,000."""
    if hasattr(values, "tolist"):
        return values.double().clamp(-1000, 1000).round(decimals=digits).tolist()
    if isinstance(values, (list, tuple)):
        return [rounded(value, digits) for value in values]
    return round(min(max(values, -1000), 1000), digits)


def predictor(transformer: str, data: str) -> "STNPredictor":
    """A transformer and the plain network trained on the same data, loaded on first use."""
    from dlcv.stn.predictor import STNPredictor

    return STNPredictor(transformer, data)


runtime.preload(lambda pair: predictor(*pair), *itertools.product(TRANSFORMERS, DATA))


def networks(query: dict) -> "STNPredictor":
    """The transformer that a query names and the plain network beside it."""
    return predictor(frame.choice(query, "transformer", TRANSFORMERS), frame.choice(query, "data", DATA))


def rectified(query: dict) -> "Rectified":
    """The distorted digit of a query, through its transformer and past it; InputError where a number is no good."""
    from dlcv.stn.predictor import Distortion

    chosen = networks(query)
    numbers = {slider.name: query.get(slider.name) for slider in SLIDERS}
    return chosen.rectify(chosen.distort(digit(query), Distortion(**numbers, seed=whole(query.get("seed")))))


def rectify(query: dict) -> dict:
    """What the board draws for a digit, a distortion, a transformer and the data it was trained on."""
    found = rectified(query)
    theta, size = rounded(found.theta), len(found.input)
    return {
        "size": size,
        "input": draw.data_uri(as_image(found.input)),
        "rectified": draw.data_uri(as_image(found.rectified)),
        "grid": rounded(found.grid, 2),
        "theta": theta,
        "meaning": meaning(theta, size) if query["transformer"] == "affine" else None,
        "probabilities": rounded(found.probabilities),
        "plain": rounded(found.plain_probabilities),
    }


def pixel(query: dict) -> dict:
    """Which source pixels one output pixel reads, with which weights, and the sampler's derivatives there."""
    found = networks(query).pixel(rectified(query), whole(query.get("row")), whole(query.get("column")))
    return {
        "x": rounded(found.source_x),
        "y": rounded(found.source_y),
        "neighbours": rounded([list(neighbour) for neighbour in found.neighbours]),
        "value": rounded(found.value),
        "dx": rounded(found.d_value_dx),
        "dy": rounded(found.d_value_dy),
    }


def stn_rectify(picture, rotation, scale, shift_x, shift_y, tilt_x, tilt_y, warp, seed, transformer, data):
    """Numbers and the rectified picture, for a client; `Distortion` says what the arguments are."""
    found = rectified(dict(locals()))
    corners = [found.grid[row, column] for row in (0, -1) for column in (0, -1)]
    numbers = {
        "theta": rounded(found.theta),
        "grid_corners": [rounded(corner) for corner in corners],
        "probabilities": rounded(found.probabilities),
        "plain_probabilities": rounded(found.plain_probabilities),
    }
    return numbers, as_image(found.rectified)


def stn_pixel(picture, rotation, scale, shift_x, shift_y, tilt_x, tilt_y, warp, seed, transformer, data, row, column):
    """How one output pixel is read, for a client."""
    return pixel(dict(locals()))


def _offer() -> None:
    """The public endpoints /stn_rectify and /stn_pixel, on components that nobody sees."""
    inputs = [
        frame.SafeImage(label="Picture of a digit", type="pil", image_mode=None, visible=False),
        *(gr.Number(one.neutral, label=f"{one.label} {one.unit}".strip(), visible=False) for one in SLIDERS),
        gr.Number(0, label="Seed of the warp", visible=False),
        gr.Textbox("affine", label=f"Transformer: {', '.join(TRANSFORMERS)}", visible=False),
        gr.Textbox("all", label=f"Trained on: {', '.join(DATA)}", visible=False),
    ]
    place = [gr.Number(SIDE // 2, label=f"Output {name}, from 0", visible=False) for name in ("row", "column")]
    numbers, answer = (gr.JSON(label=label, visible=False) for label in ("Numbers", "Pixel"))
    picture = gr.Image(label="Rectified picture", format="png", visible=False)
    frame.api(stn_rectify, inputs, [numbers, picture], "stn_rectify")
    frame.api(stn_pixel, [*inputs, *place], [answer], "stn_pixel")


def build() -> None:
    """Build the tab."""
    config = {
        "sliders": [slider._asdict() for slider in SLIDERS],
        "transformers": TRANSFORMERS,
        "data": {key: dict(zip(("title", "line", "trained"), entry, strict=True)) for key, entry in DATA.items()},
        "examples": [dict(zip(("title", "digit", "transformer", "set", "path"), one, strict=True)) for one in EXAMPLES],
    }
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=320):
            frame.heading(
                ABOUT,
                "A Spatial Transformer decides from a picture where to look, and hands on what it reads there. "
                "It was told nothing but the class of each digit; where to look it found out by itself.",
            )
        with gr.Column(scale=4, min_width=320):
            frame.equation(
                AFFINE,
                r"$G_i$ is a pixel of the output; $\mathcal{T}_\theta(G_i)$ is where in the input it is read. "
                r"$\theta$ comes from a small network that sees the input.",
            )
    frame.Board("stn/stn", server_functions=[rectify], value=config)
    frame.section(
        "Where do they give up?",
        "The digit above is turned all the way round, and both networks read it at every step. "
        "The band is what they were trained on.",
    )
    turned = {key: trained.get("rotation", (0, 0)) for key, (_, _, trained) in DATA.items()}
    frame.Board("stn/spin", server_functions=[rectify], value=turned)
    frame.section(
        "Look inside: one pixel of the output",
        "It is read between four pixels of the input. Move over the left picture, or click it and use the arrow keys.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=8, min_width=320):
            frame.Board("stn/look", server_functions=[pixel])
        with gr.Column(scale=5, min_width=320):
            frame.equation(SAMPLER, "The sampler: $U$ is the input, $V$ the output. At most four terms are not zero.")
            frame.equation(D_VALUE, "How the output depends on a pixel of the input: by its weight.")
            frame.equation(
                D_PLACE,
                r"How it depends on the place that is read, and through it on $\theta$; likewise for $y_i^s$. "
                "This is what trains the network that chooses $\\theta$.",
            )
    grid = {title: [f"stn-{network}-{kind}" for kind in kinds] for title, (network, *kinds) in NETWORKS.items()}
    frame.weights_card(
        grid,
        by="data",
        title="Wrong answers, ours beside Jaderberg et al. 2015",
        note="Every network was trained on MNIST distorted in one way, and tested so on all 10,000 test digits. "
        "R is rotated, RTS also translated and scaled, P projected, E elastic; ALL, everything mixed, is ours.",
    )
    _offer()


if __name__ == "__main__":
    frame.show_alone("demos.stn")
