"""The LIFT tab: the three networks on a picture, without what is said of the features."""

from demos.frame.pictures import tensor
from demos.lift.api import photograph
from demos.lift.models import LONGEST, predictor

PATCH, TURN = "#lift-patch-board", "#lift-turn-board"
RATIO = {"/lift_match": 1.5}  # matching and the geometry are added
DRAGS = [
    ("the patch follows the pointer", f"{PATCH} .li-picture", f"{PATCH} .li-patch img", 60.0),
    ("a patch that is turned", f"{TURN} .li-variant", f"{TURN} .li-variant", 120.0),
]


def passes() -> dict:
    """For each endpoint the features alone."""
    picture = tensor(photograph(), LONGEST)
    return {
        "/lift_features": lambda: predictor().features(picture, 100),
        "/lift_match": lambda: [predictor().features(picture, 100) for _ in range(2)],
    }
