"""The siamese networks: shapes, what a drawing becomes, variation, and each training's loss."""

import pytest
import torch
from PIL import Image, ImageDraw

from dlcv.core.errors import InputError
from dlcv.core.images.draw import data_uri
from dlcv.core.training.loop import Recipe, Step, fit
from dlcv.siamese import faces, strokes, variation
from dlcv.siamese.model import Siamese, SiameseConfig, SiameseFolds, SiameseFoldsConfig
from dlcv.siamese.train import LOSSES, Groups, characters, people, some
from tests.siamese.drawings import crosses

STEP = Step(number=3, steps=10)
SMALL = SiameseConfig(channels=(8, 8, 8), units=4)


def drawn(size: tuple[int, int], lines: list, width: int = 14, ink: str = "black") -> Image.Image:
    """Lines on white paper."""
    picture = Image.new("RGB", size, "white")
    for line in lines:
        ImageDraw.Draw(picture).line(line, ink, width, joint="curve")
    return picture


@torch.no_grad()
def test_shapes_and_unit_length():
    x = torch.rand(5, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    found = Siamese(SMALL).eval()(x)
    assert found.embedding.shape == (5, 4) and found.strokes.shape == (5, 8, 16, 16)
    assert found.features.shape == (5, 8, 4, 4)
    assert found.embedding.norm(dim=1) == pytest.approx([1.0] * 5, abs=1e-5)
    plane = Siamese(SiameseConfig((28, 28), (8, 8, 8), 2, unit_length=False)).eval()
    assert plane(torch.rand(3, 1, 28, 28)).embedding.shape == (3, 2)
    folds = SiameseFolds(SiameseFoldsConfig(faces.SIZE, (8, 8, 8), 4, folds=2)).eval()
    assert folds(torch.rand(3, 1, *faces.SIZE), 1).embedding.shape == (3, 4)


def test_a_drawing_is_seen_alike_wherever_and_however_large_it_is_drawn():
    shape = [(0, 0), (100, 0), (100, 100), (50, 160)]

    def at(scale: float, left: int, top: int) -> torch.Tensor:
        moved = [(left + scale * x, top + scale * y) for x, y in shape]
        return strokes.read(drawn((400, 400), [moved], round(20 * scale))).float() / 255

    seen = at(1, 50, 50)
    assert seen.shape == (1, 32, 32) and seen.max() > 0.9
    rows = (seen[0] > 0.4).any(1).nonzero()
    assert rows.max() - rows.min() + 1 == pytest.approx(strokes.BOX, abs=1)
    for other in (at(1, 200, 150), at(2, 60, 20)):
        assert (other - seen).abs().mean() < 0.02
    negative = Image.new("RGB", (400, 400), "black")
    ImageDraw.Draw(negative).line([(50 + x, 50 + y) for x, y in shape], "white", 20, joint="curve")
    assert (strokes.read(data_uri(negative)).float() / 255 - seen).abs().mean() < 0.02


def test_a_drawing_of_several_parts_is_one_thing():
    parts = [[(40, 40), (40, 200)], [(300, 40), (300, 200)]]
    seen = strokes.read(drawn((400, 400), parts))[0] > 100
    assert seen[:, :8].any() and seen[:, -8:].any() and not seen[:, 12:20].any()


def test_nothing_drawn_gets_a_sentence():
    for nothing in (None, Image.new("RGB", (200, 200), "white"), "data:image/png;base64,AAAA"):
        with pytest.raises(InputError):
            strokes.read(nothing)


def test_the_data_set_takes_the_same_way_as_a_drawing():
    small = torch.zeros(1, 20, 28, 28, dtype=torch.uint8)
    small[..., 4:20, 10:12] = 1
    small[..., 18:20, 10:20] = 1
    seen = strokes.all_framed(small)[0, 0]
    large = Image.fromarray(255 - 255 * small[0, 0].numpy()).resize((280, 280), Image.Resampling.NEAREST)
    assert (seen.float() - strokes.read(large).float()).abs().mean() < 10


def test_the_symmetries_are_eight_and_variation_repeats_itself():
    x = crosses(1).float() / 255
    each = variation.symmetric(x.repeat(8, 1, 1, 1), torch.arange(8))
    assert len({tuple(one.flatten().tolist()) for one in each}) == 8 and torch.equal(each[0], x[0])
    first, again, other = (
        variation.with_another_pen(variation.warped(each, step.generator), step.generator)
        for step in (STEP.at(3), STEP.at(3), STEP.at(4))
    )
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.min() >= 0 and first.max() <= 1
    assert torch.allclose(variation.warped(x, STEP.generator, 0.0), x, atol=1e-4)


def test_a_batch_has_whole_groups_and_several_pictures_of_each_class():
    pictures = torch.arange(6).view(6, 1, 1, 1, 1).expand(6, 20, 1, 2, 2).to(torch.uint8)
    data = Groups(pictures, torch.tensor([0, 0, 0, 1, 1, 2]), times=8)
    assert len(data) == 24
    found, labels, variant = data.__getitems__([9, 16, 17])
    assert found[:, 0, 0, 0, 0].tolist() == [3, 4, 5, 5] and variant.tolist() == [1, 1, 0, 1]
    assert labels.tolist() == [25, 33, 40, 41]  # a variant is another class
    x = some(found, 3, STEP.generator)
    assert (255 * x[:, 0, 0, 0]).round().tolist() == [3] * 3 + [4] * 3 + [5] * 6


@pytest.mark.parametrize("which", LOSSES.values())
def test_every_loss_separates_three_characters(which, tmp_path):
    pictures = crosses(3, seed=4).unsqueeze(1).expand(3, 20, 1, 32, 32).contiguous()
    terms = []

    def loss(model, batch, step):
        terms.append(characters(which)(model, batch, step))
        return terms[-1]

    recipe = Recipe(epochs=8, batch_size=8, learning_rate=1e-2, average=0.5)
    trained = fit(Siamese(SMALL), loss, Groups(pictures, torch.zeros(3, dtype=torch.long), 8), recipe, tmp_path)
    losses = [term["loss"].item() for term in terms]
    assert min(losses[-3:]) < losses[0] and trained.config == SMALL
    assert which == "n-pairs" or 0 <= terms[0]["active"] <= 1


def test_people_are_held_out_once_at_least_and_faces_have_one_contrast():
    left_out = torch.stack([faces.held_out(fold) for fold in range(faces.FOLDS)])
    assert left_out.sum(1).tolist() == [10] * 5 and left_out.any(0).all()
    grey = torch.randint(60, 120, (2, 3, 112, 92), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    seen, dim = faces.framed(grey), faces.framed(grey // 2)
    assert seen.shape == (2, 3, 1, 56, 48) and (seen.float() - dim.float()).abs().mean() < 3
    network = Siamese(SiameseConfig(faces.SIZE, (8, 8, 8), 4))
    loss = people(network, (seen.repeat(1, 4, 1, 1, 1), torch.arange(2), torch.zeros(2)), STEP)["loss"]
    assert loss.isfinite() and loss > 0
