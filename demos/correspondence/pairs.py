"""The pairs of pictures that the boards ask about, and the answers to the board of matches."""

import functools
from typing import TYPE_CHECKING, NamedTuple

from demos import frame
from demos.frame import pictures
from demos.frame.keep import Keep, handed
from dlcv.core.errors import InputError
from dlcv.core.images import draw

if TYPE_CHECKING:
    import PIL.Image
    import torch

    from dlcv.correspondence.predictor import Geometry, Pair, Weighed

NETWORK, PLAIN = "correspondence", "correspondence-pointnet"
EXAMPLES = {
    "room": "A room drawn by code",
    "facade": "Windows that are all alike",
    "motorcycle": "Motorcycle, a real pair",
    "askew": "A photograph seen askew",
    "strangers": "Nothing in common",
}
METHODS = (
    "Weighted eight points", "Reweighted eight points", "Network, then MAGSAC++", "Network, then RANSAC", "MAGSAC++",
    "RANSAC",
)  # fmt: skip
USUAL = METHODS[2]  # the best of those that are as quick
TWO = "Give two photographs of one thing, from two places."
NOTHING = "These two pictures have nothing in common: {inliers} of {kept} matches agree, which chance gives as well."
MOST_CHANGED = 64  # matches whose weights a visitor changes

Threshold = frame.Slider("Distance from the epipolar line, pixels", 0.25, 5, step=0.25)
predictor = frame.model("dlcv.correspondence.predictor", NETWORK, PLAIN)


class Known(NamedTuple):
    """A pair, and what the network says of its matches."""

    pair: "Pair"
    weighed: "Weighed"


visitors: "Keep[Known]" = Keep(24, "These two photographs are no longer remembered. Choose them again.")


@frame.shared
@functools.lru_cache(maxsize=len(EXAMPLES))
def example(name: str) -> Known:
    """An example whose geometry is known."""
    from dlcv.correspondence import predictor as of
    from dlcv.correspondence import scenes

    pair = of.of_scene(scenes.SCENES[name]())
    return Known(pair, predictor().weigh(pair))


def known(name: str) -> Known:
    """The pair of that name, an example or a visitor's; InputError where it was given up."""
    return example(name) if name in EXAMPLES else visitors.get(name)


def of_photographs(first: "PIL.Image.Image | None", second: "PIL.Image.Image | None", wide: float = 0) -> Known:
    """The pair of a visitor's two photographs, `wide` degrees across the longer side, where that is known.

    Raises InputError where one is missing, or too little is found to match.
    """
    import math

    from dlcv.correspondence import predictor as of

    if first is None or second is None:
        raise InputError(TWO)
    ends = [pictures.upright(one) for one in (first, second)]
    for end, given in zip(ends, (first, second)):  # `upright` keeps no EXIF data
        if "exif" in given.info:
            end.info["exif"] = given.info["exif"]
    pair = of.photographs(*ends, focal=0.5 / math.tan(math.radians(wide) / 2) if wide else None)
    return Known(pair, predictor().weigh(pair))


class Which(frame.Query):
    """A pair by its name."""

    pair: frame.Text = "room"


class Handed(frame.Query):
    """Two photographs that another tab hands over, by their name."""

    photographs: frame.Text


def take_over(query: Handed) -> dict:
    """The name of the pair of two photographs that another tab hands over."""
    return {"own": visitors.add(of_photographs(*handed.get(query.photographs)))}


class Found(Which):
    """Question for the geometry of a pair."""

    method: frame.Choice(METHODS) = METHODS[0]
    threshold: Threshold = 1.5


class Changed(Which):
    """Question for the geometry with other weights of some matches: [number, weight] each."""

    weights: frame.Points(1, MOST_CHANGED, 2000)


def show(query: Which) -> dict:
    """All that the board of matches draws of a pair."""
    from dlcv.correspondence import predictor as of

    found = known(query.pair)
    pair, weighed = found
    truth, right = true_matrix(pair), of.truly(pair)
    return {
        "pair": query.pair,
        "pictures": [draw.data_uri(pictures.image(picture), "JPEG") for picture in pair.pictures],
        "sizes": [list(size) for size in pair.sizes],
        "places": frame.coded(_stacked(pair), "<f4"),
        "weights": frame.coded(weighed.weights, "<f4"),
        "right": None if right is None else frame.coded(right, "u1"),
        "tested": frame.coded(of.tested(pair.matches), "u1"),
        "truth": truth,
        "milliseconds": weighed.milliseconds,
        "cameras": [camera.source for camera in pair.cameras],
    }


def _stacked(pair: "Pair") -> "torch.Tensor":
    import torch

    return torch.cat(pair.matches[:2], 1)  # (P, 4)


def true_matrix(pair: "Pair") -> list[float] | None:
    """The true fundamental matrix, row by row; None where it is not known, or is not unique."""
    from dlcv.correspondence.geometry import essential_of

    scene = pair.scene
    if scene is None or scene.rotation is None:
        return None
    return flat(pair.fundamental(essential_of(scene.rotation, scene.translation)))


def flat(matrix: "torch.Tensor") -> list[float]:
    """The nine numbers of a matrix (3, 3)."""
    return matrix.flatten().tolist()


def found_by(known: Known, method: str, threshold: float) -> "Geometry":
    """The geometry of a pair."""
    from dlcv.correspondence import predictor as of

    return of.geometry(known.pair, known.weighed, method, threshold)


def estimate(query: Found) -> dict:
    """The fundamental matrix by a method, its inliers, how far the pose is from the true one, and the time it took."""
    one = known(query.pair)
    found = found_by(one, query.method, query.threshold)
    return {
        "matrix": None if found.essential is None else flat(one.pair.fundamental(found.essential)),
        "inliers": frame.coded(found.inliers, "u1"),
        "count": int(found.inliers.sum()),
        "milliseconds": found.milliseconds,
        "off": pose_error(one.pair, found),
        "common": found.in_common,
        "note": "" if found.in_common else nothing(found),
    }


def nothing(found: "Geometry") -> str:
    """The sentence that two pictures have nothing in common."""
    return NOTHING.format(inliers=int(found.inliers.sum()), kept=found.kept)


def pose_error(pair: "Pair", found: "Geometry") -> float | None:
    """Degrees between the pose found and the true one: the larger of rotation and translation; None where unknown."""
    from dlcv.core.geometry.poses import pose_error as error

    scene = pair.scene
    if scene is None or scene.rotation is None or scene.homography is not None or found.pose is None:
        return None
    return error(*(part.numpy() for part in (*found.pose, scene.rotation, scene.translation)))


class Pointed(Which):
    """A pixel of the first picture of a pair."""

    x: frame.Real(0, 10_000)
    y: frame.Real(0, 10_000)


def point_out(query: Pointed) -> dict:
    """Where the second picture has what is at a pixel of the first, hidden or not; None where that is not known."""
    import torch

    scene = known(query.pair).pair.scene
    there = None if scene is None else scene.transfer(torch.tensor([[query.x, query.y]]))[0]
    return {"point": None if there is None or there.isnan().any() else there.tolist()}


def reweigh(query: Changed) -> dict:
    """The fundamental matrix of the weighted eight points where some matches have other weights."""
    from dlcv.correspondence import predictor as of

    pair, weighed = known(query.pair)
    weights = weighed.weights.clone()
    for number, weight in query.weights:
        if not 0 <= number < len(weights):
            raise InputError("There is no such match in this pair.")
        weights[int(number)] = min(1.0, max(0.0, weight))
    return {"matrix": flat(pair.fundamental(of.reweighed(pair, weights)))}
