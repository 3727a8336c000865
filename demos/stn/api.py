"""The public endpoints of the Spatial Transformer tab."""

from demos import frame
from demos.frame.pictures import drawn_seven

from . import boards, count
from .boards import PixelOf, Read, rounded
from .count import Counted


def stn_rectify(query: Read) -> tuple:
    """theta, the corners of the grid and the probabilities of both networks, and the rectified picture."""
    found = boards.rectified(query)
    corners = [found.grid[row, column] for row in (0, -1) for column in (0, -1)]
    numbers = {
        "theta": rounded(found.theta),
        "grid_corners": [rounded(corner) for corner in corners],
        "probabilities": rounded(found.probabilities),
        "plain_probabilities": rounded(found.plain_probabilities),
    }
    return numbers, boards.as_image(found.rectified)


def stn_pixel(query: PixelOf) -> dict:
    """The place where one output pixel is read, its four neighbours with their weights, and the derivatives there."""
    return boards.pixel(query)


def stn_count(query: Counted) -> dict:
    """How many of 1,000 digits, all distorted alike, are read wrong with the transformer, without it, and both ways."""
    return count.over_all(query)


def offer() -> None:
    """Make the endpoints."""
    turned = {"picture": drawn_seven, "rotation": 40}
    frame.endpoint(stn_rectify, ["json", "png"], example=turned)
    frame.endpoint(stn_pixel, ["json"], example=turned)
    frame.endpoint(stn_count, ["json"], example={"scale": 0.5}, **frame.COMPUTE)
