"""Birds drawn by code: what the tab opens with, and the pairs that look alike."""

import functools

import PIL.Image

from demos import frame

EXAMPLES = (
    "Red-winged Blackbird",
    "Painted Bunting",
    "Yellow-billed Cuckoo",
    "Lazuli Bunting",
    "Yellow-headed Blackbird",
)


@functools.cache
def drawn(species: str, seed: int = 0) -> PIL.Image.Image:
    """A bird of that species."""
    from dlcv.finegrained import birds

    return birds.draw(species, seed)


def examples() -> list:
    """What can be chosen below the picture: drawn birds, and photographs that show none."""
    return [*(drawn(species, seed) for seed, species in enumerate(EXAMPLES)), frame.PHOTOGRAPHS[2]]
