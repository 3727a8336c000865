"""Detections as COCO has them: https://cocodataset.org/#format-data."""

import torch
from torchvision.models.detection.roi_heads import paste_masks_in_image

from ..core.images.runs import runs
from .predictor import mask_scores


def pasted(cells: torch.Tensor, box: torch.Tensor, size: tuple[int, int]) -> tuple[int, int, torch.Tensor]:
    """The mask (28, 28) of a box (4,) at full size, in the window around the box: its left, top, and (h, w) in [0, 1].

    `size` is height and width of the picture.
    """
    # torchvision enlarges the box by a cell on each side and cuts off its fractions: the window must hold all of that
    margin = int((box[2:] - box[:2]).max() / len(cells)) + 2
    left, top = (box[:2].floor() - margin).clamp(min=0).int().tolist()
    right, bottom = (min(int(end) + margin + 1, side) for end, side in zip(box[2:].tolist(), (size[1], size[0])))
    corner = torch.tensor([left, top, left, top])
    return left, top, paste_masks_in_image(cells[None, None], (box - corner)[None], (bottom - top, right - left))[0, 0]


def coco(
    boxes: torch.Tensor,
    labels: torch.Tensor,
    scores: torch.Tensor,
    cells: torch.Tensor,
    class_names: tuple[str, ...],
    size: tuple[int, int],
    threshold: float = 0.5,
) -> dict:
    """Objects (D, ...) of a picture of `size` (height, width), masks where `cells` is (D, 28, 28) and not (D, 0, 0)."""
    annotations, sure = [], mask_scores(scores, cells)
    for number, (box, label, score) in enumerate(zip(boxes, labels, scores)):
        left, top, right, bottom = (round(value, 2) for value in box.tolist())
        width, height = round(right - left, 2), round(bottom - top, 2)
        entry = {"id": number + 1, "image_id": 1, "category_id": int(label), "score": round(float(score), 4)}
        entry |= {"bbox": [left, top, width, height], "area": round(width * height, 2), "iscrowd": 0}
        if cells.shape[-1]:
            x, y, mask = pasted(cells[number], box, size)
            shape = mask > threshold
            entry |= {"segmentation": runs(shape, x, y, size), "area": int(shape.sum())}
            entry["mask_score"] = round(float(sure[number]), 4)
        annotations.append(entry)
    return {
        "images": [{"id": 1, "height": size[0], "width": size[1]}],
        "categories": [{"id": label, "name": name} for label, name in enumerate(class_names, 1)],
        "annotations": annotations,
    }
