"""The public endpoints of the fine-grained tab."""

from demos import frame
from dlcv.core.errors import InputError

from .boards import REACH
from .models import MOST_WINDOWS, NETWORKS, USUAL, predictor, square_of

WINDOWED = [name for name in NETWORKS if name != "birds-whole-0"]


def finegrained_classify(picture: frame.Picture = None, network: frame.Choice(NETWORKS) = USUAL):
    """Probabilities of the twenty species, by all windows and by each alone, where the windows lie, and whether the
    picture is unlike all twenty.

    A window's box is [left, top, right, bottom] in parts of the picture's width and height.
    """
    if picture is None:
        raise InputError("Send a picture.")
    model = predictor(network)
    found = model.answer(square_of(picture))
    boxes = [] if found.centres is None else [box_of(*centre) for centre in found.centres.tolist()]
    return {
        "species": model.class_names[int(found.probabilities.argmax())],
        "probabilities": dict(zip(model.class_names, frame.rounded(found.probabilities))),
        "windows": [
            {"box": box, "probabilities": dict(zip(model.class_names, frame.rounded(alone)))}
            for box, alone in zip(boxes, found.each)
        ],
        "unlike_all": found.unlike,
        "unlikeness": round(found.unlikeness, 4),
    }


def finegrained_steer(
    picture: frame.Picture = None,
    network: frame.Choice(WINDOWED) = USUAL,
    window: frame.Whole(1, MOST_WINDOWS) = 2,
    x: frame.Real(0.25, 0.75) = 0.5,
    y: frame.Real(0.25, 0.75) = 0.5,
):
    """Probabilities of the twenty species by one window alone, its centre at x and y, in parts of the picture's width
    and height."""
    import torch

    if picture is None:
        raise InputError("Send a picture.")
    model = predictor(network)
    if window > model.windows:
        raise InputError(f"This network has no window {window}.")
    centre = torch.tensor([[2 * x - 1, 2 * y - 1]]).clamp(-REACH, REACH)
    alone = model.read(square_of(picture), window - 1, centre).softmax(1)[0]
    return dict(zip(model.class_names, frame.rounded(alone)))


def box_of(x: float, y: float) -> list[float]:
    """The box of a window around a centre; the picture spans [-1, 1] before, [0, 1] after."""
    left, top = (x + 1) / 2 - REACH / 2, (y + 1) / 2 - REACH / 2
    return frame.rounded([left, top, left + REACH, top + REACH])


def offer() -> None:
    """Make the endpoints."""
    from .birds import drawn

    frame.endpoint(
        finegrained_classify, ["json"], example={"picture": lambda: drawn("Indigo Bunting")}, **frame.COMPUTE
    )
    frame.endpoint(finegrained_steer, ["json"], example={"picture": lambda: drawn("Indigo Bunting")})
