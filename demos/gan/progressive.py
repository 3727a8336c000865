"""The progressive GAN on the screen: garments at every moment of the growth, and whether they are copies."""

import functools

import gradio as gr

from demos import frame
from dlcv.core import runtime
from dlcv.core.images.draw import colour_sheet, data_uri

NAME, JUDGE = "progressive-clothing-64", "judge-clothing"
SHOWN, COLUMNS = 15, 5
COMPARED, NEIGHBOURS = 6, 3
ENLARGED = 2  # times, of the pictures that are compared


def predictor(name: str = NAME):
    """The progressive GAN, loaded on first use."""
    from dlcv.gan.predictor import progressive

    return progressive(name)


runtime.preload(predictor, NAME)


def grow(query: dict) -> dict:
    """The same latents at any stage of the growth, one sheet: of one class, by its name, or of all."""
    model, wanted = predictor(), query.get("garment")
    stage, seed = frame.number(query, "stage", 0, model.last_stage), int(frame.number(query, "seed", 0, 999_999))
    classes = list(model.model.config.class_names)
    label = classes.index(wanted) if wanted in classes else None
    pictures = model.sample(SHOWN, seed, stage, label)
    return {"sheet": data_uri(colour_sheet(pictures, COLUMNS)), "side": pictures.shape[-1], "classes": classes}


@functools.cache
def photographs():
    """The training photographs, (M, 3, 64, 64) in [0, 1], and how far from them one is that they do not have.

    Where they are not at hand they are downloaded.
    """
    from dlcv.core.datasets import clothing
    from dlcv.gan.wardrobe import SIDE, nearest

    training, unseen = (clothing.load(split, SIDE)[0].float() / 255 for split in ("train", "test"))
    return training, nearest(unseen, training, 1)[1].mean().item()


def compare(seed, progress=gr.Progress(track_tqdm=True)):  # noqa: B008  where Gradio looks for it
    """Generated garments, each beside the training photographs most like it, and what their distance means."""
    from dlcv.gan.wardrobe import nearest

    progress(0.0, "Reading the training photographs")
    training, real = photographs()
    pictures = predictor().sample(COMPARED, frame.whole(seed, "seed", 0, 999_999))
    index, distance = nearest(pictures, training, NEIGHBOURS)
    rows = [[picture, *training[found]] for picture, found in zip(pictures, index, strict=True)]
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
