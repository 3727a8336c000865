"""The Depth tab: how far away everything in a photograph is, and how a network learns that from what two eyes see."""

from html import escape

import gradio as gr

from demos import frame
from dlcv.core.images import draw
from dlcv.depth.published import NAME, NOTICE

from . import boards, pair
from .boards import NETWORKS

ABOUT = frame.Topic(
    title="Depth",
    name="Depth from one picture",
    lecture="Self-learning",
    summary="See how far away everything in a photograph is, as a network learned it from what two eyes see.",
    card="#depth-map .slider-wrap",
    slides=(
        ("C_ap, C_ds, C_lr, C", "dlcv/depth/loss.py"),
    ),
)

TRAINING = (
    r"\begin{aligned} C = {} & C_\text{ap}(I^l, \tilde I^l) + C_\text{ap}(I^r, \tilde I^r) \\"
    r"& + \alpha_\text{ds} (C_\text{ds}^l + C_\text{ds}^r) + \alpha_\text{lr} (C_\text{lr}^l + C_\text{lr}^r)"
    r"\end{aligned}"
)
TERMS = (
    r"\begin{aligned} \tilde I^l(x) &= I^r(x - d^l(x)) \\"
    r"C_\text{ap}^l &= \tfrac1N \textstyle\sum \alpha \tfrac{1 - \text{SSIM}(I^l, \tilde I^l)}{2}"
    r" + (1 - \alpha) |I^l - \tilde I^l| \\"
    r"C_\text{ds}^l &= \tfrac1N \textstyle\sum |\partial_x d^l| e^{-|\partial_x I^l|}"
    r" + |\partial_y d^l| e^{-|\partial_y I^l|} \\"
    r"C_\text{lr}^l &= \tfrac1N \textstyle\sum |d^l(x) - d^r(x - d^l(x))| \end{aligned}"
)
EXPLAINED = {
    boards.STEREO: "It learned from what two eyes see, without any depth. It does not know this camera, so the "
    "scale is relative: what is nearer, and by which factor.",
    boards.KITCHEN: "In metres, as it knows them from the one kitchen that it learned from: in other places, and "
    "with other cameras, take them with care.",
    NAME: "By a network that others trained on 62 million photographs; relative, up to a scale and a shift.",
}


def scale(inverse_depth, metres: bool, explained: str) -> str:
    """The colours of a map and what they mean, as HTML."""
    low, high = boards.ends(inverse_depth)
    colours = ", ".join(f"rgb({red} {green} {blue})" for red, green, blue in draw.HEAT)
    marks = ["far", "near"]
    if metres:
        marks = [f"{1 / (low + part * (high - low)):.1f} m" for part in (0, 0.25, 0.5, 0.75, 1)]
    ticks = "".join(f"<span>{mark}</span>" for mark in marks)
    bar = f"<i style='background: linear-gradient(90deg, {colours})'></i>"
    return f"<div class=depth-scale>{bar}<div>{ticks}</div><p>{escape(explained)}</p></div>"


def answer(picture, network, explained: str) -> tuple:
    """The photograph and its depth, what the colours mean, and what the board of the cloud needs."""
    from dlcv.depth import clouds

    upright = boards.upright(picture)
    seen = boards.see(upright, network)
    pictures = upright, boards.coloured(seen.inverse_depth, seen.size)
    cloud = boards.cloud_value(seen, upright, clouds.focal_from_exif(picture))
    return pictures, scale(seen.inverse_depth, seen.metres, explained), cloud


def look(picture, network):
    """The depth of a photograph by one of our networks; nothing where the photograph was taken away."""
    if picture is None:
        return gr.skip()
    name = NETWORKS[frame.choice({"network": network}, "network", NETWORKS)]
    return answer(picture, boards.predictor(name), EXPLAINED[name])


def look_published(picture, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """The same by the published network, which is fetched from the Hub first."""
    from dlcv.depth import published

    boards.upright(picture)  # before anything is fetched
    progress(0.0, "Fetching the weights")
    return answer(picture, published.predictor(), EXPLAINED[NAME])


def look_at_pair(left, right, focal, baseline):
    """Everything about the visitor's own pair."""
    return pair.look(*pair.eyes_of(left, right, focal, baseline))


# ---- for clients


def depth_map(picture, network):
    """The depth of a picture as a coloured map in its size, and numbers."""
    name = NETWORKS[frame.choice({"network": network}, "network", NETWORKS)]
    upright = boards.upright(picture)
    seen = boards.see(upright, boards.predictor(name))
    near = seen.inverse_depth
    values = 1 / near if seen.metres else near
    return boards.coloured(near, seen.size), {
        "unit": "metres" if seen.metres else "relative: parts of the width, the larger the nearer",
        "least": round(values.min().item(), 4),
        "median": round(values.median().item(), 4),
        "most": round(values.max().item(), 4),
        "width": seen.size[1],
        "height": seen.size[0],
    }


def depth_files(picture, network, focal):
    """The scene of a picture as PLY, and its depth as a PNG of 16 bits, both in base64; `focal` 0 is what the picture
    says of itself, else millimetres for 35 mm film."""
    from dlcv.depth import clouds

    name = NETWORKS[frame.choice({"network": network}, "network", NETWORKS)]
    upright = boards.upright(picture)
    seen = boards.see(upright, boards.predictor(name))
    query = boards.cloud_value(seen, upright, clouds.focal_from_exif(picture))
    if focal:
        query["focal"] = frame.number({"focal": focal}, "focal", *clouds.FOCALS)
    return {"ply": boards.ply(query)["file"], "png": boards.png(query)["file"], "focal": query["focal"]}


def depth_stereo(left, right, example, seed):
    """Left and right disparity seen in the left picture alone, and what they make of the pair; without pictures of an
    example."""
    from dlcv.depth import predictor as depth

    if left is None and right is None:
        name = frame.choice({"example": example}, "example", pair.PAIRS)
        left, right, *_ = pair.example(name, frame.whole(seed, "seed", 0, pair.MOST_SEED))
    else:
        left, right, *_ = pair.eyes_of(left, right)
    seen = boards.predictor(boards.STEREO).predict(left)
    found, matched = depth.rebuild(seen, left, right), depth.semi_global(left, right)
    low, high = boards.ends(seen.maps[0])
    maps = [draw.heat(one, low, high) for one in seen.maps[0]]
    agree = (found.disagreement < depth.CONSISTENT).float().mean((1, 2)).tolist()
    return *maps, {
        "pixels": [round(value * left.shape[2], 2) for value in (low, high)],
        "l1": [round(one.mean().item(), 4) for one in found.l1],
        "ssim": [round(one.mean().item(), 4) for one in found.ssim],
        "consistent": [round(share, 4) for share in agree],
        "matched": round(matched.share, 4),
    }


def _offer() -> None:
    """The public endpoints, on components that nobody sees."""
    picture, left, right = (
        frame.SafeImage(label=label, type="pil", visible=False) for label in ("Picture", "Left picture", "Right one")
    )
    network = gr.Textbox(next(iter(NETWORKS)), label=f"Network: {' or '.join(NETWORKS)}", visible=False)
    focal = gr.Number(0, label="Focal length, mm for 35 mm film; 0: as the picture says", visible=False)
    example = gr.Textbox("motorcycle", label=f"Example: {' or '.join(pair.PAIRS)}", visible=False)
    seed = gr.Number(pair.MADE_SEED, label="Seed of a made scene", visible=False)
    maps = [gr.Image(label=label, format="jpeg", visible=False) for label in ("Depth", "Left", "Right")]
    numbers = [gr.JSON(label=label, visible=False) for label in ("Numbers", "Files", "Pair")]
    frame.api(depth_map, [picture, network], [maps[0], numbers[0]], "depth_map", **frame.COMPUTE)
    frame.api(depth_files, [picture, network, focal], [numbers[1]], "depth_files", **frame.COMPUTE)
    frame.api(depth_stereo, [left, right, example, seed], [*maps[1:], numbers[2]], "depth_stereo", **frame.COMPUTE)


# ---- the tab


def _photograph() -> None:
    """One photograph: its map, what the colours mean, and the scene as a cloud."""
    with gr.Row():
        with gr.Column(scale=2, min_width=320):
            picture = frame.SafeImage(
                value=frame.PHOTOGRAPHS[0],
                label="Photograph",
                type="pil",
                sources=["upload", "webcam", "clipboard"],
                height=300,
                elem_id="depth-picture",
            )
            gr.Examples([[one] for one in frame.PHOTOGRAPHS], picture, label="Examples", cache_examples=False)
            network = gr.Radio(list(NETWORKS), value=next(iter(NETWORKS)), label="Network", elem_id="depth-network")
            with gr.Accordion("A published network, from the Hub", open=False):
                gr.Markdown(NOTICE)
                other = gr.Button("Fetch it, and see the depth", elem_id="depth-published")
        with gr.Column(scale=3, min_width=320):
            slider = gr.ImageSlider(label="Photograph and depth", format="jpeg", interactive=False, elem_id="depth-map")
            colours = gr.HTML(js_on_load=None, apply_default_css=False, elem_id="depth-scale")
    frame.section(
        "The scene as a cloud of points",
        r"Every pixel $(u, v)$ at its depth $Z$, at $Z \, ((u - c_x) / f, (v - c_y) / f, 1)$. Drag it to see it "
        r"from elsewhere; with another focal length $f$ it is deeper or flatter.",
    )
    cloud = frame.Board("depth/depth", server_functions=[boards.ply, boards.png], gpu=False)
    outputs = [slider, colours, cloud]
    private = {"api_visibility": "private", "show_progress_on": slider} | frame.COMPUTE
    for change in (picture.change, network.change):
        change(frame.guard(look), [picture, network], outputs, **private)
    other.click(frame.guard(look_published), picture, outputs, **private)
    frame.on_first_show(look, [picture, network], outputs, **frame.COMPUTE)


def _two_eyes() -> None:
    """A pair: what the left picture alone says about both eyes, and what that makes of the pair."""
    frame.section(
        "Learned from two eyes",
        "No depth was measured for this network. It sees the left picture and says how far every pixel of either eye "
        "is displaced in the other one; what it says is right where each picture can be rebuilt from the other.",
    )
    board = frame.Board(
        "depth/pair",
        server_functions=[pair.pair],
        value={"pairs": pair.PAIRS, "seed": pair.MADE_SEED, "places": pair.PLACES},
    )
    with gr.Accordion("Your own pair", open=False, elem_id="depth-own"):
        gr.Markdown(
            "Two pictures of one size, rectified: what lies at some height in one lies at the same height in the other."
        )
        with gr.Row():
            eyes = [
                frame.SafeImage(label=label, type="pil", sources=["upload", "clipboard"], height=220, elem_id=name)
                for label, name in (("Left eye", "depth-left"), ("Right eye", "depth-right"))
            ]
            with gr.Column(min_width=200):
                focal = gr.Number(label="Focal length, pixels; where it is known", elem_id="depth-f")
                baseline = gr.Number(label="Between the eyes, metres; where it is known", elem_id="depth-b")
        button = gr.Button("Look at this pair", variant="primary", elem_id="depth-look")
    button.click(
        frame.guard(look_at_pair),
        [*eyes, focal, baseline],
        board,
        api_visibility="private",
        show_progress_on=button,
        **frame.COMPUTE,
    )


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "One picture holds no depth, yet a network can say how far away everything is. It learned so from pairs of "
        "pictures: it guesses what the other eye sees, and the other eye tells whether the guess was right.",
        "Choose a photograph, move the line across it, and turn the scene.",
    )
    frame.equations(
        (
            TRAINING,
            r"from the left picture $I^l$ alone, disparities $d^l$ and $d^r$ of both eyes are predicted at four sizes, "
            r"over which $C$ is summed; $\tilde I$ is a picture rebuilt from the other one",
        ),
        (TERMS, r"appearance, smoothness and left-right consistency; depth is $Z = f b / d$"),
    )
    _photograph()
    _two_eyes()
    frame.weights_card(
        {
            "Learned from pairs": [boards.STEREO],
            "The same, without consistency": [pair.LOSSES["Without consistency"]],
            "The same, without smoothness": [pair.LOSSES["Without smoothness"]],
            "Learned from depth, one kitchen": [boards.KITCHEN],
        },
        note="Little real data was at hand: 80 pairs of two drives, 200 frames of one room, and scenes made by"
        " code. These networks are at home there, and modest elsewhere: the pairs of Middlebury show how much.",
    )
    _offer()


if __name__ == "__main__":
    frame.show_alone("demos.depth")
