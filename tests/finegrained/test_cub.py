"""The loader of birds: both forms of the data set, the small one and that of its authors."""

from __future__ import annotations

import json
import tarfile

import pytest
import torch
from PIL import Image

from dlcv.core.datasets import cub

NAMES = ("004.Groove_billed_Ani/Ani_0001_1", "034.Gray_crowned_Rosy_Finch/Finch_0002_2", "010.Red_winged/Red_0003_3")
BEAK = cub.PARTS.index("beak")


def marks(x: float, y: float) -> list[list[float]]:
    """Marks of a bird that shows nothing but its beak."""
    return [[x, y, 1.0] if part == BEAK else [0.0, 0.0, 0.0] for part in range(len(cub.PARTS))]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCV_DATA", str(tmp_path))
    return tmp_path


def check() -> None:
    """Asserts that the first and the last picture are for training, the other for the test."""
    train, test = cub.load("train"), cub.load("test")
    assert train.pictures.shape == (2, 3, cub.SIDE, cub.SIDE) and train.pictures.dtype == torch.uint8
    assert train.labels.tolist() == [0, 2] and test.labels.tolist() == [19]
    torch.testing.assert_close(train.parts[0, BEAK], torch.tensor([0.5, -0.5]))
    assert train.parts[0].isnan().all(1).sum() == len(cub.PARTS) - 1


def picture(size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", size, (200, 10, 30))


def test_the_small_form(folder):
    (folder / "cub20").mkdir()
    with tarfile.open(folder / "cub20" / "images.tar", "w") as tar:
        for name in NAMES:
            picture((80, 40)).save(folder / "one.webp")
            tar.add(folder / "one.webp", f"images/{name}.webp")
    images = [
        {"file": f"{name}.webp", "label": int(name[:3]), "train": int(number != 1), "size": [80, 40],
         "parts": marks(60, 10)}
        for number, name in enumerate(NAMES)
    ]  # fmt: skip
    (folder / "cub20" / "annotations.json").write_text(json.dumps({"images": images}))
    check()


def test_the_form_of_its_authors(folder):
    place = folder / "CUB_200_2011"
    (place / "parts").mkdir(parents=True)
    other = "001.Black_footed_Albatross/Albatross_0004_4"  # a species that is not among the twenty
    for name in (*NAMES, other):
        path = place / "images" / f"{name}.jpg"
        path.parent.mkdir(parents=True)
        picture((80, 40)).save(path)
    names = [*NAMES, other]
    (place / "images.txt").write_text("".join(f"{i} {name}.jpg\n" for i, name in enumerate(names, 1)))
    (place / "train_test_split.txt").write_text("1 1\n2 0\n3 1\n4 1\n")
    lines = [f"{i} {part} {x} {y} {v}\n" for i in range(1, 5) for part, (x, y, v) in enumerate(marks(60, 10), 1)]
    (place / "parts" / "part_locs.txt").write_text("".join(lines))
    check()


def test_nothing_is_fetched_into_the_folder_of_the_data(folder):
    with pytest.raises(FileNotFoundError):
        cub.load("train")
