"""Pictures in a tar or a folder, for the data sets of photographs and paintings."""

import io
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image
from torchvision.datasets.utils import download_and_extract_archive
from torchvision.transforms import v2

from . import CACHE, root


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


def unpacked(archive: str, url: str, home: str) -> Path:
    """The folder that a set is in: what a tar of DLCV_DATA holds, unpacked once beside the downloads, or `home`.

    Args:
        archive: a tar, in the folder that `root` gives.
        url: the set's public home, for where there is no tar; it unpacks to the folder `home`.

    Raises FileNotFoundError where nothing is at hand and nothing may be downloaded.
    """
    folder, may_download = root()
    if (folder / archive).exists():
        place = CACHE / Path(archive).stem
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            with tarfile.open(folder / archive) as tar:
                scratch = tempfile.mkdtemp(dir=place.parent)
                tar.extractall(scratch, filter="data")
                Path(scratch).rename(place)  # there whole, or not at all
        return place
    if not (folder / home).exists():
        if not may_download:
            raise FileNotFoundError(f"There is no {archive} in {folder}.")
        download_and_extract_archive(url, folder)
    return folder / home


def picture(file: Path | io.BytesIO, side: int | None = None) -> torch.Tensor:
    """A picture (3, H, W) uint8, or its centre square, (3, side, side)."""
    square = [v2.Resize(side, antialias=True), v2.CenterCrop(side)] if side else []
    with Image.open(file) as opened:
        return v2.Compose([*square, v2.PILToTensor()])(opened.convert("RGB"))
