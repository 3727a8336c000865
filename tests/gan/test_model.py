"""Adversarial networks: the objectives against closed forms, whose turn it is, and the laboratory on the plane."""

import copy
import math

import pytest
import torch

from dlcv.core import weights
from dlcv.core.datasets import TensorBatches
from dlcv.core.errors import InputError
from dlcv.core.training.evaluation import classify
from dlcv.core.training.loop import Recipe, Step
from dlcv.gan import loss, points
from dlcv.gan.algorithm import iteration, network_at
from dlcv.gan.classifier import Classifier, mean_distance, modes_and_kl
from dlcv.gan.laboratory import Laboratory, Settings
from dlcv.gan.model import FORMULATIONS, GAN, GANConfig
from dlcv.gan.predictor import GANPredictor, lines_apart, through_anchors
from dlcv.gan.train import GAMES, set_real_scores, stack
from dlcv.gan.train import loss as training_loss
from tests.support.training import check_that_it_goes_on


def test_the_original_objective_is_the_slides():
    real, fake = torch.randn(2, 50).unbind(0)
    d_real, d_fake = real.sigmoid(), fake.sigmoid()
    value = d_real.log().mean() + (1 - d_fake).log().mean()
    torch.testing.assert_close(loss.discriminator_loss(real, fake), -value)
    torch.testing.assert_close(loss.minimax_generator_loss(fake), (1 - d_fake).log().mean())
    torch.testing.assert_close(loss.non_saturating_generator_loss(fake), -d_fake.log().mean())


def test_the_remedy_has_a_gradient_where_the_discriminator_is_sure():
    slopes = []
    for objective in (loss.minimax_generator_loss, loss.non_saturating_generator_loss):
        score = torch.tensor([-12.0], requires_grad=True)
        objective(score).backward()
        slopes.append(score.grad.item())
    assert slopes[0] == pytest.approx(0, abs=1e-4)
    assert slopes[1] == pytest.approx(-1, abs=1e-4)


def test_the_penalty_of_a_linear_critic():
    """Its slope is the same everywhere: (|a| - 1)^2."""
    a = torch.tensor([3.0, 4.0])
    penalty = loss.gradient_penalty(lambda x: x @ a, torch.randn(9, 2), torch.randn(9, 2))
    assert penalty.item() == pytest.approx(16, rel=1e-5)


def test_the_penalty_looks_between_real_and_fake():
    """A critic with slope 1 for 0 < x < 1 and 7 elsewhere: only what lies between real = 0 and fake = 1 counts."""
    critic = lambda x: torch.where((x > 0) & (x < 1), x, 7 * x).sum(1)  # noqa: E731
    assert loss.gradient_penalty(critic, torch.zeros(99, 1), torch.ones(99, 1)).item() == pytest.approx(0, abs=1e-9)
    assert loss.gradient_penalty(critic, torch.full((9, 1), -1.0), torch.zeros(9, 1)).item() == pytest.approx(36)


def test_clipping():
    critic = torch.nn.Linear(4, 1)
    torch.nn.init.constant_(critic.weight, 0.5)
    loss.clip_weights(critic, 0.01)
    assert critic.weight.unique().item() == pytest.approx(0.01)


def test_kantorovich_rubinstein_on_a_line():
    """f(x) = x is the best critic of two points sets of which one is the other moved to the left."""
    real = torch.randn(64, 1)
    fake = real - 2.5
    assert -loss.critic_loss(real[:, 0], fake[:, 0]).item() == pytest.approx(2.5, rel=1e-5)
    plane = [torch.cat([x, torch.zeros_like(x)], 1) for x in (real, fake)]
    assert points.wasserstein(*plane)[0] == pytest.approx(2.5, rel=1e-5)


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_networks_take_turns(formulation):
    config = GANConfig(formulation, latents=4, width=4)
    model = GAN(config)
    optimiser = torch.optim.AdamW(model.parameters(), 1e-3)
    digits, turns = torch.rand(8, 1, 28, 28), []
    for number in range(2 * (GAMES[formulation].critic_steps + 1)):
        before = copy.deepcopy(dict(model.named_parameters()))
        optimiser.zero_grad()
        training_loss(model, (digits, None), Step(number, 100))["loss"].backward()
        optimiser.step()
        moved = {name.split(".")[0] for name, value in model.named_parameters() if not value.equal(before[name])}
        turns.append(moved - ({"critic"} if formulation == "wgan" and "generator" in moved else set()))  # clipped
    assert turns == 2 * (GAMES[formulation].critic_steps * [{"critic"}] + [{"generator"}])


@pytest.mark.parametrize("stop", [2, 4, 5])
def test_a_stopped_training_goes_on_as_if_nothing_had_happened(tmp_path, stop):
    """It is the critic's turn twice, then the generator's, also where it was stopped between."""
    config = GANConfig("wgan-gp", latents=4, width=4)
    digits = TensorBatches(torch.rand(32, 1, 28, 28, generator=torch.Generator().manual_seed(0)))
    recipe = Recipe(epochs=2, batch_size=8)
    check_that_it_goes_on(
        tmp_path, lambda: {"model": GAN(config), "loss": training_loss, "data": digits, "recipe": recipe}, stop
    )


def test_a_training_iteration_is_the_slides():
    """For k steps the discriminator or critic, then the generator once; the number of an update says whose it is."""
    assert [*iteration(3)] == ["critic", "critic", "critic", "generator"]
    assert [network_at(update, 3) for update in range(8)] == 2 * [*iteration(3)]


def test_a_pass_through_the_networks():
    out = GAN(GANConfig(channels=3, width=4))(torch.randn(5, 64))
    assert out.pictures.shape == (5, 3, 28, 28) and out.scores.shape == (5,)
    assert 0 <= out.pictures.min() and out.pictures.max() <= 1


def test_stacked_digits_keep_the_first_and_shuffle_the_others():
    digits = torch.arange(6.0).view(6, 1, 1, 1).expand(6, 1, 28, 28)
    stacked = stack(digits, torch.Generator().manual_seed(0))
    assert stacked.shape == (6, 3, 28, 28) and stacked[:, :1].equal(digits)
    assert sorted(stacked[:, 2, 0, 0].tolist()) == [0, 1, 2, 3, 4, 5]


def test_modes_that_are_covered():
    generator = torch.Generator().manual_seed(0)
    assert points.covered(points.sample("ring of 8", 2000, generator), "ring of 8") == 8
    assert points.covered(points.sample("grid of 25", 2000, generator), "grid of 25") == 25
    assert points.covered(points.modes("ring of 8")[:1].expand(2000, 2), "ring of 8") == 1
    assert points.covered(torch.zeros(2000, 2), "ring of 8") == 0


@pytest.mark.parametrize("name", ["ring of 8", "grid of 25", "moons", "spiral", "drawn"])
def test_points_lie_in_the_window(name):
    drawn = torch.rand(50, 2)
    found = points.sample(name, 500, torch.Generator().manual_seed(0), drawn)
    assert found.shape == (500, 2) and found.abs().max() < 1.25


@pytest.mark.parametrize(
    ("name", "drawn"),
    [("square", None), ("drawn", None), ("drawn", torch.zeros(0, 2)), ("drawn", torch.full((3, 2), math.nan))],
)
def test_points_that_cannot_be(name, drawn):
    with pytest.raises(InputError):
        points.sample(name, 10, torch.Generator(), drawn)


def test_to_look_changes_nothing_and_the_same_seed_trains_alike():
    first, second = Laboratory(Settings(seed=3)), Laboratory(Settings(seed=3))
    for _ in range(3):
        first.step()
        second.snapshot()
        second.step()
    assert first.snapshot().fake.equal(second.snapshot().fake)
    assert first.snapshot().heat.shape == (48, 48) and first.snapshot().net.shape == (15, 15, 2)


def test_two_formulations_begin_at_the_same_place():
    looks = [Laboratory(Settings(formulation=name)).snapshot() for name in FORMULATIONS]
    assert looks[0].fake.equal(looks[1].fake) and looks[0].real.equal(looks[2].real)


def test_generated_points_are_drawn_up_the_critics_slope():
    laboratory = Laboratory(Settings())
    for _ in range(5):
        laboratory.update("critic")
    seen = laboratory.snapshot()
    ahead = laboratory.score(seen.fake + 1e-2 * seen.pull) - laboratory.score(seen.fake)
    assert seen.step == 0 and (ahead > 0).float().mean() > 0.95


def test_with_the_penalty_all_eight_modes_are_found():
    laboratory = Laboratory(Settings())
    for _ in range(10):
        for _ in range(50):
            laboratory.step()
        state = laboratory.snapshot()
        if state.covered == 8 and state.distance < 0.2:
            break
    assert state.covered == 8 and state.distance < 0.2


def test_the_plane_through_three_anchors_goes_through_them():
    anchors = torch.randn(3, 64)
    corners = through_anchors(anchors, torch.tensor([0.0, 1.0, 0.0]), torch.tensor([0.0, 0.0, 1.0]))
    torch.testing.assert_close(corners, anchors)
    middle = through_anchors(anchors, torch.tensor([1 / 3]), torch.tensor([1 / 3]))
    torch.testing.assert_close(middle.norm(), anchors.norm(dim=1).mean())


def test_one_distance_jumps_and_the_other_does_not():
    assert lines_apart(1.5) == (pytest.approx(math.log(2)), 1.5)
    assert lines_apart(1e-9)[0] == pytest.approx(math.log(2)) and lines_apart(1e-9)[1] < 1e-8
    assert lines_apart(0.0) == (0.0, 0.0)


def test_real_pictures_are_kept_as_scores():
    model = GAN(GANConfig(width=4))
    digits = torch.rand(500, 1, 28, 28)
    set_real_scores(model, digits)
    assert model.real_scores.equal(model.critic(digits).detach().sort().values)


def test_samples_without_variety_have_no_distance():
    assert mean_distance(torch.ones(10, 4)) == 0
    assert mean_distance(torch.tensor([[0.0, 0], [3, 4]])) == 5


def test_the_predictor_and_the_evaluation_count_the_same_digits():
    """Stacks of generated digits: the classes that the tab counts are those behind the modes and KL of the card."""
    predictor, evaluator = GANPredictor("wgan-gp-stacked"), weights.load(Classifier, "judge-mnist")
    variety = predictor.variety(evaluator, count=200, seed=2014)
    pictures = predictor.sample(200, seed=2014)
    hundreds = classify(evaluator, pictures[:, :1]).logits.argmax(1)
    assert variety.counts.equal(torch.bincount(hundreds, minlength=10)) and variety.counts.sum() == 200
    modes, kl = modes_and_kl(evaluator, pictures)
    digits = [classify(evaluator, pictures[:, channel : channel + 1]).logits.argmax(1) for channel in range(3)]
    stacks = [tuple(stack) for stack in torch.stack(digits, 1).tolist()]
    shares = torch.tensor([stacks.count(stack) / 200 for stack in set(stacks)], dtype=torch.float64)
    assert modes == len(shares) and kl == pytest.approx((shares * (1000 * shares).log()).sum().item(), abs=1e-6)
    assert torch.bincount(torch.tensor([stack[0] for stack in stacks]), minlength=10).equal(variety.counts)
