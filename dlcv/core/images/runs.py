"""Masks as COCO's run lengths: https://cocodataset.org/#format-data."""

import numpy as np
import torch


def runs(mask: torch.Tensor, left: int, top: int, size: tuple[int, int]) -> dict:
    """COCO's run lengths, column by column, of a mask (h, w) bool that lies at left, top in a picture of `size`.

    `size` is height and width.
    """
    height, width = size
    columns = np.pad(mask.numpy().T, ((0, 0), (1, 1)))
    x, y = np.nonzero(columns[:, 1:] != columns[:, :-1])  # in each column where a run begins, where it ends, and so on
    borders = (left + x) * height + top + y
    return {"size": [height, width], "counts": np.diff(borders, prepend=0, append=height * width).tolist()}
