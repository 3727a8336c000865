"""Training and scoring: a training that goes on where it stopped, what it leaves, and what scores say."""

import pytest
import torch

from dlcv.core import weights
from dlcv.core.datasets import TensorBatches, cub
from dlcv.core.training.loop import Recipe
from dlcv.core.weights.passports import SHIPPED
from dlcv.finegrained import evaluate, train
from dlcv.finegrained.film import Film
from dlcv.finegrained.model import FineGrained, FineGrainedConfig
from tests.support.training import check_that_it_goes_on

MARKED = len(cub.PARTS)


def birds(each: int) -> cub.Birds:
    """So many noisy pictures of each species, whose brightness says which it is."""
    labels = torch.arange(len(cub.SPECIES)).repeat_interleave(each)
    noise = torch.randint(0, 40, (len(labels), 3, 32, 32), generator=torch.Generator().manual_seed(0))
    pictures = (noise + 10 * labels.view(-1, 1, 1, 1)).to(torch.uint8)
    return cub.Birds(pictures, labels, torch.full((len(labels), MARKED, 2), torch.nan))


def test_the_last_pictures_of_each_species_are_held_out():
    some = birds(5)
    learned, held_out = train.parted(some)
    assert sorted([*learned.tolist(), *held_out.tolist()]) == list(range(100))
    assert (some.labels[held_out].bincount() == train.HELD_OUT).all()


def test_a_training_goes_on_where_it_stopped(tmp_path):
    some = birds(1)

    def begin() -> dict:
        model = FineGrained(FineGrainedConfig(cub.SPECIES, 2))
        data, recipe = TensorBatches(some.pictures[:6], some.labels[:6]), Recipe(epochs=2, batch_size=2, average=0.9)
        return {"model": model, "loss": train.loss, "data": data, "recipe": recipe}

    check_that_it_goes_on(tmp_path, begin, stop=4)


def test_a_training_leaves_the_network_its_film_and_where_the_species_lie(tmp_path, monkeypatch):
    some = birds(2)
    monkeypatch.setattr(train, "HELD_OUT", 1)
    monkeypatch.setattr(cub, "load", lambda split: some)
    (tmp_path / "mobilenet-photographs").symlink_to(SHIPPED / "mobilenet-photographs")
    monkeypatch.setenv("DLCV_CHECKPOINTS", str(tmp_path))
    train.train(train.FILMED, Recipe(epochs=1, batch_size=10), tmp_path / "runs")
    model, film = weights.load(FineGrained, train.FILMED), weights.load(Film, train.FILM)
    assert weights.passport(train.FILMED).size < 2**20
    assert film.config.steps[0] == 0 and film.config.steps[-1] == 2
    x = some.pictures[:2].float() / 255
    with torch.inference_mode():
        ways, output = film(x), model(x)
        assert torch.isfinite(ways).all()
        assert (ways[-1] - output.found.centres).abs().max() < 0.01  # both were stored as float16
        assert model.reach > 0 and (model.means.norm(dim=-1) > 0).all()
        assert (model.unlikeness(output.descriptors) < 0.5).all()


def test_a_window_holds_a_part_within_half_its_side():
    parts = torch.full((3, MARKED, 2), torch.nan)
    beak, eye, belly = (cub.PARTS.index(name) for name in ("beak", "left eye", "belly"))
    parts[0, [beak, eye]] = torch.tensor([-0.6, -0.6])
    parts[0, belly] = torch.tensor([0.4, 0.4])
    parts[1, beak], parts[1, eye] = torch.tensor([-0.6, -0.6]), torch.tensor([0.6, -0.6])  # each window holds one
    centres = torch.tensor([[-0.5, -0.5], [0.5, -0.0]]).expand(3, 2, 2)
    found = evaluate.shares(centres, parts)
    assert found["beak and an eye"] == (50, [50, 0])  # of the two pictures that show both
    assert found["belly"] == (100, [0, 100])


def test_what_is_taken_for_another_is_told_from_two_photographs_on():
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2])
    predicted = torch.tensor([0, 1, 1, 2, 1, 2, 0, 0])
    found = evaluate.confusions(predicted, labels, ("crow", "jay", "finch"))
    assert [(row["data"], row["value"]) for row in found] == [
        ("finch, taken for crow", 100.0),
        ("crow, taken for jay", 50.0),
    ]


def test_the_interval_is_students():
    mean, half = evaluate.mean_and_interval([70.0, 72.0, 74.0])
    assert (mean, half) == pytest.approx((72, 4.303 * 2 / 3**0.5), rel=1e-3)


def test_pairs_in_the_wrong_order_count_against():
    assert evaluate.auroc(torch.tensor([0.1, 0.2]), torch.tensor([0.15, 0.3])) == pytest.approx(75)
    assert evaluate.auroc(torch.tensor([0.1]), torch.tensor([0.1])) == pytest.approx(50)


def test_two_windows_have_to_bring_two_points():
    found = {name: 70.0 + seed for name in train.CONFIGS for seed in [int(name[-1])]}
    found |= {train.named("two-windows", seed): 75.0 for seed in range(train.SEEDS)}
    rows = evaluate.table(found)
    assert rows["whole"]["value"] == 71 and "± 2.5" in rows["whole"]["data"]
    assert rows["two-windows"]["bar"] == 73 and rows["two-windows"]["value"] == 75
    assert rows["four-windows"]["bar"] is None
