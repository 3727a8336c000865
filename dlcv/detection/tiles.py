"""Pictures that are larger than a network sees at once: in overlapping tiles, duplicates merged at the borders.

Scaled to what a network sees, the nuclei of a whole slide would be a pixel each. In a tile they are as large as those
that were learned from. What lies in the overlap of two tiles is found twice, and is whole in one of them at least as
long as it is smaller than the overlap.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch

from .predictor import DetectorPredictor

OVERLAP = 0.25  # of a tile's side that it shares with the next
EDGE = 2.0  # pixels: a box that is this close to where a tile was cut is probably cut as well
SAME = 0.5  # part of the smaller of two boxes that lies in the other, from which they are one object


class TileDetections(NamedTuple):
    """Detections of all tiles, best first; boxes in pixels of the whole picture."""

    boxes: torch.Tensor  # (D, 4)
    labels: torch.Tensor  # (D,)
    scores: torch.Tensor  # (D,)
    regions: torch.Tensor  # (D,): indices of the proposals in their tiles
    tiles: torch.Tensor  # (D,): indices of the tiles
    cells: torch.Tensor  # (D, 28, 28): the masks in their boxes; (D, 0, 0) of a network without


def starts(length: int, side: int) -> list[int]:
    """Where tiles of a side begin that cover a length, evenly, with an overlap of OVERLAP at least."""
    if length <= side:
        return [0]
    count = 1 + -int((side - length) // (side * (1 - OVERLAP)))  # rounded up
    return [round(number * (length - side) / (count - 1)) for number in range(count)]


def tiles(height: int, width: int, side: int) -> torch.Tensor:
    """The tiles (T, 4) of a picture, left, top, right and bottom, row by row."""
    return torch.tensor(
        [
            (left, top, min(left + side, width), min(top + side, height))
            for top in starts(height, side)
            for left in starts(width, side)
        ]
    )


def is_cut(boxes: torch.Tensor, tile: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Which boxes (D, 4), in pixels of the picture, end where their tile does and the picture does not: (D,) bool."""
    inner = torch.tensor([tile[0] > 0, tile[1] > 0, tile[2] < width, tile[3] < height])
    return (((boxes - tile).abs() <= EDGE) & inner).any(1)


def merged(boxes: torch.Tensor, labels: torch.Tensor, order: torch.Tensor, tiles: torch.Tensor) -> torch.Tensor:
    """Indices of the boxes (D, 4) that are left where those of one class in different tiles are one object.

    `order` (D,) lists them, the best first, which stay. Compared is the part of the smaller box that lies in the other,
    as a cut object is a part of the whole one.
    """
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    left = torch.zeros(len(boxes), dtype=torch.bool)
    for number in order.tolist():
        rivals = (left & (labels == labels[number]) & (tiles != tiles[number])).nonzero()[:, 0]
        corner = torch.maximum(boxes[rivals, :2], boxes[number, :2])
        shared = (torch.minimum(boxes[rivals, 2:], boxes[number, 2:]) - corner).clamp(min=0).prod(1)
        left[number] = not (shared > SAME * torch.minimum(area[rivals], area[number])).any()
    return order[left[order]]


def detect(
    predictor: DetectorPredictor,
    picture: torch.Tensor,
    side: int,
    score: float,
    progress: Callable[[float], None] = lambda done: None,
) -> tuple[TileDetections, torch.Tensor]:
    """Detections with a larger score than `score` in a picture (3, H, W) bytes, and its tiles (T, 4) of `side` pixels.

    `progress` is told the part of the work that is done, 0 to 1.
    """
    height, width = picture.shape[1:]
    places, parts, cut = tiles(height, width, side), [], []
    for number, tile in enumerate(places):
        left, top, right, bottom = tile.tolist()
        predictor.set_image(picture[:, top:bottom, left:right] / 255)
        found = predictor.detections(score)
        masks = predictor.config.masks
        cells = predictor.cells(found) if masks else found.boxes.new_zeros(len(found.boxes), 0, 0)
        boxes = found.boxes + tile[:2].repeat(2)
        parts.append(TileDetections(boxes, *found[1:], torch.full_like(found.labels, number), cells))
        cut.append(is_cut(boxes, tile, height, width))
        progress((number + 1) / len(places))
    together = TileDetections(*(torch.cat(values) for values in zip(*parts)))
    order = (together.scores - torch.cat(cut).float()).argsort(descending=True)  # whole ones first
    kept = merged(together.boxes, together.labels, order, together.tiles)
    kept = kept[together.scores[kept].argsort(descending=True)]
    return TileDetections(*(values[kept] for values in together)), places
