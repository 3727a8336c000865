"""The board of look-alikes: how near to each other the network has the twenty species, and by which window."""

from demos import frame
from dlcv.core import weights
from dlcv.core.images import draw

from .birds import drawn
from .boards import SPECIES
from .models import USUAL, predictor

CONFUSED, TAKEN = "confused", ", taken for "  # as the scores have them


class Map(frame.Query):
    """Question for the whole map."""


class Pair(frame.Query):
    """Question for two species, by their places among the twenty."""

    first: frame.Whole(0, SPECIES - 1)
    second: frame.Whole(0, SPECIES - 1)


def alike(query: Map) -> dict:
    """Cosines between the species, by each window, (K, 20, 20), and the percentages of a species' test photographs that
    were taken for another, [place of the species, place of the other, percentage] each."""
    model = predictor(USUAL)
    place = {name: at for at, name in enumerate(model.class_names)}
    rows = [row for row in weights.metrics(USUAL).get("rows", []) if row["metric"] == CONFUSED]
    confused = [[*(place[name] for name in row["data"].split(TAKEN)), row["value"]] for row in rows]
    return {"alike": frame.rounded(model.alike(), 3), "confused": confused}


def pair(query: Pair) -> dict:
    """Drawings of two species."""
    names = predictor(USUAL).class_names
    return {"birds": [draw.data_uri(drawn(names[one], one), "JPEG") for one in (query.first, query.second)]}
