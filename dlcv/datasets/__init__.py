"""One file a data set. Each takes DLCV_DATA where it is set, else fetches from the set's public home."""

import os
from pathlib import Path

from torch.utils.data import Dataset


def root() -> tuple[Path, bool]:
    """The folder data sets are read from, and whether it may be downloaded into (never into DLCV_DATA)."""
    if given := os.environ.get("DLCV_DATA"):
        return Path(given), False
    return Path.home() / ".cache" / "dlcv", True


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
