"""Boxes (D, 4), XYXY in pixels."""

import torch

WITHIN, PART = 0.9, 0.3  # shares: of a box that lies in another one, and of the other one's area that the box has


def no_parts(boxes: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
    """Which boxes (D, 4), best first, are no part of a better one that is left, of the same label (D,): (D,) bool.

    Non-maximum suppression leaves the box of a head and shoulders inside of its person's, as the two have little in
    common of all that they cover together. A much smaller box inside is somebody in front, or far behind.
    """
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    corner = torch.maximum(boxes[:, None, :2], boxes[None, :, :2])
    shared = (torch.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - corner).clamp(min=0).prod(2)  # (D, D)
    part = (shared > WITHIN * area[:, None]) & (area[:, None] > PART * area)  # row of column
    if labels is not None:
        part &= labels[:, None] == labels
    left = torch.ones(len(boxes), dtype=torch.bool, device=boxes.device)
    for number in range(1, len(boxes)):
        left[number] = not (part[number, :number] & left[:number]).any()
    return left
