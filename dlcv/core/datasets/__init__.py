"""One file a data set. Each takes DLCV_DATA where it is set, else fetches from the set's public home."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from torch.utils.data import Dataset

CACHE = Path.home() / ".cache" / "dlcv"
VOID = 255  # label of a pixel that belongs to no class: no loss and no score counts it


def root() -> tuple[Path, bool]:
    """The folder data sets are read from, and whether it may be downloaded into (never into DLCV_DATA)."""
    if given := os.environ.get("DLCV_DATA"):
        return Path(given), False
    return CACHE, True


def parse_with_data(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line of `parser` with one option more, --data: the folder that `root` then gives."""
    parser.add_argument("--data", help="folder of the data sets; DLCV_DATA, else ~/.cache/dlcv")
    args = parser.parse_args()
    if args.data:
        os.environ["DLCV_DATA"] = args.data
    return args


class TensorBatches(Dataset):
    """Tensors of equal length, indexed a batch at a time: one gather instead of a collate over single pictures."""

    def __init__(self, *tensors):
        self.tensors = tensors

    def __len__(self):
        return len(self.tensors[0])

    def __getitem__(self, index):
        return tuple(tensor[index] for tensor in self.tensors)

    def __getitems__(self, indices):
        return self[indices]


class Varied(Dataset):
    """The samples of `data`, each changed by `vary` as it is read: turned, mirrored, in other light."""

    def __init__(self, data: Dataset | list, vary: Callable):
        self.data, self.vary = data, vary

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index: int):
        return self.vary(self.data[index])
