"""The pairs of pictures of the LIFT tab, with the features that were found in them."""

import functools
from typing import TYPE_CHECKING, Any

from demos import frame
from demos.frame.keep import Keep, handed

if TYPE_CHECKING:
    import torch

    from dlcv.lift.features import Features
    from dlcv.lift.scale_space import Level
    from dlcv.lift.views import Views

STAGES = {
    "lift-descriptor": "DESC, on SIFT's points, turned as SIFT says",
    "lift-orientation": "and ORI, on SIFT's points",
    "lift-detector": "and DET",
    "lift": "all three together",
}
"""The trainings in the order of the lecture, by what is learned then."""
TITLES = {
    "turned": "Turned, smaller and darker",
    "askew": "Seen from aside, in another light",
    "motorcycle": "A real pair of cameras",
}
"""Of the examples of `dlcv.lift.views`."""
FIRST = "turned"
LONGEST = 640  # pixels of a visitor's picture
HANDED = 1600  # and of what is handed to another tab
WITHIN = 3.0  # pixels by which a match may miss
KEPT = 8  # pairs of visitors, each of some MiB

predictor = frame.model("dlcv.lift.predictor", "lift")


def features_of(picture: "torch.Tensor", method: str) -> "Features":
    """The best features of a picture (3, H, W) by a method; by SIFT, RootSIFT's descriptors."""
    from dlcv.lift import peers
    from dlcv.lift.predictor import MOST, stages
    from dlcv.lift.views import grey

    if method == "SIFT":
        return peers.root_sift(grey(picture), MOST)
    return predictor().features(picture) if method == "lift" else stages().features(picture, method, MOST)


class Pair:
    """Two pictures, and what was found in them, once it was asked for."""

    def __init__(self, views: "Views"):
        self.views = views
        self._found: dict[str, tuple] = {}

    def features(self, method: str) -> tuple["Features", "Features"]:
        """The 1,000 best features of both pictures by LIFT, after one of its trainings, or by SIFT."""
        if method not in self._found:
            self._found[method] = tuple(features_of(picture, method) for picture in self.views[:2])
        return self._found[method]

    @functools.cached_property
    def levels(self) -> "list[Level]":
        """The scale space of the first picture."""
        from dlcv.lift.scale_space import pyramid
        from dlcv.lift.views import grey

        return pyramid(grey(self.views.first))


own: Keep[Pair] = Keep(KEPT, "Your two pictures are gone from memory: choose them again.")


@functools.cache
def example(name: str) -> Pair:
    """The example of that name."""
    from dlcv.lift.views import EXAMPLES

    return Pair(EXAMPLES[name]())


def pair_of(name: str) -> Pair:
    """An example by its name, or a visitor's own pair by its token; InputError where it was given up."""
    return example(name) if name in TITLES else own.get(name)


def kept(first: Any, second: Any) -> dict:
    """The names of a visitor's two photographs: of the pair, whose geometry nobody knows, and of what another tab is
    handed."""
    from demos.frame.pictures import tensor
    from dlcv.lift.views import Views

    pair = own.add(Pair(Views(tensor(first, LONGEST), tensor(second, LONGEST), None)))
    smaller = first.copy(), second.copy()
    for one in smaller:
        one.thumbnail((HANDED, HANDED))
    return {"pair": pair, "handed": handed.add(smaller)}
