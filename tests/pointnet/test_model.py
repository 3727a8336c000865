"""PointNet: the equations, what does not depend on the order, the shapes whose parts are known, bad input."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dlcv.core import runtime, weights
from dlcv.core.datasets import modelnet
from dlcv.core.errors import InputError
from dlcv.core.geometry import clouds
from dlcv.core.training.loop import Step
from dlcv.pointnet import evaluate, fast, loss, predictor, shapes, train
from dlcv.pointnet.disturb import Disturbance, disturb, rotation
from dlcv.pointnet.kinds import KINDS, PARTS
from dlcv.pointnet.model import (
    FlatConfig,
    FlatMLP,
    PartNet,
    PartNetConfig,
    PartOutput,
    PointNet,
    PointNetConfig,
    by_height,
    pool,
)

CLASSIFIERS = ("pointnet-max", "pointnet-sum")
PROPERTY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def some(count: int = 100, seed: int = 0) -> torch.Tensor:
    """A cloud (count, 3)."""
    return clouds.normalised(torch.randn(count, 3, generator=torch.Generator().manual_seed(seed)))


@pytest.fixture
def untrained(monkeypatch):
    """Networks of the sizes that ship, their weights drawn at random, the running means of their norms moved too."""
    monkeypatch.setattr(runtime, "shelf", runtime.Shelf(2**30))

    def load(cls, name):
        torch.manual_seed(len(name))
        config = train.CONFIGS[name]
        model = cls(replace(config, known=20) if cls is PointNet else config)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                torch.nn.init.normal_(module.running_mean, std=0.1)
        if cls is PointNet:
            for transform in (model.encode.align, model.encode.align_features):
                torch.nn.init.normal_(transform.matrix.weight, std=0.01)
            model.eval().fit_ood(*([torch.randn(n, 1024), torch.randn(n, 256)] for n in (20, 30)))
        return model.eval()

    monkeypatch.setattr(weights, "load", load)


# ---- equations


def test_the_orthogonality_term():
    turn = rotation(10, 20, 30)
    assert loss.orthogonality(turn[None]).item() == pytest.approx(0, abs=1e-10)
    assert loss.orthogonality(2 * torch.eye(3)[None]).item() == pytest.approx(27)  # three times (1 - 4)^2
    logits, labels = torch.randn(4, 10), torch.arange(4)
    expected = -logits.log_softmax(1)[labels, labels].mean() + 0.001 * 27
    torch.testing.assert_close(loss.loss(logits, labels, 2 * torch.eye(3).expand(4, 3, 3)), expected)


@pytest.mark.parametrize("reduce", [fast.maximum, lambda x: x.mean(1), lambda x: x[:, 0]])
def test_the_quick_layer_and_maximum_are_the_layer_and_the_maximum(reduce):
    """Forward and backward: with the sparse gradient of the maximum, and with dense ones."""
    torch.manual_seed(0)
    layer, points, target = torch.nn.Linear(8, 20), torch.randn(3, 50, 8), torch.randn(3, 20)
    found = []
    for compute, reduced in ((fast.linear, reduce), (lambda x, layer: layer(x), usual(reduce))):
        x = points.clone().requires_grad_()
        out = reduced(compute(x, layer))
        found.append((out, *torch.autograd.grad((out * target).sum(), (x, *layer.parameters()))))
    for one, other in zip(*found):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    with torch.inference_mode():
        torch.testing.assert_close(reduce(fast.linear(points, layer)), found[1][0])


def usual(reduce):
    """The same as torch computes it."""
    return (lambda x: x.max(1).values) if reduce is fast.maximum else reduce


def test_g_is_the_maximum_or_the_mean():
    features = torch.tensor([[[1.0, 5.0], [3.0, 1.0]]])
    assert pool(features, "max").tolist() == [[3, 5]]
    assert pool(features, "sum").tolist() == [[2, 3]]


def test_a_fresh_transform_is_the_identity():
    out = PointNet(PointNetConfig()).eval()(some()[None])
    assert torch.equal(out.input_transform[0], torch.eye(3)) and torch.equal(out.feature_transform[0], torch.eye(64))


def test_turns_are_right_handed():
    x, y, z = torch.eye(3)
    torch.testing.assert_close(rotation(0, 0, 90) @ x, y, atol=1e-6, rtol=0)
    torch.testing.assert_close(rotation(90, 0, 0) @ y, z, atol=1e-6, rtol=0)
    torch.testing.assert_close(train.turned(x[None, None], torch.tensor([math.pi / 2]))[0, 0], y, atol=1e-6, rtol=0)


# ---- properties


@PROPERTY
@given(seed=st.integers(0, 2**31), count=st.integers(16, 300), name=st.sampled_from(CLASSIFIERS))
def test_the_order_of_points_does_not_matter(untrained, seed, count, name):
    points, model = some(count, seed), predictor.predictor(name)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    one, other = model.classify(points), model.classify(points[order])
    torch.testing.assert_close(one.probabilities, other.probabilities, atol=1e-5, rtol=0)
    torch.testing.assert_close(one.aligned[order], other.aligned, atol=1e-5, rtol=0)


@PROPERTY
@given(seed=st.integers(0, 2**31), count=st.integers(16, 200), data=st.data())
def test_a_point_may_be_there_twice(untrained, seed, count, data):
    points, model = some(count, seed), predictor.predictor("pointnet-max").model
    twice = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=50))
    with torch.inference_mode():
        one, other = (model(cloud[None]).logits for cloud in (points, torch.cat([points, points[twice]])))
    torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


@PROPERTY
@given(seed=st.integers(0, 2**31), count=st.integers(16, 300), kind=st.sampled_from(KINDS))
def test_parts_move_with_their_points(untrained, seed, count, kind):
    points, model = some(count, seed), predictor.predictor("pointnet-parts").model
    order, number = torch.randperm(count, generator=torch.Generator().manual_seed(seed)), KINDS.index(kind)
    with torch.inference_mode():
        one, other = (model(cloud[None], torch.tensor([number])).logits[0] for cloud in (points, points[order]))
    torch.testing.assert_close(one[order], other, atol=1e-4, rtol=1e-4)


FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@PROPERTY
@given(array=arrays.arrays(np.float32, st.tuples(st.integers(1, 60), st.just(3)), elements=FINITE))
def test_any_finite_cloud_gets_an_answer_or_a_sentence(untrained, array):
    points = torch.from_numpy(array)
    try:
        clouds.normalised(points)
    except InputError:
        for name in (*CLASSIFIERS, "pointnet-flat"):
            with pytest.raises(InputError):
                predictor.predictor(name).classify(points)
        return
    for name in (*CLASSIFIERS, "pointnet-flat"):
        assert predictor.predictor(name).classify(points).probabilities.sum().item() == pytest.approx(1, abs=1e-4)
    assert predictor.predictor("pointnet-parts").parts(points, "mug").labels.max() < 2


# ---- what the predictor tells


def test_critical_points_and_all_up_to_the_upper_bound_give_the_same_feature(untrained):
    """Section 4.3 of the paper, with the transforms as they are; the grid is fine enough to hold some points."""
    model = predictor.predictor("pointnet-max")
    points = some(300)
    seen, bound = model.classify(points), model.upper_bound(points)
    assert 0 < len(seen.critical) < 300 and seen.wins.sum() == 1024 and len(bound) > 20
    encoder = model.model.encode
    with torch.inference_mode():
        whole = model.model(points[None])

        def feature(cloud):
            local = encoder.first(cloud @ whole.input_transform[0]) @ whole.feature_transform[0]
            return encoder.h(local[None])[0].amax(0)

        for cloud in (points[seen.critical], torch.cat([points, bound]), torch.cat([points[seen.critical], bound])):
            torch.testing.assert_close(feature(cloud), seen.global_feature, atol=1e-4, rtol=1e-4)
        far = torch.full((1, 3), 0.99)
        assert not torch.allclose(feature(torch.cat([points, far])), seen.global_feature, atol=1e-3)


def test_a_sum_has_no_upper_bound(untrained):
    with pytest.raises(InputError, match="maximum"):
        predictor.predictor("pointnet-sum").upper_bound(some())


def test_a_list_that_is_shuffled_moves_the_plain_network(untrained):
    points = some(1024)
    assert predictor.predictor("pointnet-max").shuffle_difference(points, 30) < 1e-5
    assert predictor.predictor("pointnet-flat").shuffle_difference(points, 30) > 1e-4


def test_a_kind_without_parts_is_refused(untrained):
    with pytest.raises(InputError, match="chair"):
        predictor.predictor("pointnet-parts").parts(some(), "car")


def test_out_of_distribution_is_what_is_far_from_the_bank():
    model = PointNet(PointNetConfig(known=200)).eval()
    generator = torch.Generator().manual_seed(0)

    def around(shape, meaning, count):
        sizes = (shape, 1024), (meaning, 256)
        return [middle + 0.5 * torch.randn(count, size, generator=generator) for middle, size in sizes]

    held_out = around(3, 3, 400)
    model.fit_ood(around(3, 3, 200), held_out)
    assert (model.ood_score(*held_out) > 1).float().mean().item() == pytest.approx(0.05, abs=0.01)
    for other in ((-3, 3), (3, -3), (-3, -3)):  # one of the two is enough
        assert model.ood_score(*around(*other, 5)).min() > 1


# ---- what is learned from


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_all_its_parts_and_varies(kind):
    generator = torch.Generator().manual_seed(0)
    found = [shapes.sample(kind, generator) for _ in range(30)]
    parts = torch.stack([parts for _, parts in found])
    assert set(parts.unique().tolist()) == set(range(len(PARTS[kind])))
    points = torch.stack([points for points, _ in found])
    assert points.norm(dim=2).max() <= 1 + 1e-5
    assert points.amax(1).std(0).max() > 0.05  # no two of a size


def test_the_same_seed_makes_the_same_shapes():
    one, again, other = (shapes.collection(2, seed, 64) for seed in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(one, again)) and not torch.equal(one[0], other[0])


def test_disturbances_are_of_the_size_asked_for():
    points = some(1024)
    assert len(disturb(points, Disturbance(count=300)).points) == 300
    assert len(disturb(points, Disturbance(cut=0.25, side="top")).points) == 768
    outliers = disturb(points, Disturbance(outliers=0.2)).source == -1
    assert outliers.float().mean().item() == pytest.approx(0.2, abs=0.04)
    moved = disturb(points, Disturbance(noise=0.05)).points - points
    assert moved.std().item() == pytest.approx(0.05, abs=0.005)


def test_overlap_of_parts_is_counted_as_for_shapenet():
    class Fixed(torch.nn.Linear):
        """Says of the first half of the points part 0, of the rest part 1."""

        def forward(self, points, kinds):
            logits = torch.zeros(*points.shape[:2], 20)
            logits[:, : points.shape[1] // 2, 0] = logits[:, points.shape[1] // 2 :, 1] = 1
            return PartOutput(logits, None, None)

    # Of a chair's parts 0 and 1, two thirds and a half are found; the other two are absent, and not found.
    parts = torch.tensor([[0, 0, 0, 1]])
    [score] = train.part_iou(Fixed(1, 1), torch.zeros(1, 4, 3), parts, torch.tensor([0]))
    assert score.item() == pytest.approx(100 * (2 / 3 + 1 / 2 + 1 + 1) / 4)


def test_the_networks_train():
    torch.manual_seed(0)
    points, parts, kinds = shapes.collection(2, 0, 160)
    cases = [
        (PointNet(PointNetConfig(transforms=False)), train.class_loss, (points, kinds)),
        (FlatMLP(FlatConfig(points=160)), train.flat_loss, (points, kinds)),
        (PartNet(PartNetConfig(PARTS)), train.part_loss, (points, parts, kinds)),
    ]
    for model, objective, batch in cases:
        optimizer, values = torch.optim.Adam(model.parameters(), 2e-3), []
        for number in range(20):
            value = objective(model, batch, Step(number, 20))["loss"]
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            values.append(value.item())
        assert all(weight.grad is not None for weight in model.parameters())
        assert sum(values[-5:]) < 0.9 * sum(values[:5]), values


def test_modelnet_is_made_of_meshes_whose_header_may_share_its_line_with_the_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(modelnet, "CLASSES", ("chair",))
    shape = shapes.mesh("chair", torch.Generator().manual_seed(0))
    text = trimesh.Trimesh(shape.vertices, shape.faces, process=False).export(file_type="off")
    for split, content in (("train", text), ("test", text.replace("OFF\n", "OFF", 1))):
        (tmp_path / "chair" / split).mkdir(parents=True)
        (tmp_path / "chair" / split / "a.off").write_text(content)
    found = modelnet._from_meshes(tmp_path)
    expected = clouds.normalised(clouds.sample_surface(*shape[:2], 20_000, torch.Generator().manual_seed(1))[0])
    for split in ("train", "test"):
        points = torch.from_numpy(found[f"{split}_points"]).float()
        assert points.shape == (1, 1024, 3) and found[f"{split}_label"].tolist() == [0]
        assert torch.cdist(points[0], expected).amin(1).mean() < 0.05


def test_by_height_sorts_whole_points():
    [found] = by_height(some(50)[None])
    assert (found[1:, 2] >= found[:-1, 2]).all()
    assert {tuple(point) for point in found.tolist()} == {tuple(point) for point in some(50).tolist()}


def test_auroc_of_ranks():
    assert evaluate.auroc(torch.tensor([0.1, 0.2, 5.0]), torch.tensor([7.0, 100.0])) == 1
    assert evaluate.auroc(torch.tensor([0.1, 9.0]), torch.tensor([7.0, 0.01])) == 0.25
