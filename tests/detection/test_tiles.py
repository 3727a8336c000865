"""Pictures for detectors, tiles of large ones, and what is found as COCO has it."""

import numpy as np
import pytest
import torch
from PIL import Image
from pycocotools import mask as coco_mask

from dlcv.detection import export, pictures, tiles
from dlcv.detection.model import Detections
from dlcv.detection.predictor import DetectorPredictor, mask_scores
from tests.detection.untrained import detector


@pytest.mark.parametrize("length", [1, 100, 256, 257, 448, 1000, 4000])
def test_tiles_cover_a_length_with_overlap(length):
    side = 256
    found = tiles.starts(length, side)
    assert found[0] == 0 and found[-1] + side >= length and max(found) <= max(length - side, 0)
    steps = [after - before for before, after in zip(found, found[1:])]
    assert all(step <= side * (1 - tiles.OVERLAP) + 1 for step in steps)


def test_tiles_are_parts_of_the_picture():
    found = tiles.tiles(300, 700, 256)
    assert len(found) == 2 * 4 and found.amin(0).tolist()[:2] == [0, 0] and found.amax(0).tolist()[2:] == [700, 300]
    assert tiles.tiles(90, 120, 256).tolist() == [[0, 0, 120, 90]]


def test_a_box_at_the_edge_of_a_tile_is_cut_unless_the_picture_ends_there():
    tile = torch.tensor([0, 100, 256, 356])
    boxes = torch.tensor([[0.0, 150, 40, 200], [200, 150, 255.5, 200], [30, 101, 60, 140], [30, 120, 60, 140]])
    assert tiles.is_cut(boxes, tile, 356, 500).tolist() == [False, True, True, False]


def test_one_object_found_in_two_tiles_is_one():
    whole, part, neighbour = [100.0, 100, 140, 140], [100.0, 100, 120, 140], [138.0, 100, 180, 140]
    boxes = torch.tensor([part, whole, neighbour, whole])
    labels, numbers = torch.tensor([1, 1, 1, 2]), torch.tensor([0, 1, 0, 1])
    order = torch.tensor([1, 0, 2, 3])
    assert tiles.merged(boxes, labels, order, numbers).tolist() == [1, 2, 3]  # another class stays
    assert tiles.merged(boxes, labels, order, torch.zeros(4)).tolist() == [1, 0, 2, 3]  # nor within a tile


class Spots(DetectorPredictor):
    """Finds bright spots exactly, cut off where the picture ends: what is left to test is the merging."""

    def __init__(self):
        self.config = detector().config
        self.device = torch.device("cpu")

    def set_image(self, picture):
        self.picture = picture

    def detections(self, score=0.05, overlap=0.5):
        from scipy.ndimage import find_objects, label

        spots, _ = label(self.picture[0].numpy() > 0.5)
        boxes = torch.tensor([[x.start, y.start, x.stop, y.stop] for y, x in find_objects(spots)]).reshape(-1, 4)
        count = len(boxes)
        ones = torch.ones(count, dtype=torch.int64)
        return Detections(boxes.float(), ones, torch.full((count,), 0.9), torch.arange(count))

    def cells(self, found):
        return torch.ones(len(found.boxes), 28, 28)


def test_every_spot_of_a_large_picture_is_found_once():
    picture, truth = torch.zeros(3, 900, 1300, dtype=torch.uint8), []
    generator = torch.Generator().manual_seed(0)
    for top in range(10, 860, 60):
        for left in range(10, 1250, 60):
            high, wide = torch.randint(10, 40, (2,), generator=generator).tolist()
            picture[:, top : top + high, left : left + wide] = 255
            truth.append([left, top, left + wide, top + high])
    told = []
    found, places = tiles.detect(Spots(), picture, 256, 0.5, told.append)
    assert len(places) > 20 and told[-1] == 1 and told == sorted(told)
    assert sorted(found.boxes.int().tolist()) == sorted(truth)
    for box, tile in zip(found.boxes, found.tiles):
        left, top, right, bottom = places[tile].tolist()
        assert box[0] >= left and box[1] >= top and box[2] <= right and box[3] <= bottom


def test_a_network_in_tiles_gives_what_boards_need():
    asked, picture = DetectorPredictor(detector()), torch.randint(0, 255, (3, 150, 220), dtype=torch.uint8)
    found, places = tiles.detect(asked, picture, 128, 0.3)
    assert len(places) == 2 * 2 and found.cells.shape[1:] == (28, 28)
    assert len({len(part) for part in found}) == 1 and (found.scores.diff() <= 0).all()


# ---- pictures


def test_what_is_drawn_is_what_is_counted():
    drawn = pictures.nuclei(3)
    from scipy.ndimage import label

    bright = np.asarray(drawn.picture.convert("L")) > 45
    assert label(bright)[1] == drawn.counts["nucleus"] == 40
    blood = pictures.blood(3)
    assert blood.picture.size == (640, 480) and blood.counts["red cell"] >= 12 and blood.counts["white cell"] == 1
    assert np.array_equal(np.asarray(pictures.blood(3).picture), np.asarray(blood.picture))


MODES = ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F", "LA"]


@pytest.mark.parametrize("mode", MODES)
def test_pictures_of_every_kind_are_read(mode):
    values = (np.arange(60 * 40).reshape(40, 60) % 256).astype(np.uint8)
    picture = Image.fromarray(values)
    if mode in ("I;16", "I", "F"):
        kind = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
        picture = Image.fromarray(values.astype(kind) * 257)
    found = pictures.as_bytes(picture if mode in ("I;16", "I", "F") else picture.convert(mode))
    assert found.shape == (40, 60, 3) and found.dtype == np.uint8
    assert found.max() > 200 and found.min() < 60


def test_a_picture_of_8000_pixels_is_scaled_down_and_a_single_pixel_stays():
    for mode in ("RGB", "I;16"):
        assert pictures.as_bytes(Image.new(mode, (8000, 2000))).shape == (1000, 4000, 3)
    assert pictures.as_bytes(Image.new("L", (1, 1))).shape == (1, 1, 3)


# ---- COCO


def test_a_mask_that_hesitates_has_a_lower_score_than_its_box():
    cells = torch.full((3, 28, 28), 0.1)
    cells[0, :14], cells[1, :14], cells[1, :, :14] = 0.9, 0.9, 0.6
    sure = mask_scores(torch.tensor([0.8, 0.8, 0.8]), cells)
    assert sure.tolist() == pytest.approx([0.8 * 0.9, 0.8 * (14 * 14 * 0.9 + 28 * 14 * 0.6) / (42 * 14), 0.0])
    assert mask_scores(torch.zeros(0), torch.zeros(0, 28, 28)).shape == (0,)


def test_run_lengths_are_cocos():
    generator = torch.Generator().manual_seed(0)
    for left, top in ((0, 0), (5, 3), (12, 20)):
        shape = torch.rand(20, 28, generator=generator) > 0.5
        told = export.runs(shape, left, top, (40, 40))
        full = torch.zeros(40, 40, dtype=torch.bool)
        full[top : top + 20, left : left + 28] = shape
        read = coco_mask.decode(coco_mask.frPyObjects(told, 40, 40))
        assert np.array_equal(read.astype(bool), full.numpy()) and sum(told["counts"]) == 1600
    assert export.runs(torch.zeros(3, 3, dtype=torch.bool), 0, 0, (9, 9))["counts"] == [81]


def test_masks_pasted_in_their_windows_are_those_of_the_predictor():
    asked = DetectorPredictor(detector())
    asked.set_image(torch.rand(3, 90, 120, generator=torch.Generator().manual_seed(1)))
    found = asked.detections()
    cells = asked.cells(found)
    whole = asked.masks(found, cells)
    told = export.coco(*found[:3], cells, asked.class_names, (90, 120))
    for number, entry in enumerate(told["annotations"]):
        left, top, mask = export.pasted(cells[number], found.boxes[number], (90, 120))
        window = whole[number, top : top + mask.shape[0], left : left + mask.shape[1]]
        torch.testing.assert_close(mask, window, atol=1e-4, rtol=1e-3)
        assert whole[number].sum() == pytest.approx(mask.sum().item(), rel=1e-3)
        assert entry["area"] == (mask > 0.5).sum() and entry["category_id"] in (1, 2)
        assert entry["mask_score"] <= entry["score"] + 1e-4
    assert len(told["annotations"]) == len(found.boxes) > 5
