"""Pictures of pictures, drawn here so that screens only show them."""

import torch
from PIL import Image
from torchvision.utils import make_grid

from .digits import to_image


def sheet(pictures: torch.Tensor, columns: int, scale: int = 1, gap: int = 2) -> Image.Image:
    """Grey pictures (N, H, W) in [0, 1], ink = 1, row by row on one white sheet, enlarged without blur."""
    return to_image(make_grid(pictures.unsqueeze(1), nrow=columns, padding=gap)[0], scale)
