"""The slide's objectives, each under its equation. Scores are (N,): logits of D for the original GAN, f_w for WGANs.

Every loss is to be minimised: an objective that the slide maximises over D or w stands here with its sign turned.
"""

from collections.abc import Callable

import torch
from torch.nn import functional as F


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """max_D   1/|T| sum_x log D(x) + 1/N_z sum_z log(1 - D(G(z)))     (Goodfellow et al. 2014)

    With D = sigmoid(score): log D = -softplus(-score), log(1 - D) = -softplus(score).
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def minimax_generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """min_G   1/N_z sum_z log(1 - D(G(z))): flat where D is sure, which is where G has most to learn."""
    return -F.softplus(fake).mean()


def non_saturating_generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """max_G   1/N_z sum_z log D(G(z)): the usual remedy, with the same fixed point and a gradient from the start."""
    return F.softplus(-fake).mean()


def critic_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """max_w   1/|T| sum_x f_w(x) - 1/N_z sum_z f_w(g_theta(z))        (Arjovsky et al. 2017)

    Minus this loss is the critic's estimate of W(P_r, P_theta), up to its Lipschitz constant.
    """
    return fake.mean() - real.mean()


def wasserstein_generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """min_theta   -1/N_z sum_z f_w(g_theta(z))."""
    return -fake.mean()


@torch.no_grad()
def clip_weights(critic: torch.nn.Module, bound: float) -> None:
    """w <- clip(w, -c, +c): the first way to keep f_w Lipschitz."""
    for weight in critic.parameters():
        weight.clamp_(-bound, bound)


def gradient_penalty(
    critic: Callable[[torch.Tensor], torch.Tensor],
    real: torch.Tensor,
    fake: torch.Tensor,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """E (||grad_x f_w(x)||_2 - 1)^2 at x = a real + (1 - a) fake, a ~ U(0, 1)     (Gulrajani et al. 2017)

    On the lines between real and fake points, where the optimal critic has slope 1; the slide writes it at real points.

    Args:
        critic: maps (N, ...) to scores (N,).
        real, fake: the same number of points of the same shape, (N, ...).
    """
    a = torch.rand(len(real), *[1] * (real.ndim - 1), generator=generator, device=real.device)  # (N, 1, ...)
    between = (a * real + (1 - a) * fake).detach().requires_grad_()  # (N, ...)
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)  # (N, ...)
    return ((gradient.flatten(1).norm(dim=1) - 1) ** 2).mean()
