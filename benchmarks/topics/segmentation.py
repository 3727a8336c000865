"""The segmentation tab: the bare passes of its networks, on a street of 480 by 360 and on the cat."""

import torch

from demos.frame import pictures
from demos.segmentation import api, crossing, kept

RATIO = {"/segmentation_segment": 1.15}  # to the bare pass, p50
SLIDERS = 150.0  # ms from a move to the answer on the screen


def passes() -> dict:
    """For each endpoint the computation alone."""
    strongest, everyday = kept.predictor(kept.STRONGEST).model, kept.predictor(kept.EVERYDAY).model
    unet = kept.predictor(crossing.SKIPPING["unet"])
    street, cat = pictures.tensor(api.street())[None], pictures.tensor(api.cat())[None]
    read = unet.read(street[0])

    @torch.inference_mode()
    def of_streets():
        return strongest(street)

    @torch.inference_mode()
    def of_the_cat():
        return everyday(cat)

    return {
        "/segmentation_segment": of_streets,
        "/segmentation_probabilities": of_the_cat,
        "/segmentation_cut_out": of_the_cat,
        "/segmentation_cut_skips": lambda: unet.cut(read, [0.0] * 4),
    }
