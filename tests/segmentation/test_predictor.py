"""What is done to what crosses, the predictor, cells, the painter."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage import data

from dlcv.core import weights
from dlcv.core.datasets import VOID, camvid
from dlcv.core.errors import InputError
from dlcv.segmentation import predictor as predictors
from dlcv.segmentation.cells import instances, tissue
from dlcv.segmentation.crossing import moved
from dlcv.segmentation.export import cut_out
from dlcv.segmentation.metrics import rand_score
from dlcv.segmentation.model import CROSSINGS, Segmenter, SegmenterConfig
from dlcv.segmentation.painting import Settings, learn
from dlcv.segmentation.predictor import EverydayPredictor, SegmenterPredictor, frame, symmetric_probabilities
from tests.segmentation.coins import mask_of_coins

SIZE = (64, 96)


def settled(model: Segmenter) -> Segmenter:
    """The network with the statistics of noise in its normalisations, without which signals die out."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    model.train()(torch.stack([picture(seed) for seed in range(4)]))
    return model.eval()


@pytest.fixture(scope="module")
def asked() -> dict[str, SegmenterPredictor]:
    """A predictor of a network that has not learned for each way to cross."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        for crossing in CROSSINGS:
            torch.manual_seed(0)
            model = settled(Segmenter(SegmenterConfig(camvid.CLASSES, crossing)))
            patch.setattr(weights, "load", lambda cls, name, model=model: model)
            found[crossing] = SegmenterPredictor("any")
    return found


def picture(seed: int = 0, size=SIZE) -> torch.Tensor:
    return torch.rand(3, *size, generator=torch.Generator().manual_seed(seed))


def test_indices_move_within_their_squares_only():
    maps = torch.rand(1, 3, 7, 9, generator=torch.Generator().manual_seed(0))
    largest, indices = torch.nn.functional.max_pool2d(maps, 2, ceil_mode=True, return_indices=True)
    found = moved(indices, maps.shape[2:], torch.Generator().manual_seed(1))
    for index in (found, moved(indices, maps.shape[2:], None)):
        rows, columns = index // 9, index % 9
        assert torch.equal(rows // 2, torch.arange(4)[:, None].expand_as(rows))
        assert torch.equal(columns // 2, torch.arange(5).expand_as(columns))
        assert rows.max() < 7 and columns.max() < 9
    assert 0.1 < (found == indices).float().mean() < 0.6


@pytest.mark.parametrize("crossing", CROSSINGS)
def test_one_pass_of_the_encoder_serves_all_questions(asked, crossing, monkeypatch):
    predictor = asked[crossing]
    reading = predictor.read(picture())
    monkeypatch.setattr(Segmenter, "encode", None)  # whoever asks for it again fails
    whole = predictor.segment(reading)
    assert whole.labels.shape == SIZE and whole.probabilities.shape == (11, *SIZE)
    torch.testing.assert_close(whole.probabilities.sum(0), torch.ones(SIZE))
    assert torch.equal(predictor.cut(reading, (1, 1, 1, 1)).probabilities, whole.probabilities)
    changed = predictor.cut(reading, (0, 0.5, 1, 1)).probabilities
    assert torch.equal(changed, whole.probabilities) == (crossing != "features")
    stages = predictor.path(reading)
    assert [stage.name for stage in stages] == [
        "picture", "encoder 1", "encoder 2", "encoder 3", "encoder 4", "bottom", "enlarged 4", "decoder 4",
        "enlarged 3", "decoder 3", "enlarged 2", "decoder 2", "enlarged 1", "decoder 1", "logits",
    ]  # fmt: skip
    copied = [stage.copied for stage in stages if stage.name.startswith("enlarged")]
    assert copied == ([112, 80, 48, 16] if crossing == "features" else [0] * 4)


@pytest.mark.parametrize("crossing", ["indices", "features"])
def test_a_transplant_takes_each_level_from_where_it_is_told(asked, crossing):
    predictor = asked[crossing]
    one, other = predictor.read(picture(1)), predictor.read(picture(2))
    own = predictor.transplant(one, other, ("own",) * 4).probabilities
    assert torch.equal(own, predictor.segment(one).probabilities)
    itself = predictor.transplant(one, one, ("other",) * 4).probabilities
    assert torch.equal(itself, own)
    seen = [own] + [predictor.transplant(one, other, (kind, "own", "own", "own")).probabilities for kind in
                    ("other", "noise", "none")]  # fmt: skip
    assert all(not torch.equal(a, b) for number, a in enumerate(seen) for b in seen[:number])
    again = predictor.transplant(one, other, ("noise", "own", "own", "own")).probabilities
    assert torch.equal(again, seen[2]), "the same seed gives the same noise"


def test_questions_that_make_no_sense_get_a_sentence(asked):
    unet, segnet, hourglass = asked["features"], asked["indices"], asked["nothing"]
    reading, larger = unet.read(picture()), unet.read(picture(size=(64, 100)))
    with pytest.raises(InputError, match="same size"):
        unet.transplant(reading, larger, ("own",) * 4)
    with pytest.raises(InputError, match="takes one of: own, other, noise, none"):
        unet.transplant(reading, reading, ("own", "own", "mine", "own"))
    with pytest.raises(InputError, match="Nothing crosses"):
        hourglass.transplant(hourglass.read(picture()), hourglass.read(picture()), ("own",) * 4)
    with pytest.raises(InputError, match="share from 0 to 1"):
        unet.cut(reading, (0, 1, 2, 0))
    with pytest.raises(InputError, match="Only SegNet"):
        unet.shuffle(reading, (True,) * 4)
    with pytest.raises(InputError, match="outside"):
        unet.field(reading.picture, 64, 0)
    with pytest.raises(InputError, match="sides of 32"):
        unet.read(picture(size=(31, 96)))
    shuffled = segnet.shuffle(segnet.read(picture()), (True, False, False, False))
    assert not torch.equal(shuffled.probabilities, segnet.segment(segnet.read(picture())).probabilities)


def test_the_field_of_a_pixel_lies_around_it(asked):
    predictor = asked["features"]
    field = predictor.field(picture(size=(96, 128)), 20, 100)
    assert field.shape == (96, 128) and field.min() >= 0
    left, top, right, bottom = frame(field)
    assert left <= 100 < right and top <= 20 < bottom
    spot = torch.zeros(10, 12)
    spot[3, 5] = 1
    assert frame(spot) == (5, 3, 6, 4)


def test_the_mean_over_symmetries_turns_with_the_picture(asked):
    model, x = asked["features"].model, picture(size=(64, 64))
    torch.testing.assert_close(
        symmetric_probabilities(model, x).rot90(1, (1, 2)), symmetric_probabilities(model, x.rot90(1, (1, 2)))
    )
    assert predictors.probabilities(model, x).shape == (11, 64, 64)


def test_a_watershed_parts_cells_that_touch_and_drawn_tissue_is_found_again():
    rows, columns = np.mgrid[:60, :90]
    discs = (np.hypot(rows - 30, columns - 30) < 17) | (np.hypot(rows - 30, columns - 60) < 17)
    found = instances(discs.astype(float))
    assert found.max() == 2 and found[30, 30] != found[30, 60] and (found > 0).sum() == discs.sum()
    assert instances(np.zeros((9, 9))).max() == 0
    made = tissue(128, 12)
    assert made.picture.shape == (128, 128) and made.cells.max() >= 5
    inside, outside = made.picture[made.cells > 0].mean(), made.picture[made.cells == 0].mean()
    assert inside > outside + 30, "membranes are dark"
    assert rand_score(made.cells, instances((made.cells > 0).astype(float))) > 0.95
    assert np.array_equal(tissue(64, 5, seed=3).picture, tissue(64, 5, seed=3).picture)


@pytest.fixture(scope="module")
def everyday() -> EverydayPredictor:
    return EverydayPredictor()


def test_the_published_network_sees_the_cat_and_cuts_it_out(everyday):
    cat = torch.from_numpy(data.chelsea().copy()).permute(2, 0, 1) / 255
    found = everyday.segment(cat)
    height, width = found.labels.shape
    assert found.labels.shape == cat.shape[1:] and found.probabilities.shape == (21, height, width)
    assert everyday.class_names[found.labels[height // 2, width // 2]] == "cat"
    assert everyday.class_names[found.labels[20, width - 10]] == "background"
    alpha = cut_out(cat, found.probabilities[8])[..., 3]
    assert alpha[height // 2, width // 2] == 255 and alpha[20, width - 10] == 0


def test_strokes_on_coins_grow_into_a_mask(everyday):
    image = data.coins()[:160, :200]
    truth = mask_of_coins(image)
    picture = torch.from_numpy(image.copy())[None].expand(3, -1, -1) / 255
    strokes = torch.full(image.shape, VOID, dtype=torch.uint8)
    with pytest.raises(InputError, match="two classes"):
        next(learn(everyday.model, picture, strokes, Settings()))
    with pytest.raises(InputError, match="size of the picture"):
        next(learn(everyday.model, picture, strokes[1:], Settings()))
    lines = np.zeros(image.shape, bool)
    lines[50:53], lines[122:125], lines[85:88], lines[10:13], lines[:, 69:72] = True, True, True, True, True
    strokes[torch.from_numpy(lines & truth)] = 1
    strokes[torch.from_numpy(lines & ~ndimage.binary_dilation(truth, iterations=3))] = 0
    snapshots = list(learn(everyday.model, picture, strokes, Settings(updates=40)))
    first, last = snapshots[0], snapshots[-1]
    assert last.step == 40 and last.loss < 0.2 * first.loss and last.labels.shape == image.shape
    found = last.labels.numpy() == 1
    assert (found & truth).sum() / (found | truth).sum() > 0.8
