"""The terms of the cost in closed form, the mining, and that a step of each training makes its loss smaller."""

import pytest
import torch
from torch.nn import functional as F

from dlcv.core.training.loop import Step
from dlcv.lift import loss, train, variation
from dlcv.lift.model import Descriptor, Lift, LiftConfig, Orientation
from dlcv.lift.patches import SIDE, Bank


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def test_the_class_loss_is_the_squared_hinge():
    maximum = torch.tensor([-2.0, 0.0, 0.5, 3.0])
    assert loss.class_loss(maximum, +1).tolist() == [9, 1, 0.25, 0]
    assert loss.class_loss(maximum, -1).tolist() == [0, 1, 2.25, 16]


def test_pairs_are_pulled_by_their_squared_distance_and_pushed_up_to_the_margin():
    a, b = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.6, 0.8]])  # squared distance 0.16 + 0.64
    assert loss.positive(a, b).item() == pytest.approx(0.8)
    assert loss.negative(a, b).item() == pytest.approx(0.2)
    assert loss.negative(a, -a).item() == 0


def test_mining_finds_the_nearest_of_the_others(generator):
    a, b = (F.normalize(torch.randn(9, 5, generator=generator), dim=1) for _ in range(2))
    found = loss.mine(a, b)
    for i in range(9):
        others = [j for j in range(9) if j != i]
        assert found.to_first[i] == min(others, key=lambda j: (a[i] - b[j]).norm())
        assert found.to_second[i] == min(others, key=lambda j: (b[i] - a[j]).norm())


def test_the_triplet_is_of_distances_and_the_harder_negative():
    a = F.normalize(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), dim=1)
    b = F.normalize(torch.tensor([[1.0, 0.2], [0.3, 1.0]]), dim=1)
    near, far = (a[0] - b[0]).norm(), min((a[0] - b[1]).norm(), (b[0] - a[1]).norm())
    assert loss.triplet(a, b)[0].item() == pytest.approx((1 + near - far).item(), abs=1e-4)


def test_the_place_counts_the_weight_near_the_point():
    weights = torch.zeros(1, 10, 5)
    weights[0, 2, 3] = 0.5  # one pixel to the right of the middle of the first map
    weights[0, 7, 3] = 0.5  # and of the second, where the point is not
    assert loss.place(weights, torch.tensor([[1.0, 0.0]]), 1.0).item() == pytest.approx(0.693, abs=1e-3)
    assert loss.place(weights, torch.tensor([[-2.0, 0.0]]), 1.0).item() > 10


def test_two_views_are_two_different_patches_of_the_same_point(generator):
    start = torch.tensor([0, 2, 5, 9])
    points = torch.tensor([0, 1, 2] * 50)
    one, other = train.two_views(start, points, generator)
    assert (one != other).all()
    for rows in (one, other):
        assert (rows >= start[points]).all() and (rows < start[points + 1]).all()
    assert set(one.tolist()) == set(range(9))


@pytest.fixture(scope="module")
def small_bank() -> Bank:
    """Patches of 24 points, three each: blobs and bars at random places, a little different in each view."""
    generator = torch.Generator().manual_seed(1)
    base = F.interpolate(torch.rand(24, 1, 16, 16, generator=generator), (SIDE, SIDE), mode="bicubic").clamp(0, 1)
    views = base.repeat_interleave(3, 0) + 0.02 * torch.randn(72, 1, SIDE, SIDE, generator=generator)
    patches = (255 * views[:, 0].clamp(0, 1)).to(torch.uint8)
    empty = torch.full((4, SIDE, SIDE), 128, dtype=torch.uint8)
    return Bank(patches, torch.zeros(72), torch.arange(0, 73, 3), empty)


def falls(model, of, steps: int, rate: float = 3e-3) -> tuple[float, float]:
    """The loss of the same update before and after so many steps."""
    torch.manual_seed(0)
    optimizer = torch.optim.Adam([one for one in model.parameters() if one.requires_grad], rate)
    batch, values = (torch.arange(24),), []
    for number in range(steps + 1):
        value = of(model, batch, Step(0 if number in (0, steps) else number, steps))["loss"]
        values.append(value.item())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return values[0], values[-1]


def test_each_training_makes_its_loss_smaller(small_bank):
    torch.manual_seed(0)
    config = LiftConfig(descriptor=(8, 8, 8, 16), orientation=(8, 8, 8))
    descriptor = Descriptor(config)
    before, after = falls(descriptor.train(), train.descriptor_loss(small_bank), 6)
    assert after < before
    descriptor.eval().requires_grad_(False)
    before, after = falls(Orientation(config).train(), train.orientation_loss(small_bank, descriptor), 8)
    assert after < before
    model = Lift(config).train()
    assert not model.descriptor.training and not model.orientation.layers[0][1].training
    before, after = falls(model, train.quadruplet_loss(small_bank), 6)
    assert after < before


def test_a_wrong_scale_is_another_picture_of_the_same_middle(generator):
    x = torch.rand(6, 1, SIDE, SIDE, generator=generator)
    found = variation.at_wrong_scale(x, generator)
    assert found.shape == x.shape and (found - x).abs().mean() > 0.1


def test_what_is_said_after_an_epoch_is_right_for_a_network_that_knows(small_bank):
    def knowing(x):
        """The middle of a patch as numbers: near for views of one point, far for others."""
        return F.normalize(F.avg_pool2d(x, 4).flatten(1) - x.mean((1, 2, 3), keepdim=True)[:, 0, 0], dim=1)

    class Network(torch.nn.Linear):
        def forward(self, x):
            return knowing(x)

    assert train.on_held_out(small_bank, turned=False)(Network(1, 1))["fpr95"] < 10

    class Still(Network):
        def forward(self, x):
            return torch.tensor([[0.0, 1.0]]).expand(len(x), 2)

    assert train.on_held_out(small_bank, turned=True)(Still(1, 1))["within_20"] < 40
