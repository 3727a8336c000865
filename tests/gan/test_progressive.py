"""The progressive GAN: its stages, its critic, its training, and the evaluator of garments."""

import math
import os

import numpy as np
import pytest
import torch

from demos.gan import progressive as screen
from dlcv.core import weights
from dlcv.core.datasets import TensorBatches, clothing
from dlcv.core.errors import InputError
from dlcv.core.training.classifiers import ClassifierConfig
from dlcv.core.training.evaluation import classify
from dlcv.core.training.loop import Recipe, Step
from dlcv.gan import photographs
from dlcv.gan.garments import GarmentClassifier, nearest
from dlcv.gan.grow import at_stage, augment, loss, older_outputs_loss, stage_at
from dlcv.gan.progressive import MinibatchDeviation, PixelNorm, ProgressiveConfig, ProgressiveGAN, conv
from tests.support.training import check_that_it_goes_on


def growing():
    torch.manual_seed(0)
    return ProgressiveGAN(ProgressiveConfig(latents=8, channels=(8, 8, 4)))


LABELS = torch.tensor([0, 1, 2, 2, 9])


@pytest.mark.parametrize(("stage", "side"), [(0, 4), (0.5, 8), (1, 8), (1.01, 16), (2, 16)])
def test_every_stage_has_its_size(stage, side):
    model = growing()
    pictures = model(torch.randn(5, 8), LABELS, stage)
    assert pictures.shape == (5, 3, side, side)
    assert model.critic(pictures, LABELS, stage).shape == (5,)


def test_both_growing_networks_know_the_class():
    model, z = growing(), torch.randn(5, 8)
    others = (LABELS + 1) % 10
    pictures = model(z, LABELS)
    assert not pictures.allclose(model(z, others))
    assert not model.critic(pictures, LABELS, 2).allclose(model.critic(pictures, others, 2))


def test_a_new_layer_is_faded_in_without_a_jump():
    """At the start of a stage both networks do what they did before, on enlarged pictures."""
    model, z = growing(), torch.randn(5, 8)
    old, new = model.generator(z, LABELS, 1), model.generator(z, LABELS, 1 + 1e-6)
    torch.testing.assert_close(new, torch.nn.functional.interpolate(old, scale_factor=2), atol=1e-4, rtol=0)
    torch.testing.assert_close(model.critic(new, LABELS, 1 + 1e-6), model.critic(old, LABELS, 1), atol=1e-4, rtol=0)
    almost, grown = model.generator(z, LABELS, 2 - 1e-6), model.generator(z, LABELS, 2)
    torch.testing.assert_close(almost, grown, atol=1e-4, rtol=0)


def test_pixel_norm_and_the_deviation_of_a_batch():
    x = torch.randn(4, 6, 3, 3)
    torch.testing.assert_close(PixelNorm()(x).square().mean(1), torch.ones(4, 3, 3), atol=1e-5, rtol=0)
    seen = MinibatchDeviation()(x)
    assert seen.shape == (4, 7, 3, 3)
    torch.testing.assert_close(seen[:, 6], x.std(0, correction=0).mean().expand(4, 3, 3))
    assert MinibatchDeviation()(x[:1].expand(4, 6, 3, 3))[:, 6].max() < 1e-3  # no variety


def test_equalised_layers_keep_the_scale():
    layer = conv(64, 64)
    assert layer.layer.weight.std().item() == pytest.approx(1, abs=0.05)
    x = torch.randn(8, 64, 9, 9)
    assert layer(x)[..., 1:-1, 1:-1].std().item() == pytest.approx(math.sqrt(2), abs=0.1)


def test_the_stages_follow_each_other():
    stages = [stage_at(progress / 1000, 3) for progress in range(1000)]
    assert stages[0] == 0 and stages[-1] == 3 and stages == sorted(stages)
    assert {0.0, 1.0, 2.0, 3.0} < set(stages) and max(b - a for a, b in zip(stages, stages[1:], strict=False)) < 0.1


def test_real_pictures_fade_like_generated_ones():
    pictures = torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(at_stage(pictures, 2), pictures)
    torch.testing.assert_close(at_stage(pictures, 1), torch.nn.functional.avg_pool2d(pictures, 2))
    half = at_stage(pictures, 1.5)
    coarse = torch.nn.functional.interpolate(at_stage(pictures, 1), scale_factor=2)
    torch.testing.assert_close(half, (pictures + coarse) / 2)


def test_augmentation_lets_the_gradient_through_and_keeps_the_size():
    pictures = torch.rand(4, 3, 16, 16, requires_grad=True)
    changed = augment(pictures, torch.Generator().manual_seed(0))
    changed.sum().backward()
    assert changed.shape == pictures.shape and pictures.grad.abs().sum() > 0 and not changed.equal(pictures)


@pytest.mark.parametrize("stop", [3, 6])
def test_a_stopped_growth_goes_on_as_if_nothing_had_happened(tmp_path, stop):
    """Before the generator's turn, and at a later stage before the critic's."""
    generator = torch.Generator().manual_seed(0)
    photographs = torch.randint(256, (16, 3, 16, 16), dtype=torch.uint8, generator=generator)
    data, recipe = TensorBatches(photographs, torch.arange(16) % 10), Recipe(epochs=2, batch_size=4)
    check_that_it_goes_on(tmp_path, lambda: {"model": growing(), "loss": loss, "data": data, "recipe": recipe}, stop)


def test_growing_networks_take_turns():
    model = growing()
    batch = (torch.randint(0, 256, (5, 3, 16, 16), dtype=torch.uint8), LABELS)
    for number, learns in ((0, model.critic), (31, model.generator), (90, model.critic)):
        model.zero_grad()
        loss(model, batch, Step(number, 100))["loss"].backward()
        assert {part for part in (model.critic, model.generator) for w in part.parameters() if w.grad is not None} == {
            learns
        }


def test_a_copy_is_found_also_mirrored():
    training = torch.rand(9, 3, 64, 64)
    index, distance = nearest(torch.stack([training[4], training[7].flip(2)]), training, count=2)
    assert index[:, 0].tolist() == [4, 7]
    assert distance[:, 0].max() < 1e-3 < 0.01 < distance[:, 1].min()


def test_the_evaluator_of_garments_takes_any_size():
    output = GarmentClassifier(ClassifierConfig()).eval()(torch.rand(2, 3, 64, 64))
    assert output.logits.shape == (2, 10) and output.features.shape == (2, 1280)


def test_older_outputs_learn_the_picture_and_nothing_else_does():
    model = ProgressiveGAN(ProgressiveConfig(8, (8, 8, 8)))
    features = model.generator.features(torch.randn(5, 8), LABELS, 2)
    picture = model.generator.picture(features, 2)
    value = older_outputs_loss(model.generator, features, picture)
    small = (torch.nn.functional.avg_pool2d(picture, 4), torch.nn.functional.avg_pool2d(picture, 2))
    ours = (model.generator.picture(features[: index + 1], index) for index in (0, 1))
    expected = sum((one - other).square().mean() for one, other in zip(ours, small, strict=True))
    torch.testing.assert_close(value, expected)
    value.backward()
    taught = {name.split(".layer")[0] for name, weight in model.named_parameters() if weight.grad is not None}
    assert taught == {"generator.colours.0", "generator.colours.1"}


def test_the_critic_measures_the_deviation_of_real_and_generated_pictures_apart():
    """A generator without variety is found out: its pictures' deviation is not mixed with that of real ones."""
    config = ProgressiveConfig(8, (8, 8))
    model, batches = ProgressiveGAN(config), []
    model.critic.deviation.register_forward_hook(lambda module, inputs, output: batches.append(len(inputs[0])))
    photographs = torch.randint(256, (5, 3, 8, 8), dtype=torch.uint8)
    loss(model, (photographs, LABELS), Step(198, 200))
    assert batches[:2] == [5, 5]


def test_the_photographs_are_at_hand_without_a_network(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCV_DATA", str(tmp_path))  # with nothing in it
    training = photographs.load()
    assert training.shape == (sum(photographs.COUNTS.values()), 3, 64, 64) == (3068, 3, 64, 64)
    index, distance = nearest(training[[5, 3000]].flip(3), training, count=1)
    assert index.flatten().tolist() == [5, 3000] and distance.max() < 1e-3


@pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="needs the photographs in full")
def test_the_shipped_photographs_are_those_of_the_data_set():
    pictures, labels = clothing.load("train")
    assert torch.bincount(labels).tolist() == list(photographs.COUNTS.values())
    originals = pictures[labels.argsort(stable=True)].float() / 255
    assert (photographs.load() - originals).square().mean((1, 2, 3)).sqrt().max() < 0.08


def test_what_is_shown_unasked_are_the_kinds_that_the_evaluator_recognises():
    """The claim beside the menu, by the evaluator on other samples than it was measured on."""
    evaluator = weights.load(GarmentClassifier, screen.EVALUATOR)
    answer = screen.grow(screen.Growth(stage=4, seed=1))
    learned = [kind["name"] for kind in answer["kinds"] if kind["learned"]]
    assert learned == ["t-shirt", "shirt", "pants"]
    names = list(evaluator.config.class_names)
    model = screen.predictor()
    mixed = classify(evaluator, model.sample(60, 5, classes=[names.index(name) for name in learned])).logits.argmax(1)
    assert np.isin([names[label] for label in mixed], learned).mean() > 0.7
    others = [index for index, name in enumerate(names) if name not in learned]
    smears = classify(evaluator, model.sample(60, 5, classes=others)).logits.argmax(1)
    assert np.isin(smears, others).mean() < np.isin([names[label] for label in mixed], learned).mean()


def test_a_class_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="10 classes"):
        screen.predictor().sample(1, classes=[10])
