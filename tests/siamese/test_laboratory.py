"""The laboratory: what separates, what implodes, and forces that are the gradient of what is minimised."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from dlcv.siamese.laboratory import HELD_OUT, SHOTS, Laboratory, Settings


@pytest.fixture(scope="module")
def digits() -> tuple[torch.Tensor, torch.Tensor]:
    """Real digits of 8 x 8, (1797, 64), and their labels."""
    known = load_digits()
    order = torch.randperm(len(known.data), generator=torch.Generator().manual_seed(0))
    return torch.tensor(known.data / 16, dtype=torch.float32)[order], torch.tensor(known.target)[order]


def trained(digits, steps: int = 200, **settings):
    """The snapshot after so many updates."""
    laboratory = Laboratory(*digits, Settings(**settings))
    for _ in range(steps):
        laboratory.step()
    return laboratory.snapshot()


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": "slide", "mining": "semi_hard"},
        {"loss": "hadsell", "mining": "hardest"},
        {"loss": "triplets", "mining": "random", "margin": 0.2},
    ],
)
def test_ten_classes_are_separated(digits, settings):
    seen = trained(digits, 400, **settings)
    assert seen.right >= 0.9 and not seen.imploded and seen.active < 0.9


def test_the_slides_hardest_draws_all_into_one_point(digits):
    """For how long depends on the last bits, and so on the processor; what comes out of it is not ten classes."""
    laboratory, imploded = Laboratory(*digits, Settings(loss="slide", mining="hardest")), []
    for _ in range(20):
        for _ in range(10):
            laboratory.step()
        imploded.append(laboratory.snapshot().imploded)
    assert any(imploded) and laboratory.snapshot().right < 0.7


def test_positives_alone_implode(digits):
    seen = trained(digits, loss="slide", mining="random", negatives=False)
    assert seen.imploded and seen.right < 0.5


def test_forces_are_those_of_the_slide(digits):
    seen = trained(digits, 0, loss="slide", negatives=False)
    batch, forces = seen.batch.view(10, SHOTS, 2), seen.forces.view(10, SHOTS, 2)
    pulls = 2 * SHOTS * (batch.mean(1, keepdim=True) - batch)  # every ordered pair of one class pulls with d
    torch.testing.assert_close(forces, pulls, rtol=1e-3, atol=1e-4)


def test_a_training_repeats_itself_and_a_snapshot_changes_nothing(digits):
    first, second = (Laboratory(*digits, Settings(seed=3)) for _ in range(2))
    for _ in range(3):
        first.snapshot()
        first.step()
        second.step()
    assert torch.equal(first.snapshot().points, second.snapshot().points)
    assert len(first.snapshot().points) == HELD_OUT and first.snapshot().step == 3
    assert trained(digits, 1, seed=4).points.ne(first.snapshot().points).any()


@pytest.mark.parametrize("loss", ["slide", "hadsell", "triplets"])
def test_the_mined_pairs_stand_on_the_curve(digits, loss):
    laboratory = Laboratory(*digits, Settings(loss=loss, mining="semi_hard"))
    seen, (at, cost) = laboratory.snapshot(), laboratory.curve()
    assert cost[-1] == 0 and cost[0] == cost.max()
    inside = (seen.at > at[0]) & (seen.at < at[-1])
    assert inside.any()
    expected = np.interp(seen.at[inside].numpy(), at.numpy(), cost.numpy())
    assert np.abs(expected - seen.height[inside].numpy()).max() < 0.01
