"""The public endpoints of the VAE tab.

A picture that a model gives is a PNG of 28 x 28 greys in a data URI: as a file it would cost a second request and room
on the server's disk, as rows of numbers half as much time again. Many pictures come as one PNG file.
"""

import gradio as gr

from demos import frame
from dlcv.core.errors import InputError
from dlcv.core.images.draw import data_uri, sheet

from . import boards
from .boards import MODELS, predictor

REACH = 10.0  # further out N(0, I) has no probability to speak of
COUNTS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)


def model_of(name):
    """The predictor of a name that came from outside."""
    return predictor(frame.choice({"model": name}, "model", MODELS))


def latent_of(value, model):
    """A latent that came from outside, (d,): a list of numbers, or the name of a class for its mean."""
    import torch

    if isinstance(value, (str, int)) and str(value) in model.class_names:
        return model.class_mean(model.class_names.index(str(value)))
    length = model.latents
    if not isinstance(value, list) or len(value) != length:
        names = ", ".join(model.class_names)
        raise InputError(f"A latent of this model is a list of {length} numbers, or the name of a class: {names}.")
    if any(isinstance(v, bool) or not isinstance(v, (int, float)) or not abs(v) <= REACH for v in value):
        raise InputError(f"A latent has finite numbers from {-REACH:g} to {REACH:g}.")
    return torch.tensor(value, dtype=torch.float32)


def seen_by(picture, name: str):
    """A picture that came from outside as this model's data set shows it."""
    if picture is None:
        raise InputError("Send a picture.")
    family = next(family for family in boards.FAMILIES.values() if name in family)
    return boards.read_picture(picture, family)


def decode(z, model):
    """f(z) as a PNG of 28 x 28 greys in a data URI, for a latent z (2 or 40 numbers, or the name of a class)."""
    model = model_of(model)
    return data_uri(sheet(model.decode(latent_of(z, model).unsqueeze(0))))


def encode(picture, model):
    """Mean and standard deviation of P(z|X), the reconstruction, and the terms of the bound in nats."""
    network = model_of(model)
    posterior = network.encode(seen_by(picture, model))
    return {
        "mean": posterior.mean.tolist(),
        "std": posterior.std.tolist(),
        "log_likelihood": posterior.log_likelihood,
        "kl": posterior.kl,
        "elbo": posterior.elbo,
        "seen": data_uri(sheet(posterior.picture)),
        "reconstruction": data_uri(sheet(posterior.reconstruction)),
    }


def sample(model, count, seed, temperature):
    """Pictures of z ~ N(0, temperature^2 I), eight in a row."""
    count, seed = frame.whole(count, "count", 1, 256), frame.whole(seed, "seed", 0, 999_999)
    temperature = frame.number({"temperature": temperature}, "temperature", 0, 2)
    return sheet(model_of(model).sample_prior(count, seed, temperature), min(8, count))


def morph(start, end, model, steps):
    """Pictures on the way between two latents; start and end are lists of numbers or names of classes."""
    model, steps = model_of(model), frame.whole(steps, "steps", 2, 100)
    return sheet(model.morph(latent_of(start, model), latent_of(end, model), steps), steps)


def manifold(model, steps, extent):
    """The latent plane of a 2-D model from -extent to extent, decoded on a grid; the first row is the top."""
    steps, extent = frame.whole(steps, "steps", 2, 40), frame.number({"extent": extent}, "extent", 0.1, REACH)
    return sheet(model_of(model).manifold(steps, extent).pictures, steps)


def evidence(picture, model, samples, seed):
    """Estimates of log P(X) in nats from 1, 3, 10, ... samples of z, eight times over: by prior and by encoder."""
    samples, seed = frame.whole(samples, "samples", 1, COUNTS[-1]), frame.whole(seed, "seed", 0, 999_999)
    counts = [count for count in COUNTS if count <= samples]
    *_, found = model_of(model).evidence(seen_by(picture, model), counts, seed=seed)
    return {"samples": found.counts, "prior": found.prior.tolist(), "encoder": found.encoder.tolist()}


def gradients(picture, model, draws, seed):
    """Mean and standard deviation, latent by latent, of single-sample estimates of d E log P(X|z) / d mu."""
    draws, seed = frame.whole(draws, "draws", 2, 2000), frame.whole(seed, "seed", 0, 999_999)
    network = model_of(model)
    found = network.gradient_spread(seen_by(picture, model), draws, seed)._asdict()
    return {way: {"mean": of.mean(0).tolist(), "std": of.std(0).tolist()} for way, of in found.items()}


def offer() -> None:
    """Make the endpoints: hidden components, named functions."""
    with gr.Row(visible=False):
        # custom values are let through, to be refused below with a sentence and without a traceback in the log
        model, large = [gr.Dropdown(MODELS, value=name, label="model", allow_custom_value=True) for name in MODELS[:2]]
        z, answer = gr.JSON([0.5, -1.0], label="z"), gr.JSON(label="answer")
        image = gr.Textbox(label="picture")
        start, end = gr.JSON(label="start"), gr.JSON(label="end")
        picture = frame.SafeImage(label="picture", type="pil", image_mode=None)
        pictures = gr.Image(label="pictures", format="png")
        steps, count = gr.Number(10, label="steps"), gr.Number(64, label="count")
        seed, temperature = gr.Number(0, label="seed"), gr.Number(1, label="temperature")
        extent, samples, draws = (
            gr.Number(3, label="extent"),
            gr.Number(1000, label="samples"),
            gr.Number(256, label="draws"),
        )
    frame.api(decode, [z, model], [image], "vae_decode")
    frame.api(encode, [picture, large], [answer], "vae_encode")
    frame.api(sample, [large, count, seed, temperature], [pictures], "vae_sample")
    frame.api(morph, [start, end, large, steps], [pictures], "vae_morph")
    frame.api(manifold, [model, steps, extent], [pictures], "vae_manifold")
    frame.api(evidence, [picture, large, samples, seed], [answer], "vae_evidence", **frame.COMPUTE)
    frame.api(gradients, [picture, model, draws, seed], [answer], "vae_gradients", **frame.COMPUTE)
