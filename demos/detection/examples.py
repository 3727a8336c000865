"""Pictures that the detection tab begins with."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import PIL.Image

from demos import frame
from demos.frame.questions import understood

from .kept import EVERYDAY

SKIMAGE = Path(find_spec("skimage").origin).parent / "data"
ASTRONAUT = SKIMAGE / "astronaut.png"
PICTURES = Path(__file__).parent / "pictures"
NUCLEI, BLOOD = PICTURES / "nuclei.jpg", PICTURES / "blood.jpg"
EXAMPLES = [  # file, the detector for it, where it is from; the tab opens with the first
    (
        str(PICTURES / "street.jpg"),
        EVERYDAY,
        "Taxis in New York (photograph 8247 of Pexels, CC0, from IBM's Model Asset Exchange). The people on the far"
        " left are too small for this network.",
    ),
    (
        str(NUCLEI),
        "Cell nuclei",
        "Fluorescent nuclei (Broad Institute's BBBC038, Caicedo et al. 2019, CC0, from StarDist). People outlined 125:"
        " the network misses some, most of all where they touch.",
    ),
    (
        str(frame.FOOTBALLERS),
        "People",
        "Footballers (photograph 274422 of Pexels, CC0, from IBM's Model Asset Exchange).",
    ),
    (
        str(BLOOD),
        "Blood cells",
        "A blood smear (BCCD, Shenggan and Nicolas Chen, MIT), held out from the training. People boxed 1 white cell,"
        " 2 platelets and 14 red cells, and left out some at the border.",
    ),
    (str(ASTRONAUT), "People", "Eileen Collins (NASA, public domain, from scikit-image)."),
    (str(SKIMAGE / "camera.png"), "People", "A cameraman (Lav Varshney, CC0, from scikit-image)."),
    (str(SKIMAGE / "coffee.png"), EVERYDAY, "Coffee (Rachel Michetti, CC0, from scikit-image)."),
    (
        str(SKIMAGE / "ihc.png"),
        "Cell nuclei",
        "Colonic glands, nuclei in blue (Center for Microscopy and Molecular Imaging, CC0, from scikit-image).",
    ),
]
SEEDS = 1_000_000  # of drawn pictures


Seed = frame.Whole(0, SEEDS - 1)
CELLS = {"Cell nuclei": "nuclei", "Blood cells": "blood"}


class Drawn(frame.Query):
    """Which picture of cells."""

    seed: Seed


class Example(frame.Query):
    """Which of the packaged pictures."""

    number: frame.Whole(0, len(EXAMPLES) - 1)


def example(number):
    """One of the packaged pictures, the detector for it, and where the picture is from."""
    path, title, credit = EXAMPLES[understood(Example, {"number": number}).number]
    return PIL.Image.open(path), title, credit


def draw(title: str, seed: int):
    """A picture of what a detector of cells looks for, or else of nuclei, the detector, and the true counts."""
    from dlcv.detection import pictures

    title = title if title in CELLS else next(iter(CELLS))
    drawn = getattr(pictures, CELLS[title])(understood(Drawn, {"seed": seed}).seed)
    several = {"nucleus": "nuclei"}
    counts = ", ".join(
        f"{count} {name if count == 1 else several.get(name, name + 's')}" for name, count in drawn.counts.items()
    )
    return drawn.picture, title, f"Drawn in code, with exactly {counts}."


def any_seed() -> int:
    """Of a drawing that nobody has seen."""
    return int(np.random.default_rng().integers(SEEDS))
