"""The transformers: where windows begin, what they read, and that the species' loss alone moves them."""

import pytest
import torch
from torch.nn import functional as F

from dlcv.core.backbones.mobilenet import shipped_mobilenet
from dlcv.core.datasets import cub
from dlcv.core.datasets.cub import SIDE
from dlcv.finegrained.film import Film, FilmConfig
from dlcv.finegrained.loss import ALONE, losses
from dlcv.finegrained.model import SCALE, TILES, WHOLE, WINDOW, FineGrained, FineGrainedConfig, whole, window
from dlcv.finegrained.samples import varied

SPECIES = ("crow", "jay", "finch")


def network(transformers: int) -> FineGrained:
    torch.manual_seed(0)
    return FineGrained(FineGrainedConfig(SPECIES, transformers)).eval()


@pytest.fixture(scope="module")
def photograph() -> torch.Tensor:
    """A photograph that ships with a package, squeezed into a square, (1, 3, SIDE, SIDE)."""
    import skimage

    return cub.squeezed(torch.from_numpy(skimage.data.chelsea()).permute(2, 0, 1))[None] / 255


def test_a_window_is_a_quarter_of_the_picture_around_its_centre():
    ramp = torch.linspace(-1, 1, SIDE)
    x = torch.stack([ramp.expand(SIDE, SIDE), ramp.unsqueeze(1).expand(SIDE, SIDE), torch.zeros(SIDE, SIDE)])
    seen = window(x.expand(2, -1, -1, -1), torch.tensor([[0.5, -0.5], [-0.2, 0.1]]))
    assert seen.shape == (2, 3, WINDOW, WINDOW)
    expected = SCALE * torch.linspace(-1, 1, WINDOW)
    torch.testing.assert_close(seen[0, 0, 7], expected + 0.5)
    torch.testing.assert_close(seen[0, 1, :, 7], expected - 0.5)
    torch.testing.assert_close(seen[1, 0, 3], expected - 0.2)


@pytest.mark.parametrize("count", TILES)
def test_windows_begin_about_their_tiles_and_are_alone_in_telling(count, photograph):
    model = network(count)
    with torch.no_grad():
        output = model(photograph)
    assert (output.found.centres[0] - torch.tensor(TILES[count])).abs().max() < 0.15
    torch.testing.assert_close(output.found.places.sum((2, 3)), torch.ones(1, count))
    torch.testing.assert_close(output.each.mean(1), output.logits)
    # the joined descriptors through one linear layer are the same
    joined = torch.cat([layer.weight for layer in model.classifiers], dim=1) / count
    bias = sum(layer.bias for layer in model.classifiers) / count
    torch.testing.assert_close(F.linear(output.descriptors.flatten(1), joined, bias), output.logits)


def test_no_window_leaves_the_picture_however_it_is_pulled(photograph):
    model = network(2)
    model.localise.before.data.zero_()
    model.localise.before.data[:, 0, 0] = 100  # the corner's place alone
    with torch.inference_mode():
        corner = model.localise(photograph).centres
        pushed = model(photograph, torch.full((1, 2, 2), -9.0)).each
    torch.testing.assert_close(corner, torch.full((1, 2, 2), SCALE - 1))
    with torch.inference_mode():
        assert (pushed == model(photograph).each).all()


def test_the_species_alone_moves_the_windows(photograph):
    model = network(2).train()
    pictures = (torch.cat([photograph, photograph.flip(3)]) * 255).to(torch.uint8)
    output = model(pictures / 255)
    losses(output.logits, output.each, torch.tensor([0, 2]))["loss"].backward()
    assert model.localise.scores.weight.grad.abs().max() > 0
    assert model.localise.before.grad.abs().max() > 0
    for trunk in model.trunks:
        assert trunk.layers[0][1].weight.grad.abs().max() > 0


def test_what_is_learned_is_a_patch_and_the_rest_is_the_published_network(photograph):
    model, features = network(0), shipped_mobilenet().features
    with torch.inference_mode():
        expected = features(2 * whole(photograph) - 1).mean((2, 3))
        torch.testing.assert_close(model(photograph).descriptors[:, 0], expected)
    patch = sum(value.numel() for value in model.trunks.parameters())
    assert patch < 0.05 * sum(value.numel() for value in features.parameters())
    assert not [name for name in model.state_dict() if "running" in name and "trunks" in name]
    two = network(2)
    first, second = (trunk.layers[5].conv for trunk in two.trunks)
    assert first[0][0].weight is second[0][0].weight and first[1][0].weight is not second[1][0].weight


def operations(model: FineGrained, side: int) -> int:
    """Multiplications of the convolutions, for one picture."""
    counted = []

    def count(layer, _, output):
        counted.append(output[0].numel() * layer.weight[0].numel())

    for layer in model.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(count)
    with torch.inference_mode():
        model(torch.zeros(1, 3, side, side))
    return sum(counted)


def test_windows_and_the_whole_cost_about_as_many_operations():
    assert operations(network(2), SIDE) / operations(network(0), WHOLE) == pytest.approx(1, abs=0.02)


def test_each_window_has_a_loss_of_its_own():
    labels = torch.tensor([1])
    each = torch.tensor([[[0.0, 9.0, 0.0], [9.0, 0.0, 0.0]]])  # one window knows, the other is sure and wrong
    found = losses(each.mean(1), each, labels)
    torch.testing.assert_close(found["loss"], found["joint"] + ALONE * found["alone"])
    assert found["alone"] > 4 > 2 > found["joint"]


def test_variation_keeps_the_size_and_mirrors_half():
    ramp = (torch.linspace(0, 255, SIDE).expand(64, 3, SIDE, SIDE)).to(torch.uint8)
    x = varied(ramp, torch.Generator().manual_seed(0))
    assert x.shape == ramp.shape and x.min() >= 0 and x.max() <= 1
    rising = (x[:, 0, 80, 120] > x[:, 0, 80, 40]).float().mean()
    assert 0.3 < rising < 0.7


def test_a_film_shows_the_windows_of_the_moment(photograph):
    film, model = Film(FilmConfig(SPECIES, 2, steps=(0, 3))), network(2)
    film.take(0, model.localise)
    model.localise.scores.weight.data.normal_()
    film.take(2, model.localise)  # no moment of it
    film.take(3, model.localise)
    with torch.inference_mode():
        ways = film(photograph)
        torch.testing.assert_close(ways[0, 0], network(2).localise(photograph).centres[0])
        torch.testing.assert_close(ways[1], model.localise(photograph).centres)
    assert (ways[0] - ways[1]).abs().max() > 0.05
