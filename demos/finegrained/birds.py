"""Birds drawn by code: what the tab opens with, and the pairs that look alike."""

import functools
from importlib.util import find_spec
from pathlib import Path

import PIL.Image

from demos import frame

EXAMPLES = (
    "Yellow-headed Blackbird",
    "Red-winged Blackbird",
    "Painted Bunting",
    "Yellow-breasted Chat",
    "Indigo Bunting",
)
GROUNDS = 3  # that the examples are drawn before
SKIMAGE = Path(find_spec("skimage").origin).parent / "data"
NO_BIRDS = [str(SKIMAGE / "chelsea.png"), str(SKIMAGE / "rocket.jpg"), frame.PHOTOGRAPHS[2]]


@functools.cache
def drawn(species: str, seed: int = 0) -> PIL.Image.Image:
    """A bird of that species."""
    from dlcv.finegrained import birds

    return birds.draw(species, seed)


def examples() -> list:
    """What can be chosen below the picture: drawn birds, and photographs that show none."""
    return [*(drawn(species, at % GROUNDS) for at, species in enumerate(EXAMPLES)), *NO_BIRDS]
