"""Segmentations to take away: a label picture with its palette, a cut-out, COCO's annotations."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from ..core.datasets import camvid
from ..core.images.runs import runs

STREET_COLOURS = (
    (128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128), (0, 0, 192), (128, 128, 0), (192, 128, 128),
    (64, 64, 128), (64, 0, 128), (64, 64, 0), (0, 128, 192),
)  # fmt: skip
"""Those of SegNet's authors, in the order of `camvid.CLASSES`."""


def voc_colours(count: int) -> tuple[tuple[int, int, int], ...]:
    """The colours of Pascal VOC for `count` labels: the bits of a label, dealt in turn to red, green and blue."""
    found = []
    for label in range(count):
        colour = [0, 0, 0]
        for bit in range(8):
            colour[bit % 3] |= (label >> bit & 1) << (7 - bit // 3)
        found.append(tuple(colour))
    return tuple(found)


def palette(class_names: Sequence[str]) -> tuple[tuple[int, int, int], ...]:
    """A colour for each class: SegNet's for streets, Pascal VOC's for everything else."""
    return STREET_COLOURS if tuple(class_names) == camvid.CLASSES else voc_colours(len(class_names))


def label_picture(labels: torch.Tensor, colours: Sequence[tuple[int, int, int]]) -> Image.Image:
    """Labels (H, W) uint8 as a picture in mode P: its values are the labels, its palette the colours."""
    picture = Image.fromarray(labels.numpy(), mode="P")
    picture.putpalette([value for colour in colours for value in colour])
    return picture


def cut_out(picture: torch.Tensor, probability: torch.Tensor) -> np.ndarray:
    """A picture (3, H, W) in [0, 1] as (H, W, 4) uint8, as transparent as its class is improbable, (H, W) in [0, 1].

    Beyond 0.25 to 0.75 a pixel is left out, or kept, whole.
    """
    alpha = (2 * probability - 0.5).clamp(0, 1)
    return (255 * torch.cat([picture, alpha[None]])).round().to(torch.uint8).permute(1, 2, 0).numpy()


def coco(labels: torch.Tensor, class_names: Sequence[str]) -> dict:
    """COCO's annotations of labels (H, W): one for each class that the picture has, with run lengths and its box.

    They are marked as crowds, which COCO has for what is not counted one by one.
    """
    return _annotated(labels.numpy().astype(np.int32) + 1, class_names, crowds=True)


def coco_cells(cells: np.ndarray) -> dict:
    """COCO's annotations of cells (H, W), 0 between them and k in the k-th: one each, with run lengths and its box."""
    return _annotated(cells, ["cell"], crowds=False)


def _annotated(numbers: np.ndarray, names: Sequence[str], crowds: bool) -> dict:
    """An annotation for each number above 0 in a picture (H, W); of crowds the number is that of the category."""
    size, annotations = tuple(numbers.shape), []
    for number, place in enumerate(ndimage.find_objects(numbers), 1):
        if place is None:  # nothing has this number
            continue
        mask = torch.from_numpy(numbers[place] == number)
        (top, bottom), (left, right) = ((side.start, side.stop) for side in place)
        annotations.append(
            {
                "id": len(annotations) + 1,
                "image_id": 1,
                "category_id": number if crowds else 1,  # COCO's begin with 1
                "segmentation": runs(mask, left, top, size),
                "area": int(mask.sum()),
                "bbox": [left, top, right - left, bottom - top],
                "iscrowd": int(crowds),
            }
        )
    return {
        "images": [{"id": 1, "height": size[0], "width": size[1]}],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names, 1)],
        "annotations": annotations,
    }
