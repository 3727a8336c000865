"""The Spatial Transformer tab: distort a digit, watch where a network looks before it reads it."""

import gradio as gr

from demos import frame

from . import api, boards, count
from .boards import DATA, TRANSFORMERS

ABOUT = frame.Topic(
    title="Spatial Transformer",
    name="Spatial Transformer network",
    lecture="Learning geometry",
    summary="Turn, stretch and warp a digit; a network learns to set it upright before reading it.",
    card=".stn-in svg",
    first=(".stn-draw .pad", ".stn-read", ".stn-in .stn-picture", ".stn-out .stn-picture"),
    slides=(
        ("T_theta(G) and its grid", "dlcv/stn/model.py"),
        ("Bilinear sampling and its derivatives", "dlcv/stn/sampler.py"),
    ),
)

EXAMPLES = [  # title, digit, transformer, distortion, and its strokes as an SVG path on a sheet of 280 x 280
    ("A turned 7", 7, "affine", {"rotation": 40}, "M78 72H204L124 222"),
    ("A 2 in the corner", 2, "affine", {"rotation": -30, "scale": 0.75, "shift_x": 8, "shift_y": -8},
     "M84 96C88 46 190 40 192 96C194 140 120 170 84 222H204"),
    ("A tilted 4", 4, "projective", {"rotation": 20, "tilt_x": 0.7, "tilt_y": -0.3}, "M160 50L78 165H205M172 110V232"),
    ("A warped 3", 3, "tps", {"rotation": -25, "warp": 2},
     "M88 72C120 40 200 48 190 100C184 132 150 134 130 134C168 134 206 150 198 192C188 240 110 240 82 208"),
    ("A 6 upside down", 6, "affine", {"rotation": 180},
     "M176 52C116 84 84 150 92 190C102 240 192 236 190 184C188 138 116 136 94 176"),
    # found by search among strokes and sizes: the plain network is sure of a 9
    ("A 4 that only the transformer reads", 4, "affine", {"rotation": 20, "scale": 0.45},
     "M120 52L92 150H190M176 60L160 232"),
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


def build() -> None:
    """Build the tab."""
    config = {
        "sliders": frame.sliders(boards.Distorted),
        "transformers": TRANSFORMERS,
        "classifiers": boards.CLASSIFIERS,
        "gain": boards.gain(),
        "data": {key: dict(zip(("title", "line", "trained"), entry, strict=True)) for key, entry in DATA.items()},
        "examples": [dict(zip(("title", "digit", "transformer", "set", "path"), one, strict=True)) for one in EXAMPLES],
    }
    frame.heading(
        ABOUT,
        "A Spatial Transformer decides from a picture where to look, and hands on what it reads there. "
        "It was told nothing but the class of each digit; where to look it found out by itself.",
    )
    frame.equations(
        (
            AFFINE,
            r"$G_i$ is a pixel of the output; $\mathcal{T}_\theta(G_i)$ is where in the input it is read. "
            r"$\theta$ comes from a small network that sees the input.",
        )
    )
    frame.Board("stn/stn", server_functions=[boards.rectify], value=config)
    frame.section(
        "Most is gained where nothing was trained",
        "Within the bands below the sliders both networks read well. Beyond them, at half the size or half as large"
        " again, the transformer still brings the digit to the size that is known; without it two to ten times as many"
        " are misread. The digits are not MNIST's, which are not shown here: a generator made them, and a classifier"
        " that is sure of each (above 99.9 %) named them.",
        name="Gain",
    )
    ways = [
        ("Turned by 40°", {"rotation": 40}),
        ("Half the size", {"scale": 0.5}),
        ("Half as large again", {"scale": 1.5}),
    ]
    frame.Board("stn/count", server_functions=[count.over_part], value={"parts": count.PARTS, "ways": ways})
    frame.section(
        "Where do they give up?",
        "The digit above is turned all the way round, and both networks read it at every step. "
        "The band is what they were trained on.",
        name="Turning",
    )
    turned = {key: trained.get("rotation", (0, 0)) for key, (_, _, trained) in DATA.items()}
    frame.Board("stn/spin", server_functions=[boards.rectify], value=turned)
    frame.section(
        "Look inside: one pixel of the output",
        "It is read between four pixels of the input. Move over the left picture, or click it and use the arrow keys.",
        name="One pixel",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=8, min_width=320):
            frame.Board("stn/look", server_functions=[boards.pixel])
        with gr.Column(scale=5, min_width=320):
            frame.equation(SAMPLER, "The sampler: $U$ is the input, $V$ the output. At most four terms are not zero.")
            frame.equation(D_VALUE, "How the output depends on a pixel of the input: by its weight.")
            frame.equation(
                D_PLACE,
                r"How it depends on the place that is read, and through it on $\theta$; likewise for $y_i^s$. "
                "This is what trains the network that chooses $\\theta$.",
            )
    grid = {title: [f"stn-{network}-{kind}" for kind in kinds] for title, (network, *kinds) in NETWORKS.items()}
    frame.architecture("stn", "stn-tps-all", (1, 1, 42, 42))
    frame.weights_card(
        grid,
        by="data",
        title="wrong answers, ours beside Jaderberg et al. 2015",
        note="Every network was trained on MNIST distorted in one way, and tested so on all 10,000 test digits. "
        "R is rotated, RTS also translated and scaled, P projected, E elastic; ALL, everything mixed, is ours.",
    )
    api.offer()


if __name__ == "__main__":
    frame.show_alone("demos.stn")
