"""The Depth tab: a photograph of 640 by 427 pixels, and the first pair."""

from PIL import Image

from demos.depth import pair, photograph
from demos.frame import PHOTOGRAPHS
from dlcv.depth import predictor as depth

RATIO = {"/depth_map": 1.5}  # to its bare pass, p50


def passes() -> dict:
    """For each endpoint the computation alone."""
    picture = Image.open(PHOTOGRAPHS[0]).convert("RGB")
    first, eyes = (depth.predictor(name) for name in (photograph.NETWORKS[photograph.FIRST], photograph.STEREO))
    left, right, *_ = pair.example("motorcycle")

    def depth_map():
        seen = photograph.predicted(picture, first)
        return photograph.coloured(seen.inverse_depth, seen.size)

    return {
        "/depth_map": depth_map,
        "/depth_files": lambda: photograph.predicted(picture, first),
        "/depth_stereo": lambda: (depth.rebuild(eyes.predict(left), left, right), depth.semi_global(left, right)),
    }
