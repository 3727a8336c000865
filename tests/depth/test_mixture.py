"""What the network of photographs learns from: things thrown into the air, outlines, parts of pictures, two phases."""

import numpy as np
import PIL.Image
import pytest
import torch

from dlcv.core.training.loop import Step
from dlcv.depth import held_out, metrics, photographs_train, scenes
from dlcv.depth.tiefenrausch import TiefenrauschOutput


def thing(kind: str, centre: tuple, axes: torch.Tensor, size=(0.0, 0.0, 0.0)) -> scenes.Thing:
    """An object in grey."""
    grey = torch.full((2, 3), 0.5)
    return scenes.Thing(kind, torch.tensor(centre), axes, torch.tensor(size), grey, "clouds", 1.0, 0.0, 0)


def test_the_inverse_depth_of_thrown_things_is_exact(monkeypatch):
    """A wall 5 metres away, before it a ball of radius 0.5, and a box turned by a quarter whose front is at 2.7."""
    facing, height, width = scenes._turned(0, 90, 0), 48, 72
    made = [
        thing("plane", (0.0, 0.0, 5.0), facing),
        thing("ball", (0.4, -0.2, 2.0), torch.eye(3), (0.5, 0.5, 0.5)),
        thing("box", (-0.8, 0.3, 3.0), scenes._turned(90, 0, 0), (0.3, 0.2, 0.1)),
    ]
    monkeypatch.setattr(scenes, "thrown_things", lambda _: made)
    picture, inverse = scenes.thrown(0, height, width)
    assert picture.shape == (3, height, width) and inverse.shape == (1, height, width)
    assert picture.min() >= 0 and picture.max() <= 1
    focal = scenes.FOCAL * width
    x = ((torch.arange(width) - (width - 1) / 2) / focal).expand(height, width)
    y = ((torch.arange(height) - (height - 1) / 2) / focal)[:, None].expand(height, width)
    rays = torch.stack([x, y, torch.ones(height, width)], dim=2)
    a, b = rays.square().sum(2), rays @ made[1].centre  # where |t ray - centre| = 0.5
    root = b.square() - a * (made[1].centre.square().sum() - 0.25)
    expected = torch.full((height, width), 1 / 5)
    expected = torch.where(root > 0, a / (b - root.clamp_min(0).sqrt()), expected)
    front = ((x * 2.7 + 0.8).abs() < 0.1 - 1e-4) & ((y * 2.7 - 0.3).abs() < 0.2 - 1e-4)
    expected = torch.where(front, 1 / 2.7, expected)
    sides = (x * 2.7 + 0.8).abs() < 0.25  # of the box, which the camera sees too
    torch.testing.assert_close(inverse[0][front | ~sides], expected[front | ~sides])
    assert front.sum() > 20 and (root > 0).sum() > 100


def test_nothing_lies_lower_because_it_is_nearer():
    """The rank correlation of nearness with the row: none on average of thrown things, much of rooms and streets."""

    def with_the_row(nearness: torch.Tensor) -> float:
        return metrics.rank_correlation(nearness, torch.arange(24)[:, None].expand(24, 36))

    thrown = [with_the_row(scenes.thrown(seed, 24, 36)[1][0]) for seed in range(24)]
    standing = [with_the_row(scenes.pair(seed, 24, 36).disparity_left[0]) for seed in range(5)]
    assert abs(np.mean(thrown)) < 0.15 and np.mean(standing) > 0.4
    assert np.std(thrown) > 0.1  # in each, what is nearer lies somewhere


def test_the_sides_of_a_person_by_hand():
    """100 x 200 pixels: beside is what is 3 to 8 pixels away, in the upper three quarters, and no other object."""
    mask, others = torch.zeros(2, 100, 200, dtype=torch.bool).unbind()
    mask[20:60, 80:100] = True
    others[:, 104:] = True
    inside, beside = held_out.sides(mask, mask | others)
    expected = torch.zeros(100, 200, dtype=torch.bool)
    expected[20:50, 80:100] = True  # 20 + 0.75 * 39 = 49.25
    torch.testing.assert_close(inside, expected)
    assert beside[30].nonzero()[:, 0].tolist() == [*range(72, 78), 102, 103]
    assert beside[:, 90].nonzero()[:, 0].tolist() == list(range(12, 18))  # above, and not below


def test_outlines_by_hand_are_an_order_and_no_depth(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCV_DATA", str(tmp_path))
    folder = tmp_path / photographs_train.OUTLINES / "some"
    folder.mkdir(parents=True)
    mask = np.zeros((256, 384), np.uint8)
    mask[60:180, 150:230] = 255
    for name, outline in (("empty", 0 * mask), ("person", mask)):
        PIL.Image.new("RGB", (384, 256), (200, 30, 30)).save(folder / f"{name}.jpg")
        PIL.Image.fromarray(outline).save(folder / f"{name}.png")
    (found,) = photographs_train.outlined_by_hand()  # where nobody is, nothing is learned
    assert found.picture[0].float().mean() == pytest.approx(200, abs=3) and not found.disparity.any()
    assert found.order[0, 100, 150:230].eq(1).all() and found.order[0, 100, [140, 240]].eq(-1).all()
    assert not found.order[0, 175].any() and not found.order[0, 100, [100, 149, 230, 300]].any()


def test_a_part_enlarged_keeps_picture_disparity_and_order_together():
    """Every pixel says where it was: in its colours, in its disparity, in its order."""
    height, width = 64, 96
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    picture = torch.stack([x / width, y / height, x / width]).expand(8, 3, height, width)
    disparity = (x + 1000 * y).expand(8, 1, height, width)
    order = torch.where(x < 40, -1, 1).to(torch.int8).expand(8, 1, height, width)
    parts = photographs_train.nearer([picture, disparity, order], torch.Generator().manual_seed(0))
    for before, part in zip((picture, disparity, order), parts):
        assert part.shape == before.shape and part.dtype == before.dtype
    seen_x, seen_y = parts[1] % 1000, (parts[1] / 1000).floor()
    for seen, length, colour in ((seen_x, width, parts[0][:, :1]), (seen_y, height, parts[0][:, 1:2])):
        assert (seen - length * colour).abs().max() < 1
        share = (seen.amax((1, 2, 3)) - seen.amin((1, 2, 3)) + 1) / length
        assert share.min() >= photographs_train.NEARER - 0.02 and share.max() <= 1 and share.std() > 0.05
    torch.testing.assert_close(parts[2], torch.where(seen_x < 40, -1, 1).to(torch.int8))
    corners = set(zip(seen_x[:, 0, 0, 0].tolist(), seen_y[:, 0, 0, 0].tolist()))
    assert len(corners) > 4


def test_half_of_a_batch_is_parts_but_in_the_first_phase(monkeypatch):
    """A part of a ramp has a part of its greys."""
    monkeypatch.setattr(photographs_train, "LIGHT", lambda picture: picture)
    ramp = torch.linspace(0, 1, 384).expand(256, 384)
    batch, spans = [photographs_train.sample(ramp.expand(3, 256, 384), 0.1 + ramp)] * 8, []

    def model(pictures: torch.Tensor) -> TiefenrauschOutput:
        spans.append((pictures.amax((1, 2, 3)) - pictures.amin((1, 2, 3))).tolist())
        return TiefenrauschOutput(pictures.mean(1, keepdim=True))

    for whole in (True, False):
        terms = photographs_train.photograph_loss(model, batch, Step(0, 10), whole)
        assert terms["residual"] < 0.05  # the ramp itself, whatever part of it
    assert spans[0] == [1] * 8 and spans[1][4:] == [1] * 4 and np.mean(spans[1][:4]) < 0.9


def test_thrown_things_and_outlines_come_after_the_whole_samples(tmp_path, monkeypatch):
    whole = photographs_train.sample(torch.rand(3, 256, 384), torch.rand(256, 384))
    names = ["middlebury", "teacher", *photographs_train.LATER]
    monkeypatch.setattr(photographs_train, "parts", lambda: {name: iter([whole]) for name in names})
    monkeypatch.setattr(photographs_train, "PhotoNet", lambda config, published: [published])
    monkeypatch.setattr(photographs_train, "watch", lambda: "watched")
    fits, saved = [], []
    monkeypatch.setattr(photographs_train, "fit", lambda model, *rest: fits.append(rest) or [*model, len(fits)])
    monkeypatch.setattr(photographs_train, "save_checkpoint", lambda *args, **more: saved.append((args, more)))
    recipe = photographs_train.PRESETS["cpu"][photographs_train.NAME]
    photographs_train.train("depth-photos", recipe, tmp_path)
    assert [len(data) for _, data, *_ in fits] == [12 + 1, 12 + 1 + 2]
    assert fits[0][0].keywords == {"whole": True} and fits[1][0] is photographs_train.photograph_loss
    assert fits[0][2] == photographs_train.WHOLE and fits[1][2] == recipe
    ((model, *_), more) = saved[0]
    assert model == [True, 1, 2] and [one["epochs"] for one in more["before"]] == [photographs_train.WHOLE.epochs]
