"""Answers to the first board: what every pixel of a picture is, how sure that is, and what it hangs on."""

import numpy as np
import PIL.Image

from demos import frame
from dlcv.core.errors import InputError
from dlcv.core.images import draw

from .kept import LOOKS, Kept, OfPicture, classes_of, described, kept, labels_uri, predictor

MOST_SIDE = 480  # pixels of what is asked about
CLASSES = 21  # at most

Look = frame.Choice(LOOKS)


class OfLook(OfPicture):
    """Question about a picture, seen by one of the networks."""

    look: Look


class AtPixel(OfLook):
    """Question about a pixel, from the left and from the top."""

    x: frame.Clamped(0, MOST_SIDE)
    y: frame.Clamped(0, MOST_SIDE)

    def place(self) -> tuple[int, int]:
        """Row and column within the picture."""
        width, height = self.kept().size
        return min(int(self.y), height - 1), min(int(self.x), width - 1)


class OfClass(OfLook):
    """Question about a class, by its place among the names."""

    label: frame.Whole(0, CLASSES - 1)


def seen(one: Kept, look: str) -> dict:
    """The value of the board for a picture."""
    name = LOOKS[look]
    found = one.segmentation(name)
    return described(one, kept.add(one)) | classes_of(name) | {"look": look, "labels": labels_uri(found.labels)}


def at_pixel(query: AtPixel) -> dict:
    """Probabilities of the classes of a pixel; the term of the loss is minus the logarithm of one of them."""
    row, column = query.place()
    found = query.kept().segmentation(LOOKS[query.look])
    return {"x": column, "y": row, "probabilities": frame.rounded(found.logits[:, row, column].softmax(0), 6)}


def field_at(query: AtPixel) -> dict:
    """What of the picture a pixel's class hangs on: the box around 95 % of the length of the gradient."""
    from dlcv.segmentation.predictor import frame as box_of

    row, column = query.place()
    field = predictor(LOOKS[query.look]).field(query.kept().picture, row, column)
    return {"box": list(box_of(field)), "x": column, "y": row}


def cut_out(query: OfClass) -> dict:
    """The pixels of a class as a PNG that is transparent elsewhere, as large as the picture that was sent."""
    return {"png": draw.data_uri(cut(query.kept(), query.look, query.label))}


def cut(one: Kept, look: str, label: int) -> PIL.Image.Image:
    """The cut-out of a class. InputError where the picture has none of it."""
    from torch.nn import functional as F

    from dlcv.segmentation import export
    from dlcv.segmentation.guided import refined

    found = one.segmentation(LOOKS[look])
    names = predictor(LOOKS[look]).class_names
    if label >= len(names) or not (found.labels == label).any():
        raise InputError("Choose a class that this picture has.")
    probability = F.interpolate(found.probabilities[label][None, None], one.pixels.shape[1:], mode="bilinear")[0]
    scale = max(one.pixels.shape[1:]) / max(one.picture.shape[1:])
    edges = refined(probability, one.pixels, radius=round(4 * scale)).clamp(0, 1)[0]
    return PIL.Image.fromarray(export.cut_out(one.pixels, edges))


def take_away(query: OfLook) -> dict:
    """The labels as a PNG with its palette, and as COCO has them."""
    from dlcv.segmentation import export

    one, name = query.kept(), LOOKS[query.look]
    labels, names = one.segmentation(name).labels, predictor(name).class_names
    return {
        "png": draw.data_uri(export.label_picture(labels, export.palette(names))),
        "coco": export.coco(labels, names),
    }


def shares(labels, names) -> dict[str, float]:
    """Percentage of the pixels of every class that a picture has, the largest first."""
    counts = np.bincount(labels.numpy().ravel(), minlength=len(names)) / labels.numel()
    return {names[label]: round(100 * float(counts[label]), 2) for label in np.argsort(-counts) if counts[label]}
