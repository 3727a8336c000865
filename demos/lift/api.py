"""The public endpoints of the LIFT tab."""

import PIL.Image

from demos import frame
from demos.frame.pictures import tensor
from dlcv.core.errors import InputError

from .matches import by_two_views
from .models import LONGEST, predictor


def features_of(picture, count: int):
    """The best features of a picture that a client sent."""
    if picture is None:
        raise InputError("Send a picture.")
    return predictor().features(tensor(picture, LONGEST), count)


def lift_features(picture: frame.Picture = None, count: frame.Whole(1, 1000) = 500):
    """Points of a picture, scaled to 640 pixels at most, with OpenCV's size, angle in degrees, score and descriptor."""
    found = features_of(picture, count)
    return {
        "points": frame.rounded(found.xy, 2),
        "size": frame.rounded(4 * found.scale, 2),
        "angle": frame.rounded(found.angle.rad2deg() % 360, 1),
        "score": frame.rounded(found.score, 3),
        "descriptors": frame.rounded(found.descriptor, 4),
    }


def lift_match(first: frame.Picture = None, second: frame.Picture = None, count: frame.Whole(20, 1000) = 500):
    """Mutual nearest neighbours of two pictures, scaled to 640 pixels at most: points of both, and whether one
    fundamental matrix agrees (1 yes, 0 no, -1 none was found)."""
    from dlcv.lift.predictor import matched

    one, other = features_of(first, count), features_of(second, count)
    found = matched(one, other, None, 0)
    return {
        "first": frame.rounded(one.xy[found.first], 2),
        "second": frame.rounded(other.xy[found.second], 2),
        "agrees": by_two_views(one, other, found).tolist(),
    }


def photograph() -> PIL.Image.Image:
    """A photograph that comes with a package."""
    return PIL.Image.open(frame.PHOTOGRAPHS[0])


def offer() -> None:
    """Make the endpoints."""
    frame.endpoint(lift_features, ["json"], example={"picture": photograph, "count": 100}, **frame.COMPUTE)
    example = {"first": photograph, "second": photograph, "count": 100}
    frame.endpoint(lift_match, ["json"], example=example, **frame.COMPUTE)
