"""The Spatial Transformer's tab: a seven that was turned by 40 degrees."""

from demos.frame.pictures import drawn_seven
from dlcv.core.images import digits
from dlcv.stn.count import made_digits
from dlcv.stn.predictor import Distortion, STNPredictor

DRAGS = [("the rotation", "#stn-rotation", "#stn-board .stn-out image", 30.0)]


def passes() -> dict:
    """For each endpoint the computation alone."""
    affine, x, turned = STNPredictor("affine", "all"), digits.from_picture(drawn_seven()), Distortion(rotation=40)
    made, small = made_digits()[0], Distortion(scale=0.5)
    return {
        "/stn_rectify": lambda: affine.rectify(affine.distort(x, turned)),
        "/stn_pixel": lambda: affine.pixel(affine.rectify(affine.distort(x, turned)), 14, 14),
        "/stn_count": lambda: affine.read(affine.distort(made, small)),
    }
