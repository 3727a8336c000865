"""The data sets' loaders, and how training pictures are varied."""

import io
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from dlcv.core.datasets import VOID, archive, camvid, isbi2012
from dlcv.segmentation.samples import MEMBRANES, STREETS, Variation, borders, varied


def png(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


def packed(path, files: dict[str, bytes]) -> None:
    """Writes a tar of files."""
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


@pytest.fixture
def data(tmp_path, monkeypatch):
    """An empty folder of data sets, with a cache of its own."""
    monkeypatch.setenv("DLCV_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(archive, "CACHE", tmp_path / "cache")
    return tmp_path / "data"


def test_camvid_pairs_frames_with_labels_and_says_what_is_void(data):
    files = {}
    for number in range(4):
        files[f"test/{number}.png"] = png(np.full((6, 8, 3), 10 * number, np.uint8))
        files[f"testannot/{number}.png"] = png(np.full((6, 8), [number, 10, 11, 255][number], np.uint8))
    packed(data / "camvid" / "camvid_480x360.tar", files)
    pictures, labels = camvid.load("test")
    assert pictures.shape == (4, 3, 6, 8) and pictures[:, 0, 0, 0].tolist() == [0, 10, 20, 30]
    assert labels[:, 0, 0].tolist() == [0, 10, VOID, VOID] and labels.dtype == torch.uint8
    assert camvid.load("test", every=3)[0][:, 0, 0, 0].tolist() == [0, 30]


def test_membranes_are_in_the_order_of_the_stack_and_the_last_are_held_out(data):
    files = {}
    for number in range(12):  # "10" comes after "2", not before it
        files[f"train/image/{number}.png"] = png(np.full((4, 4), number, np.uint8))
        files[f"train/label/{number}.png"] = png(np.array([[0, 255], [255, 255]], np.uint8))
    packed(data / "isbi2012" / "membrane.tar", files)
    (slices, labels), (held_out, _) = isbi2012.load("train"), isbi2012.load("test")
    assert slices[:, 0, 0, 0].tolist() == [*range(6)] and held_out[:, 0, 0, 0].tolist() == [*range(6, 12)]
    assert labels[0].tolist() == [[0, 1], [1, 1]] and slices.shape == (6, 1, 4, 4)


@pytest.mark.parametrize("load", [camvid.load, isbi2012.load])
def test_a_set_that_is_not_there_is_said_to_be_missing(data, load):
    data.mkdir()
    with pytest.raises(FileNotFoundError, match="There is no"):
        load()


def scene(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (6, 1, 120, 160) uint8 whose grey says their label, and labels (6, 120, 160)."""
    coarse = torch.randint(5, (6, 12, 16), generator=torch.Generator().manual_seed(seed)).to(torch.uint8)
    labels = coarse.repeat_interleave(10, 1).repeat_interleave(10, 2)
    return 50 * labels.unsqueeze(1), labels


@pytest.mark.parametrize("how", [STREETS, MEMBRANES])
def test_a_crop_and_its_labels_are_cut_alike(how):
    pictures, labels = scene()
    still = Variation((64, 80), how.zoom, how.turn, how.upside_down, how.bend / 3, light=0)
    x, (found,) = varied(pictures, [labels], still, torch.Generator().manual_seed(1))
    assert x.shape == (6, 1, 64, 80) and found.shape == (6, 64, 80) and found.dtype == torch.uint8
    apart = (x[:, 0] * 255 / 50 - found).abs()
    assert (apart < 0.02).float().mean() > 0.7 and apart.mean() < 0.35  # all but the soft edges between squares


def test_a_crop_at_its_own_size_is_a_piece_of_the_picture():
    pictures = torch.randint(256, (3, 1, 40, 50), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    still = Variation((40, 50), (1.0, 1.0), light=0)
    x, _ = varied(pictures, [pictures[:, 0]], still, torch.Generator().manual_seed(0))
    for crop, whole in zip(x, pictures / 255):
        assert min((crop - whole).abs().max(), (crop.flip(2) - whole).abs().max()) < 1e-3


def test_crops_are_new_at_each_step_and_the_same_for_one_seed():
    pictures, labels = scene()
    first, again, other = (
        varied(pictures, [labels], STREETS, torch.Generator().manual_seed(seed))[0] for seed in (1, 1, 2)
    )
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.min() >= 0 and first.max() <= 1
    with torch.autocast("cpu", torch.bfloat16):  # as in a training: places must not be rounded
        rounded, _ = varied(pictures, [labels], STREETS, torch.Generator().manual_seed(1))
    assert torch.equal(rounded, first)


def test_borders_weigh_thin_membranes_most():
    labels = torch.ones(1, 40, 60, dtype=torch.uint8)
    labels[:, :, 19:21], labels[:, :, 40:50] = 0, 0
    found = borders(labels)
    assert found.shape == labels.shape and found[0, 20, 20] > 8 * found[0, 20, 45] > 0 and found[0, 20, 5] == 0
