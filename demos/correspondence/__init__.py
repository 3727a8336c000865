"""The correspondence tab: which matches of two photographs are right, by RANSAC step by step and by a network."""

import gradio as gr

from demos import frame

from . import api, pairs, takeaway, trials

ABOUT = frame.Topic(
    title="Correspondences",
    name="Good correspondences",
    lecture="Dealing with orderless input",
    summary="Most matches of two photographs are wrong: see RANSAC find the others by trial, a network in one look.",
    card=".co-two",
    first=(".co-examples", ".co-two"),
    slides=(
        ("Application to outlier detection: (a) RANSAC", "dlcv/correspondence/ransac.py"),
        ("(b) the network on matches", "dlcv/correspondence/model.py"),
    ),
)
EPIPOLAR = r"\mathbf{x}'^\top \mathbf{E}\, \mathbf{x} = 0, \quad \mathbf{E} = [\mathbf{t}]_\times \mathbf{R}"
WEIGHTED = (
    r"w_i = \tanh(\mathrm{ReLU}(o_i)), \quad"
    r" \mathbf{E} = \arg\min_{\|\mathbf{E}\| = 1} \sum_i w_i (\mathbf{x}_i'^\top \mathbf{E}\, \mathbf{x}_i)^2"
)
TRIALS = r"n = \frac{\log(1 - p)}{\log(1 - (1 - e)^m)}"


def matches() -> None:
    """The pair with its matches, and whose geometry it is."""
    value = {"examples": pairs.EXAMPLES, "methods": pairs.METHODS, "usual": pairs.USUAL}
    value["threshold"] = frame.sliders(pairs.Found)[0]
    board = frame.Board(
        "correspondence/correspondence",
        server_functions=[pairs.show, pairs.estimate, pairs.reweigh, pairs.point_out, pairs.take_over],
        value=value,
        gpu=False,
    )
    with gr.Accordion("Your own two photographs", open=False, elem_id="correspondence-own"):
        gr.Markdown(
            "Of one thing, from two places: take a step aside between them. Focal lengths are read in the files, or a"
            " field of view of 58 degrees is guessed; say a better one where you know it."
        )
        with gr.Row():
            own = []
            for label, name in (("First photograph", "correspondence-first"), ("Second", "correspondence-second")):
                with gr.Column(min_width=220):
                    sources = ["upload", "webcam", "clipboard"]
                    own.append(
                        frame.SafeImage(label=label, show_label=False, sources=sources, height=240, elem_id=name)
                    )
            with gr.Column(min_width=200):
                wide = gr.Number(
                    label="Field of view across the longer side, degrees",
                    minimum=0,
                    maximum=170,
                    elem_id="correspondence-wide",
                )
                see = gr.Button("See what they have in common", elem_id="correspondence-see")
    see.click(frame.guard(look, gpu=False), [*own, wide], board, api_visibility="private", **frame.COMPUTE)


def look(first, second, wide) -> dict:
    """The board's value for a visitor's own two photographs."""
    return {"own": pairs.visitors.add(pairs.of_photographs(first, second, wide or 0))}


def step_by_step() -> None:
    """RANSAC, one trial at a time."""
    frame.section(
        "RANSAC, one trial at a time",
        "Draw the fewest matches that determine the geometry, and count how many of the others agree. The more agree"
        " with the best so far, the fewer trials are needed: $n$ falls as the share $e$ of wrong matches is known"
        " better. The pair is that of the first section.",
        name="RANSAC",
    )
    value = {"kinds": trials.KINDS, "among": trials.AMONG, "sliders": frame.sliders(trials.Begin)}
    frame.Board("correspondence/ransac", server_functions=[trials.begin, trials.go_on], value=value, gpu=False)


def spoil_it() -> None:
    """Wrong matches, added."""
    frame.section(
        "Spoil it",
        "Add wrong matches, anywhere in both pictures. RANSAC needs as many trials as it takes to draw five right ones"
        " at once. The network looks once, whatever the share; here it is told where matches are, and nothing else.",
        name="Spoil",
    )
    value = {"share": frame.sliders(trials.Spoil)[0]}
    frame.Board("correspondence/spoil", server_functions=[trials.spoil], value=value, gpu=False)


def any_order() -> None:
    """The order of the matches, and their context."""
    frame.section(
        "Order does not matter",
        "The same perceptrons read every match, as in [PointNet](?tab=pointnet). What a match learns of all others"
        " comes from context normalisation: mean and variance over the matches of this pair, in whatever order."
        " Without it, the largest of each feature over all matches is all that they share: that does while few matches"
        " are wrong, and falls behind where most are, which “Spoil it” shows.",
        name="Order",
    )
    frame.Board("correspondence/order", server_functions=[trials.shuffle], gpu=False)


def in_space() -> None:
    """The pose, the points, and files."""
    frame.section(
        "Two cameras, and what they saw",
        "From the essential matrix follow the rotation and the direction of the way between the cameras; its length is"
        " not in the pictures. Turn it by hand. Where all that is seen lies in one plane, the first picture is laid"
        " over the second.",
        name="Cameras",
    )
    value = {"files": takeaway.FILES, "methods": pairs.METHODS, "method": pairs.USUAL}
    frame.Board("correspondence/space", server_functions=[takeaway.space, takeaway.take], value=value, gpu=False)


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "What looks alike in two photographs is matched; most of it wrongly. A few right matches give the geometry of"
        " both cameras away, and that tells right from wrong.",
        "Move the pointer over the left picture: what it points at lies on the line in the right one.",
    )
    frame.equations(
        (EPIPOLAR, "$\\mathbf{x}, \\mathbf{x}'$ a point in both pictures, in units of the focal length"),
        (WEIGHTED, "the network's weight of match $i$, by its logit $o_i$, and the weighted eight points"),
        (TRIALS, "trials of RANSAC with samples of $m$, for confidence $p$ and a share $e$ of wrong matches"),
    )
    matches()
    step_by_step()
    spoil_it()
    any_order()
    in_space()
    frame.architecture("correspondence", pairs.NETWORK, (1, 1500, 2), (1, 1500, 2), (1, 1500, 6))
    frame.weights_card(
        {name: [name] for name in (pairs.NETWORK, pairs.PLAIN)},
        note="Scores are of places that the network has never seen, 1,500 matches a pair, with true poses. No figure of"
        " the paper stands beside them: its places and matches are others.",
    )
    api.offer()


if __name__ == "__main__":
    frame.show_alone("demos.correspondence")
