"""The slide's loss, and the ways to spoil a picture that a denoising autoencoder is trained to undo."""

import torch

KINDS = ("gaussian", "masking", "salt")


def squared_error(reconstruction: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """|| g(f(x; Theta_1); Theta_2) - x ||^2, a term of the sum in equation (1): (N, 1, H, W) twice -> (N,).

    Summed over the pixels of a picture, neither divided by their number nor clipped, as papers print it.
    """
    return (reconstruction - x).square().flatten(1).sum(1)


def corrupted(x: torch.Tensor, kind: str, level: torch.Tensor, generator: torch.Generator | None = None):
    """Pictures x (N, 1, H, W) in [0, 1] spoiled by so much, level (N,) in [0, 1] (Vincent et al. 2008).

    gaussian  x + level eps, eps ~ N(0, 1), cut to [0, 1]
    masking   each pixel is 0 with probability `level`
    salt      each pixel is 0 or 1, one as likely as the other, with probability `level`
    """
    level = level.view(-1, 1, 1, 1)
    if kind == "gaussian":
        return (x + level * torch.randn(x.shape, generator=generator, device=x.device)).clamp(0, 1)
    struck = torch.rand(x.shape, generator=generator, device=x.device) < level
    if kind == "masking":
        return x.masked_fill(struck, 0.0)
    return torch.where(struck, (torch.rand(x.shape, generator=generator, device=x.device) < 0.5).float(), x)


def spoiled(x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
    """Pictures x (N, 1, H, W), each spoiled in a way and to a level of its own, all of them equally likely."""
    level = torch.rand(len(x), generator=generator, device=x.device)
    kind = torch.randint(len(KINDS), (len(x),), generator=generator, device=x.device)
    out = x.clone()
    for number, name in enumerate(KINDS):
        chosen = kind == number
        out[chosen] = corrupted(x[chosen], name, level[chosen], generator)
    return out
