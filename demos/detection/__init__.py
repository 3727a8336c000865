"""The detection tab: objects found in a picture, and every step from the picture to its boxes and masks."""

from importlib.util import find_spec
from pathlib import Path

import gradio as gr
import numpy as np
import PIL.Image

from demos import frame
from dlcv.detection.published import NOTICE

from . import boards as live

ABOUT = frame.Topic(
    title="Detection",
    name="Detection hall",
    lecture="Detection",
    summary="People, nuclei, blood cells: see every step from anchor boxes to masks,"
    " and what each idea since R-CNN saved.",
    card=".dt-stage, .dt-count",
    slides=(
        ("Losses (15), (16), (17)", "dlcv/detection/loss.py"),
        ("From anchors to masks", "dlcv/detection/model.py"),
    ),
)

FAST = (
    r"\begin{aligned} \mathcal{L}(\Theta) = & -\log p_c(f_\text{cl}(x; \Theta)) \\"
    r" & + \lambda\, 1_{[c \geq 1]} \mathcal{L}_\text{bbox} \end{aligned}"
)
FASTER = (
    r"\begin{aligned} \mathcal{L}(\Theta_2) = - \sum_{A \in \mathcal{A}} & \log p_{c(A, \mathcal{B})}"
    r"(g(x; \Theta_2)[A]) \\[-0.4em] & + \lambda\, c(A, \mathcal{B})\, \mathcal{L}_\text{bbox} \end{aligned}"
)
MASK = (
    r"\begin{aligned} \mathcal{L}(\Theta) = & -\log p_c(f_\text{cl}(x; \Theta)) \\"
    r" & + \lambda\, 1_{[c \geq 1]} (\mathcal{L}_\text{bbox} + \lambda_2 \mathcal{L}_\text{mask}) \end{aligned}"
)
SKIMAGE = Path(find_spec("skimage").origin).parent / "data"
EXAMPLES = [
    (str(SKIMAGE / "astronaut.png"), "People"),
    (str(SKIMAGE / "camera.png"), "People"),
]
SEEDS = 1_000_000  # of drawn pictures
COUNTS = (10, 200)  # proposals that the three methods may be timed with
BROWSERS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "MPO")  # kinds of pictures that they show


def find(picture, detector, view, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """What the boards show of a picture; its name is kept for the history."""
    found = live.shown(live.keep(live.pixels_of(picture), detector, view, progress))
    return found, found["token"]


def find_anew(picture, detector, view, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """`find` for another picture, detector or view; a picture that was taken away leaves what is shown."""
    return (gr.skip(), gr.skip()) if picture is None else find(picture, detector, view, progress)


def example(number):
    """One of the packaged pictures, the detector for it, and nothing of how another one was drawn."""
    path, title = EXAMPLES[frame.whole(number, "number", 0, len(EXAMPLES) - 1)]
    return PIL.Image.open(path), title, ""


def draw(kind: str, seed: int | None = None):
    """A picture of cells, another one each time where no seed is given, the detector for it, and how many of each kind
    are really there."""
    from dlcv.detection import pictures

    seed = int(np.random.default_rng().integers(SEEDS)) if seed is None else seed
    drawn = getattr(pictures, kind)(seed)
    several = {"nucleus": "nuclei"}
    counts = ", ".join(
        f"{count} {name if count == 1 else several.get(name, name + 's')}" for name, count in drawn.counts.items()
    )
    title = {"nuclei": "Cell nuclei", "blood": "Blood cells"}[kind]
    return drawn.picture, title, f"Drawn in code, with exactly {counts}."


def displayable(picture):
    """A picture that browsers cannot show, as from a microscope, as one that they can."""
    if picture is None or (picture.format in BROWSERS and not picture.mode.startswith("I")):
        return gr.skip()
    return PIL.Image.fromarray(live.pixels_of(picture).permute(1, 2, 0).numpy())


def measure(token, count):
    """The three methods on the picture that the boards show, as their times come in."""
    kept = live.pictures.get(token)
    yield from live.history(kept, 0, frame.whole(count, "count", *COUNTS))


# ---- for clients


def detection_find(picture, detector, score, overlap, mask, view):
    """The objects of a picture as COCO has them, and how many there are of each class."""
    numbers = {"score": score, "overlap": overlap, "mask": mask}
    limits = [frame.number(numbers, name, 0, 1) for name in numbers]
    found = live.coco_of(live.keep(live.pixels_of(picture), detector, view), *limits)
    names = {category["id"]: category["name"] for category in found["categories"]}
    counts: dict[str, int] = {}
    for entry in found["annotations"]:
        name = names[entry["category_id"]]
        counts[name] = counts.get(name, 0) + 1
    return found | {"counts": counts}


def detection_proposals(picture, detector, overlap, count):
    """The `count` best boxes of the proposal network, before and after overlaps are suppressed."""
    kept = live.keep(live.pixels_of(picture), detector, "Whole")
    limit = frame.number({"overlap": overlap}, "overlap", 0, 1)
    before, after = kept.at(0).proposals(limit)
    most = frame.whole(count, "count", 1, 1000)
    return {"before": live.rounded(before[:most]), "after": live.rounded(after[:most])}


def detection_history(picture, detector, count):
    """Seconds of R-CNN, Fast R-CNN and Faster R-CNN on one picture with the same weights."""
    kept = live.keep(live.pixels_of(picture), detector, "Whole")
    *_, told = live.history(kept, 0, frame.whole(count, "count", *COUNTS))
    return told


def _offer() -> None:
    """The public endpoints, on components that nobody sees."""
    asked = [
        frame.SafeImage(label="Picture", type="pil", image_mode=None, visible=False),
        gr.Textbox("People", label=f"Detector: {', '.join(live.DETECTORS)}", visible=False),
    ]
    score, overlap, mask = (
        gr.Number(0.5, label=label, visible=False)
        for label in ("Score at least", "Overlap at most", "Probability from which a pixel is in the mask")
    )
    view = gr.Textbox("Whole", label=f"Look at it: {', '.join(live.VIEWS)}", visible=False)
    count = gr.Number(20, label="Proposals", visible=False)
    answers = [gr.JSON(label=label, visible=False) for label in ("Objects", "Proposals", "Times")]
    frame.api(detection_find, [*asked, score, overlap, mask, view], [answers[0]], "detection_find", **frame.COMPUTE)
    frame.api(detection_proposals, [*asked, overlap, count], [answers[1]], "detection_proposals", **frame.COMPUTE)
    frame.api(detection_history, [*asked, count], [answers[2]], "detection_history", **frame.COMPUTE)


def build() -> None:
    """Build the tab."""
    frame.heading(
        ABOUT,
        "A detector says what is in a picture, and where: it scores a grid of anchor boxes, keeps the best as"
        " proposals, reads each from the same feature maps, names it, moves its box, and draws its mask.",
        "Choose a picture, click an object, and go through all of these steps.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=280):
            first, look_for, exactly = draw("nuclei", 0)
            picture = frame.SafeImage(
                value=first,
                label="Picture",
                type="pil",
                image_mode=None,
                sources=["upload", "webcam", "clipboard"],
                height=260,
                elem_id="detection-picture",
            )
            detector = gr.Radio(list(live.DETECTORS), value=look_for, label="Look for", elem_id="detection-detector")
            button = gr.Button("Find objects", variant="primary", elem_id="detection-find")
            examples = gr.Dataset(
                components=[gr.Image(visible=False)],
                samples=[[path] for path, _ in EXAMPLES],
                type="index",
                label="Examples",
                elem_id="detection-examples",
            )
            with gr.Row():
                nuclei = gr.Button("Draw nuclei", size="md", min_width=120, elem_id="detection-nuclei")
                blood = gr.Button("Draw blood cells", size="md", min_width=120, elem_id="detection-blood")
            drawn = gr.Markdown(exactly, elem_id="detection-drawn")
        with gr.Column(scale=9, min_width=320):
            questions = _here("detect", "masks", "export")
            board = frame.Board("detection/detection", server_functions=questions, gpu=False)
            view = gr.Radio(
                list(live.VIEWS),
                value="Whole",
                label="Look at the picture",
                info="Tiles are for large pictures, to 4,000 pixels, of small things: each is looked at by itself.",
                elem_id="detection-view",
            )
            gr.Markdown(f"Everyday objects: {NOTICE[0].lower()}{NOTICE[1:]}", elem_classes=["detection-notice"])
    frame.section(
        "Look inside",
        "From the picture to one object, step by step. The picture went through the backbone once, above; nothing"
        " here sends it there again.",
    )
    questions = _here("inside", "anchors", "proposals", "region", "feature_map", "masks")
    frame.Board("detection/inside", server_functions=questions, gpu=False)
    frame.section("What is learned", "The losses of the slides, by which each of these steps was trained.")
    frame.equations(
        (FASTER, "(16) The proposal network $g$: is anchor box $A$ on an object, and how is it to be moved?"),
        (FAST, "(15) Fast R-CNN: the class $c$ of the region with features $x$; unless it is background, its box."),
        (MASK, "(17) Mask R-CNN: its mask as well, that of the true class."),
    )
    frame.section(
        "History: what each idea saved",
        "R-CNN sends every proposal through the network alone, Fast R-CNN sends the picture once and reads each"
        " proposal from its feature maps, Faster R-CNN finds the proposals there as well. The same weights, timed"
        " now, on this computer.",
    )
    with gr.Row(equal_height=False):
        count = gr.Slider(*COUNTS, value=40, step=5, label="Proposals", elem_id="detection-count", scale=2)
        start = gr.Button("Measure all three", variant="primary", elem_id="detection-measure", scale=1)
    bars = frame.Board("detection/history")
    frame.weights_card(
        {title: [name] for title, name in live.OURS.items()},
        note="Average precision as COCO counts it, on held-out pictures: AP50 takes a box or mask as right that"
        " overlaps the true one by half, AP is the mean over ten overlaps from 0.5 to 0.95. The people were learned"
        " from pictures that were made by pasting cut-out people into photographs, and from 122 real ones: few,"
        " so that this detector takes some parts of people, and things beside, for people. PoseNet has a say:"
        " where it sees no joint in a large box, the score of the box counts 0.7 of what it was.",
    )
    token = gr.Textbox(visible=False)  # no gr.State, with which every page keeps a connection open
    private = {"api_visibility": "private", "show_progress_on": board} | frame.COMPUTE
    inputs, outputs = [picture, detector, view], [board, token]
    button.click(frame.guard(find, gpu=False), inputs, outputs, **private)
    changes = [picture.change, detector.input, view.input]
    gr.on(changes, frame.guard(find_anew, gpu=False), inputs, outputs, trigger_mode="always_last", **private)
    picture.upload(frame.guard(displayable), picture, picture, **frame.PLUMBING)
    picture.input(lambda: "", None, drawn, **frame.PLUMBING)
    examples.click(frame.guard(example), examples, [picture, detector, drawn], **frame.PLUMBING)
    for press, kind in ((nuclei, "nuclei"), (blood, "blood")):
        press.click(frame.guard(_drawing(kind)), None, [picture, detector, drawn], **frame.PLUMBING)
    start.click(frame.guard(measure, gpu=False), [token, count], bars, **private | {"show_progress_on": bars})
    frame.on_first_show(find, inputs, outputs, gpu=False, **frame.COMPUTE)
    _offer()


def _here(*names: str) -> list:
    """Functions of the boards, by name."""
    return [getattr(live, name) for name in names]


def _drawing(kind: str):
    """`draw` of one kind, as an event wants it."""

    def drawing():
        return draw(kind)

    return drawing


if __name__ == "__main__":
    frame.show_alone("demos.detection")
