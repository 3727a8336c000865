"""The photographs that the progressive GAN learned from: 3,068 garments by Alexey Grigorev and others, 2020, CC0.

They are here in small, so that a copy can be told from an invention without a network; WebP costs them a grey value
here and there. `python -m dlcv.gan.photographs [--data DIR]` writes the sheet again.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..core.datasets import clothing, parse_with_data
from ..core.images.draw import colour_sheet
from .garments import SIDE

SHEET = Path(__file__).with_suffix(".webp")
COLUMNS = 59
COUNTS = dict(zip(clothing.CLASSES, (241, 123, 455, 184, 468, 290, 198, 202, 112, 795)))
"""How many photographs each kind has; the sheet has them in this order."""


def load() -> torch.Tensor:
    """The photographs, (3068, 3, 64, 64) in [0, 1], kind after kind."""
    with Image.open(SHEET) as sheet:
        values = torch.from_numpy(np.array(sheet.convert("RGB")))  # (52 * 64, 59 * 64, 3)
    tiles = values.unflatten(0, (-1, SIDE)).unflatten(2, (-1, SIDE)).permute(0, 2, 4, 1, 3).flatten(0, 1)
    return tiles[: sum(COUNTS.values())].float() / 255


def main() -> None:
    """Write the sheet."""
    parse_with_data(argparse.ArgumentParser(description=__doc__))
    pictures, labels = clothing.load("train", SIDE)
    colour_sheet(pictures[labels.argsort(stable=True)].float() / 255, COLUMNS).save(SHEET, quality=60, method=6)


if __name__ == "__main__":
    main()
