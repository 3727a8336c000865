"""The detection tab: torchvision's own forward pass with the same weights, on its astronaut of 512 by 512."""

import torch
from PIL import Image

from demos.detection import examples, history, kept

RATIO = {"/detection_find": 1.1}  # to torchvision's pass, p50
SLIDERS = 150.0  # ms from a move to the answer on the screen


def passes() -> dict:
    """For each endpoint the computation alone."""
    person, people = kept.pixels_of(Image.open(examples.ASTRONAUT)), kept.predictor("maskrcnn-people")

    @torch.inference_mode()
    def torchvisions_own():
        return people.model.parts([person / 255])

    def proposals():
        people.set_image(person / 255)
        return people.proposals()

    return {
        "/detection_find": torchvisions_own,
        "/detection_proposals": proposals,
        "/detection_history": lambda: list(history.timed(kept.keep(person, "People", "Whole"), 10)),
    }
