"""Training and scoring: what is learned, that a training goes on where it stopped, and rows of scores."""

import pytest
import torch
from torch.nn import functional as F

from dlcv.core.datasets import VOID, TensorBatches
from dlcv.core.training.loop import Recipe, Step
from dlcv.segmentation import evaluate, train
from dlcv.segmentation.crossing import moved
from dlcv.segmentation.everyday import CLASSES
from dlcv.segmentation.metrics import confusion, intersection_over_union
from dlcv.segmentation.model import Segmenter, SegmenterConfig, SegmenterOutput
from dlcv.segmentation.samples import Variation
from tests.support.training import check_that_it_goes_on

SIDE = 64


def shapes(count: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (count, 3, 64, 64) uint8 of thin bars, and labels (count, 64, 64): 1 on bars, VOID in a corner."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.zeros(count, SIDE, SIDE, dtype=torch.uint8)
    for picture in labels:
        for row, column in torch.randint(4, SIDE - 8, (5, 2), generator=generator).tolist():
            picture[row : row + 4, :] = 1
            picture[:, column : column + 4] = 1
    grey = 60 + 130 * labels.float() + 10 * torch.randn(labels.shape, generator=generator)
    labels[:, :4, :4] = VOID
    return grey.clamp(0, 255).to(torch.uint8).unsqueeze(1).repeat(1, 3, 1, 1), labels


def small(crossing: str) -> Segmenter:
    """A network of two classes and few maps."""
    torch.manual_seed(0)
    config = SegmenterConfig(("ground", "bar"), crossing, channels=(8, 16, 16, 16), widths=(8, 16, 16, 16))
    return Segmenter(config).to(memory_format=torch.channels_last)


@pytest.fixture
def near(monkeypatch):
    """Crops of the size of `shapes`."""
    monkeypatch.setattr(train, "STREETS", Variation((SIDE, SIDE), (1.0, 1.2)))


def test_segnet_learns_thin_bars_and_needs_its_indices_for_them(near):
    pictures, labels = shapes()
    model, loss = small("indices"), train.streets(torch.ones(2))
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    for number in range(80):
        optimizer.zero_grad()
        loss(model, (pictures, labels), Step(number, 80))["loss"].backward()
        optimizer.step()
    assert train.watch(model.eval(), pictures, labels)["miou"] > 0.7
    with torch.no_grad():
        encoded, generator = model.encode(pictures / 255), torch.Generator().manual_seed(0)
        shuffled = [moved(i, f.shape[2:], generator) for i, f in zip(encoded.indices, encoded.features)]
        scores = [
            intersection_over_union(confusion(labels, model.decode(given).logits.argmax(1), 2)).mean().item()
            for given in (encoded, encoded._replace(indices=shuffled))
        ]
    assert scores[1] < scores[0] - 0.1


@pytest.mark.parametrize("tilt", [1.0, 0.0])
def test_what_the_weights_of_classes_did_is_taken_back_where_that_is_better(tilt):
    """Logits of three classes that are right, but for the logarithm of their weights; or right as they are."""
    weights, labels = torch.tensor([0.2, 1.0, 5.0]), torch.arange(32).remainder(3).to(torch.uint8).repeat(4, 32, 1)
    right = 2.0 * F.one_hot(labels.long(), 3).movedim(3, 1)

    class Tilted(torch.nn.Module):
        head = torch.nn.Conv2d(3, 3, 1)

        def forward(self, x):
            shift = self.head.bias + tilt * weights.log()
            return SegmenterOutput(right[:1] + shift[:, None, None], [], x)

    model = Tilted()
    torch.nn.init.zeros_(model.head.bias)
    share = train.take_back(model, weights, torch.zeros(4, 3, 32, 32, dtype=torch.uint8), labels)
    assert torch.allclose(model.head.bias, -share * weights.log())
    assert (model(labels).logits.argmax(1) == labels[:1]).all() and (share >= 0.5 if tilt else share == 0)


def test_a_training_goes_on_where_it_stopped(near, tmp_path):
    pictures, labels = shapes(8)
    recipe = Recipe(epochs=2, batch_size=2, average=0.9)

    def begin() -> dict:
        loss = train.streets(torch.ones(2))
        return {"model": small("features"), "loss": loss, "data": TensorBatches(pictures, labels), "recipe": recipe}

    check_that_it_goes_on(tmp_path, begin, stop=5)


def test_borders_count_in_the_loss_of_membranes(monkeypatch):
    monkeypatch.setattr(train, "MEMBRANES", Variation((SIDE, SIDE), (1.0, 1.0), light=0))
    labels = torch.zeros(2, SIDE, SIDE, dtype=torch.uint8)
    labels[1] = 1
    slices = torch.zeros(2, 1, SIDE, SIDE, dtype=torch.uint8)
    logits = (
        torch.tensor([0.0, 2.0]).view(1, 2, 1, 1).expand(2, 2, SIDE, SIDE)
    )  # wrong for the first, right for the second

    def model(x):
        return type("Output", (), {"logits": logits})

    def term(border: float) -> float:
        weight = torch.zeros(labels.shape)
        weight[0] = border
        return train.membranes(torch.ones(2))(model, (slices, labels, weight), Step(0, 1))["loss"].item()

    wrong, right = -F.log_softmax(torch.tensor([0.0, 2.0]), 0)
    assert term(0.0) == pytest.approx((wrong + right).item() / 2, rel=1e-5)
    assert term(9.0) == pytest.approx((10 * wrong + right).item() / 11, rel=1e-5)


@pytest.fixture
def perfect(monkeypatch):
    """Scores of a network that is always right, on two pictures."""
    labels = torch.zeros(2, 40, 60, dtype=torch.uint8)
    for number in range(11):
        labels[:, :20, 5 * number : 5 * number + 5] = number
    labels[1, 30:] = VOID
    answers = iter([])

    def answer(model, picture):
        return next(answers)

    def load(split):
        nonlocal answers
        answers = iter([F.one_hot(truth.long().clamp_max(10), 11).permute(2, 0, 1).float() for truth in labels])
        return torch.zeros(2, 3, 40, 60, dtype=torch.uint8), labels

    monkeypatch.setattr(evaluate.camvid, "load", load)
    monkeypatch.setattr(evaluate.weights, "load", lambda *_: None)
    monkeypatch.setattr(evaluate, "probabilities", answer)


def test_rows_of_streets_are_full_where_all_is_right(perfect):
    rows = evaluate.evaluate("unet-mobilenet-camvid")
    assert all(row["value"] == 100 for row in rows) and len(rows) == 4 + 11
    assert rows[0]["metric"] == "miou" and rows[0]["bar"] == 66 and rows[0]["headline"]
    assert evaluate.evaluate("segnet-camvid")[0]["paper"] == 47.7


def test_rows_of_membranes_say_their_threshold(monkeypatch):
    labels = torch.ones(2, 30, 30, dtype=torch.uint8)
    labels[:, 14:17] = 0
    monkeypatch.setattr(evaluate.isbi2012, "load", lambda split: (torch.zeros(2, 1, 30, 30), labels))
    monkeypatch.setattr(evaluate.weights, "load", lambda *_: None)
    membrane = torch.where(labels[0] == 0, 0.62, 0.38)
    for name in ("probabilities", "symmetric_probabilities"):
        monkeypatch.setattr(evaluate, name, lambda model, picture: torch.stack([membrane, 1 - membrane]))
    rows = evaluate.evaluate("unet-membranes")
    assert [(row["metric"], row["value"]) for row in rows] == 2 * [("v_rand", 1.0), ("pixel_error", 0.0)]
    assert "threshold 0.40" in rows[0]["data"] and rows[0]["bar"] == 0.95


def test_labels_of_everyday_things_have_the_smallest_on_top_and_crowds_are_void():
    def box(category: int, left: int, right: int, crowd: int = 0) -> dict:
        outline = [[left, 0, right, 0, right, 10, left, 10]]
        return {"category_id": category, "area": 10 * (right - left), "segmentation": outline, "iscrowd": crowd}

    things = [box(17, 10, 20), box(63, 0, 30), box(44, 30, 40), box(1, 40, 50, crowd=1), box(90, 50, 60)]
    things[3]["segmentation"] = {"size": [10, 60], "counts": [400, 100, 100]}
    labels = evaluate.everyday_labels(torch.zeros(3, 10, 60), things)[5]
    sofa, cat, bottle = (CLASSES.index(word) for word in ("sofa", "cat", "bottle"))
    assert labels[::10].tolist() == [sofa, cat, sofa, bottle, VOID, 0]
