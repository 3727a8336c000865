"""MNIST-M (Ganin et al. 2016): each digit of MNIST over a patch of a natural photograph of BSDS500, in colour.

Made here, as its authors did: the absolute difference of the patch and the digit.
"""

import io
import tarfile
from pathlib import Path

import torch
from PIL import Image
from torchvision.datasets.utils import download_and_extract_archive
from torchvision.transforms import v2

from . import mnist, root

HOME = "http://www.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/BSR/BSR_bsds500.tgz"


def photographs(split: str = "train") -> list[torch.Tensor]:
    """The photographs of BSDS500, (3, H, W) uint8, 321 x 481 or 481 x 321: "train" (200) or "val" (100)."""
    prepare, found = v2.ToImage(), []
    for file in _files(split):
        with Image.open(file) as photograph:
            found.append(prepare(photograph.convert("RGB")))
    return found


def _files(split: str):
    folder, may_download = root()
    archive = folder / "bsds500" / "bsds_train_val.tar"
    if archive.exists():
        with tarfile.open(archive) as tar:
            for name in sorted(name for name in tar.getnames() if f"/{split}/" in name):
                yield io.BytesIO(tar.extractfile(name).read())
        return
    home = folder / "BSR"
    if not home.exists():
        if not may_download:
            raise FileNotFoundError(f"There is no BSDS500 in {folder}.")
        download_and_extract_archive(HOME, folder)
    yield from sorted(Path(home / "BSDS500" / "data" / "images" / split).glob("*.jpg"))


def blend(digits: torch.Tensor, photographs: list[torch.Tensor], generator: torch.Generator) -> torch.Tensor:
    """|patch - digit|: digits (N, 1, S, S) in [0, 1] over random patches of the photographs -> (N, 3, S, S)."""
    side, patches = digits.shape[-1], []

    def below(count: int) -> int:
        return torch.randint(count, (), generator=generator).item()

    for _ in digits:
        photograph = photographs[below(len(photographs))]
        top, left = (below(size - side + 1) for size in photograph.shape[1:])
        patches.append(photograph[:, top : top + side, left : left + side])
    return (torch.stack(patches).float() / 255 - digits).abs()


def load(split: str = "train") -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (N, 3, 28, 28) float in [0, 1], and labels (N,) int64, the same at every call.

    Args:
        split: "train" (60,000) or "test" (10,000), over the photographs of "train" or "val": nothing is in both.
    """
    digits, labels = mnist.load("mnist", split)
    generator = torch.Generator().manual_seed(0)
    return blend(digits, photographs("train" if split == "train" else "val"), generator), labels
