"""The networks of the fine-grained tab, and the pictures that visitors send them."""

from typing import TYPE_CHECKING, Any

from demos import frame
from dlcv.core import weights
from dlcv.core.errors import InputError
from dlcv.core.images import draw

if TYPE_CHECKING:
    import torch

NETWORKS = {
    "birds-whole-0": "The whole picture",
    "birds-one-window-0": "1 window",
    "birds-two-windows-0": "2 windows",
    "birds-four-windows-0": "4 windows",
}
USUAL, FILM = "birds-two-windows-0", "birds-film"
MOST_WINDOWS = 4
NOT_SEEN = "This is not a picture of this tab: choose it again."

predictor = frame.model("dlcv.finegrained.predictor", *NETWORKS)


def accuracies() -> dict[str, float | None]:
    """Accuracy of each network in percent, the mean of three trainings that differ by chance; None: not scored."""
    return {name: (score(name, "accuracy_mean") or {}).get("value") for name in NETWORKS}


def score(name: str, metric: str) -> dict | None:
    """The first row of that metric among the scores of a checkpoint; None where it has none."""
    return next((row for row in weights.metrics(name).get("rows", []) if row["metric"] == metric), None)


def square_of(picture: Any) -> "torch.Tensor":
    """A visitor's picture as the networks see it, (1, 3, SIDE, SIDE), each value one of 256."""
    from demos.frame import pictures
    from dlcv.finegrained.predictor import squeezed

    return (squeezed(pictures.tensor(picture, 1600)) * 255).round() / 255


def read_square(picture: Any) -> "torch.Tensor":
    """The same of a square that a board sends back, in a data URI. InputError where it is none."""
    import numpy as np
    import torch

    from dlcv.core.images import digits
    from dlcv.finegrained.predictor import SIDE

    opened = digits.decode_data_uri(picture).convert("RGB")
    if opened.size != (SIDE, SIDE):
        raise InputError(NOT_SEEN)
    return torch.from_numpy(np.asarray(opened, np.float32) / 255).permute(2, 0, 1)[None]


def shown(x: "torch.Tensor") -> str:
    """A picture (1, 3, H, W) as a PNG in a data URI."""
    return draw.data_uri(draw.colour_sheet(x, 1))
