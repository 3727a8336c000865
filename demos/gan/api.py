"""The public endpoints of the GAN tab."""

import gradio as gr

from demos import frame
from dlcv.core.images.draw import sheet

from . import boards


def generate(formulation, data, seed, truncation):
    """64 samples as one PNG of 224 x 224 pixels, 8 in a row."""
    query = {"formulation": formulation, "data": data, "truncation": truncation}
    model = boards.predictor(frame.choice(query, "formulation", boards.FORMULATIONS), boards.data_of(query))
    strength = frame.number(query, "truncation", 0, 2)
    return sheet(model.sample(boards.SAMPLES, frame.whole(seed, "seed", 0, 999_999), strength), 8)


def critic(picture, formulation, data):
    """What a critic says about a picture: its score, and the share of real and of generated pictures below it."""
    from dlcv.core.images import digits

    query = {"formulation": formulation, "data": data}
    model = boards.predictor(frame.choice(query, "formulation", boards.FORMULATIONS), boards.data_of(query))
    scores = model.scores(digits.read(picture, garment=data == "garments"))
    return {
        "score": scores.picture,
        "share_of_real_below": (scores.real <= scores.picture).float().mean().item(),
        "share_of_generated_below": (scores.fake <= scores.picture).float().mean().item(),
    }


def variety(formulation, data, seed):
    """How many of 1,000 samples are of each class, and how far two samples are apart in the classifier's features."""
    answer = boards.show_variety(
        {"formulation": formulation, "data": data, "seed": frame.whole(seed, "seed", 0, 999_999)}
    )
    counts = dict(zip(answer["classes"], answer["counts"], strict=True))
    return {"counts": counts, "distance": answer["distance"], "distance_of_real": answer["real"]}


def offer() -> None:
    """The public endpoints /gan_generate, /gan_critic and /gan_variety, on components that nobody sees."""
    model = [
        gr.Textbox("wgan-gp", label=f"Formulation: {', '.join(boards.FORMULATIONS)}", visible=False),
        gr.Textbox("digits", label=f"Data: {', '.join(boards.DATA)}", visible=False),
    ]
    seed = gr.Number(0, label="Seed", visible=False)
    strength = gr.Number(1, label="Truncation, from 0 to 2", visible=False)
    drawing = frame.SafeImage(label="Picture", type="pil", image_mode=None, visible=False)
    picture = gr.Image(label="Samples", format="png", visible=False)
    scores, counts = (gr.JSON(label=label, visible=False) for label in ("Scores", "Classes"))
    frame.api(generate, [*model, seed, strength], [picture], "gan_generate")
    frame.api(critic, [drawing, *model], [scores], "gan_critic")
    frame.api(variety, [*model, seed], [counts], "gan_variety", **frame.COMPUTE)
