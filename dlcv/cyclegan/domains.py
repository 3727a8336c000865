"""The domains that are translated into each other, as the networks see their pictures."""

import torch
from torch.nn import functional as F

from ..core.datasets import mnist, mnist_m, paintings, usps

DIGIT, INK = 28, 20  # pixels of a picture's side in all domains, and of the square that a digit fills, as in MNIST
SCENE = 256  # pixels of paintings and photographs
DIGITS = ("MNIST", "USPS", "MNIST-M")
SCENES = {"photograph": "photo", "Monet": "monet"}


def spread(pictures: torch.Tensor) -> torch.Tensor:
    """Pictures in [-1, 1], as the networks see them, of bytes or of values in [0, 1]."""
    return pictures.float() / (127.5 if pictures.dtype == torch.uint8 else 0.5) - 1


def with_noise(x: torch.Tensor, deviation: float, generator: torch.Generator) -> torch.Tensor:
    """Pictures (N, C, H, W) with Gaussian noise of that standard deviation on every value.

    The sky of a photograph is flat, that of a painting is all strokes: a generator needs something to make them of.
    Noise of its own keeps it from repeating one little pattern instead.
    """
    return x + deviation * torch.randn(x.shape, generator=generator, device=generator.device).to(x.device)


def digits(name: str, split: str = "train") -> tuple[torch.Tensor, torch.Tensor]:
    """Digits of one of DIGITS, (N, C, 28, 28) in [-1, 1] with C = 3 for MNIST-M and else 1, and their labels (N,)."""
    load = {"MNIST": lambda split: mnist.load("mnist", split), "USPS": usps.load, "MNIST-M": mnist_m.load}[name]
    pictures, labels = load(split)
    if name == "USPS":  # has no frame around its 16 x 16 pixels
        pictures = F.pad(F.interpolate(pictures, INK, mode="bilinear"), [(DIGIT - INK) // 2] * 4)
    return spread(pictures), labels


def scenes(name: str, split: str = "train") -> torch.Tensor:
    """Pictures of "photograph" or "Monet", (N, 3, 256, 256) bytes."""
    return paintings.load(SCENES[name], split)
