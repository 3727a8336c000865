"""From ink to what the network of characters sees: one way for the data set, for a pad and for a photograph."""

import cv2
import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from ..core.errors import InputError
from ..core.images import digits, handwriting

SIDE = 32
BOX = 26  # pixels that the longer side of what is drawn gets
VIEWS = torch.tensor(
    [
        [[1.0, 0, 0], [0, 1, 0]],  # as it is
        [[0.99, -0.14, 0], [0.14, 0.99, 0]],  # turned by 8 degrees one way, and the other
        [[0.99, 0.14, 0], [-0.14, 0.99, 0]],
    ]
)
"""(3, 2, 3), affine maps: hands differ by these, and the mean of the embeddings does so less."""


def framed(ink: np.ndarray) -> torch.Tensor:
    """Ink (H, W) in [0, 1] as the network sees it, (1, 32, 32) uint8: its box 26 pixels long, in the middle.

    Where a character was drawn, and how large, says nothing of which one it is.
    """
    rows, columns = np.flatnonzero((ink > 0.5).any(1)), np.flatnonzero((ink > 0.5).any(0))
    cut = np.float32(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = BOX / max(cut.shape)
    height, width = (max(2, round(side * scale)) for side in cut.shape)
    small = cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    picture = torch.zeros(1, SIDE, SIDE, dtype=torch.uint8)
    picture[0, top : top + height, left : left + width] = torch.from_numpy(np.uint8(255 * small + 0.5))
    return picture


def all_framed(ink: torch.Tensor) -> torch.Tensor:
    """Characters of the data set, (C, 20, 28, 28) of 0 and 1, as the network sees them: (C, 20, 1, 32, 32) uint8."""
    return torch.stack([framed(one) for one in ink.flatten(0, 1).numpy()]).view(*ink.shape[:2], 1, SIDE, SIDE)


def views(x: torch.Tensor) -> torch.Tensor:
    """Pictures (N, 1, 32, 32) in [0, 1] each in the three `VIEWS`: (3, N, 1, 32, 32)."""
    maps = VIEWS.to(x.device).repeat_interleave(len(x), 0)
    grid = F.affine_grid(maps, [len(maps), *x.shape[1:]], align_corners=False)
    return F.grid_sample(x.repeat(len(VIEWS), 1, 1, 1), grid, align_corners=False).view(len(VIEWS), *x.shape)


def read(drawing: Image.Image | str | None) -> torch.Tensor:
    """What a visitor drew, shot or uploaded as the network sees it, (1, 32, 32) uint8; a string is a data URI.

    Raises InputError where there is none, or nothing is to be seen.
    """
    if drawing is None:
        raise InputError("Draw something first.")
    picture = digits.decode_data_uri(drawing) if isinstance(drawing, str) else drawing
    return framed(handwriting.ink(digits.upright(picture), whole=True))
