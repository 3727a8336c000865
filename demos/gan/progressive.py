"""The progressive GAN on the screen: garments at every stage of the growth, and whether they are copies."""

import functools

import gradio as gr

from demos import frame
from demos.frame.questions import understood
from dlcv.core import weights
from dlcv.core.images.draw import colour_sheet, data_uri

NAME, EVALUATOR = "progressive-clothing-64", "judge-clothing"
SHOWN, COLUMNS = 15, 5
COMPARED, NEIGHBOURS = 6, 3
LEARNED = 70  # percent of a kind's samples that the evaluator recognises, from which on the kind is shown unasked
ENLARGED = 2  # times, of the pictures that are compared

predictor = frame.model("dlcv.gan.progressive_predictor", NAME)


class Compared(frame.Query):
    """Question for samples beside the training photographs."""

    seed: frame.Whole(0, 999_999)


class Growth(Compared):
    """Question for samples at a stage: of one kind, by its name, or of those that it learned."""

    stage: frame.Clamped(0, 4)
    garment: frame.Text = ""


@functools.cache
def kinds() -> list[dict]:
    """Every kind of garment: its name, how many photographs of it there were, and how many of a hundred samples the
    evaluator recognises; the best first."""
    from dlcv.gan.photographs import COUNTS

    measured = [row["value"] for row in weights.metrics(NAME)["rows"] if row["metric"] == "recognised"]
    found = [
        {"name": name, "photographs": count, "recognised": value, "learned": value >= LEARNED}
        for (name, count), value in zip(COUNTS.items(), measured, strict=True)
    ]
    return sorted(found, key=lambda kind: -kind["recognised"])


def _learned() -> list[int]:
    """Numbers of the kinds that it learned."""
    classes = list(predictor().model.config.class_names)
    return [classes.index(kind["name"]) for kind in kinds() if kind["learned"]]


def grow(query: Growth) -> dict:
    """Sheet of the same latents at any stage of the growth."""
    model = predictor()
    classes = list(model.model.config.class_names)
    chosen = [classes.index(query.garment)] if query.garment in classes else _learned()
    pictures = model.sample(SHOWN, query.seed, query.stage, chosen)
    return {"sheet": data_uri(colour_sheet(pictures, COLUMNS)), "side": pictures.shape[-1], "kinds": kinds()}


@frame.shared
@functools.cache
def photographs():
    """The training photographs, (M, 3, 64, 64) in [0, 1]."""
    from dlcv.gan import photographs

    return photographs.load()


def compare(seed):
    """Sheet of generated garments, each beside the nearest training photographs, and the meaning of their distance."""
    from dlcv.gan.garments import nearest

    query = understood(Compared, {"seed": seed})
    training = photographs()
    pictures = predictor().sample(COMPARED, query.seed, classes=_learned())
    index, distance = nearest(pictures, training, NEIGHBOURS)
    rows = [[picture, *training[neighbours]] for picture, neighbours in zip(pictures, index, strict=True)]
    sheet = colour_sheet([one for row in rows for one in row], 2 * (NEIGHBOURS + 1))
    real = next(row["value"] for row in weights.metrics(NAME)["rows"] if row["metric"] == "real_nearest_photograph")
    return (
        gr.update(value=sheet.resize((sheet.width * ENLARGED, sheet.height * ENLARGED), 0), visible=True),
        f"The nearest training photograph is {distance[:, 0].mean():.3f} away (root mean square of grey values from 0"
        f" to 1); that of a real photograph, which was not trained on either, {real:.3f}. A copy would be at 0.",
    )


def board() -> None:
    """The growth, and the check against the training photographs."""
    frame.Board("gan/progressive", server_functions=[grow])
    with gr.Row():
        with gr.Column(scale=2, min_width=320):
            gr.Markdown(
                "**Learned by heart?** In each group the first picture is generated, the others are the three training"
                " photographs most like it."
            )
            seed = gr.Number(1, label="Seed", minimum=0, maximum=999_999, precision=0)
            button = gr.Button("Find the nearest photographs", variant="primary", elem_id="gan-compare")
            text = gr.Markdown(elem_id="gan-compare-text")
        with gr.Column(scale=3, min_width=320):
            picture = gr.Image(show_label=False, format="png", interactive=False, visible=False, elem_id="gan-compared")
    button.click(frame.guard(compare), seed, [picture, text], api_visibility="private", **frame.COMPUTE)
