"""The boards' and the endpoints' answers beside what the networks say, and birds drawn by code."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest
import torch

from demos.finegrained import alike, api, boards
from demos.finegrained.birds import EXAMPLES, drawn, examples
from demos.finegrained.models import NETWORKS, USUAL, predictor, read_square, square_of
from dlcv.core.datasets import cub
from dlcv.core.errors import InputError
from dlcv.core.images.digits import decode_data_uri
from dlcv.finegrained import birds
from tests.support.asking import ask


@pytest.fixture(scope="module")
def bunting() -> dict:
    return boards.see(drawn("Lazuli Bunting"))


def joint(answer: dict) -> torch.Tensor:
    """Probabilities that a board computes of an answer."""
    return torch.tensor(answer["logits"]).mean(0).softmax(0)


def test_the_square_comes_back_as_the_network_saw_it(bunting):
    x = square_of(drawn("Lazuli Bunting"))
    assert torch.equal(read_square(bunting["square"]), x)
    found = predictor(USUAL).answer(x)
    torch.testing.assert_close(joint(bunting["answer"]), found.probabilities, atol=1e-3, rtol=0)
    assert np.allclose(bunting["answer"]["centres"], found.centres, atol=1e-4)


@pytest.mark.parametrize("network", NETWORKS)
def test_each_network_says_what_its_windows_say_where_it_put_them(bunting, network):
    answer = ask(boards.look, {"picture": bunting["square"], "network": network})
    assert len(answer["logits"]) == max(1, len(answer["centres"]))
    for window, at in enumerate(answer["centres"]):
        query = {"picture": bunting["square"], "network": network, "window": window, "at": at}
        again = torch.tensor(ask(boards.steer, query)["logits"])
        torch.testing.assert_close(again, torch.tensor(answer["logits"][window]), atol=0.05, rtol=0)


def test_a_landscape_has_what_the_window_says_at_its_places(bunting):
    asked = {"picture": bunting["square"], "window": 1}
    rows = ask(boards.landscape, asked | {"species": 7, "heights": [-0.5, 0.1]})["rows"]
    assert np.shape(rows) == (2, boards.ACROSS)
    for row, column, at in ((0, 0, [-0.5, -0.5]), (1, boards.ACROSS - 1, [0.5, 0.1])):
        alone = torch.tensor(ask(boards.steer, asked | {"at": at})["logits"]).softmax(0)
        assert rows[row][column] == pytest.approx(alone[7].item(), abs=1e-3)


def test_the_pull_is_the_slope_of_the_loss(bunting):
    model, x = predictor(USUAL), read_square(bunting["square"])
    centres, species, step = torch.tensor([[-0.21, 0.04], [0.17, -0.08]]), 7, 1e-4  # a pixel is 0.0125 wide

    def loss(moved: torch.Tensor) -> float:
        each = [model.read(x, k, moved[k : k + 1])[0] for k in range(2)]
        return -torch.stack(each).mean(0).log_softmax(0)[species].item()

    query = {"picture": bunting["square"], "species": species, "centres": centres.tolist()}
    pull = torch.tensor(ask(boards.pull, query)["pull"])
    along = pull / pull.norm()
    slope = (loss(centres - step * along) - loss(centres + step * along)) / (2 * step)
    assert slope == pytest.approx(pull.norm().item(), rel=0.2)


def test_a_film_ends_where_the_network_looks(bunting):
    film = ask(boards.film, {"picture": bunting["square"]})
    assert film["steps"] == sorted(film["steps"]) and film["steps"][0] == 0
    assert len(film["centres"]) == len(film["steps"])
    assert np.allclose(film["centres"][-1], bunting["answer"]["centres"], atol=0.01)


def test_species_are_like_themselves():
    found = np.array(ask(alike.alike, {})["alike"])
    assert found.shape == (2, 20, 20)
    assert np.allclose(found[:, range(20), range(20)], 1, atol=1e-3)
    assert np.allclose(found, found.swapaxes(1, 2))
    one, other = (decode_data_uri(bird) for bird in ask(alike.pair, {"first": 6, "second": 9})["birds"])
    blue, grey = (np.asarray(bird.convert("RGB"), float)[110:150, 110:150].mean((0, 1)) for bird in (one, other))
    assert blue[2] > 1.5 * blue[0] and grey.max() < 1.3 * grey.min()


@pytest.mark.parametrize(
    "query",
    [
        {"window": 2, "at": [0, 0]},
        {"network": "birds-whole-0", "at": [0, 0]},
        {"picture": None, "at": [0, 0]},
        {"picture": "data:image/png;base64,AAAA", "at": [0, 0]},
        {"window": -1, "at": [0, 0]},
        {"at": [0]},
    ],
)
def test_what_cannot_be_asked_gets_a_sentence(bunting, query):
    with pytest.raises(InputError, match=r"\.$"):
        ask(boards.steer, {"picture": bunting["square"]} | query)


def test_endpoints_answer_in_words_and_parts_of_the_picture(bunting):
    found = api.finegrained_classify(drawn("Lazuli Bunting"))
    assert found["species"] in cub.SPECIES
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=2e-3)
    for window, centre in zip(found["windows"], bunting["answer"]["centres"]):
        left, top, right, bottom = window["box"]
        assert (left, top) == pytest.approx(((centre[0] + 1) / 2 - 0.25, (centre[1] + 1) / 2 - 0.25), abs=1e-3)
        assert (right - left, bottom - top) == pytest.approx((0.5, 0.5))
    alone = api.finegrained_steer(drawn("Lazuli Bunting"), window=1, x=(left + right) / 2, y=0.5)
    assert set(alone) == set(cub.SPECIES)
    with pytest.raises(InputError):
        api.finegrained_steer(drawn("Lazuli Bunting"), window=3)


def test_the_birds_to_choose_from_are_named_and_what_is_no_bird_is_unlike_all():
    *drawings, cat, rocket, cheetah = examples()
    for species, drawing in zip(EXAMPLES, drawings):
        found = api.finegrained_classify(drawing)
        assert (found["species"], found["unlike_all"]) == (species, False)
    for photograph in (cat, rocket, cheetah):
        assert api.finegrained_classify(PIL.Image.open(photograph))["unlike_all"]


def test_every_species_can_be_drawn_and_looks_like_no_other():
    assert birds.draw("Fish Crow", 3) == birds.draw("Fish Crow", 3) != birds.draw("Fish Crow", 4)
    assert tuple(birds.PLUMAGES) == cub.SPECIES
    drawings = [np.asarray(birds.draw(species, 3), float) for species in cub.SPECIES]
    for i, one in enumerate(drawings):
        assert one.shape == (birds.SIDE, birds.SIDE, 3)
        assert all(np.abs(one - other).max() > 20 for other in drawings[:i])
