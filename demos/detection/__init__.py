"""The detection tab: objects found in a picture, and every step from the picture to its boxes and masks."""

import gradio as gr

from demos import frame
from demos.frame.questions import understood
from dlcv.detection.published import NOTICE

from . import api, boards, examples, history, kept

ABOUT = frame.Topic(
    title="Detection",
    name="Detection",
    lecture="Detection",
    summary="Everyday objects, people, nuclei, blood cells: see every step from anchor boxes to masks,"
    " and what each idea since R-CNN saved.",
    card=".dt-stage canvas",
    first=("#detection-picture", "#detection-examples", ".dt-stage", ".dt-count"),
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


NANODET = (
    "Everyday objects: NanoDet-Plus by RangiLyu, Apache 2.0, 1.2 million weights, trained on COCO's 118,000"
    " photographs; it ships, and answers at once."
)


def find(picture, detector, view, progress=gr.Progress()):  # noqa: B008  where Gradio looks for it
    """What the boards show of a picture, and the name that it is kept under; a picture that was taken away leaves what
    is shown."""
    if picture is None:
        return gr.skip(), gr.skip()
    how = understood(kept.Look, {"detector": detector, "view": view})
    answer = boards.shown(kept.look(picture, how.detector, how.view, progress))
    return answer, answer["token"]


def build() -> None:
    """Build the tab."""
    frame.heading(
        ABOUT,
        "A detector says what is in a picture, and where: it scores a grid of anchor boxes, keeps the best as"
        " proposals, reads each from the same feature maps, names it, moves its box, and draws its mask.",
        "NanoDet-Plus, as others published it, finds everyday objects in any photograph; choose people, nuclei or blood"
        " cells, click an object, and go through all of these steps in a network that was trained here.",
    )
    with gr.Row(equal_height=False, elem_classes=["asks"]):
        with gr.Column(scale=3, min_width=280):
            first, look_for, credit = examples.EXAMPLES[0]
            picture = frame.SafeImage(
                value=first,
                label="Picture",
                show_label=False,
                sources=["upload", "webcam", "clipboard"],
                height=260,
                elem_id="detection-picture",
            )
            packaged = gr.Dataset(
                components=[gr.Image(visible=False)],
                samples=[[path] for path, _, _ in examples.EXAMPLES],
                type="index",
                label="Examples: a street, nuclei, people, blood",
                elem_id="detection-examples",
            )
            with gr.Row(elem_classes=["later"]):
                nuclei = gr.Button("Draw nuclei", size="md", min_width=120, elem_id="detection-nuclei")
                blood = gr.Button("Draw blood cells", size="md", min_width=120, elem_id="detection-blood")
            drawn = gr.Markdown(credit, elem_id="detection-drawn")
            detector = gr.Radio(
                [(kept.LABELS.get(title, title), title) for title in kept.DETECTORS],
                value=look_for,
                label="Look for",
                elem_id="detection-detector",
                elem_classes=["later"],
            )
            limits = {"minimum": 0, "maximum": examples.SEEDS - 1, "precision": 0}
            seed = gr.Number(0, label="Seed of the drawing", **limits, elem_id="detection-seed", elem_classes=["later"])
        with gr.Column(scale=9, min_width=320):
            questions = [boards.detect, boards.masks, boards.export]
            board = frame.Board("detection/detection", server_functions=questions, gpu=False)
            view = gr.Radio(
                list(kept.VIEWS),
                value="Whole",
                label="Look at the picture",
                info="Tiles are for large pictures, to 4,000 pixels, of small things: each is looked at by itself.",
                elem_id="detection-view",
            )
            gr.Markdown(
                f"{NANODET} Boxes and masks from the Hub: {NOTICE[0].lower()}{NOTICE[1:]}",
                elem_classes=["detection-notice"],
            )
    frame.section(
        "Look inside",
        "From the picture to one object, step by step. The picture went through the backbone once, above; nothing"
        " here sends it there again.",
        name="Inside",
    )
    questions = [
        boards.inside,
        boards.anchors,
        boards.proposals,
        boards.region,
        boards.feature_map,
        boards.masks,
    ]
    frame.Board("detection/inside", server_functions=questions, gpu=False)
    frame.section(
        "What is learned",
        "The losses of the slides, by which each of these steps was trained; below them their values for the object"
        " that is chosen above, as if its class, its box and its mask were the truth.",
        name="Losses",
    )
    frame.equations(
        (FASTER, "(16) The proposal network $g$: is anchor box $A$ on an object, and how is it to be moved?"),
        (FAST, "(15) Fast R-CNN: the class $c$ of the region with features $x$; unless it is background, its box."),
        (MASK, "(17) Mask R-CNN: its mask as well, that of the true class."),
        folded=False,
    )
    frame.Board("detection/losses", server_functions=[boards.losses], gpu=False)
    frame.section(
        "History: what each idea saved",
        "R-CNN sends every proposal through the network alone, Fast R-CNN sends the picture once and reads each"
        " proposal from its feature maps, Faster R-CNN finds the proposals there as well. The same weights, timed"
        " now, on this computer; from that, what the papers' 2,000 proposals would take.",
        name="History",
    )
    with gr.Row(equal_height=False):
        count = gr.Slider(*history.COUNTS, value=40, step=5, label="Proposals", elem_id="detection-count", scale=2)
        start = gr.Button("Measure all three", variant="primary", elem_id="detection-measure", scale=1)
    bars = frame.Board("detection/history")
    frame.architecture("detection", "maskrcnn-nuclei", (3, 256, 256), run=_stages)
    frame.weights_card(
        {
            f"{title}, {'published' if title == kept.EVERYDAY else 'ours'}": [name]
            for title, name in kept.SHIPPED.items()
        },
        note="Average precision as COCO counts it, on held-out pictures: AP50 takes a box or mask as right that"
        " overlaps the true one by half, AP is the mean over ten overlaps from 0.5 to 0.95. NanoDet-Plus, which others"
        " trained, and the people's network are measured on the same photographs. Our people were learned"
        " from pictures that were made by pasting cut-out people into photographs, and from 122 real ones: few,"
        " so that this detector takes some parts of people, and things beside, for people. PoseNet has a say:"
        " where it sees no joint in a large box, the score of the box counts 0.7 of what it was.",
    )
    token = gr.Textbox(visible=False)  # no gr.State, with which every page keeps a connection open
    private = {"api_visibility": "private", "show_progress_on": board} | frame.COMPUTE
    inputs, outputs = [picture, detector, view], [board, token]
    # one event for all of these, so that the last of them is answered last: an example may be chosen at once
    changes = [frame.first_shown(), picture.change, detector.input, view.input]
    gr.on(changes, frame.guard(find, gpu=False), inputs, outputs, trigger_mode="always_last", **private)
    picture.input(lambda: "", None, drawn, **frame.PLUMBING)
    packaged.click(frame.guard(examples.example), packaged, [picture, detector, drawn], **frame.PLUMBING)
    for press, title in zip((nuclei, blood), examples.CELLS, strict=True):
        press.click(_another(title), None, [seed, detector], **frame.PLUMBING)
    seed.change(frame.guard(examples.draw), [detector, seed], [picture, detector, drawn], **frame.PLUMBING)
    start.click(frame.guard(history.measure, gpu=False), [token, count], bars, **private | {"show_progress_on": bars})
    api.offer()


def _stages(detector, picture):
    """All stages of a detector, for a picture in which eight regions count as found."""
    features = detector.pyramid(picture)
    anchors = detector.score_anchors(features)
    proposals = detector.propose(anchors).after[:8]
    found = detector.detect(detector.classify(features, anchors.decoded[proposals]), score=0.0)
    return detector.masks(features, found)


def _another(title: str):
    """A seed of its own for a drawing, and its detector, as an event wants them: the seed draws."""

    def another():
        return examples.any_seed(), title

    return another


if __name__ == "__main__":
    frame.show_alone("demos.detection")
