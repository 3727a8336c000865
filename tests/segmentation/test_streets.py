"""Streets drawn by code, and maps smoothed within edges."""

import numpy as np
import torch

from dlcv.core.datasets import camvid
from dlcv.segmentation.guided import refined
from dlcv.segmentation.streets import FOCAL, HEIGHT, HORIZON, WIDTH, street


def test_a_street_is_the_same_for_a_number_and_has_what_streets_have():
    one = street(3)
    assert one.picture.shape == (HEIGHT, WIDTH, 3) and one.labels.shape == (HEIGHT, WIDTH)
    assert np.array_equal(one.picture, street(3).picture) and not np.array_equal(one.labels, street(4).labels)
    counts = sum(np.bincount(street(number).labels.ravel(), minlength=11) for number in range(4))
    there = {name for name, count in zip(camvid.CLASSES, counts) if count}
    assert there == set(camvid.CLASSES) - {"cyclist"}
    road, sky = camvid.CLASSES.index("road"), camvid.CLASSES.index("sky")
    rows = np.arange(HEIGHT)[:, None] + np.zeros((1, WIDTH))
    assert rows[one.labels == road].min() > HORIZON and rows[one.labels == sky].max() < HORIZON + FOCAL / 50
    assert one.picture[one.labels == sky].mean() > one.picture[one.labels == road].mean() + 60


def test_a_mask_that_misses_an_edge_is_drawn_to_it():
    picture = torch.zeros(3, 40, 40)
    picture[:, :, 20:] = 1
    blurred = torch.linspace(0, 1, 15).repeat(40, 1)  # from column 14 to 28, half at 21
    mask = torch.cat([torch.zeros(40, 14), blurred, torch.ones(40, 11)], 1)
    maps = torch.stack([mask, 1 - mask])
    found = refined(maps, picture)
    assert torch.allclose(found.sum(0), torch.ones(40, 40), atol=1e-5)
    step = found[0, :, 20] - found[0, :, 19]
    assert (step > 3 * (mask[:, 20] - mask[:, 19])).all()
    assert torch.allclose(
        refined(maps, torch.full((3, 40, 40), 0.5))[0, 20, 10:30], refined(maps[:1], picture * 0)[0, 20, 10:30]
    )
