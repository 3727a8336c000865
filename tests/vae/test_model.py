"""The VAE: its losses against closed forms, its predictor, the shipped weights."""

import math
import os

import pytest
import torch
from torch import distributions as D

from dlcv.core import runtime, weights
from dlcv.core.errors import InputError
from dlcv.vae import loss
from dlcv.vae.model import VAE, VAEConfig, reparametrise
from dlcv.vae.predictor import VAEPredictor

NAMES = ("vae-mnist-2d", "vae-mnist-40d", "vae-fashion-2d", "vae-fashion-40d")


def test_kl_of_two_gaussians():
    mean, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    expected = D.kl_divergence(D.Normal(mean, (0.5 * log_variance).exp()), D.Normal(0.0, 1.0))
    torch.testing.assert_close(loss.kl_to_prior(mean, log_variance), expected)


def test_log_normal():
    z, mean, log_variance = torch.randn(3, 5, 4).unbind(0)
    expected = D.Normal(mean, (0.5 * log_variance).exp()).log_prob(z).sum(-1)
    torch.testing.assert_close(loss.log_normal(z, mean, log_variance), expected)


def linear_gaussian(count, seed=0):
    """z ~ N(0, 1), X | z ~ N(z, s^2): log P(X) is known, N(X | 0, 1 + s^2), and so is P(z|X)."""
    x, s = torch.tensor(1.3), 0.5
    variance = s**2 / (1 + s**2)
    mean = (x / (1 + s**2)).view(1, 1)
    log_variance = torch.full((1, 1), math.log(variance))
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(1, count, 1, generator=generator)
    evidence = D.Normal(0.0, math.sqrt(1 + s**2)).log_prob(x)
    return evidence, noise, mean, log_variance, lambda z: D.Normal(z[..., 0], s).log_prob(x)


def test_the_naive_estimate_of_the_evidence_converges():
    evidence, noise, _, _, log_likelihood = linear_gaussian(200_000)
    assert loss.monte_carlo_log_evidence(log_likelihood(noise)).item() == pytest.approx(evidence.item(), abs=0.02)


def test_the_bound_is_tight_where_the_encoder_is_right_and_below_elsewhere():
    evidence, noise, mean, log_variance, log_likelihood = linear_gaussian(20_000)
    z = mean + (0.5 * log_variance).exp() * noise
    elbo = loss.evidence_lower_bound(log_likelihood(z), mean, log_variance)
    assert elbo.item() == pytest.approx(evidence.item(), abs=0.02)
    weights_right = loss.log_importance_weights(log_likelihood(z), z, mean, log_variance)
    torch.testing.assert_close(weights_right, evidence.expand_as(weights_right), atol=1e-4, rtol=0)  # no spread at all
    wrong = mean + 0.7
    z = wrong + (0.5 * log_variance).exp() * noise
    elbo = loss.evidence_lower_bound(log_likelihood(z), wrong, log_variance).item()
    bounds = [
        loss.importance_weighted_bound(loss.log_importance_weights(log_likelihood(z), z, wrong, log_variance)
                                       .view(-1, k)).mean().item()
        for k in (1, 10, 1000)
    ]  # fmt: skip
    assert elbo < evidence - 0.5
    assert bounds[0] == pytest.approx(elbo, abs=0.05) and bounds[0] < bounds[1] < bounds[2] <= evidence + 0.1


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_likelihoods_are_those_of_the_textbook(likelihood):
    model = VAE(VAEConfig(latents=3, likelihood=likelihood))
    x = torch.bernoulli(torch.full((2, 1, 28, 28), 0.3))
    logits = torch.randn(2, 4, 1, 28, 28)
    if likelihood == "bernoulli":
        expected = D.Bernoulli(logits=logits).log_prob(x.unsqueeze(1).expand_as(logits))
    else:
        expected = D.Normal(logits.sigmoid(), model.log_sigma.exp()).log_prob(x.unsqueeze(1))
    torch.testing.assert_close(model.log_likelihood(x, logits), expected.sum((2, 3, 4)), rtol=1e-4, atol=1e-3)


def test_forward_gives_what_the_slide_names():
    model = VAE(VAEConfig(latents=3))
    out = model(torch.rand(2, 1, 28, 28), samples=5, generator=torch.Generator().manual_seed(0))
    assert out.reconstruction.shape == (2, 5, 1, 28, 28) and out.z.shape == (2, 5, 3)
    assert out.mean.shape == out.log_variance.shape == (2, 3) and out.log_likelihood.shape == (2, 5)
    out.log_likelihood.sum().backward()
    assert model.encoder[-1].weight.grad.abs().sum() > 0  # the trick lets the gradient through the sample


def test_both_estimates_of_the_gradient_agree_on_average():
    predictor = VAEPredictor("vae-mnist-2d")
    digit = predictor.decode(torch.tensor([[0.5, -0.5]])).clamp(0, 1)
    found = predictor.gradient_spread(digit, draws=1000)
    deviation = found.score_function.std(0) / math.sqrt(1000)
    assert ((found.reparametrised.mean(0) - found.score_function.mean(0)).abs() < 5 * deviation).all()
    assert (found.score_function.std(0) > 3 * found.reparametrised.std(0)).all()  # why the trick is used


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_comes_back_out(name):
    predictor = VAEPredictor(name)
    picture = predictor.decode(predictor.class_mean(1)[None])
    posterior = predictor.encode(picture)
    assert posterior.elbo == pytest.approx(posterior.log_likelihood - posterior.kl, abs=1e-3)
    assert posterior.kl == pytest.approx(posterior.kl_per_unit.sum().item(), abs=1e-3)
    assert (posterior.reconstruction - posterior.picture).abs().mean() < 0.1
    pictures, z = predictor.sample_posterior(posterior, 6, seed=3)
    assert pictures.shape == (6, 28, 28) and z.shape == (6, predictor.latents)
    assert torch.equal(pictures, predictor.sample_posterior(posterior, 6, seed=3)[0])


def test_a_morph_begins_and_ends_where_it_should():
    for name in ("vae-mnist-2d", "vae-mnist-40d"):
        predictor = VAEPredictor(name)
        ends = predictor.class_mean(3), predictor.class_mean(8)
        pictures = predictor.morph(*ends, steps=5)
        for picture, end in zip((pictures[0], pictures[-1]), ends):
            torch.testing.assert_close(picture, predictor.decode(end[None])[0, 0], atol=1e-3, rtol=0)


def test_the_plane_has_up_at_the_top():
    predictor = VAEPredictor("vae-mnist-2d")
    z, pictures = predictor.manifold(steps=5, extent=2)
    assert z[0, 0].tolist() == [-2, 2] and z[-1, -1].tolist() == [2, -2]
    torch.testing.assert_close(pictures[1, 3], predictor.decode(z[1, 3][None])[0, 0])
    z, pictures = predictor.manifold(steps=11)  # more than are decoded at once
    torch.testing.assert_close(pictures[-1, -1], predictor.decode(z[-1, -1][None])[0, 0])
    with pytest.raises(InputError):
        VAEPredictor("vae-mnist-40d").manifold()


def test_the_encoder_finds_the_evidence_with_fewer_samples():
    predictor = VAEPredictor("vae-mnist-40d")
    picture = predictor.decode(predictor.class_mean(4)[None])
    steps = list(predictor.evidence(picture, counts=(1, 10, 100), repeats=4))
    assert len(steps) == 3
    found = steps[-1]
    assert found.encoder[:, -1].mean() > found.prior[:, -1].mean() + 10  # nats: the slide's argument
    assert found.encoder[:, -1].std() < found.prior[:, -1].std()


@pytest.mark.parametrize("name", ["vae-mnist-40d", "vae-fashion-40d"])
def test_the_predictor_and_the_evaluation_have_the_same_bounds(name, monkeypatch):
    """On one picture with the same 64 samples of z; with other samples within their scatter."""
    from dlcv.vae.evaluate import score

    monkeypatch.setattr(runtime, "precision", lambda: "no")  # the evaluation decodes in bfloat16 where that is fast
    predictor = VAEPredictor(name)
    picture = predictor.encode(predictor.decode(predictor.class_mean(4)[None])).picture.view(1, 1, 28, 28)
    scored = {key: value[0] for key, value in score(predictor.model, picture, samples=64).items()}
    posterior = predictor.encode(picture)
    assert posterior.elbo == pytest.approx(scored["elbo"].item(), rel=1e-4)
    assert posterior.kl == pytest.approx(scored["kl"].item(), rel=1e-5)
    assert posterior.log_likelihood == pytest.approx(scored["log_likelihood"].item(), rel=1e-4)
    torch.testing.assert_close(posterior.mean, scored["mean"])
    (estimates,) = predictor.evidence(picture, counts=(64,), repeats=8)
    spread = estimates.encoder.std().item()
    assert scored["bound"].item() == pytest.approx(estimates.encoder.mean().item(), abs=4 * spread)


def test_the_tabs_estimates_are_equation_6_and_the_importance_weighted_bound():
    """Computed over: the same noise, all samples at once, and the mean of probabilities instead of their logarithms."""
    predictor = VAEPredictor("vae-mnist-2d")
    model, counts = predictor.model, (1, 5, 20)
    picture = (predictor.decode(torch.tensor([[0.5, -0.5]])) >= 0.5).float()
    *_, estimates = predictor.evidence(picture, counts, repeats=1, seed=3)
    generator, noise = torch.Generator().manual_seed(3), []
    for fresh in (1, 4, 15):
        noise.append(torch.randn(2, 1, fresh, 2, generator=generator))
    prior, encoder = torch.cat(noise, 2)[:, 0]
    mean, log_variance = model.encode(picture)
    z = torch.stack([prior, reparametrise(mean, log_variance, encoder)])
    probability = model.log_likelihood(picture, model.decoder(z.flatten(0, 1)).unsqueeze(0)).view(2, 20).double().exp()
    density = D.Normal(mean, (0.5 * log_variance).exp()).log_prob(z[1]).sum(1).double().exp()
    weight = probability[1] * D.Normal(0.0, 1.0).log_prob(z[1]).sum(1).double().exp() / density
    for index, count in enumerate(counts):
        assert estimates.prior[0, index].item() == pytest.approx(probability[0, :count].mean().log().item(), abs=1e-3)
        assert estimates.encoder[0, index].item() == pytest.approx(weight[:count].mean().log().item(), abs=1e-3)


@pytest.mark.parametrize("z", [torch.zeros(1, 3), torch.full((1, 2), torch.nan), torch.zeros(2)])
def test_a_latent_that_is_none_is_refused_in_a_sentence(z):
    with pytest.raises(InputError, match="latent"):
        VAEPredictor("vae-mnist-2d").decode(z)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_weights_reach_their_scores(name):
    """On 100 test pictures with 100 samples each: within what a sample of that size may miss by chance."""
    if not os.environ.get("DLCV_DATA"):
        pytest.skip("the test pictures are not here: set DLCV_DATA")
    from dlcv.core.datasets import mnist
    from dlcv.vae.evaluate import score

    pictures, _ = mnist.load("fashion" if "fashion" in name else "mnist", "test")
    found = score(weights.load(VAE, name), pictures[::100], samples=100)
    card = {row["metric"]: row["value"] for row in weights.metrics(name)["rows"]}
    elbo = -found["elbo"]
    assert elbo.mean().item() == pytest.approx(card["negative_elbo"], abs=4 * elbo.std().item() / math.sqrt(len(elbo)))
    bound = -found["bound"]
    assert card["nll"] - 4 * bound.std().item() / math.sqrt(len(bound)) < bound.mean().item() < elbo.mean().item()
