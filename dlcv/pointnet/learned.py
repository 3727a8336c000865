"""What was done to the training clouds of the classifiers: the training draws it from here, the screen says it."""

import math
from typing import NamedTuple

LITTLE_TURN = 0.2  # radians about z, either way
ANY_ANGLE = 0.1  # the part of the clouds that was turned about z by any angle
MOST_NOISE = 0.02  # standard deviation of each coordinate; the shape's radius is 1
FEWEST = 128  # points
MOST_OUTLIERS = 0.3  # the part of the points of a cloud, in a tenth of the clouds


class Learned(NamedTuple):
    """What of a disturbance the classifiers met in training: from and to, in the unit of `disturb.Disturbance`."""

    usual: tuple[float, float]
    seldom: tuple[float, float] | None = None  # in a tenth of the clouds


LEARNED = {
    "count": Learned((FEWEST, 1024)),
    "noise": Learned((0, MOST_NOISE)),
    "outliers": Learned((0, 0), (0, MOST_OUTLIERS)),
    "cut": Learned((0, 0)),
    "turn_x": Learned((0, 0)),
    "turn_y": Learned((0, 0)),
    "turn_z": Learned((-math.degrees(LITTLE_TURN), math.degrees(LITTLE_TURN)), (-180, 180)),
}
