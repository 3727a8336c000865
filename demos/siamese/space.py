"""The board that shows drawings among the characters of the evaluation set, in three of the 128 directions."""

from typing import Any

from demos import frame

from .boards import Embeddings, coded
from .models import known, predictor, read_drawing, seen

ALPHABETS = {
    "Angelic": 20,
    "Atemayar Qelisayer": 26,
    "Atlantean": 26,
    "Aurek-Besh": 26,
    "Avesta": 26,
    "Ge'ez": 26,
    "Glagolitic": 45,
    "Gurmukhi": 45,
    "Kannada": 41,
    "Keble": 26,
    "Malayalam": 47,
    "Manipuri": 40,
    "Mongolian": 30,
    "Old Church Slavonic": 45,
    "Oriya": 46,
    "Sylheti": 28,
    "Syriac (Serto)": 23,
    "Tengwar": 25,
    "Tibetan": 42,
    "ULOG": 26,
}
"""How many characters each alphabet of Omniglot's evaluation set has, in the order of the network's means."""
NEAREST = 5


class Located(frame.Query):
    """Question for the places of a drawing and of what other boards enrolled."""

    picture: Any = None
    enrolled: Embeddings = []
    alphabet: Embeddings = []


def characters(query: frame.Query) -> dict:
    """Places of the evaluation set's characters, and the share of their variance that three directions hold."""
    model = predictor()
    return {"places": coded(model.space.places(model.means)), "share": model.space.share}


def locate(query: Located) -> dict:
    """Places of a drawing and of other embeddings, and the characters nearest to the drawing in all directions."""
    import torch

    model, picture = predictor(), read_drawing(query.picture)
    embedding = model.embed(picture)
    points = {"drawing": embedding, "enrolled": known(query.enrolled), "alphabet": known(query.alphabet)}
    distances = torch.cdist(embedding, model.means)[0]
    nearest = distances.argsort()[:NEAREST]
    return {
        "seen": seen(picture),
        "places": {kind: coded(model.space.places(rows)) for kind, rows in points.items()},
        "nearest": nearest.tolist(),
        "distances": frame.rounded(distances[nearest], 2),
    }


def board() -> None:
    """The board."""
    frame.section(
        "Where your drawing lies",
        f"Each dot is a character of the {len(ALPHABETS)} alphabets that were held out: the mean over its"
        " twenty drawers. Draw one, and its own dot moves with the pen; what you enrolled and the alphabet of the"
        " classroom are there, too. Turn it: of 128 directions only the three in which the characters differ most are"
        " shown, so what seems near from one side may be far.",
        name="Space",
    )
    frame.Board("siamese/space", server_functions=[characters, locate], value={"alphabets": ALPHABETS})
