"""The slice's board: the plane through a picture that its perturbation and a random direction span."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from demos import frame
from demos.frame.questions import Asked
from dlcv.core.errors import InputError

from .models import PHOTOGRAPHS, USUAL, predictor, read_photograph, shown

if TYPE_CHECKING:
    import torch

    from dlcv.adversarial.predictor import AdversarialPredictor

SIDES = {PHOTOGRAPHS: 13, USUAL: 41}  # pictures along each side of the slice, which is asked for row by row
ROWS = {PHOTOGRAPHS: 1, USUAL: 41}  # that one question may ask for
REACH = 2.5  # lengths of r, to each side of x
MOST = max(ROWS.values())
NOT_SEEN = "This is not a picture of this tab: choose it again."

Heights = Annotated[
    list[frame.Clamped(-REACH, REACH)], Field(min_length=1, max_length=MOST), Asked(f"a list of up to {MOST} numbers")
]


class Slice(frame.Query):
    """Question about the slice around a picture, given as it was shown, in a data URI."""

    network: frame.Choice(SIDES)
    picture: Any = None
    r: frame.Text  # as the tab has it: whole numbers of 16 bits, the largest of which is `largest`
    largest: frame.Real(0, 1)

    def read(self) -> tuple["AdversarialPredictor", "torch.Tensor", "torch.Tensor"]:
        """The network, the picture and r."""
        import torch

        model = predictor(self.network)
        x = read_photograph(self.picture) if self.network == PHOTOGRAPHS else read_digit(self.picture)
        levels = frame.decoded(self.r, "<i2", NOT_SEEN, count=x.numel())
        r = torch.from_numpy(levels.astype("float32")).view(x.shape) * (self.largest / 32767)
        if not r.any():
            raise InputError("Nothing was changed: there is no direction to look along.")
        return model, x, r


class Rows(Slice):
    """Question for rows of the slice, at heights in lengths of r."""

    heights: Heights


class Point(Slice):
    """Question for the picture at a point of the slice, in lengths of r."""

    at: frame.Numbers(2, -REACH, REACH)


def read_digit(picture: Any) -> "torch.Tensor":
    """A digit as the tab has shown it, (1, 1, 28, 28). InputError where it is none."""
    import numpy as np
    import torch

    from dlcv.core.images import digits

    seen = np.asarray(digits.decode_data_uri(picture).convert("L"), np.float32)
    if seen.shape != (28, 28):
        raise InputError(NOT_SEEN)
    return torch.from_numpy(seen / 255)[None, None]


def look_at_rows(query: Rows) -> dict:
    """Classes of the pictures of rows, from left to right."""
    model, x, r = query.read()
    found = model.rows(x, r, query.heights[: ROWS[query.network]], REACH, SIDES[query.network])
    return {"classes": found.tolist()}


def picture_at(query: Point) -> dict:
    """The picture at a point, and what the network takes it for."""
    model, x, r = query.read()
    along, across = model.directions(r)
    here = (x + query.at[0] * along + query.at[1] * across).clamp(0, 1)
    probability, now = model.probabilities(here)[0].max(0)
    return {"picture": shown(here), "now": int(now), "probability": probability.item()}


def board() -> "frame.gr.HTML":
    """The slice's board."""
    value = {"sides": SIDES, "reach": REACH}
    return frame.Board("adversarial/slice", server_functions=[look_at_rows, picture_at], value=value)
