"""The correspondence tab: matching and the network, without what is shown of them, beside the endpoints' examples."""

from demos.correspondence.api import eye
from demos.correspondence.pairs import METHODS, found_by, of_photographs

RATIO = {"/correspondence_match": 2.0}  # to matching and the network alone
SLIDERS = 100.0  # ms of a change that needs no new matches


def passes() -> dict:
    """For each endpoint matching and network alone."""
    both = eye(0), eye(1)
    return {
        "/correspondence_match": lambda: of_photographs(*both),
        "/correspondence_geometry": lambda: found_by(of_photographs(*both), METHODS[2], 1.5),
    }
