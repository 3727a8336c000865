"""The count: of many digits, distorted as the visitor's is, how many are read wrong with a transformer or without."""

from demos import frame
from dlcv.core import cores
from dlcv.core.images import draw

from .boards import CLASSIFIERS, Way, as_image, distortion, networks

PARTS = 4  # `dlcv.stn.count` has as many
ENLARGED = 10  # times: the paper of the board has 280 pixels a side


class Counted(Way):
    """Question for a count."""

    classifier: frame.Choice(CLASSIFIERS) = "cnn"


class Part(Counted):
    """Question for the count over one part of the digits."""

    part: frame.Whole(0, PARTS - 1) = 0


def over_part(query: Part) -> dict:
    """The count over a part, and some digits that only the transformer reads right, the surest first."""
    from dlcv.core.images import digits
    from dlcv.stn.count import count

    found = count(networks(query), distortion(query), query.part)
    return {
        "of": found.of,
        "wrong": {"transformer": found.transformer, "plain": found.plain, "both": found.both},
        "found": [
            {
                "paper": draw.data_uri(digits.to_image(one.upright, ENLARGED)),
                "seen": draw.data_uri(as_image(one.distorted)),
                "label": one.label,
                "plain": one.plain,
                "margin": round(one.margin, 4),
            }
            for one in found.found
        ],
    }


def over_all(query: Counted) -> dict:
    """The count over all digits."""
    parts = list(cores.spread(over_part, [Part(**query.model_dump(), part=part) for part in range(PARTS)]))
    wrong = {ways: sum(part["wrong"][ways] for part in parts) for ways in parts[0]["wrong"]}
    return {"of": sum(part["of"] for part in parts), "wrong": wrong}
