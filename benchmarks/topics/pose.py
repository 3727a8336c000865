"""The Pose tab: the two published networks on its first picture."""

import PIL.Image

from demos import pose
from demos.frame import pictures
from dlcv.pose import topdown

SLIDERS = 150.0  # ms from a move to the answer on the screen


def passes() -> dict:
    """For each endpoint the computation alone."""
    people, picture = topdown.predictor(), pictures.tensor(PIL.Image.open(pose.PHOTOGRAPHS[0]))
    return {"/pose_people": lambda: topdown.parsed(people.predict(picture))}
