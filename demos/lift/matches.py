"""Answers to the boards of matches: which points of two pictures belong together, and which of these are right."""

from typing import TYPE_CHECKING

from demos import frame
from dlcv.core.images import draw

from .models import FIRST, WITHIN, pair_of

if TYPE_CHECKING:
    from dlcv.lift.features import Features

FEWEST, MOST = 50, 1000
METHODS = ["lift", "SIFT", "lift-descriptor", "lift-orientation", "lift-detector"]
COUNT = frame.Slider("Points in each picture", FEWEST, MOST, step=10)


class Shown(frame.Query):
    """Question for the pictures of a pair: an example's name, or the token of a visitor's own."""

    pair: frame.Text = FIRST


class Asked(Shown):
    """Question for the matches of a pair by a method."""

    method: frame.Choice(METHODS) = "lift"
    count: COUNT = 500


def show_pair(query: Shown) -> dict:
    """Both pictures of a pair, and whether their geometry is known."""
    from demos.frame.pictures import image

    views = pair_of(query.pair).views
    pictures = [draw.data_uri(image(picture), "JPEG") for picture in views[:2]]
    return {"pictures": pictures, "known": views.there is not None}


def match_pair(query: Asked) -> dict:
    """The mutual nearest neighbours of the best points: their ends in both pictures, and which are right."""
    from dlcv.lift.predictor import matched, some

    pair = pair_of(query.pair)
    one, other = (some(found, int(query.count)) for found in pair.features(query.method))
    found = matched(one, other, pair.views.there, WITHIN)
    right = found.right
    if pair.views.there is None:
        right = by_two_views(one, other, found)
    return {
        "first": frame.coded(one.xy[found.first], "<f4"),
        "second": frame.coded(other.xy[found.second], "<f4"),
        "right": frame.coded(right, "i1"),
        "points": [len(one.xy), len(other.xy)],
        "counts": [int((right == kind).sum()) for kind in (1, 0, -1)],
    }


def by_two_views(one: "Features", other: "Features", found):
    """Which matches a fundamental matrix explains, (M,): 1 those, 0 the others, -1 all where none is found."""
    from dlcv.lift.geometry import explained

    return explained(one.xy[found.first], other.xy[found.second])
