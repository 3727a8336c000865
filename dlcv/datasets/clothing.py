"""3,781 photographs of garments in ten classes, CC0: the clothing dataset (small) of Grigorev 2020."""

import io
import tarfile
from pathlib import Path

import torch
from PIL import Image
from torchvision.datasets.utils import download_and_extract_archive
from torchvision.transforms import v2

from . import root

CLASSES = ["dress", "hat", "longsleeve", "outwear", "pants", "shirt", "shoes", "shorts", "skirt", "t-shirt"]
HOME = "https://github.com/alexeygrigorev/clothing-dataset-small/archive/refs/heads/master.zip"


def load(split: str = "train", side: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (N, 3, side, side) uint8, the photographs' centre squares, and labels (N,) int64.

    Args:
        split: "train" (3,068), "validation" (341) or "test" (372).
        side: pixels, at most 128.
    """
    prepare = v2.Compose([v2.Resize(side, antialias=True), v2.CenterCrop(side), v2.ToImage()])
    pictures, labels = [], []
    for label, file in _files(split):
        with Image.open(file) as photograph:
            pictures.append(prepare(photograph.convert("RGB")))
        labels.append(label)
    return torch.stack(pictures), torch.tensor(labels)


def _files(split: str):
    """Label and file of every photograph of a split, in the order of their names."""
    folder, may_download = root()
    archive = folder / "clothing" / "clothing_128.tar"
    if archive.exists():
        with tarfile.open(archive) as tar:
            for name in sorted(name for name in tar.getnames() if name.startswith(f"{split}/")):
                path = Path(name)
                if path.suffix:
                    yield CLASSES.index(path.parent.name), io.BytesIO(tar.extractfile(name).read())
        return
    home = folder / "clothing-dataset-small-master"
    if not home.exists():
        if not may_download:
            raise FileNotFoundError(f"There is no clothing dataset in {folder}.")
        download_and_extract_archive(HOME, folder)
    for path in sorted((home / split).glob("*/*.jpg")):
        yield CLASSES.index(path.parent.name), path
