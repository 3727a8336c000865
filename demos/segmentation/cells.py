"""Answers to the board of cells: membranes, the weights of borders, and cells one by one."""

import numpy as np
import PIL.Image

from demos import frame
from dlcv.core.images import draw

from .kept import MEMBRANES, OfPicture

HEAVIEST = 10.0  # of the weights of borders


class Cells(OfPicture):
    """Question for the cells of a picture, where the network is so sure that a pixel lies in one."""

    network: frame.Choice(MEMBRANES)
    threshold: frame.Slider("In a cell where the probability is above", 0.05, 0.95, step=0.05) = 0.5


def found_in(query: Cells) -> tuple:
    """Probability (H, W) of lying in a cell, and the cells (H, W)."""
    from dlcv.segmentation.cells import instances

    inside = query.kept().segmentation(MEMBRANES[query.network]).probabilities[1].numpy()
    return inside, instances(inside, query.threshold)


def find_cells(query: Cells) -> dict:
    """Membranes and cells of a picture, the weights of U-Net between these cells, and how good they are where it is
    known."""
    from dlcv.segmentation.loss import border_weights
    from dlcv.segmentation.metrics import rand_score

    inside, cells = found_in(query)
    truth = query.kept().truth
    known = truth.numpy() if truth is not None and truth.shape == cells.shape else None
    return {
        "membranes": draw.data_uri(draw.heat(1 - inside)),
        "cells": frame.coded(cells, "<u2"),
        "count": int(cells.max()),
        "weights": draw.data_uri(draw.heat(border_weights(cells if known is None else known), 0, HEAVIEST)),
        "true_count": None if known is None else int(known.max()),
        "rand": None if known is None else rand_score(known, cells),
    }


def take_cells(query: Cells) -> dict:
    """The cells as a PNG of 16 bits, whose values are their numbers, and as COCO has them."""
    from dlcv.segmentation import export

    _, cells = found_in(query)
    return {
        "png": draw.data_uri(PIL.Image.fromarray(cells.astype(np.uint16))),
        "coco": export.coco_cells(cells),
    }
