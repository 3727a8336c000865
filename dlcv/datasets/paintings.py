"""monet2photo (Zhu et al. 2017): paintings of Monet and photographs of landscapes, 256 x 256, none with a partner."""

import io
import tarfile
from pathlib import Path

import torch
from PIL import Image
from torchvision.datasets.utils import download_and_extract_archive
from torchvision.transforms import v2

from . import root

HOME = "https://people.eecs.berkeley.edu/~taesung_park/CycleGAN/datasets/monet2photo.zip"
FOLDERS = {"monet": "A", "photo": "B"}


def load(kind: str, split: str = "train", side: int = 256) -> torch.Tensor:
    """Pictures (N, 3, side, side) uint8.

    Args:
        kind: "monet" or "photo".
        split: "train" or "test".
        side: pixels, at most 256.
    """
    prepare, found = v2.Compose([v2.Resize(side, antialias=True), v2.CenterCrop(side), v2.ToImage()]), []
    for file in _files(f"{split}{FOLDERS[kind]}"):
        with Image.open(file) as picture:
            found.append(prepare(picture.convert("RGB")))
    return torch.stack(found)


def _files(part: str):
    """Every picture of a part, "trainA" and so on, in the order of their names."""
    folder, may_download = root()
    archive = folder / "monet2photo" / "monet2photo.tar"
    if archive.exists():
        with tarfile.open(archive) as tar:
            for name in sorted(name for name in tar.getnames() if name.startswith(f"{part}/") and Path(name).suffix):
                yield io.BytesIO(tar.extractfile(name).read())
        return
    home = folder / "monet2photo"
    if not (home / part).exists():
        if not may_download:
            raise FileNotFoundError(f"There is no monet2photo in {folder}.")
        download_and_extract_archive(HOME, folder)
    yield from sorted((home / part).glob("*.jpg"))
