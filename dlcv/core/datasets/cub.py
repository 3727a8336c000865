"""CUB-200-2011 (Wah et al. 2011), twenty of its species, most of which look like another: 600 and 585 photographs.

The photographs are other people's, for research and teaching; not one of them ships.
"""

import json
from pathlib import Path
from typing import NamedTuple

import torch
from torch.nn import functional as F

from . import archive, root

HOME = "https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz"
NUMBERS = (4, 9, 10, 11, 12, 13, 14, 15, 16, 19, 20, 21, 23, 26, 28, 29, 30, 31, 33, 34)  # among CUB's 200 species
SPECIES = (
    "Groove-billed Ani", "Brewer's Blackbird", "Red-winged Blackbird", "Rusty Blackbird", "Yellow-headed Blackbird",
    "Bobolink", "Indigo Bunting", "Lazuli Bunting", "Painted Bunting", "Gray Catbird", "Yellow-breasted Chat",
    "Eastern Towhee", "Brandt's Cormorant", "Bronzed Cowbird", "Brown Creeper", "American Crow", "Fish Crow",
    "Black-billed Cuckoo", "Yellow-billed Cuckoo", "Gray-crowned Rosy Finch",
)  # fmt: skip
PARTS = (
    "back", "beak", "belly", "breast", "crown", "forehead", "left eye", "left leg", "left wing", "nape", "right eye",
    "right leg", "right wing", "tail", "throat",
)  # fmt: skip
SIDE = 160  # pixels: each photograph is squeezed into a square


class Birds(NamedTuple):
    """Photographs squeezed into squares, and what is marked on them."""

    pictures: torch.Tensor  # (N, 3, SIDE, SIDE) uint8
    labels: torch.Tensor  # (N,): a place in SPECIES
    parts: torch.Tensor  # (N, 15, 2): (x, y) of PARTS, the photograph spanning [-1, 1] both ways; nan where hidden


class _Marks(NamedTuple):
    """What the set says of a photograph."""

    train: bool
    size: tuple[int, int] | None  # that the parts are measured in; None: the photograph's own
    parts: list  # (15, 3): x, y, visible


def load(split: str = "train") -> Birds:
    """The birds of "train" (600) or "test" (585), the publisher's own split, by species.

    Raises FileNotFoundError where nothing is at hand and nothing may be downloaded.
    """
    marks: dict[str, _Marks] = {}
    pictures, labels, parts = [], [], []
    for name, file in archive.files("cub20/images.tar", "images", HOME, "CUB_200_2011"):
        marks = marks or _marks()
        number = int(name.parent.name[:3])
        if number not in NUMBERS or marks[name.stem].train != (split == "train"):
            continue
        picture, marked = archive.picture(file), marks[name.stem]
        pictures.append(squeezed(picture))
        labels.append(NUMBERS.index(number))
        size = torch.tensor(marked.size or picture.shape[:0:-1])  # width, height
        found = torch.tensor(marked.parts)
        parts.append((found[:, :2] / size * 2 - 1).masked_fill(found[:, 2:] == 0, torch.nan))
    return Birds(torch.stack(pictures), torch.tensor(labels), torch.stack(parts))


def squeezed(picture: torch.Tensor) -> torch.Tensor:
    """A picture (3, H, W) uint8 as a square (3, SIDE, SIDE) uint8, whatever its shape was."""
    square = F.interpolate(picture[None].float(), (SIDE, SIDE), mode="bilinear", antialias=True)[0]
    return square.round().clamp(0, 255).to(torch.uint8)


def _marks() -> dict[str, _Marks]:
    """Marks of each photograph by its name: of DLCV_DATA's twenty species, or of all that the authors publish."""
    folder = root()[0]
    small = folder / "cub20" / "annotations.json"
    if small.exists():
        images = json.loads(small.read_text())["images"]
        return {Path(it["file"]).stem: _Marks(it["train"] == 1, tuple(it["size"]), it["parts"]) for it in images}

    def table(name: str) -> list[list[str]]:
        return [line.split() for line in (folder / "CUB_200_2011" / name).read_text().splitlines()]

    train = {number: flag == "1" for number, flag in table("train_test_split.txt")}
    parts: dict[str, list] = {}
    for number, _, *place in table("parts/part_locs.txt"):  # in the order of PARTS
        parts.setdefault(number, []).append([float(value) for value in place])
    return {Path(path).stem: _Marks(train[number], None, parts[number]) for number, path in table("images.txt")}
