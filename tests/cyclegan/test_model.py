"""CycleGAN: the losses against closed forms, the networks against the paper and against the authors' own weights."""

import os
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from torch.nn import functional as F

from demos.frame import PHOTOGRAPHS
from dlcv.core.datasets import TensorBatches, mnist_m, paintings, usps
from dlcv.core.training.loop import Recipe, Step
from dlcv.cyclegan import domains, evaluate, judges, large, loss, predictor, published, train
from dlcv.cyclegan.model import CycleGAN, CycleGANConfig, Discriminator, Generator, load_published
from dlcv.cyclegan.presets import SETUPS
from tests.support.loopback_hub import LoopbackHub, on_a_fresh_computer
from tests.support.training import check_that_it_goes_on


def test_losses():
    real, fake = torch.randn(2, 3, 4, 4).unbind(0)
    torch.testing.assert_close(
        loss.discriminator_loss(real, fake), 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()
    )
    assert loss.discriminator_loss(torch.ones(2), torch.zeros(2)) == 0
    assert loss.adversarial_loss(torch.ones(2)) == 0 and loss.adversarial_loss(torch.zeros(2)) == 1
    x = torch.rand(2, 3, 4, 4)
    assert loss.cycle_loss(x, x) == 0 and loss.identity_loss(x, x + 0.5).item() == pytest.approx(0.5)


def test_the_objective_is_the_sum_of_the_slide():
    """L = L_GAN(G, D_B) + L_GAN(F, D_A) + lambda L_cyc + lambda_id L_id; a weight of 0 takes a term away."""
    torch.manual_seed(0)
    model = CycleGAN(CycleGANConfig(width=4, blocks=1, critic_width=4))
    x, y = torch.rand(2, 1, 3, 32, 32) * 2 - 1
    out = model(x, y)
    gan = (model.D_B(model.G(x)) - 1).square().mean() + (model.D_A(model.F(y)) - 1).square().mean()
    cycle = (model.F(model.G(x)) - x).abs().mean() + (model.G(model.F(y)) - y).abs().mean()
    identity = (model.G(y) - y).abs().mean() + (model.F(x) - x).abs().mean()
    whole = loss.objective(model, x, y, out)
    assert set(whole) == {"loss", "adversarial", "cycle", "identity"}
    torch.testing.assert_close(whole["loss"], gan + 10 * cycle + 5 * identity)
    torch.testing.assert_close(loss.objective(model, x, y, out, 2, 0)["loss"], gan + 2 * cycle)
    torch.testing.assert_close(loss.objective(model, x, y, out, 0, 3)["loss"], gan + 3 * identity)
    fakes = out.fake_a, out.fake_b
    both = loss.discriminator_loss(model.D_A(x), model.D_A(fakes[0])) + loss.discriminator_loss(
        model.D_B(y), model.D_B(fakes[1])
    )
    torch.testing.assert_close(loss.discriminator_objective(model, x, y, *fakes)["loss"], both)


def test_an_ablation_is_a_weight_of_zero():
    weights = {name: (setup.cycle_weight, setup.identity_weight) for name, setup in SETUPS.items()}
    cycle, identity = weights["cyclegan-monet"]
    assert weights["cyclegan-monet-without-cycle"] == (0, identity) and identity > 0
    assert weights["cyclegan-monet-without-identity"] == (cycle, 0) and cycle > 0
    for name, setup in SETUPS.items():  # identity needs as many channels in both domains
        assert setup.identity_weight == 0 or len(set(setup.config.channels)) == 1, name


def test_the_buffer_shows_old_pictures_half_of_the_time():
    buffer, generator = loss.PictureBuffer(10), torch.Generator().manual_seed(0)
    first = torch.arange(10.0).reshape(10, 1, 1, 1)
    buffer.newest = first
    assert torch.equal(buffer.exchange(generator), first)  # not full: as they come
    old = 0
    for number in range(1000):
        new = torch.full((1, 1, 1, 1), 100.0 + number)
        buffer.newest = new
        shown = buffer.exchange(generator)
        old += shown.item() != new.item()
    assert 440 < old < 560 and len(buffer.pictures) == 10


def test_a_score_is_of_70_pixels():
    """Only a square of 70 x 70 pixels changes a score; the instance norm, which sees all of them, is taken out."""
    critic = Discriminator(1, 4)
    layers = torch.nn.Sequential(*(layer for layer in critic if not isinstance(layer, torch.nn.InstanceNorm2d)))
    for weight in layers.parameters():
        torch.nn.init.constant_(weight, 0.1)
    x = torch.ones(1, 1, 256, 256, requires_grad=True)
    scores = layers(x)
    assert scores.shape == (1, 30, 30)
    scores[0, 15, 15].backward()
    rows, columns = (x.grad[0, 0].abs().sum(axis).nonzero().flatten() for axis in (1, 0))
    assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == 70


def test_pictures_keep_their_size_and_range():
    model = CycleGAN(CycleGANConfig(channels=(1, 3), width=4, blocks=1, critic_width=4))
    translated = model.G(torch.rand(2, 1, 32, 48) * 2 - 1)
    assert translated.shape == (2, 3, 32, 48) and translated.abs().max() <= 1
    assert model.F(translated).shape == (2, 1, 32, 48)


def published_state() -> dict[str, torch.Tensor]:
    """Random tensors of the names and shapes in the authors' files."""
    shapes = {1: (64, 3, 7, 7), 4: (128, 64, 3, 3), 7: (256, 128, 3, 3), 26: (3, 64, 7, 7)}
    shapes |= {19: (256, 128, 3, 3), 22: (128, 64, 3, 3)}  # transposed: the channels that come in stand first
    tensors = {f"model.{place}": shape for place, shape in shapes.items()}
    tensors |= {f"model.{place}.conv_block.{inner}": (256, 256, 3, 3) for place in range(10, 19) for inner in (1, 5)}
    generator, state = torch.Generator().manual_seed(0), {}
    for name, shape in tensors.items():
        outputs = shape[1] if name in ("model.19", "model.22") else shape[0]
        state[f"{name}.weight"] = 0.05 * torch.randn(shape, generator=generator)
        state[f"{name}.bias"] = 0.05 * torch.randn(outputs, generator=generator)
    return state


def as_written_out(w: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The authors' generator, one operation after the other."""

    def conv(x, name, pad=0, stride=1):
        return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], stride=stride, padding=pad)

    def up(x, name):
        return F.conv_transpose2d(x, w[f"{name}.weight"], w[f"{name}.bias"], stride=2, padding=1, output_padding=1)

    def mirror(x, pad):
        return F.pad(x, (pad, pad, pad, pad), mode="reflect")

    x = F.instance_norm(conv(mirror(x, 3), "model.1")).relu()
    x = F.instance_norm(conv(x, "model.4", pad=1, stride=2)).relu()
    x = F.instance_norm(conv(x, "model.7", pad=1, stride=2)).relu()
    for place in range(10, 19):
        inside = F.instance_norm(conv(mirror(x, 1), f"model.{place}.conv_block.1")).relu()
        x = x + F.instance_norm(conv(mirror(inside, 1), f"model.{place}.conv_block.5"))
    x = F.instance_norm(up(x, "model.19")).relu()
    x = F.instance_norm(up(x, "model.22")).relu()
    return conv(mirror(x, 3), "model.26").tanh()


def test_the_authors_weights_fit_and_do_as_written_out():
    state, x = published_state(), torch.rand(1, 3, 64, 64) * 2 - 1
    assert len(state) == 48
    with torch.inference_mode():
        torch.testing.assert_close(load_published(state)(x), as_written_out(state, x), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("change", ["missing", "unknown", "shape"])
def test_other_weights_are_refused(change):
    state = published_state()
    if change == "missing":
        del state["model.1.bias"]
    elif change == "unknown":
        state["model.2.weight"] = torch.zeros(64)
    else:
        state["model.1.weight"] = torch.zeros(32, 3, 7, 7)
    with pytest.raises(RuntimeError):
        load_published(state)


def test_paper_sizes():
    assert sum(weight.numel() for weight in Generator().parameters()) == 11_378_179
    assert sum(weight.numel() for weight in Discriminator().parameters()) == 2_764_737


def test_a_digit_over_a_photograph_is_their_difference():
    photograph = torch.full((3, 40, 50), 51, dtype=torch.uint8)
    digits = torch.zeros(2, 1, 28, 28)
    digits[:, :, 5:9, 5:9] = 1
    blended = mnist_m.blend(digits, [photograph], torch.Generator().manual_seed(0))
    assert blended.shape == (2, 3, 28, 28)
    torch.testing.assert_close(blended, torch.where(digits > 0, 0.8, 0.2).expand(-1, 3, -1, -1))


@pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="needs the data sets: DLCV_DATA names their folder")
def test_data_sets_have_their_size():
    assert usps.load("train")[0].shape == (7291, 1, 16, 16) and usps.load("test")[1].shape == (2007,)
    assert {kind: len(paintings.load(kind, "test", 32)) for kind in ("monet", "photo")} == {"monet": 15, "photo": 100}
    assert len(mnist_m.photographs("train")) == 200 and len(mnist_m.photographs("val")) == 100


@pytest.mark.parametrize("outer_norm", [torch.nn.InstanceNorm2d, torch.nn.Identity], ids=["instance", "none"])
@pytest.mark.parametrize("size", [(8, 8), (64, 48), (12, 700), (260, 44)])
def test_strips_make_no_difference(size, outer_norm, monkeypatch):
    """A large picture is translated as the plain forward pass does it, seen whole: no seam, wherever a strip ends."""
    monkeypatch.setattr(large, "STRIP", 400)
    torch.manual_seed(0)
    generator, x, told = (
        Generator(3, 3, width=8, blocks=2, outer_norm=outer_norm).eval(),
        torch.rand(1, 3, *size) * 2 - 1,
        [],
    )
    torch.testing.assert_close(large.translate(generator, x, told.append), generator(x), atol=1e-4, rtol=1e-4)
    assert told == sorted(told) and 0 < told[0] and told[-1] <= 1


def test_a_digit_gets_the_residual_of_a_picture():
    model = CycleGAN(CycleGANConfig(channels=(1, 3), residual_channels=3, width=4, blocks=1, critic_width=4))
    x, y = torch.rand(2, 1, 32, 32) * 2 - 1, torch.rand(2, 3, 32, 32) * 2 - 1
    found, (digits, residual) = model(x, y), model.decompose(y)
    assert digits.shape == x.shape and residual.shape == y.shape
    torch.testing.assert_close(torch.cat([digits, residual], dim=1), model.F(y))
    torch.testing.assert_close(found.fake_a, digits)
    torch.testing.assert_close(found.fake_b, model.G(torch.cat([x, residual], dim=1)))
    torch.testing.assert_close(found.reconstructed_a, model.F(found.fake_b)[:, :1])
    torch.testing.assert_close(found.reconstructed_b, model.G(torch.cat([digits, residual], dim=1)))


def test_every_picture_has_noise_of_its_own():
    x = torch.zeros(1, 3, 64, 64)
    one, other = (domains.with_noise(x, 0.05, torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert one.std().item() == pytest.approx(0.05, rel=0.05) and abs(one.mean().item()) < 0.002
    assert not torch.equal(one, other)
    assert torch.equal(domains.with_noise(x, 0.0, torch.Generator()), x)


@pytest.mark.parametrize(("size", "count"), [((512, 800), 6), ((300, 256), 1), ((100, 350), 3)])
def test_a_picture_is_judged_in_squares(size, count):
    rows, columns = (torch.arange(length).float() for length in size)
    picture = torch.stack([rows[:, None].expand(size), columns.expand(size), torch.zeros(size)])
    found = predictor.squares(picture)
    side = min(256, *size)
    assert found.shape == (count, 3, side, side)
    assert (found[:, 0].diff(dim=1) == 1).all() and (found[:, 1].diff(dim=2) == 1).all()  # nothing is moved inside
    left = found[:, 1, 0, 0].unique()
    assert len(left) == size[1] // side and abs(left[0] - (size[1] - 1 - (left[-1] + side - 1))) <= 1  # in the middle


def test_edges_that_stay_correlate():
    x = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    assert evaluate.gradient_correlation(x, 0.5 * x - 0.2) == pytest.approx(1, abs=1e-4)
    assert abs(evaluate.gradient_correlation(x, x.flip(3))) < 0.3


def test_the_predictor_answers_as_the_evaluation_does():
    """A photograph is painted, brought back and classified alike by what a tab asks and by what is scored."""
    picture = PIL.Image.open(PHOTOGRAPHS[0]).convert("RGB").crop((100, 100, 356, 356))
    photograph = torch.from_numpy(np.array(picture)).permute(2, 0, 1)  # as the test set has it
    ours, judge = predictor.predictor("cyclegan-monet"), predictor.scene_classifier()
    out = ours.cycle(photograph / 255, "Monet")
    with torch.inference_mode():
        x = domains.spread(photograph[None])
        noisy = domains.with_noise(x, ours.model.config.input_noise, torch.Generator().manual_seed(0))
        painted = ours.model.G(noisy)
        reconstructed = ours.model.F(painted)
    torch.testing.assert_close(out.translated, (painted[0] + 1) / 2, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(ours.translate(photograph / 255, "Monet"), out.translated, atol=1e-3, rtol=1e-3)
    assert out.error.mean().item() == pytest.approx(evaluate.l1(x, reconstructed), abs=1e-4)
    for shown, scored in ((photograph / 255, x), (out.translated, painted)):
        score = predictor.score_scene(shown)
        assert evaluate.share_of_monets(judge, scored) == 100 * (score.monet > 0.5)
        assert evaluate.share_of_strange(judge, scored) == 100 * score.strange


@pytest.mark.parametrize("target", predictor.DOMAINS)
def test_digits_are_read_as_the_evaluation_does(target):
    digit, backgrounds = torch.zeros(1, 1, 28, 28), torch.rand(3, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    digit[..., 6:9, 8:20] = digit[..., 6:22, 17:20] = 1
    out = predictor.translate_digit(digit, target, backgrounds)
    pictures = domains.spread(out.translated)
    for name, probabilities in (("reader-mnist", out.source_only), (predictor.DOMAINS[target][1], out.adapted)):
        labels = probabilities.argmax(1)
        assert evaluate.accuracy(predictor.classifier(name), pictures, labels) == 100
    assert out.adapted.argmax(1).tolist() == [7] * len(out.translated)


def test_every_second_turn_is_the_discriminators():
    config = CycleGANConfig(("MNIST", "USPS"), (1, 1), width=4, blocks=1, critic_width=4)
    model, digits = CycleGAN(config), torch.rand(8, 1, 32, 32) * 2 - 1
    objective = train.make_loss(SETUPS["cyclegan-usps"], digits, (loss.PictureBuffer(), loss.PictureBuffer()))
    for number, learning in enumerate(({"to_b", "to_a"}, {"critic_a", "critic_b"}, {"to_b", "to_a"})):
        model.zero_grad()
        objective(model, (digits[:4],), Step(number, 10))["loss"].backward()
        moved = {
            name for name, network in model.named_children() if any(w.grad is not None for w in network.parameters())
        }
        assert moved == learning


@pytest.mark.parametrize("stop", [5, 6])
def test_a_stopped_training_goes_on_as_if_nothing_had_happened(tmp_path, stop):
    """Its buffers have what was generated before it was stopped, also just then."""
    config, recipe = CycleGANConfig(("MNIST", "USPS"), (1, 1), width=4, blocks=1, critic_width=4), Recipe(2, 2)
    digits = torch.rand(8, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1

    def begin():
        buffers = loss.PictureBuffer(3), loss.PictureBuffer(3)
        objective = train.make_loss(SETUPS["cyclegan-usps"], digits, buffers)
        usual = {"data": TensorBatches(digits), "recipe": recipe, "layout": torch.contiguous_format}
        return {"model": CycleGAN(config), "loss": objective, "remembered": buffers, **usual}

    check_that_it_goes_on(tmp_path, begin, stop)


def test_digits_move_a_little():
    digit = torch.full((1, 1, 32, 32), -1.0)
    digit[:, :, 12:20, 12:20] = 1
    seen = torch.cat([judges.moved(digit, torch.Generator().manual_seed(seed)) for seed in range(20)])
    assert seen.min() == -1 and 0.6 < (seen > 0).float().sum((1, 2, 3)).min() / 64 and not torch.equal(seen[0], seen[1])
    rows = (seen > 0).float().mean((1, 3)).argmax(1)
    assert rows.min() >= 9 and rows.max() <= 20


PULL = """
import sys
from dlcv.core import weights
from dlcv.cyclegan import published
for published.REVISION in sys.argv[1:]:
    try:
        generator = published.load_style("horse2zebra")
        print(sum(weight.numel() for weight in generator.parameters()), generator[1].weight[0, 0, 0, 0].item())
    except weights.WeightsError as error:
        print(error)
"""


def pull(hub: LoopbackHub, home: Path, *revisions: str) -> list[str]:
    """What a visitor's computer says who asks for the authors' zebras, a line for each commit."""
    return on_a_fresh_computer(home, PULL, *revisions, HF_ENDPOINT=hub.endpoint)


def test_the_authors_weights_are_pulled_when_asked_for(tmp_path):
    state, file = published_state(), tmp_path / "latest_net_G.pth"
    path, repo = "checkpoints/horse2zebra_pretrained/latest_net_G.pth", f"spaces/{published.REPO}"
    expected = f"11378179 {state['model.1.weight'][0, 0, 0, 0].item()}"
    with LoopbackHub() as hub:
        torch.save(state, file)
        whole = hub.commit(repo, {path: file.read_bytes()})
        assert pull(hub, tmp_path / "home", whole) == [expected]
        del state["model.1.bias"]
        torch.save(state, file)
        short = hub.commit(repo, {path: file.read_bytes()})
        garbled, elsewhere = hub.commit(repo, {path: b"no pickle at all"}), hub.commit("spaces/other/repo", {})
        hub.log.clear()
        cached, *others = pull(hub, tmp_path / "home", whole, short, garbled, elsewhere)
        assert cached == expected and not any(whole in line for line in hub.log)  # not asked for again
        sentences = ["not the one that was published", "not the one that was published", "does not hand out"]
        assert all(sentence in said for sentence, said in zip(sentences, others, strict=True))
    assert "cannot be reached" in pull(hub, tmp_path / "nowhere", whole)[0]
