"""The public endpoint of the CycleGAN tab."""

import PIL.Image

from demos import frame
from demos.frame import pictures

from . import boards


def cyclegan_paint(
    picture: frame.Picture = None,
    direction: boards.Direction = boards.FIRST,
    side: boards.Side = boards.SIDE,
):
    """The translated picture, and a classifier's probability of a Monet before and after."""
    from dlcv.cyclegan.predictor import score_scene

    x = boards.tensor_of(picture, side)
    painted = boards.predictor().translate(x, boards.DIRECTIONS[direction])
    before, after = score_scene(x), score_scene(painted)
    scores = {"monet_before": before.monet, "monet_after": after.monet, "strange": before.strange}
    return pictures.image(painted), scores


def offer() -> None:
    """Make the endpoint."""
    example = {"picture": lambda: PIL.Image.open(frame.PHOTOGRAPHS[0]), "side": 256}
    frame.endpoint(cyclegan_paint, ["png", "json"], example=example, **frame.COMPUTE)
