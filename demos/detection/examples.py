"""Pictures that the detection tab begins with."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import PIL.Image

from demos import frame
from demos.frame.questions import understood

from .kept import EVERYDAY

SKIMAGE = Path(find_spec("skimage").origin).parent / "data"
EXAMPLES = [  # file, the detector for it, where it is from
    (str(SKIMAGE / "astronaut.png"), "People", "Eileen Collins (NASA, public domain, from scikit-image)."),
    (str(SKIMAGE / "camera.png"), "People", "A cameraman (Lav Varshney, CC0, from scikit-image)."),
    (str(SKIMAGE / "motorcycle_left.png"), EVERYDAY, "A garage (Scharstein et al. 2014, CC0, from scikit-image)."),
    (str(SKIMAGE / "coffee.png"), EVERYDAY, "Coffee (Rachel Michetti, CC0, from scikit-image)."),
    (
        str(SKIMAGE / "ihc.png"),
        "Cell nuclei",
        "Colonic glands, nuclei in blue (Center for Microscopy and Molecular Imaging, CC0, from scikit-image).",
    ),
]
FIRST = 2  # the one that the tab opens with
SEEDS = 1_000_000  # of drawn pictures


class Example(frame.Query):
    """Which of the packaged pictures."""

    number: frame.Whole(0, len(EXAMPLES) - 1)


def example(number):
    """One of the packaged pictures, the detector for it, and where the picture is from."""
    path, title, credit = EXAMPLES[understood(Example, {"number": number}).number]
    return PIL.Image.open(path), title, credit


def draw(kind: str, seed: int | None = None):
    """A picture of cells, another one each time where no seed is given, the detector for it, and the true counts."""
    from dlcv.detection import pictures

    seed = int(np.random.default_rng().integers(SEEDS)) if seed is None else seed
    drawn = getattr(pictures, kind)(seed)
    several = {"nucleus": "nuclei"}
    counts = ", ".join(
        f"{count} {name if count == 1 else several.get(name, name + 's')}" for name, count in drawn.counts.items()
    )
    title = {"nuclei": "Cell nuclei", "blood": "Blood cells"}[kind]
    return drawn.picture, title, f"Drawn in code, with exactly {counts}."
