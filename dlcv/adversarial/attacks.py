"""Attacks beside DeepFool: the sign of a gradient, many small steps of it, and one perturbation for all pictures."""

from collections.abc import Iterator

import torch
from torch.nn import functional as F

from .deepfool import Classifier, fooled

UNIVERSAL_STEPS = 10  # DeepFool's at most within the universal perturbation, as its authors limit them


def loss_gradient(classify: Classifier, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Gradient (N, C, H, W) of each picture's cross-entropy with its label (N,)."""
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        (found,) = torch.autograd.grad(F.cross_entropy(classify(x), labels, reduction="sum"), x)
    return found


def fgsm(classify: Classifier, x: torch.Tensor, labels: torch.Tensor, epsilon: float) -> torch.Tensor:
    """r = epsilon sign(grad_x loss), (N, C, H, W): the fast gradient sign method (Goodfellow et al. 2015)."""
    return epsilon * loss_gradient(classify, x, labels).sign()


def projected(r: torch.Tensor, epsilon: float, norm: float) -> torch.Tensor:
    """The nearest to r (N, ...) with ||r|| <= epsilon, `norm` being 2 or infinity."""
    if norm != 2:
        return r.clamp(-epsilon, epsilon)
    length = r.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, *[1] * (r.ndim - 1))
    return r * (epsilon / length).clamp_max(1)


def pgd(
    classify: Classifier,
    x: torch.Tensor,
    labels: torch.Tensor,
    epsilon: float,
    *,
    norm: float = 2,
    steps: int = 10,
    towards: bool = False,
) -> Iterator[torch.Tensor]:
    """Perturbations r (N, C, H, W) after 0, 1, ... steps of projected gradient descent (Madry et al. 2018).

    Every step has the length 2.5 epsilon / steps and is followed by the projections on ||r|| <= epsilon and on pictures
    in [0, 1]. It leaves the labels (N,), or goes `towards` them.
    """
    r, length = torch.zeros_like(x), 2.5 * epsilon / steps
    yield r
    for _ in range(steps):
        slope = loss_gradient(classify, x + r, labels) * (-1 if towards else 1)
        step = slope.sign() if norm != 2 else projected(slope / slope.abs().amax().clamp_min(1e-30) * 1e6, 1.0, 2)
        r = (x + projected(r + length * step, epsilon, norm)).clamp(0, 1) - x
        yield r


@torch.no_grad()
def fooling_rate(classify: Classifier, x: torch.Tensor, v: torch.Tensor, clean: torch.Tensor) -> float:
    """The part of pictures (N, C, H, W) whose class is no longer the clean one (N,) when v (C, H, W) is added."""
    found = torch.cat([classify((batch + v).clamp(0, 1)).argmax(1) for batch in x.split(100)])
    return (found != clean).float().mean().item()


def universal(
    classify: Classifier,
    x: torch.Tensor,
    bound: float,
    generator: torch.Generator,
    *,
    passes: int = 5,
    enough: float = 0.8,
    candidates: int = 10,
) -> Iterator[tuple[torch.Tensor, float]]:
    """v (C, H, W) with ||v||_inf <= bound after each pass over pictures (N, C, H, W), and its fooling rate on them.

    Algorithm 1 of Moosavi-Dezfooli et al. 2017: each picture that x + v does not fool yet adds its own shortest push,
    and v is cut to the bound. It ends where the rate is `enough`.
    """
    v = torch.zeros_like(x[0])
    with torch.no_grad():
        clean = torch.cat([classify(batch).argmax(1) for batch in x.split(100)])
    for _ in range(passes):
        for row in torch.randperm(len(x), generator=generator).tolist():
            here = (x[row : row + 1] + v).clamp(0, 1)
            with torch.no_grad():
                if classify(here).argmax(1) != clean[row]:
                    continue
            push = fooled(classify, here, candidates=candidates, steps=UNIVERSAL_STEPS, bounded=False)
            if push.done:
                v = (v + push.perturbation[0]).clamp(-bound, bound)
        rate = fooling_rate(classify, x, v, clean)
        yield v, rate
        if rate >= enough:
            return
