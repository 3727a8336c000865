"""What the VAE tab claims, measured by what its endpoints answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from skimage import data

from demos.frame.pictures import drawn_seven
from demos.vae import api, boards, plots
from dlcv.vae import MOMENTS
from dlcv.vae.loss import log_normal
from tests.vae.reading import digit_in


def exact_gap() -> float:
    """D[P(z|X; Theta_2) || P(z|X)] in nats of a drawn seven, by a fine grid over the plane of the small model."""
    network = boards.predictor(api.PLANE)
    x = network.model.observed(api.picture_for(api.PLANE, drawn_seven()))
    with torch.inference_mode():
        mean, log_variance = network.model.encode(x)
        reach = 6 * (0.5 * log_variance).exp()  # (1, 2): far beyond the encoder's Gaussian and the true posterior
        line = torch.linspace(-1, 1, 61)
        z = mean + reach * torch.cartesian_prod(line, line)  # (61^2, 2)
        logits = torch.cat([network.model.decoder(some) for some in z.split(2000)])
        log_joint = network.model.log_likelihood(x, logits[None])[0] + log_normal(z, torch.zeros(2), torch.zeros(2))
        log_encoder = log_normal(z, mean, log_variance)
    cell = (reach * 2 / 60).prod()
    log_evidence = torch.logsumexp(log_joint + cell.log(), 0)
    encoder = (log_encoder.exp() * cell) / (log_encoder.exp() * cell).sum()
    return (encoder * (log_encoder - (log_joint - log_evidence))).sum().item()


def test_the_gap_is_the_divergence_from_the_true_posterior():
    answer = api.vae_evidence(drawn_seven(), api.PLANE, samples=300, seed=0)
    assert answer["gap"][-1] == pytest.approx(exact_gap(), abs=0.3)
    assert min(answer["gap"]) >= 0
    encoded = api.vae_encode(drawn_seven(), api.PLANE)
    assert answer["elbo"][-1] == pytest.approx(encoded["elbo"], abs=1.5)
    said = plots.evidence_text(last_evidence())
    assert "The gap up to" in said and "nats" in said


def last_evidence():
    *_, found = boards.predictor(api.PLANE).evidence(api.picture_for(api.PLANE, drawn_seven()), [1, 10, 100], seed=0)
    return found


def scribble() -> Image.Image:
    paper = Image.new("L", (280, 280), 255)
    corners = np.random.default_rng(0).integers(20, 260, (14, 2)).flatten().tolist()
    ImageDraw.Draw(paper).line(corners, fill=0, width=18)
    return paper


@pytest.mark.parametrize("model", boards.FAMILIES["digits"])
def test_what_is_no_digit_is_called_unlike_and_a_digit_is_not(model):
    shares = [api.vae_encode(picture, model)["share_below"] for picture in (drawn_seven(), scribble())]
    assert shares[0] > 0.02 and shares[1] < 0.01
    cat = Image.fromarray(data.chelsea())
    assert api.vae_encode(cat, model)["share_below"] < 0.005
    quantiles = boards.predictor(model).quantiles
    assert list(quantiles.values()) == sorted(quantiles.values()) and list(quantiles) == sorted(quantiles)


def test_both_gradients_have_one_expectation_and_the_text_says_how_well_it_is_known():
    found = api.vae_gradients(drawn_seven(), api.PLANE, draws=1000, seed=1)
    for latent in range(2):
        (first, spread), (second, wide) = (
            [found[name][key][latent] for key in ("mean", "std")] for name in ("reparametrised", "score_function")
        )
        assert abs(first - second) < 4 * np.hypot(spread, wide) / 1000**0.5 and wide > 10 * spread
    gradients = boards.predictor(api.PLANE).gradient_spread(api.picture_for(api.PLANE, drawn_seven()), 64, seed=0)
    assert "standard errors apart" in plots.gradient_text(gradients, 0)


def test_the_plane_forms():
    """From one grey to a plane of digits: each update that was kept explains the test digits better."""
    elbos = []
    for state in range(len(MOMENTS)):
        _, about = api.vae_forming(boards.Moment(state=state))
        assert about["updates"] == MOMENTS[state]
        elbos.append(about["elbo"])
    assert elbos == sorted(elbos) and elbos[0] < -500 and elbos[-1] > -150
    first, last = (boards.states()[state].predictor.manifold(10, 2.0).pictures.numpy() for state in (0, -1))
    assert first.std((0, 1)).max() < 0.05 < 0.2 < last.std((0, 1)).max()
    kinds = [len({digit_in(picture) for picture in plane.reshape(-1, 28, 28)}) for plane in (first, last)]
    assert kinds[0] <= 2 and kinds[1] >= 5
