"""Pairs of pictures whose geometry is known, as the networks take them: packaged photographs seen from elsewhere in
another light, and a packaged stereo pair."""

from collections.abc import Callable
from typing import NamedTuple

import torch

from ..core.images.scenes import Scene, motorcycle, packaged, seen
from .geometry import Transfer

GREY = (0.299, 0.587, 0.114)
FALLS = 0.5  # how much of the light is gone at the dark side


class Views(NamedTuple):
    """Two pictures of one place, and where the second one has what the first one shows."""

    first: torch.Tensor  # (3, H, W) in [0, 1]
    second: torch.Tensor
    there: Transfer | None  # None where it is not known


def grey(picture: torch.Tensor) -> torch.Tensor:
    """A picture (3, H, W) as the networks take it, (1, 1, H, W)."""
    return (picture * picture.new_tensor(GREY)[:, None, None]).sum(0)[None, None]


def in_light(scene: Scene, gamma: float = 1, falls: float = 0) -> Views:
    """The views of a scene, the second one darkened by `gamma` and in a light that falls from the left."""
    light = 1 - falls * torch.linspace(0, 1, scene.second.shape[2])
    return Views(scene.first, scene.second**gamma * light, lambda points: scene.transfer(points).float())


EXAMPLES: dict[str, Callable[[], Views]] = {
    "turned": lambda: in_light(seen(packaged("astronaut"), (0, 0, 40), 1 / 0.72), 1.4, FALLS),
    "askew": lambda: in_light(seen(packaged("coffee"), (12, 38, 9), 1.25), 1.4, FALLS),
    "motorcycle": lambda: in_light(motorcycle()),
}
