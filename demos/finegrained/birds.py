"""Birds drawn by code: what the tab opens with, and the pairs that look alike."""

import functools
from importlib.util import find_spec
from pathlib import Path

import PIL.Image

from demos import frame

EXAMPLES = (
    "Red-winged Blackbird",
    "Painted Bunting",
    "Yellow-billed Cuckoo",
    "Lazuli Bunting",
    "Yellow-headed Blackbird",
)

SKIMAGE = Path(find_spec("skimage").origin).parent / "data"
NO_BIRDS = [str(SKIMAGE / "chelsea.png"), str(SKIMAGE / "rocket.jpg"), frame.PHOTOGRAPHS[2]]


@functools.cache
def drawn(species: str, seed: int = 0) -> PIL.Image.Image:
    """A bird of that species."""
    from dlcv.finegrained import birds

    return birds.draw(species, seed)


def examples() -> list:
    """What can be chosen below the picture: drawn birds, and photographs that show none."""
    return [*(drawn(species, seed) for seed, species in enumerate(EXAMPLES)), *NO_BIRDS]
