"""The autoencoders: loss and noise against closed forms, PCA, the predictor, the laboratory, the shipped weights."""

import os

import pytest
import torch

from dlcv.autoencoder import laboratory
from dlcv.autoencoder.evaluate import error, error_of_pca, neighbours
from dlcv.autoencoder.loss import KINDS, corrupted, spoiled, squared_error
from dlcv.autoencoder.model import PCA, Autoencoder, AutoencoderConfig, PCAConfig
from dlcv.autoencoder.predictor import AutoencoderPredictor
from dlcv.autoencoder.train import CONFIGS, denoising_loss, loss
from dlcv.core import pool, weights
from dlcv.core.errors import InputError
from dlcv.core.training.loop import Step

STEP = Step(number=3, steps=10)


def pictures(count: int = 64, seed: int = 0) -> torch.Tensor:
    """Smooth random pictures (count, 1, 28, 28) in [0, 1]."""
    coarse = torch.rand(count, 1, 7, 7, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, size=28, mode="bilinear")


def test_the_loss_is_a_sum_over_pixels_and_nothing_is_cut():
    x = torch.zeros(2, 1, 28, 28)
    assert squared_error(torch.full_like(x, 0.5), x).tolist() == [196.0, 196.0]
    assert squared_error(torch.full_like(x, -2.0), x).tolist() == [3136.0, 3136.0]


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_as_strong_as_it_is_asked_for(kind):
    x = torch.full((2, 1, 200, 200), 0.5)
    out = corrupted(x, kind, torch.tensor([0.0, 0.4]), torch.Generator().manual_seed(0))
    assert torch.equal(out[0], x[0]) and out.min() >= 0 and out.max() <= 1
    if kind == "gaussian":  # cut at half a deviation and more
        noise = torch.randn(200_000, generator=torch.Generator().manual_seed(1))
        assert out[1].std().item() == pytest.approx((0.5 + 0.4 * noise).clamp(0, 1).std().item(), abs=0.01)
    else:
        assert (out[1] != 0.5).float().mean().item() == pytest.approx(0.4, abs=0.01)
        assert (out[1] == 1).float().mean().item() == pytest.approx(0.2 if kind == "salt" else 0, abs=0.01)


def test_every_picture_is_spoiled_in_its_own_way_and_anew_at_each_step():
    x = pictures()
    first, again, next_step = (spoiled(x, STEP.at(number).generator) for number in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, next_step)
    apart = squared_error(first, x)
    assert apart.min() < 20 < 100 < apart.max()


def test_copying_is_right_for_one_loss_and_wrong_for_the_denoising_one():
    class Copy(torch.nn.Module):
        def forward(self, x):
            return type("Output", (), {"reconstruction": x})

    batch = (pictures(),)
    assert loss(Copy(), batch, STEP)["loss"] == 0
    assert denoising_loss(Copy(), batch, STEP)["loss"] > 30


@pytest.mark.parametrize("config", [AutoencoderConfig(2), AutoencoderConfig(32 * 49, hidden=0)])
def test_shapes_and_settings(config):
    model = Autoencoder(config)
    out = model(pictures(3))
    assert out.code.shape == (3, config.units) and out.reconstruction.shape == (3, 1, 28, 28)
    assert not config.hidden or (0 <= out.reconstruction.min() and out.reconstruction.max() <= 1)


def test_pca_leaves_what_the_smaller_eigenvalues_hold():
    x = pictures(400)
    model = PCA(PCAConfig(10)).fit(x)
    values = torch.linalg.eigvalsh(x.flatten(1).double().T.cov(correction=0))
    assert error(model, x) == pytest.approx(values[:-10].sum().item(), rel=1e-4)
    assert error_of_pca(model, x, 4) == pytest.approx(values[:-4].sum().item(), rel=1e-4)
    torch.testing.assert_close(model.components @ model.components.T, torch.eye(10), atol=1e-5, rtol=0)


def test_neighbours_elect_the_class():
    train = torch.tensor([[0.0], [0.1], [0.2], [5.0], [5.1], [5.2], [9.0]])
    labels = torch.tensor([1, 1, 1, 2, 2, 2, 3])
    assert neighbours(train, labels, torch.tensor([[0.1], [5.1]]), torch.tensor([1, 2]), k=3) == 100
    assert (
        neighbours(train, labels, torch.tensor([[0.1], [9.0]]), torch.tensor([2, 3]), k=3) == 0
    )  # two of three are 2s


@pytest.fixture(scope="module")
def network() -> AutoencoderPredictor:
    """The network of 30 units."""
    return AutoencoderPredictor("autoencoder-mnist-30d")


def test_a_reading_is_one_pass_and_says_what_two_would(network):
    x = pictures(1)
    found = network.read(x)
    assert torch.equal(found.code, network.codes(x)[0]) and torch.equal(found.reconstruction, network.rebuild(x)[0, 0])
    assert found.error == squared_error(network.rebuild(x), x).item()


def test_a_sweep_moves_one_unit_alone(network):
    deviations = torch.linspace(-1, 1, 30)
    sweep = network.sweep(deviations, 4)
    assert sweep.pictures.shape == (61, 28, 28) and sweep.levels[40] == pytest.approx(1.0)
    changed = deviations.clone()
    changed[4] = 1.0
    torch.testing.assert_close(sweep.pictures[40], network.decode(network.code_at(changed[None]))[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(network.deviations(network.code_at(changed)), changed, atol=1e-4, rtol=1e-4)


def test_a_walk_begins_and_ends_with_the_two_reconstructions(network):
    a, b = pictures(2).split(1)
    walk = network.walk(a, b, 5)
    torch.testing.assert_close(walk[[0, -1]], network.rebuild(torch.cat([a, b]))[:, 0], atol=1e-4, rtol=0)


def test_random_codes_have_the_codes_box_and_covariance(network):
    box, drawn = (network.random_codes(how, 20_000, 0) for how in ("box", "gaussian"))
    low, high = network.model.code_low, network.model.code_high
    assert (box >= low).all() and (box <= high).all()
    torch.testing.assert_close(box.mean(0), (low + high) / 2, atol=0.03 * (high - low).max().item(), rtol=0)
    scale = network.model.code_covariance.abs().max().item()
    torch.testing.assert_close(drawn.T.cov(), network.model.code_covariance, atol=0.05 * scale, rtol=0)


def test_healing_goes_the_part_of_the_way_that_is_asked_for(network):
    x = pictures(1)
    seen = network.heal(x, steps=3, step=0.25)
    assert torch.equal(seen[0], x[0, 0])
    torch.testing.assert_close(seen[1], (0.75 * x + 0.25 * network.rebuild(x))[0, 0])
    assert seen.shape == (4, 28, 28)


def test_a_code_drifts_with_the_pull():
    plane = AutoencoderPredictor("autoencoder-mnist-2d")
    code = plane.model.code_mean
    way = plane.drift(code, steps=2, step=0.5)
    torch.testing.assert_close(way[1], code + 0.5 * plane.pull(code[None])[0])
    assert plane.drift(code, steps=30)[-1].isfinite().all()


def test_what_cannot_be_decoded_is_refused(network):
    for code in (torch.zeros(1, 29), torch.full((1, 30), torch.nan)):
        with pytest.raises(InputError):
            network.decode(code)
    with pytest.raises(InputError):
        network.sweep(torch.zeros(30), 30)


def test_the_laboratory_learns_and_is_watched_without_being_disturbed(monkeypatch):
    x = pictures(700)
    monkeypatch.setattr(pool, "pool", lambda data: pool.Pool(x, torch.zeros(700), torch.ones(700)))
    monkeypatch.setattr(laboratory.runtime.shelf, "get", lambda key, load: load())
    watched, alone = (laboratory.Laboratory(laboratory.Settings(width=4)) for _ in range(2))
    first = watched.snapshot()
    for _ in range(30):
        watched.step()
        watched.snapshot()
        alone.step()
    last = alone.snapshot()
    assert last.error == watched.snapshot().error < first.error
    assert last.codes.shape == (500, 2) and last.rebuilt.shape == (10, 28, 28)
    by_pca, rebuilt = watched.pca()
    expected = PCA(PCAConfig(4)).fit(x[500:])
    assert by_pca == pytest.approx(error(expected, x[:500]), rel=1e-4) and rebuilt.shape == (10, 28, 28)


def test_all_weights_ship_and_are_small():
    entries = [weights.passport(name) for name in CONFIGS]
    assert sum(entry.size for entry in entries) < 12 * 2**20
    assert set(weights.names("autoencoder")) == set(CONFIGS)


@pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="the test pictures are not there")
@pytest.mark.parametrize("name", CONFIGS)
def test_scores_hold_on_a_part_of_the_test_pictures(name):
    from dlcv.core.datasets import mnist

    x, _ = mnist.load("fashion" if "fashion" in name else "mnist", "test")
    model = weights.load(weights.model_class(name), name)
    stated = [
        row for row in weights.metrics(name)["rows"] if row["metric"] == "squared_error" and "test" in row["data"]
    ]
    for row in stated:
        units = 2 if "2 units" in row["data"] else 30
        part = x[::10]
        found = error_of_pca(model, part, units) if isinstance(model, PCA) else error(model, part)
        assert found == pytest.approx(row["value"], rel=0.06, abs=0.02)
