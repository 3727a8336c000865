"""Omniglot: 1,623 handwritten characters of 50 alphabets, each drawn once by 20 people (Lake et al. 2015).

The background set has 964 characters of 30 alphabets, the evaluation set 659 of 20 others.
"""

from typing import NamedTuple

import numpy as np
import torch
from torchvision import datasets

from . import root

SIDE, DRAWERS = 28, 20


class Characters(NamedTuple):
    """Characters of one split, C of them, by all of their drawers."""

    ink: torch.Tensor  # (C, 20, 28, 28) uint8, 1 where there is ink
    alphabet: torch.Tensor  # (C,) number of the alphabet
    names: list[str]  # of the alphabets, by number


def load(split: str = "background") -> Characters:
    """The characters of "background" (964) or of "evaluation" (659), in the order of their alphabets' names."""
    folder, may_download = root()
    archive = folder / "omniglot" / "omniglot_28x28.npz"
    if not archive.exists():
        return _published(folder, split, may_download)
    with np.load(archive) as arrays:
        chosen = arrays["is_evaluation"] == (split == "evaluation")
        order = np.lexsort((arrays["drawer"][chosen], arrays["char"][chosen]))
        ink = np.unpackbits(arrays["ink"][chosen], axis=1).reshape(-1, SIDE, SIDE)[order]
        numbers, names = arrays["alphabet"][chosen][order][::DRAWERS], arrays["alphabet_names"]
    kept, alphabet = np.unique(numbers, return_inverse=True)
    return Characters(
        torch.from_numpy(ink).view(-1, DRAWERS, SIDE, SIDE),
        torch.from_numpy(alphabet),
        [str(names[number]) for number in kept],
    )


def _published(folder, split: str, may_download: bool) -> Characters:
    """The same from the original pictures of 105 x 105, made smaller: a pixel with a fifth of ink is ink."""
    pictures = datasets.Omniglot(folder, background=split == "background", download=may_download)
    large = np.stack([np.asarray(picture) < 128 for picture, _ in pictures])
    share = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(large).float(), SIDE)
    names = sorted({name.split("/")[0] for name in pictures._characters})
    alphabet = [names.index(name.split("/")[0]) for name in pictures._characters]
    ink = (share > 0.2).to(torch.uint8).view(-1, DRAWERS, SIDE, SIDE)
    return Characters(ink, torch.tensor(alphabet), names)
