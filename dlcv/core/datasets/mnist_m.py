"""MNIST-M (Ganin et al. 2016): each digit of MNIST over a patch of a natural photograph of BSDS500, in colour.

Made here, as its authors did: the absolute difference of the patch and the digit.
"""

import torch

from . import archive, mnist

HOME = "http://www.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/BSR/BSR_bsds500.tgz"


def photographs(split: str = "train") -> list[torch.Tensor]:
    """The photographs of BSDS500, (3, H, W) uint8, 321 x 481 or 481 x 321: "train" (200) or "val" (100)."""
    found = archive.files("bsds500/bsds_train_val.tar", f"bsds500/{split}", HOME, f"BSR/BSDS500/data/images/{split}")
    return [archive.picture(file) for _, file in found]


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
