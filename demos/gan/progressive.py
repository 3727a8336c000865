"""The progressive GAN on the screen: garments at every stage of the growth, and whether they are copies."""

import functools

import gradio as gr

from demos import frame
from demos.frame.questions import understood
from dlcv.core.errors import InputError
from dlcv.core.images.draw import colour_sheet, data_uri

NAME, EVALUATOR = "progressive-clothing-64", "judge-clothing"
SHOWN, COLUMNS = 15, 5
COMPARED, NEIGHBOURS = 6, 3
ENLARGED = 2  # times, of the pictures that are compared

predictor = frame.model("dlcv.gan.progressive_predictor", NAME)


class Compared(frame.Query):
    """Question for samples beside the training photographs."""

    seed: frame.Whole(0, 999_999)


class Growth(Compared):
    """Question for samples at a stage: of one class, by its name, or of all classes."""

    stage: frame.Clamped(0, 4)
    garment: frame.Text = ""


def grow(query: Growth) -> dict:
    """Sheet of the same latents at any stage of the growth."""
    model = predictor()
    classes = list(model.model.config.class_names)
    label = classes.index(query.garment) if query.garment in classes else None
    pictures = model.sample(SHOWN, query.seed, query.stage, label)
    return {"sheet": data_uri(colour_sheet(pictures, COLUMNS)), "side": pictures.shape[-1], "classes": classes}


@functools.cache
def photographs():
    """The training photographs, (M, 3, 64, 64) in [0, 1], and the mean distance of an unseen photograph to the nearest.

    Where they are not at hand they are downloaded. Raises InputError where that cannot be done.
    """
    from dlcv.core.datasets import clothing
    from dlcv.gan.garments import SIDE, nearest

    try:
        training, unseen = (clothing.load(split, SIDE)[0].float() / 255 for split in ("train", "test"))
    except OSError as error:  # no file in DLCV_DATA, or no network
        raise InputError("The training photographs are not on this computer, and cannot be downloaded now.") from error
    return training, nearest(unseen, training, 1)[1].mean().item()


def compare(seed, progress=gr.Progress(track_tqdm=True)):  # noqa: B008  where Gradio looks for it
    """Sheet of generated garments, each beside the nearest training photographs, and the meaning of their distance."""
    from dlcv.gan.garments import nearest

    query = understood(Compared, {"seed": seed})
    progress(0.0, "Reading the training photographs")
    training, real = photographs()
    pictures = predictor().sample(COMPARED, query.seed)
    index, distance = nearest(pictures, training, NEIGHBOURS)
    rows = [[picture, *training[neighbours]] for picture, neighbours in zip(pictures, index, strict=True)]
    sheet = colour_sheet([one for row in rows for one in row], 2 * (NEIGHBOURS + 1))
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
                " photographs most like it. Where the photographs are not at hand they are downloaded first."
            )
            seed = gr.Number(1, label="Seed", minimum=0, maximum=999_999, precision=0)
            button = gr.Button("Find the nearest photographs", variant="primary", elem_id="gan-compare")
            text = gr.Markdown(elem_id="gan-compare-text")
        with gr.Column(scale=3, min_width=320):
            picture = gr.Image(show_label=False, format="png", interactive=False, visible=False, elem_id="gan-compared")
    button.click(frame.guard(compare), seed, [picture, text], api_visibility="private", **frame.COMPUTE)
