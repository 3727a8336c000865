"""Answers to the boards of one patch: each station of its way through the networks, and what turning does."""

from typing import TYPE_CHECKING

from demos import frame
from dlcv.core.errors import InputError
from dlcv.core.images import draw

from .matches import Shown
from .models import pair_of, predictor

if TYPE_CHECKING:
    import torch

SCALE = frame.Slider("Scale: pixels of the picture to one of the patch", 0.7, 8, step=0.1)
BETAS = [0, 1, 2, 5, 10, 20, 50, 100, 1000, 10_000]
BETA = frame.Slider("Beta", 0, 10_000, step=1)
WAYS = ["point", "angle", "descriptor", "all"]


class Place(Shown):
    """Question about the patch at a point of the first picture of a pair."""

    x: frame.Clamped(0, 100_000) = 0
    y: frame.Clamped(0, 100_000) = 0
    scale: SCALE = 1.5


class Look(Place):
    """Question for each station of a patch on its way."""

    beta: BETA = 10


class Slope(Look):
    """Question for the gradient of what comes out of a part of the way."""

    way: frame.Choice(WAYS) = "all"


class Turn(Place):
    """Question about the patch when it is turned, zoomed and darkened."""

    degrees: frame.Slider("Turned by", -180, 180, step=1, unit="°") = 120
    zoom: frame.Slider("Size", 0.5, 2, step=0.05) = 1
    light: frame.Slider("Light", 0, 1, step=0.02) = 1


def grey(patch: "torch.Tensor") -> str:
    """A patch (1, S, S) in [0, 1] as a picture."""
    return draw.data_uri(draw.sheet(patch.clamp(0, 1)))


def patch_of(query: Place) -> tuple:
    """The scale space of the picture, the point in it, and the patch there."""
    import torch

    pair = pair_of(query.pair)
    height, width = pair.views.first.shape[1:]
    if query.x > width or query.y > height:
        raise InputError("That point is outside of the picture.")
    xy = torch.tensor([float(query.x), float(query.y)])
    return pair.levels, xy, predictor().patch(pair.levels, xy, query.scale)


def look(query: Look) -> dict:
    """The patch, the score map, the point, the crop, the angle, the crop set upright, and the descriptor."""
    _, _, patch = patch_of(query)
    out = predictor().look(patch, query.beta)
    scores = out.scores[0]
    place = scores.flatten().argmax().item()
    side = scores.shape[1]
    return {
        "patch": grey(patch[0]),
        "scores": draw.data_uri(draw.heat(scores, scores.min().item(), scores.max().item() + 1e-6)),
        "point": frame.rounded(out.point[0], 3),
        "largest": [place % side - side // 2 + 0.5, place // side - side // 2 + 0.5],
        "window": side,
        "cropped": grey(out.cropped[0]),
        "angle": out.angle[0].item(),
        "upright": grey(out.upright[0]),
        "descriptor": frame.rounded(out.descriptor[0], 3),
    }


def slope(query: Slope) -> dict:
    """Where in the patch a change would move the point, turn the angle, or change the descriptor: as a picture."""
    _, _, patch = patch_of(query)
    found = predictor().slope(patch, query.beta, query.way)
    return {"slope": draw.data_uri(draw.heat(found, 0, found.max().item() + 1e-12)), "largest": found.max().item()}


def turn(query: Turn) -> dict:
    """What each method makes of the patch as it lies now."""
    import torch

    model, (levels, xy, patch) = predictor(), patch_of(query)
    variant = model.variants(levels, xy, query.scale, torch.tensor([float(query.degrees)]), query.zoom, query.light)
    found = model.seen(patch, torch.cat([patch, variant]))
    return {
        "original": grey(patch[0]),
        "variant": grey(variant[0]),
        "upright": grey(found.upright[1]),
        "before": {name: angle[0].item() for name, angle in found.angle.items()},
        "angles": {name: angle[1].item() for name, angle in found.angle.items()},
        "distance": {name: round(value[1].item(), 4) for name, value in found.distance.items()},
        "rank": {name: int(value[1]) for name, value in found.rank.items()},
    }


def whole_turn(query: Turn) -> dict:
    """The same for a whole turn, every 15 degrees: how far each angle has followed, distances and ranks."""
    import math

    import torch

    from dlcv.lift.predictor import whole_turn as degrees_of

    model, (levels, xy, patch) = predictor(), patch_of(query)
    degrees = degrees_of()
    variants = model.variants(levels, xy, query.scale, degrees, query.zoom, query.light)
    found = model.seen(patch, torch.cat([patch, variants]))

    def followed(name):
        missed = found.angle[name][1:] - found.angle[name][0] - torch.deg2rad(degrees)
        return frame.rounded(torch.rad2deg((missed + math.pi) % (2 * math.pi) - math.pi), 1)

    return {
        "degrees": degrees.tolist(),
        "missed": {name: followed(name) for name in found.angle},
        "distance": {name: frame.rounded(value[1:], 3) for name, value in found.distance.items()},
        "rank": {name: value[1:].tolist() for name, value in found.rank.items()},
    }
