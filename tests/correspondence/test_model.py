"""The network, its losses and its training, on made pairs."""

from __future__ import annotations

import math

import pytest
import torch

from dlcv.core.datasets import TensorBatches
from dlcv.core.training.loop import Recipe
from dlcv.correspondence import model as of
from dlcv.correspondence.geometry import sampson
from dlcv.correspondence.loss import REGRESSION, classification, loss, regression
from dlcv.correspondence.train import loss as training_loss
from dlcv.correspondence.variation import FEWEST, Batch, moved, spoiled, swapped, thinned, varied
from tests.correspondence.made import made
from tests.support.training import check_that_it_goes_on

SMALL = of.CorrespondenceConfig(width=16, blocks=(2, 1))


def network(**changes) -> of.CorrespondenceNet:
    torch.manual_seed(0)
    return of.CorrespondenceNet(of.CorrespondenceConfig(**vars(SMALL) | changes)).eval()


def batch(pairs: int = 3, right: int = 30, wrong: int = 60) -> Batch:
    """Made pairs, with random numbers for what descriptors say."""
    some = [made(right, wrong, seed=seed) for seed in range(pairs)]
    torch.manual_seed(1)
    count = right + wrong
    side = of.side_information(*(torch.rand(pairs, count) for _ in range(4)))
    first, second, known = (torch.stack([one[k] for one in some]) for k in range(3))
    essential = torch.stack([one.essential for one in some]).float()
    return Batch(first.float(), second.float(), side, known, ~known, essential)


@pytest.mark.parametrize("in_context", [True, False])
def test_the_order_of_the_matches_does_not_matter(in_context):
    given, net = batch()[:3], network(context_normalisation=in_context)
    order = torch.randperm(90, generator=torch.Generator().manual_seed(0))
    out, again = net(*given), net(*(part[:, order] for part in given))
    torch.testing.assert_close(again.logits, out.logits[:, order], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(again.weights, out.logits[:, order].relu().tanh(), atol=1e-4, rtol=1e-3)


def test_a_match_is_judged_beside_the_others_by_context_normalisation():
    x = torch.randn(2, 50, 4) * torch.tensor([1.0, 5, 0.2, 9]) + 3
    y = of.context_normalisation(x)
    torch.testing.assert_close(y, torch.nn.functional.instance_norm(x.mT, eps=of.EPSILON).mT, atol=1e-5, rtol=1e-4)
    x = torch.randn(2, 6, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(of.context_normalisation, x)


def test_a_pair_is_not_changed_by_the_pair_beside_it():
    given, net = batch()[:3], network()
    alone = net(*(part[:1] for part in given))
    torch.testing.assert_close(net(*given).logits[:1], alone.logits, atol=1e-4, rtol=1e-3)


def test_residuals_are_those_of_the_robust_matrix_and_stages_come_along():
    given = batch()
    out = network()(*given[:3])
    torch.testing.assert_close(out.residuals, sampson(out.robust, given.first.double(), given.second.double()))
    assert len(out.stages) == 1 and out.stages[0].logits.shape == (3, 90)
    assert out.essential.norm(dim=(1, 2)).sub(1).abs().max() < 1e-9


def test_the_losses_are_those_of_the_paper():
    logits = torch.tensor([[2.0, -1.0, 0.5, 3.0]])
    right, wrong = torch.tensor([[True, False, False, False]]), torch.tensor([[False, True, True, False]])
    half = [math.log1p(math.exp(-2)), (math.log1p(math.exp(-1)) + math.log1p(math.exp(0.5))) / 2]
    assert classification(logits, right, wrong).item() == pytest.approx(sum(half) / 2, rel=1e-5)
    matrix = torch.eye(3, dtype=torch.float64)[None] / math.sqrt(3)
    assert regression(matrix, -matrix).item() == 0
    assert regression(matrix, matrix.roll(1, 2)).item() == pytest.approx(2)


def test_the_matrix_counts_later_and_its_gradient_is_finite():
    given, net = batch(), network()
    out = net(*given[:3])
    terms = {when: loss(out, given.right, given.wrong, given.essential.double(), when) for when in (0.0, 0.9)}
    assert terms[0.0]["loss"] == terms[0.0]["classification"]
    expected = terms[0.9]["classification"] + REGRESSION * terms[0.9]["regression"]
    assert terms[0.9]["loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    terms[0.9]["loss"].backward()
    assert all(parameter.grad.isfinite().all() for parameter in net.parameters() if parameter.grad is not None)


def right_ones_agree(some: Batch) -> bool:
    distance = sampson(some.essential, some.first, some.second).sqrt()
    return bool(distance[some.right].max() < 1e-3 and distance[some.wrong].median() > 0.01)


def test_varied_pairs_obey_their_matrices():
    given, generator = batch(4, 300, 300), torch.Generator().manual_seed(0)
    assert right_ones_agree(given)
    for _ in range(4):
        other = varied(given, generator)
        assert right_ones_agree(other) and FEWEST <= other.right.shape[1] <= 600
        assert not (other.right & other.wrong).any()
    chosen = torch.tensor([True, False, True, False])
    there = swapped(given, chosen)
    assert (
        right_ones_agree(there)
        and (there.first[0] == given.second[0]).all()
        and (there.first[1] == given.first[1]).all()
    )
    back = swapped(there, chosen)
    torch.testing.assert_close(back, given)
    worse = spoiled(given, torch.full((4,), 0.5), generator)
    assert 0.4 < worse.right.sum() / given.right.sum() < 0.6 and right_ones_agree(worse)
    assert thinned(given, generator).right.shape[0] == 4


def test_a_turned_picture_turns_the_orientations():
    given = batch(1, 300, 0)
    angles = torch.tensor([[0.3, 1.0]])
    there = moved(given, angles, torch.ones(1, 2), torch.ones(1))
    before, after = (torch.atan2(one.side[..., 5], one.side[..., 4]) for one in (given, there))
    turned = (after - before - 0.7).remainder(2 * math.pi)
    assert torch.minimum(turned, 2 * math.pi - turned).max() < 1e-4


def test_it_learns_and_goes_on_where_it_was_stopped(tmp_path):
    def begin() -> dict:
        net = of.CorrespondenceNet(SMALL)
        recipe = Recipe(epochs=2, batch_size=4, learning_rate=1e-3)
        return {"model": net, "loss": training_loss, "data": TensorBatches(*batch(12, 20, 40)), "recipe": recipe}

    check_that_it_goes_on(tmp_path, begin, stop=4)
