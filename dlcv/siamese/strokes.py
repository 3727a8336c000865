"""From ink to what the network of characters sees: one way for the data set, for a pad and for a photograph."""

import cv2
import numpy as np
import torch

SIDE = 32
BOX = 26  # pixels that the longer side of what is drawn gets


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
