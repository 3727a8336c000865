"""What is taken away says what was found, in other programs, too."""

import io

import numpy as np
import torch
from PIL import Image

from dlcv.core.datasets import camvid
from dlcv.segmentation.export import STREET_COLOURS, coco, cut_out, label_picture, palette, voc_colours

LABELS = torch.tensor([[0, 0, 2], [0, 2, 2]], dtype=torch.uint8)


def test_a_label_picture_keeps_labels_and_colours():
    file = io.BytesIO()
    label_picture(LABELS, STREET_COLOURS).save(file, "PNG")
    with Image.open(file) as opened:
        assert opened.mode == "P" and np.array_equal(np.array(opened), LABELS.numpy())
        assert opened.convert("RGB").getpixel((2, 0)) == STREET_COLOURS[2]


def test_colours_are_those_of_the_publishers_and_all_differ():
    assert voc_colours(16)[15] == (192, 128, 128) and voc_colours(3) == ((0, 0, 0), (128, 0, 0), (0, 128, 0))
    assert palette(list(camvid.CLASSES)) == STREET_COLOURS and len(set(STREET_COLOURS)) == len(camvid.CLASSES)
    assert len(set(palette(["any"] * 21))) == 21


def test_a_cut_out_is_transparent_where_the_class_is_not():
    found = cut_out(torch.ones(3, 1, 3), torch.tensor([[0.1, 0.5, 0.9]]))
    assert found.shape == (1, 3, 4) and found[0, :, 3].tolist() in ([0, 128, 255], [0, 127, 255])


def test_annotations_are_read_by_pycocotools():
    from pycocotools import mask

    found = coco(LABELS, camvid.CLASSES)
    assert [entry["category_id"] for entry in found["annotations"]] == [1, 3]
    for entry, label in zip(found["annotations"], (0, 2)):
        decoded = mask.decode(mask.frPyObjects(entry["segmentation"], *LABELS.shape))
        assert np.array_equal(decoded, (LABELS == label).numpy())
        assert entry["area"] == 3 and entry["bbox"] == [[0, 0, 2, 2], [1, 0, 2, 2]][label // 2]
