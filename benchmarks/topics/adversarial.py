"""The adversarial tab: DeepFool itself, without what is shown of it, beside the endpoints' examples."""

import PIL.Image

from demos.adversarial.models import PHOTOGRAPHS, USUAL, predictor, read_photograph
from demos.adversarial.photograph import EXAMPLES
from demos.frame.pictures import drawn_seven
from dlcv.core.images import digits

RATIO = {"/adversarial_fool": 4.0}  # to DeepFool alone: a push that survives rounding is sought as well
DRAGS = [
    ("x in the plane", "#adversarial-plane-board .ad-map", "#adversarial-plane-board .ad-map", 40.0),
]


def passes() -> dict:
    """For each endpoint the attack alone."""
    x, seven = read_photograph(PIL.Image.open(EXAMPLES[0])), digits.from_picture(drawn_seven())
    return {
        "/adversarial_fool": lambda: predictor(PHOTOGRAPHS).fool(x),
        "/adversarial_robustness": lambda: predictor(USUAL).robustness(seven),
    }
