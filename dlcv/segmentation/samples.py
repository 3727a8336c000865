"""What the networks learn from, held decoded in memory, and how a batch of it is varied."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional as F

from ..core.geometry.grids import target_points
from .loss import border_weights


@dataclass(frozen=True)
class Variation:
    """How far a training picture may be from the one that was taken."""

    size: tuple[int, int]  # height and width of a crop
    zoom: tuple[float, float] = (0.75, 1.7)  # least and largest enlargement
    turn: float = 0.0  # radians to either side
    upside_down: bool = False
    bend: float = 0.0  # pixels, deviation at each of 3 x 3 knots of an elastic sheet (Ronneberger et al. 2015)
    light: float = 0.3  # of contrast, brightness and colour


STREETS = Variation((256, 320))
MEMBRANES = Variation((256, 256), (0.8, 1.25), turn=np.pi, upside_down=True, bend=10.0)


def grid_of(shape: torch.Size, how: Variation, generator: torch.Generator) -> torch.Tensor:
    """A grid (N, h, w, 2), as in `geometry.grids`, that reads crops of `how.size` from pictures (N, C, H, W)."""
    count, (high, wide), (h, w) = shape[0], shape[2:], how.size
    device = generator.device

    def drawn(*sides: int) -> torch.Tensor:  # in [-1, 1]
        return 2 * torch.rand(count, *sides, generator=generator, device=device) - 1

    low, top = np.log(how.zoom[0]), np.log(how.zoom[1])
    scale = torch.exp(-(low + (top - low) * (0.5 + drawn() / 2)))  # pixels of the picture to one of the crop
    turn, mirrored = how.turn * drawn(), drawn().sign()
    turned_over = drawn().sign() if how.upside_down else torch.ones(count, device=device)
    across, down = scale * mirrored * (w - 1) / 2, scale * turned_over * (h - 1) / 2  # half of a crop, in pixels
    first = torch.stack([across * turn.cos(), -down * turn.sin()], 1) * 2 / (wide - 1)
    second = torch.stack([across * turn.sin(), down * turn.cos()], 1) * 2 / (high - 1)
    free = torch.stack([1 - scale * (w - 1) / (wide - 1), 1 - scale * (h - 1) / (high - 1)], 1).clamp_min(0)
    matrix = torch.stack([first, second], 1).view(count, 1, 2, 2)
    points = (matrix * target_points(h, w, scale).view(1, -1, 1, 2)).sum(-1)  # (N, h * w, 2); `@` may be in bfloat16
    grid = points.view(count, h, w, 2) + (free * drawn(2)).view(count, 1, 1, 2)
    if how.bend:
        knots = how.bend * torch.randn(count, 2, 3, 3, generator=generator, device=device)
        sheet = F.interpolate(knots, how.size, mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
        grid = grid + sheet * 2 / torch.tensor([wide - 1, high - 1], device=device)
    return grid


def varied(
    pictures: torch.Tensor, maps: list[torch.Tensor], how: Variation, generator: torch.Generator
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Crops (N, C, h, w) in [0, 1] of pictures (N, C, H, W) uint8, in other light, and of maps (N, H, W) like them.

    Borders are mirrored. Maps are read at the nearest pixel, so that a label stays one.
    """
    grid = grid_of(pictures.shape, how, generator)
    settings = {"padding_mode": "reflection", "align_corners": True}
    x = F.grid_sample(pictures.float() / 255, grid, **settings)
    read = F.grid_sample(torch.stack([m.float() for m in maps], 1), grid, mode="nearest", **settings)
    crops = [read[:, number].to(m.dtype) for number, m in enumerate(maps)]

    def drawn(*sides: int) -> torch.Tensor:
        return how.light * (2 * torch.rand(len(x), *sides, 1, 1, generator=generator, device=x.device) - 1)

    colour = 1 + drawn(x.shape[1]) / 3
    x = ((x - 0.5) * (1 + drawn(1)) + 0.5 + drawn(1) / 2) * colour
    return x.clamp(0, 1), crops


def borders(labels: torch.Tensor) -> torch.Tensor:
    """The weights (N, H, W) of U-Net for the membranes between cells, of labels (N, H, W), 1 in cells."""
    found = [border_weights(ndimage.label(picture == 1)[0]) for picture in labels.numpy()]
    return torch.from_numpy(np.stack(found))
