"""The Depth tab: how far away everything in a photograph is, and how a network learns that from what two eyes see."""

from html import escape

import gradio as gr
import PIL.Image

from demos import frame
from demos.frame import pictures
from dlcv.core.errors import InputError
from dlcv.core.images import draw
from dlcv.depth import FOCALS
from dlcv.depth.published import NAME, NOTICE

from . import pair, photograph
from .photograph import NETWORKS

ABOUT = frame.Topic(
    title="Depth",
    name="Depth from one picture",
    lecture="Self-learning",
    summary="See how far away everything in a photograph is, and how a network learns that from what two eyes see.",
    card="#depth-map .slider-wrap",
    first=("#depth-picture", ".gallery", "#depth-map"),
    slides=(("C_ap, C_ds, C_lr, C", "dlcv/depth/loss.py"),),
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
EXPLAINED = {  # which network answers, what it learned from, what it cannot do
    photograph.PHOTOS: "By our network for photographs: it learned from measured depth, from pairs, from made scenes, "
    "and from what Tiefenrausch says of photographs. The scale is relative: what is nearer is what it learned, by "
    "which factor is a guess.",
    photograph.PUBLISHED: "By Tiefenrausch, which others trained on photographs of sights (Kopf et al. 2020). It cuts "
    "out people, houses and skies; of table tops and rooms it knows less than that what is lower is nearer. The scale "
    "is relative.",
    photograph.STEREO: "By the lecture's network: it learned from what two eyes see, without any depth, on roads and "
    "in made scenes, and is at home there. It does not know this camera, so the scale is relative.",
    photograph.KITCHEN: "In metres, as this network knows them from the one kitchen that it learned from: in other "
    "places, and with other cameras, take them with care.",
    NAME: "By a network that others trained on 62 million photographs; relative, up to a scale and a shift.",
}


UNLIKE = (
    "This picture is unlike those that the network learned from: asked at two sizes, it gives two answers, which agree "
    "to {agreement:.2f} only (1 is the same order of near and far). Take this depth with care."
)


def scale(maps, explained: str) -> str:
    """The colours of a map and what they mean, as HTML."""
    low, high = photograph.ends(maps.inverse_depth)
    colours = ", ".join(f"rgb({red} {green} {blue})" for red, green, blue in draw.HEAT)
    marks = ["far", "near"]
    if maps.metres:
        marks = [f"{1 / (low + part * (high - low)):.1f} m" for part in (0, 0.25, 0.5, 0.75, 1)]
    ticks = "".join(f"<span>{mark}</span>" for mark in marks)
    bar = f"<i style='background: linear-gradient(90deg, {colours})'></i>"
    unlike = ""
    if maps.unlike:
        unlike = f"<p class=depth-unlike role=status>{escape(UNLIKE.format(agreement=maps.agreement))}</p>"
    return f"<div class=depth-scale>{bar}<div>{ticks}</div>{unlike}<p>{escape(explained)}</p></div>"


def answer(picture, network, explained: str) -> tuple:
    """The photograph and its depth, the scale of colours, and the value of the cloud's board."""
    from dlcv.depth import clouds

    upright = pictures.upright(picture)
    maps = photograph.predicted(upright, network)
    both = upright, photograph.coloured(maps.inverse_depth, maps.size)
    cloud = photograph.cloud_value(maps, upright, clouds.focal_from_exif(picture))
    return both, scale(maps, explained), cloud


def look(picture, network):
    """The depth of a photograph by one of our networks; nothing where the photograph was taken away."""
    if picture is None:
        return gr.skip()
    name = NETWORKS[network]
    return answer(picture, photograph.predictor(name), EXPLAINED[name])


def look_published(picture, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """The depth of a photograph by the published network, which is fetched from the Hub first."""
    from dlcv.depth import published

    pictures.upright(picture)  # before anything is fetched
    progress(0.0, "Fetching the weights")
    return answer(picture, published.predictor(), EXPLAINED[NAME])


def look_at_pair(left, right, focal, baseline):
    """The value of the pair's board for the visitor's own pair."""
    return pair.look(*pair.eyes_of(left, right, focal, baseline))


# ---- for clients

Network = frame.Choice(NETWORKS)
MAX_FOCAL = FOCALS[1]
UNITS = {
    photograph.PHOTOS: "relative: 1 / depth, its scale and shift unknown",
    photograph.PUBLISHED: "relative: 1 / depth, its scale unknown",
    photograph.STEREO: "relative: parts of the width, the larger the nearer",
    photograph.KITCHEN: "metres",
}


def depth_map(picture: frame.Picture, network: Network = photograph.FIRST):
    """The depth of a picture as a coloured map in its size, and numbers."""
    upright, name = pictures.upright(picture), NETWORKS[network]
    maps = photograph.predicted(upright, photograph.predictor(name))
    near = maps.inverse_depth
    values = 1 / near if maps.metres else near
    return photograph.coloured(near, maps.size), {
        "unit": UNITS[name],
        "least": round(values.min().item(), 4),
        "median": round(values.median().item(), 4),
        "most": round(values.max().item(), 4),
        "width": maps.size[1],
        "height": maps.size[0],
    }


def depth_files(picture: frame.Picture, network: Network = photograph.FIRST, focal: frame.Real(0, MAX_FOCAL) = 0):
    """The scene of a picture as PLY and GLB, and its depth as a PNG of 16 bits, all in base64. `focal` is in
    millimetres for 35 mm film; where it is 0, the picture's EXIF data says it."""
    from dlcv.depth import clouds

    upright = pictures.upright(picture)
    maps = photograph.predicted(upright, photograph.predictor(NETWORKS[network]))
    value = photograph.cloud_value(maps, upright, focal or clouds.focal_from_exif(picture))
    scene = photograph.Scene(**value)
    files = {kind: make(scene)["file"] for kind, make in photograph.FILES.items()}
    return files | {"focal": scene.focal}


def depth_stereo(
    left: frame.Picture = None,
    right: frame.Picture = None,
    example: frame.Text = "motorcycle",
    seed: pair.Seed = pair.MADE_SEED,
):
    """Left and right disparity predicted from the left picture alone, and how well the pair is rebuilt with them. In
    place of pictures, an example. What is no rectified pair is refused; a pair that was exchanged is put right, and
    `note` says so."""
    from dlcv.depth import predictor as depth

    width, note = left.width if left is not None else None, ""
    if left is not None or right is not None:
        left, right, *_, note = pair.eyes_of(left, right)
    elif example in pair.PAIRS:
        left, right, *_ = pair.example(example, seed)
    else:
        raise InputError(f"'example' must be one of {', '.join(pair.PAIRS)}.")
    seen = pair.predictor().predict(left)
    rebuilt, matched = depth.rebuild(seen, left, right), depth.semi_global(left, right)
    low, high = photograph.ends(seen.maps[0])
    maps = [draw.heat(one, low, high) for one in seen.maps[0]]
    agree = (rebuilt.disagreement < depth.CONSISTENT).float().mean((1, 2)).tolist()
    return *maps, {
        "pixels": [round(value * (width or left.shape[2]), 2) for value in (low, high)],
        "l1": [round(one.mean().item(), 4) for one in rebuilt.l1],
        "ssim": [round(one.mean().item(), 4) for one in rebuilt.ssim],
        "consistent": [round(share, 4) for share in agree],
        "matched": round(matched.share, 4),
        "note": note,
    }


def china() -> PIL.Image.Image:
    """The first of the example photographs."""
    return PIL.Image.open(frame.PHOTOGRAPHS[0])


def _offer() -> None:
    """The public endpoints."""
    frame.endpoint(depth_map, ["jpeg", "json"], example={"picture": china}, **frame.COMPUTE)
    frame.endpoint(depth_files, ["json"], example={"picture": china}, **frame.COMPUTE)
    frame.endpoint(depth_stereo, ["jpeg", "jpeg", "json"], example={"example": "motorcycle"}, **frame.COMPUTE)


# ---- the tab


def _photograph() -> None:
    """One photograph: its map, what the colours mean, and the scene as a cloud."""
    with gr.Row(elem_classes=["asks"]):
        with gr.Column(scale=2, min_width=320):
            picture, _ = pictures.picture_column(photograph.EXAMPLES, "depth-picture")
            network = gr.Radio(
                [(photograph.LABELS[name], known) for known, name in NETWORKS.items()],
                value=photograph.FIRST,
                label="Network",
                elem_id="depth-network",
                elem_classes=["later"],
            )
            with gr.Accordion("A published network, from the Hub", open=False, elem_classes=["later"]):
                gr.Markdown(NOTICE)
                other = gr.Button("Fetch it, and see the depth", elem_id="depth-published")
        with gr.Column(scale=3, min_width=320):
            slider = gr.ImageSlider(
                label="Photograph and depth",
                show_label=False,
                format="jpeg",
                interactive=False,
                elem_id="depth-map",
            )
            colours = gr.HTML(js_on_load=None, apply_default_css=False, elem_id="depth-scale")
    frame.section(
        "The scene as a cloud of points",
        r"Every pixel $(u, v)$ at its depth $Z$, at $Z \, ((u - c_x) / f, (v - c_y) / f, 1)$, as large as it is from "
        r"there; torn where one thing ends before another. Drag it to see it from elsewhere; with another focal length "
        r"$f$ it is deeper or flatter.",
        name="Cloud",
    )
    cloud = frame.Board("depth/depth", server_functions=photograph.FILES.values(), gpu=False)
    outputs = [slider, colours, cloud]
    private = {"api_visibility": "private", "show_progress_on": slider} | frame.COMPUTE
    for change in (picture.change, network.change):
        change(frame.guard(look), [picture, network], outputs, **private)
    other.click(frame.guard(look_published), picture, outputs, **private)
    frame.on_first_show(look, [picture, network], outputs, **frame.COMPUTE)


def _two_eyes() -> None:
    """A pair: the disparities predicted from the left picture alone, and the pictures rebuilt with them."""
    frame.section(
        "Learned from two eyes",
        "No depth was measured for this network. From the left picture it predicts how far every pixel of either eye "
        "is displaced in the other one; the prediction is right where each picture can be rebuilt from the other.",
        name="Two eyes",
        folded=True,
    )
    board = frame.Board(
        "depth/pair",
        server_functions=[pair.pair, pair.descend],
        value={"pairs": pair.PAIRS, "seed": pair.MADE_SEED, "places": pair.PLACES},
    )
    with gr.Accordion("Your own pair", open=False, elem_id="depth-own"):
        gr.Markdown(
            "Two pictures of one size, rectified: what lies at some height in one lies at the same height in the other,"
            " and further left in the right one. What is found in both is compared first."
        )
        with gr.Row():
            eyes = []
            for label, name in (("Left eye", "depth-left"), ("Right eye", "depth-right")):
                with gr.Column(min_width=200):
                    gr.Markdown(f"**{label}**")
                    sources = ["upload", "clipboard"]
                    eyes.append(
                        frame.SafeImage(label=label, show_label=False, sources=sources, height=220, elem_id=name)
                    )
            with gr.Column(min_width=200):
                limits = {"minimum": 0, "maximum": 100_000}
                focal = gr.Number(label="Focal length, pixels; where it is known", **limits, elem_id="depth-f")
                baseline = gr.Number(label="Between the eyes, metres; where it is known", **limits, elem_id="depth-b")
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
        "One picture holds no depth, yet a network can say how far away everything is. The lecture's learns it from "
        "pairs of pictures: it predicts what the other eye sees, whose picture shows whether that was right.",
        "Choose a photograph, move the line across it, point at what is near and far, and turn the scene.",
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
    frame.architecture("depth", "depth-stereo", (1, 3, 256, 512))
    frame.weights_card(
        {
            "Ours, for photographs": [photograph.PHOTOS],
            "Tiefenrausch": [photograph.PUBLISHED],
            "Ours, from pairs": [photograph.STEREO],
            "Ours, one kitchen": [photograph.KITCHEN],
        },
        by="score",
        note="The row alone is a prior: it says that what is lower in a picture is nearer, and sees nothing else. It "
        "is right about floors, tables, streets and skies: a network has learned only what it knows beyond that. Little"
        " real depth was at hand to learn from: 26 places of Middlebury, one kitchen, 80 pairs of two drives, and "
        "scenes made by code. For all the rest, ours believes what Tiefenrausch says alike at two sizes.",
    )
    _offer()


if __name__ == "__main__":
    frame.show_alone("demos.depth")
