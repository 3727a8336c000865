"""The Pose tab: a picture in which nobody is."""

from demos import pose
from demos.cyclegan.boards import tensor_of
from demos.frame.pictures import drawn_seven
from dlcv.pose.predictor import PosePredictor, decode

SLIDERS = 150.0  # ms from a move to the answer on the screen


def passes() -> dict:
    """For each endpoint the computation alone."""
    people, picture = PosePredictor("pose-people"), tensor_of(drawn_seven(), 280)
    return {"/pose_people": lambda: decode(people.predict(picture, pose.DETAILS["Usual"]))}
