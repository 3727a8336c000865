"""Pictures in a tar or a folder, for the data sets of photographs and paintings."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image
from torchvision.datasets.utils import download_and_extract_archive
from torchvision.transforms import v2

from . import root


def files(archive: str, part: str, url: str, home: str) -> Iterator[tuple[Path, Path | io.BytesIO]]:
    """Name and file of every picture, in the order of the names.

    Args:
        archive: a tar, in the folder that `root` gives, and `part` the folder in it.
        url: the set's public home, for where there is no tar; it unpacks to the folder `home`.

    Raises FileNotFoundError where nothing is at hand and nothing may be downloaded.
    """
    folder, may_download = root()
    if (folder / archive).exists():
        with tarfile.open(folder / archive) as tar:
            for name in sorted(name for name in tar.getnames() if name.startswith(f"{part}/") and Path(name).suffix):
                yield Path(name), io.BytesIO(tar.extractfile(name).read())
        return
    if not (folder / home).exists():
        if not may_download:
            raise FileNotFoundError(f"There is no {archive} in {folder}.")
        download_and_extract_archive(url, folder)
    for path in sorted((folder / home).rglob("*.jpg")):
        yield path, path


def picture(file: Path | io.BytesIO, side: int | None = None) -> torch.Tensor:
    """A picture (3, H, W) uint8, or its centre square, (3, side, side)."""
    square = [v2.Resize(side, antialias=True), v2.CenterCrop(side)] if side else []
    with Image.open(file) as opened:
        return v2.Compose([*square, v2.ToImage()])(opened.convert("RGB"))
