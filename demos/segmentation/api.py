"""The public endpoints of the segmentation tab."""

from typing import Annotated

import PIL.Image
from pydantic import Field

from demos import frame
from demos.frame import pictures
from demos.frame.questions import Asked
from dlcv.core.errors import InputError

from . import boards, crossing
from .kept import EXAMPLES, LARGEST, LOOKS, MOST, Kept, drawn, predictor

MOST_POINTS = 1000

Look = frame.Choice(LOOKS)
FIRST = next(iter(LOOKS))
Pixels = Annotated[
    list[Annotated[list[float], Field(min_length=2, max_length=2)]],
    Field(min_length=1, max_length=MOST_POINTS),
    Asked(f"a list of 1 to {MOST_POINTS:,} points [x, y]"),
]


def kept(picture: PIL.Image.Image | None) -> Kept:
    """A picture that a client sent."""
    return Kept(pictures.tensor(picture, LARGEST))


def segmentation_segment(picture: frame.Picture, look: Look = FIRST):
    """Classes of the pixels of a picture: labels as a PNG with a palette, the share that each class has, and COCO's
    annotations. A picture larger than 480 pixels is scaled down to that."""
    from dlcv.segmentation import export

    labels, names = kept(picture).segmentation(LOOKS[look]).labels, predictor(LOOKS[look]).class_names
    answer = {
        "classes": list(names),
        "percent": boards.shares(labels, names),
        "size": list(labels.shape[::-1]),
        "coco": export.coco(labels, names),
    }
    return export.label_picture(labels, export.palette(names)), answer


def segmentation_probabilities(points: Pixels, picture: frame.Picture = None, look: Look = FIRST):
    """Probabilities of the classes at pixels of a picture."""
    one, name = kept(picture), LOOKS[look]
    found, scale = one.segmentation(name), picture.width / one.size[0]
    width, height = one.size
    answer = []
    for x, y in points:
        column, row = int(x / scale), int(y / scale)
        if not (0 <= column < width and 0 <= row < height):
            raise InputError(f"'points' must lie in the picture, which has {picture.width} x {picture.height} pixels.")
        answer.append(frame.rounded(found.logits[:, row, column].softmax(0), 6))
    return {"classes": list(predictor(name).class_names), "probabilities": answer}


def segmentation_cut_out(picture: frame.Picture = None, name: frame.Text = "cat", look: Look = FIRST):
    """The pixels of a class of a picture as a PNG that is transparent elsewhere."""
    names = predictor(LOOKS[look]).class_names
    if name not in names:
        raise InputError(f"'name' must be one of {', '.join(names)}.")
    return boards.cut(kept(picture), look, names.index(name))


def segmentation_cut_skips(
    shares: crossing.Shares, network: frame.Choice(crossing.SKIPPING) = "unet", seed: frame.Whole(0, MOST) = 0
):
    """How well a drawn street is segmented where only a share of each level's features, the finest first, crosses from
    the encoder to the decoder; of SegNet's indices those of a level with less than one half are shuffled."""
    one = drawn("street", seed)
    return crossing.scores(crossing.cut_labels(one, network, shares), one.truth)


def street() -> PIL.Image.Image:
    """A drawn street."""
    return pictures.image(drawn("street", 1).pixels)


def cat() -> PIL.Image.Image:
    """The first of the packaged photographs."""
    return PIL.Image.open(EXAMPLES[0])


def offer() -> None:
    """Make the endpoints."""
    example = {"picture": street, "look": "Streets"}
    frame.endpoint(segmentation_segment, ["png", "json"], example=example, **frame.COMPUTE)
    example = {"points": [[200, 150], [440, 20]], "picture": cat}
    frame.endpoint(segmentation_probabilities, ["json"], example=example, **frame.COMPUTE)
    frame.endpoint(segmentation_cut_out, ["png"], example={"picture": cat}, **frame.COMPUTE)
    frame.endpoint(segmentation_cut_skips, ["json"], example={"shares": [0.0, 0.0, 0.0, 0.0]})
