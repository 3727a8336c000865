"""Pictures scaled to a size."""

import pytest
import torch

from dlcv.core.images.fit import fit_within


@pytest.mark.parametrize(
    ("size", "longest", "least", "expected"),
    [
        ((500, 700), 256, 1, (182, 256)),
        ((300, 200), 400, 1, (300, 200)),  # never enlarged
        ((10, 4000), 256, 32, (32, 256)),
        ((1, 4000), 256, 1, (1, 256)),
        ((4000, 3000), 3464.1, 1, (3464, 2598)),
    ],
)
def test_pictures_fit_within_a_side(size, longest, least, expected):
    assert fit_within(torch.zeros(3, *size), longest, least).shape == (3, *expected)


def test_a_picture_scaled_down_has_its_mean():
    picture = torch.rand(3, 120, 90, generator=torch.Generator().manual_seed(0))
    small = fit_within(picture, 40)
    assert small.shape == (3, 40, 30) and small.mean().item() == pytest.approx(picture.mean().item(), abs=1e-3)
