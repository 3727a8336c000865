"""DeepFool against closed forms, FGSM, PGD and the universal perturbation against their definitions."""

import math

import pytest
import torch
from torch import nn

from dlcv.adversarial.attacks import fgsm, fooling_rate, loss_gradient, pgd, projected, universal
from dlcv.adversarial.deepfool import NUDGE, OVERSHOOT, deepfool, fooled
from dlcv.adversarial.robustness import by_deepfool, relative, signs, strength

INFINITY = math.inf


def linear(classes: int = 4, size: int = 36, seed: int = 0) -> nn.Module:
    """A classifier of pictures (N, 1, 6, 6) whose borders are hyperplanes."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(size, classes)).requires_grad_(False)


def bent(seed: int = 0) -> nn.Module:
    """One whose borders are curved."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 32), nn.Tanh(), nn.Linear(32, 5)).requires_grad_(False)


def grey(count: int, seed: int = 1) -> torch.Tensor:
    """Pictures (count, 1, 6, 6) far from black and white."""
    return 0.4 + 0.2 * torch.rand(count, 1, 6, 6, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("norm", "dual"), [(2, 2), (INFINITY, 1)])
def test_a_linear_classifier_needs_one_step_of_the_length_of_the_closed_form(norm, dual):
    model, x = linear(), grey(8)
    steps = list(deepfool(model, x, norm=norm, bounded=False))
    assert len(steps) == 2 and steps[-1].done.all()
    weight, logits = model[1].weight, model(x)
    for row in range(len(x)):
        best = logits[row].argmax()
        others = [k for k in range(4) if k != best]
        gaps = (logits[row, best] - logits[row, others]) / (weight[best] - weight[others]).norm(dual, dim=1)
        length = steps[-1].perturbation[row].flatten().norm(norm).item()
        assert length == pytest.approx((1 + OVERSHOOT) * (gaps.min().item() + NUDGE), rel=1e-4)
        assert steps[0].chosen[row] == others[gaps.argmin()]


def test_every_step_lands_on_the_border_that_it_linearised():
    model, x = bent(), grey(6)
    steps = list(deepfool(model, x, bounded=False, overshoot=0))
    for before, after in zip(steps, steps[1:]):
        for row in (~before.done).nonzero()[:, 0]:
            k = before.distances[row].argmin()
            moved = (after.perturbation[row] - before.perturbation[row]).flatten()
            w = before.normals[row, k].flatten()
            assert (w @ moved + before.gaps[row, k]).item() == pytest.approx(NUDGE * w.norm().item(), abs=1e-5)
    assert all((a.perturbation[b.done] == b.perturbation[b.done]).all() for a, b in zip(steps[1:], steps))


def test_no_shorter_way_over_a_curved_border_is_much_shorter():
    model, x = bent(3), grey(1)
    length = fooled(model, x, bounded=False).perturbation.norm().item()
    generator = torch.Generator().manual_seed(0)
    around = torch.randn(20_000, 1, 6, 6, generator=generator)
    around /= around.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    assert (model(x + 0.9 * length * around).argmax(1) == model(x).argmax(1)).all()


def test_pictures_in_a_batch_do_not_disturb_one_another():
    model, x = bent(), grey(5)
    together = fooled(model, x).perturbation
    alone = torch.cat([fooled(model, one[None]).perturbation for one in x])
    assert torch.allclose(together, alone, atol=1e-5)


def test_bounded_pictures_stay_pictures_and_black_pixels_are_not_pushed_below_black():
    model = bent()
    x = grey(6)
    x[:, :, ::2] = 0.0
    last = fooled(model, x)
    assert last.done.all() and (x + last.perturbation).min() >= 0 and (x + last.perturbation).max() <= 1
    plain = fooled(model, x, bounded=False).perturbation
    assert (x + plain).min() < 0


def test_with_a_target_the_picture_becomes_that_class():
    model, x = bent(), grey(4)
    for target in range(5):
        last = fooled(model, x, target=target)
        assert (last.logits.argmax(1) == target).all() and last.done.all()
        assert last.perturbation[model(x).argmax(1) == target].abs().sum() == 0


def test_what_cannot_be_fooled_ends_after_the_last_step_and_says_so():
    def same(x):  # its gradient is zero
        return torch.stack([x.sum((1, 2, 3)) * 0 + 1, x.sum((1, 2, 3)) * 0], 1)

    steps = list(deepfool(same, grey(2), steps=3))
    assert len(steps) == 4 and not steps[-1].done.any() and torch.isfinite(steps[-1].perturbation).all()


def test_fgsm_is_a_sign_and_raises_the_loss_as_its_gradient_says():
    model, x = bent(), grey(6)
    labels = model(x).argmax(1)
    r = fgsm(model, x, labels, 0.01)
    assert r.abs().min().item() == pytest.approx(0.01) == r.abs().max().item()
    slope = loss_gradient(model, x, labels)
    loss = nn.CrossEntropyLoss(reduction="none")
    rise = loss(model(x + 1e-3 * r), labels) - loss(model(x), labels)
    assert rise.tolist() == pytest.approx((1e-3 * r * slope).sum((1, 2, 3)).tolist(), rel=0.05, abs=1e-6)


@pytest.mark.parametrize("norm", [2, INFINITY])
def test_pgd_stays_within_its_length_and_fools_at_least_where_one_step_does(norm):
    model, x = bent(), grey(20)
    labels, epsilon = model(x).argmax(1), 0.05 if norm == INFINITY else 0.25
    frames = list(pgd(model, x, labels, epsilon, norm=norm))
    assert all(r.flatten(1).norm(norm, dim=1).max() <= epsilon * 1.001 for r in frames)
    many = (model(x + frames[-1]).argmax(1) != labels).float().mean()
    one = (model(x + projected(fgsm(model, x, labels, epsilon), epsilon, norm)).argmax(1) != labels).float().mean()
    assert many >= one and many > 0
    towards = list(pgd(model, x, (labels + 1) % 5, 0.5, norm=2, towards=True))
    assert (model(x + towards[-1]).argmax(1) == (labels + 1) % 5).float().mean() > 0.5


def test_one_perturbation_fools_many_pictures_within_its_bound():
    model, x = bent(), grey(200)
    clean = model(x).argmax(1)
    x = x[clean == clean.mode().values]  # pictures of one class share a border
    clean, least = model(x).argmax(1), fooled(model, x, norm=INFINITY).perturbation.abs().amax((1, 2, 3))
    bound = 1.3 * least.median().item()
    *_, (v, rate) = universal(model, x, bound, torch.Generator().manual_seed(0), passes=3)
    assert v.abs().max() <= bound + 1e-6
    assert rate == pytest.approx(fooling_rate(model, x, v, clean))
    noise = bound * torch.randn(1, 6, 6, generator=torch.Generator().manual_seed(0)).sign()
    assert rate > 0.3 + fooling_rate(model, x, noise, clean)


def test_the_strength_of_fgsm_is_the_least_that_fools_nine_in_ten():
    model, x = bent(), grey(50)
    clean = model(x).argmax(1)
    up = signs(model, x, clean)
    epsilon = strength(model, x, up)
    wrong = [(model(x + e * up).argmax(1) != clean).float().mean().item() for e in (epsilon - 0.01, epsilon)]
    assert wrong[0] < 0.9 <= wrong[1]


def test_rho_is_a_mean_of_ratios():
    x = torch.full((2, 1, 6, 6), 0.5)
    r = torch.full((2, 1, 6, 6), 0.1)
    assert relative(r, x).tolist() == pytest.approx([0.2, 0.2])
    model, pictures = bent(), grey(7)
    assert torch.allclose(by_deepfool(model, pictures, 3), fooled(model, pictures).perturbation, atol=1e-5)
