"""Robustness: rho_adv(c) = mean of ||r(x)||_2 / ||x||_2 over pictures x (equation 15 of DeepFool's paper)."""

import torch

from .attacks import loss_gradient
from .deepfool import Classifier, fooled

AT_ONCE = 250
CAREFUL = 0.7  # share of DeepFool's steps where pictures stay within [0, 1]
SHARE = 0.9  # of the pictures that the one strength of FGSM has to fool


def relative(r: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """||r||_2 / ||x||_2, (N,), of perturbations and pictures (N, C, H, W)."""
    return r.flatten(1).norm(dim=1) / x.flatten(1).norm(dim=1).clamp_min(1e-12)


def by_deepfool(classify: Classifier, x: torch.Tensor, at_once: int = AT_ONCE, **settings) -> torch.Tensor:
    """DeepFool's perturbations (N, C, H, W) of all pictures of that shape."""
    return torch.cat([fooled(classify, batch, **settings).perturbation for batch in x.split(at_once)])


def strength(classify: Classifier, x: torch.Tensor, signs: torch.Tensor, share: float = SHARE) -> float | None:
    """The least epsilon at which x + epsilon signs loses the class of x in that share of pictures; None up to 1.

    `signs` are those of FGSM's gradient. In steps of 0.01, as one strength serves all pictures, found by halving.
    """
    with torch.no_grad():
        clean = torch.cat([classify(batch).argmax(1) for batch in x.split(AT_ONCE)])

        def fools(epsilon: float) -> bool:
            parts = zip(x.split(AT_ONCE), signs.split(AT_ONCE), clean.split(AT_ONCE))
            fooled_by = sum((classify(one + epsilon * sign).argmax(1) != was).sum().item() for one, sign, was in parts)
            return fooled_by >= share * len(x)

        low, high = 0, 100  # hundredths: the lower does not fool enough, the higher does
        if not fools(high / 100):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if fools(middle / 100) else (middle, high)
        return high / 100


def signs(classify: Classifier, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Signs (N, C, H, W) of the gradient of the loss of pictures with labels (N,)."""
    parts = zip(x.split(AT_ONCE), labels.split(AT_ONCE))
    return torch.cat([loss_gradient(classify, one, label).sign() for one, label in parts])
