"""The CycleGAN tab."""

from demos.cyclegan.boards import tensor_of
from demos.frame.pictures import drawn_seven
from dlcv.cyclegan.predictor import CycleGANPredictor, score_scene


def passes() -> dict:
    """For each endpoint the computation alone."""
    monet, photograph = CycleGANPredictor("cyclegan-monet"), tensor_of(drawn_seven(), 256)
    return {"/cyclegan_paint": lambda: [score_scene(x) for x in (photograph, monet.translate(photograph, "Monet"))]}
