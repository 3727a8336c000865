"""The board of look-alikes: how near to each other the network has the twenty species, and by which window."""

from demos import frame
from dlcv.core.images import draw

from .birds import drawn
from .boards import SPECIES
from .models import USUAL, predictor


class Map(frame.Query):
    """Question for the whole map."""


class Pair(frame.Query):
    """Question for two species, by their places among the twenty."""

    first: frame.Whole(0, SPECIES - 1)
    second: frame.Whole(0, SPECIES - 1)


def alike(query: Map) -> dict:
    """Cosines between the species, by each window, (K, 20, 20)."""
    return {"alike": frame.rounded(predictor(USUAL).alike(), 3)}


def pair(query: Pair) -> dict:
    """Drawings of two species."""
    names = predictor(USUAL).class_names
    return {"birds": [draw.data_uri(drawn(names[one], one), "JPEG") for one in (query.first, query.second)]}
