"""The losses of the slide against closed forms, the mining against its definition, both against autograd."""

import math

import pytest
import torch
from torch.nn import functional as F

from dlcv.siamese.loss import (
    mine,
    n_pairs,
    negative,
    negative_of_hadsell,
    positive,
    squared_distances,
    triplet,
)


def push(loss, apart: float) -> float:
    """Length of the gradient of a loss of d^2 by the second of two points that are so far apart."""
    a, b = torch.zeros(2, dtype=torch.double), torch.tensor([apart, 0.0], dtype=torch.double, requires_grad=True)
    loss((a - b).square().sum()).backward()
    return b.grad.norm().item()


def test_the_losses_of_the_slide_are_the_slides():
    d = torch.tensor([0.0, 0.5, 1.0, 2.0])
    assert positive(d**2).tolist() == [0, 0.125, 0.5, 2.0]
    assert negative(d**2, 1.0).tolist() == [0.5, 0.375, 0, 0]
    assert negative(d**2, 2.0).tolist() == [1.0, 0.875, 0.5, 0]
    assert negative_of_hadsell(d**2, 2.0) == pytest.approx([2.0, 1.125, 0.5, 0.0], abs=1e-5)


def test_the_slides_negatives_are_flat_at_both_ends_and_hadsells_push_most_where_they_coincide():
    margin = 4.0
    for d in (0.0, 0.3, 1.0, 1.9):
        assert push(lambda squared: negative(squared, margin), d) == pytest.approx(d)
        assert push(positive, d) == pytest.approx(d)
    for d in (0.01, 1.0, 3.9):
        assert push(lambda squared: negative_of_hadsell(squared, margin), d) == pytest.approx(margin - d, rel=1e-6)
    assert push(lambda squared: negative(squared, margin), 2.1) == 0
    assert push(lambda squared: negative_of_hadsell(squared, margin), 4.1) == 0
    assert math.isfinite(push(lambda squared: negative_of_hadsell(squared, margin), 0.0))


def test_a_triplet_asks_for_a_difference_of_squares_and_reads_its_margin_where_all_coincide():
    near, far = torch.tensor([1.0, 1.0, 0.0]), torch.tensor([1.1, 1.3, 0.0])
    assert triplet(near, far, 0.2) == pytest.approx([0.1, 0.0, 0.2], abs=1e-6)


def test_distances_are_those_of_torch_and_never_negative():
    a, b = torch.randn(2, 50, 8, generator=torch.Generator().manual_seed(0)).unbind(0)
    torch.testing.assert_close(squared_distances(a, b), torch.cdist(a, b).square(), rtol=1e-4, atol=1e-4)
    assert (squared_distances(a, a) >= 0).all()


def test_losses_and_mining_are_those_of_pytorch_metric_learning():
    """Values that its release 2.9.0 gives of these points: without normalisation, by squared distances, as means."""
    points = torch.sin(1.7 * torch.arange(72.0, dtype=torch.double).square() + 0.3).view(24, 3)
    labels = torch.arange(6).repeat_interleave(4)
    squared, same = squared_distances(points, points), labels[:, None] == labels[None]
    pairs = same & ~torch.eye(24, dtype=torch.bool)
    for margin, reference in {0.5: 2.8888565324548736, 1.0: 2.940742205938148, 2.0: 3.1708458675592435}.items():
        ours = positive(squared[pairs]).mean() + negative(squared[~same], margin).mean()
        assert 2 * ours.item() == pytest.approx(reference, rel=1e-12)  # its ContrastiveLoss is without the 1/2
    anchor, partner = pairs.nonzero(as_tuple=True)
    for margin, reference in {0.05: 0.8493539225635861, 0.2: 0.9159330409284903, 1.0: 1.339374676674375}.items():
        ours = triplet(squared[anchor, partner][:, None], squared[anchor], margin)[~same[anchor]].mean()
        assert ours.item() == pytest.approx(reference, rel=1e-12)  # TripletMarginLoss
    unit = F.normalize(points, dim=1)
    ours = n_pairs(squared_distances(unit, unit), labels, 16.0)
    assert ours.item() == pytest.approx(13.811633486936834, rel=1e-12)  # SupConLoss(temperature=1 / 16)
    hardest = [5, 19, 21, 12, 20, 21, 22, 20, 3, 14, 5, 17, 3, 18, 9, 18, 20, 11, 13, 14, 16, 5, 17, 16]
    assert mine(squared, labels, "hardest").negative.view(24, 3)[:, 0].tolist() == hardest  # BatchHardMiner
    found = mine(squared, labels, "semi_hard")
    gap = squared[found.anchor, found.negative] - squared[found.anchor, found.positive]
    assert int(((gap > 0) & (gap <= 0.2)).sum()) == 38  # the pairs for which TripletMarginMiner(0.2) finds any


@pytest.fixture(scope="module")
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Squared distances and labels of 24 points of 6 classes."""
    points = torch.randn(24, 3, generator=torch.Generator().manual_seed(1))
    return squared_distances(points, points), torch.arange(6).repeat_interleave(4)


@pytest.mark.parametrize("how", ["random", "semi_hard", "hardest"])
def test_mining_takes_what_its_name_says(batch, how):
    squared, labels = batch
    found = mine(squared, labels, how, torch.Generator().manual_seed(2))
    assert len(found.anchor) == 6 * 4 * 3  # each ordered pair of one class once
    assert len({*zip(found.anchor.tolist(), found.positive.tolist())}) == 72
    for anchor, partner, other in zip(*(index.tolist() for index in found)):
        assert anchor != partner and labels[anchor] == labels[partner] != labels[other]
        others = [k for k in range(24) if labels[k] != labels[anchor]]
        farther = [k for k in others if squared[anchor, k] > squared[anchor, partner]]
        if how == "hardest":
            assert other == min(others, key=lambda k: squared[anchor, k])
        if how == "semi_hard":
            expected = (
                min(farther, key=lambda k: squared[anchor, k])
                if farther
                else max(others, key=lambda k: squared[anchor, k])
            )
            assert other == expected
    if how == "random":
        again = mine(squared, labels, how, torch.Generator().manual_seed(2))
        assert torch.equal(found.negative, again.negative) and len(found.negative.unique()) > 12


def test_n_pairs_weigh_partners_against_all_others():
    embedding = F.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), dim=1)
    labels = torch.tensor([0, 0, 1, 1, 2, 2])
    cosines, expected = embedding @ embedding.T, []
    for anchor in range(6):
        weights = {k: math.exp(5 * cosines[anchor, k]) for k in range(6) if k != anchor}
        expected.append(-math.log(weights[anchor ^ 1] / sum(weights.values())))
    squared = squared_distances(embedding, embedding)
    assert n_pairs(squared, labels, 5.0).item() == pytest.approx(sum(expected) / 6, rel=1e-5)
    assert n_pairs(torch.zeros(6, 6), labels, 5.0).item() == pytest.approx(math.log(5), rel=1e-5)
    apart = 4.0 * (labels[:, None] != labels[None])
    assert n_pairs(apart, labels, 16.0) < 1e-6
