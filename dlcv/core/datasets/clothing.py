"""3,781 photographs of garments in ten classes, CC0: the clothing dataset (small) of Grigorev 2020."""

import torch

from . import archive

CLASSES = ["dress", "hat", "longsleeve", "outwear", "pants", "shirt", "shoes", "shorts", "skirt", "t-shirt"]
HOME = "https://github.com/alexeygrigorev/clothing-dataset-small/archive/refs/heads/master.zip"


def load(split: str = "train", side: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (N, 3, side, side) uint8, the photographs' centre squares, and labels (N,) int64.

    Args:
        split: "train" (3,068), "validation" (341) or "test" (372).
        side: pixels, at most 128.
    """
    found = list(archive.files("clothing/clothing_128.tar", split, HOME, f"clothing-dataset-small-master/{split}"))
    labels = torch.tensor([CLASSES.index(path.parent.name) for path, _ in found])
    return torch.stack([archive.picture(file, side) for _, file in found]), labels
