"""DeepFool (Moosavi-Dezfooli et al. 2016): min ||r||_2 subject to c(x + r) != c(x), one linearised border at a time.

Around x_i each border between the class k_0 = c(x) and another class k is taken for the hyperplane
f_k - f_{k_0} + (w_k)^T (x - x_i) = 0, w_k = grad f_k - grad f_{k_0}. The step goes to the nearest one:

    l = argmin_k |f_k - f_{k_0}| / ||w_k||_q,    r_i = |f_l - f_{k_0}| / ||w_l||_q^q |w_l|^{q-1} sign(w_l),

with q = 2 for ||r||_2 and q = 1 for ||r||_inf (Algorithm 2 and its equations 11 and 12). Logits are read, not
probabilities, and x + (1 + overshoot) sum r_i is where the next step begins.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch

CANDIDATES, STEPS, OVERSHOOT = 10, 50, 0.02  # the authors'
NUDGE = 1e-4  # added to each distance, as the authors do: a step of length 0 would go nowhere
Classifier = Callable[[torch.Tensor], torch.Tensor]
"""Logits (N, classes) of pictures (N, C, H, W) in [0, 1]."""


class Step(NamedTuple):
    """Where N pictures are before a step, and where the step goes."""

    perturbation: torch.Tensor  # (N, C, H, W): r so far, overshoot and bounds included
    logits: torch.Tensor  # (N, classes) at x + r
    candidates: torch.Tensor  # (N, K): the classes whose borders are looked at, the first one that of x
    gaps: torch.Tensor  # (N, K - 1): f_k - f_{k_0} of the other candidates; 0 where a picture is fooled already
    normals: torch.Tensor  # (N, K - 1, C, H, W): w_k, so that w_k^T (x' - x - r) = -gap_k is the linearised border
    distances: torch.Tensor  # (N, K - 1): to these borders
    chosen: torch.Tensor  # (N,): the class whose border is nearest
    done: torch.Tensor  # (N,) bool: whether c(x + r) != c(x), or the class is the wanted one


def gradients(classify: Classifier, x: torch.Tensor, classes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (N, classes) at x (N, C, H, W), and the gradients (N, K, C, H, W) of those of the classes (N, K)."""
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        logits = classify(x)
        kept = logits.gather(1, classes).sum(0)  # pictures do not mix, so a sum over them keeps their gradients apart
        count = classes.shape[1]
        found = [torch.autograd.grad(one, x, retain_graph=k + 1 < count)[0] for k, one in enumerate(kept)]
    return logits.detach(), torch.stack(found, 1)


def pushes(w: torch.Tensor, gap: torch.Tensor, norm: float, share: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Distances (N, K) to the hyperplanes gap + w^T r = 0 of w (N, K, ...), and the shortest r (N, K, ...) to each.

    `norm` is 2 or infinity; with a `share` below 1, r goes that part of the way.
    """
    flat = w.flatten(2)
    length = (flat.norm(dim=2) if norm == 2 else flat.abs().sum(2)).clamp_min(1e-12)
    distance = gap.abs() / length
    direction = w / length.view(*length.shape, *[1] * (w.ndim - 2)) if norm == 2 else w.sign()
    return distance, (share * distance + NUDGE).view(*length.shape, *[1] * (w.ndim - 2)) * direction


def deepfool(
    classify: Classifier,
    x: torch.Tensor,
    *,
    norm: float = 2,
    candidates: int = CANDIDATES,
    target: int | None = None,
    bounded: bool = True,
    steps: int = STEPS,
    overshoot: float = OVERSHOOT,
    share: float = 1.0,
) -> Iterator[Step]:
    """DeepFool's steps on pictures (N, C, H, W) in [0, 1]: the first one at x itself, the last where all are fooled.

    A picture that is fooled stays as it is. With `target` only that class's border counts, and a picture goes on until
    it has that class. With `bounded` x + r stays in [0, 1]: a pixel that has reached an end is left out of the steps
    that would push it beyond, so that none of a step's length is lost there. Pixels that reach an end within a step
    turn it; where many do, as in MNIST, more steps find a shorter r of which each goes only a `share` of the way.
    """
    start = x.detach()
    perturbation = torch.zeros_like(start)
    with torch.no_grad():
        logits = classify(start).clone()
    order = logits.argsort(1, descending=True)
    first = order[:, 0]
    classes = order[:, :candidates].clone() if target is None else torch.full_like(order[:, :2], target)
    count = classes.shape[1]
    for number in range(steps + 1):
        current = logits.argmax(1)
        done = current != first if target is None else current == target
        gaps = x.new_zeros(len(x), count - 1)
        distances, normals, chosen = gaps.clone(), x.new_zeros(len(x), count - 1, *x.shape[1:]), first.clone()
        active = (~done).nonzero()[:, 0]
        if not len(active) or number == steps:
            yield Step(perturbation.clone(), logits.clone(), classes, gaps, normals, distances, chosen, done)
            return
        if target is not None:
            classes[active, 0] = current[active]  # the class to be left: a picture may pass through others
        here = start[active] + perturbation[active]
        asked = classes[active]
        found, gradient = gradients(classify, here, asked)
        values = found.gather(1, asked)
        gap, w = values[:, 1:] - values[:, :1], gradient[:, 1:] - gradient[:, :1]
        if bounded:
            at = here[:, None]
            w = w.masked_fill(((at <= 0) & (w < 0)) | ((at >= 1) & (w > 0)), 0)
        distance, r = pushes(w, gap, norm, share)
        nearest = distance.argmin(1)
        rows = torch.arange(len(active), device=x.device)
        gaps[active], normals[active] = gap, w
        distances[active], chosen[active] = distance, asked[rows, 1 + nearest]
        yield Step(perturbation.clone(), logits.clone(), classes.clone(), gaps, normals, distances, chosen, done)
        pushed = perturbation[active] / (1 + overshoot) + r[rows, nearest]
        moved = start[active] + (1 + overshoot) * pushed
        perturbation[active] = (moved.clamp(0, 1) if bounded else moved) - start[active]
        with torch.no_grad():
            logits[active] = classify(start[active] + perturbation[active])


def fooled(classify: Classifier, x: torch.Tensor, **settings) -> Step:
    """DeepFool's last step, with the whole r, on pictures (N, C, H, W); settings as `deepfool` has them."""
    *_, last = deepfool(classify, x, **settings)
    return last
