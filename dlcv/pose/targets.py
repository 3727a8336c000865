"""What a pose network should say of a picture whose people are known: belief maps and affinity fields.

Points are x, y in pixels of the maps, pixel centres at integers. A joint is 2 where seen, 1 where hidden, 0 where it is
outside of the picture, -1 where nobody marked it; the first two are to be found.
"""

import torch

from .skeleton import LIMBS

SIGMA = 1.2  # pixels of the maps: the spread of a belief around its joint
WIDTH = 1.0  # pixels of the maps: how far from its axis a limb reaches


def _pixels(height: int, width: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """y (height, 1) and x (width,) of the pixels of a map."""
    return torch.arange(height, device=device).float()[:, None], torch.arange(width, device=device).float()


def belief_maps(people: torch.Tensor, height: int, width: int, sigma: float = SIGMA) -> torch.Tensor:
    """People (N, J, 3) -> (J, height, width): b(p) = max over people of exp(-|p - x|^2 / (2 sigma^2)).

    The maximum, not the mean: two people who are close keep two peaks (Cao et al. 2017, eq. 7).
    """
    y, x = _pixels(height, width, people.device)
    distance = (x - people[..., :1, None]).square() + (y - people[..., 1:2, None]).square()  # (N, J, height, width)
    beliefs = (-distance / (2 * sigma**2)).exp() * (people[..., 2:, None] > 0)
    return beliefs.amax(0) if len(people) else people.new_zeros(people.shape[1], height, width)


def affinity_fields(people: torch.Tensor, height: int, width: int, reach: float = WIDTH) -> torch.Tensor:
    """People (N, J, 3) -> (L, 2, height, width): on a limb the unit vector along it, from first to second joint.

    Where limbs of several people cross, the mean of their vectors (Cao et al. 2017, eq. 8 to 10).
    """
    y, x = _pixels(height, width, people.device)
    begin, end = people[:, torch.tensor(LIMBS)].unbind(2)  # both (N, L, 3)
    length = (end - begin)[..., :2].norm(dim=2)
    there = (begin[..., 2] > 0) & (end[..., 2] > 0) & (length > 1e-3)
    unit = (end - begin)[..., :2] / length.clamp_min(1e-3)[..., None]
    u, v, length, there = (some[..., None, None] for some in (*unit.unbind(2), length, there))
    from_x, from_y = x - begin[..., :1, None], y - begin[..., 1:2, None]  # (N, L, 1 or height, width or 1)
    along, aside = u * from_x + v * from_y, v * from_x - u * from_y
    on = there & (along >= 0) & (along <= length) & (aside.abs() <= reach)  # (N, L, height, width)
    return (unit[..., None, None] * on[:, :, None]).sum(0) / on.sum(0).clamp_min(1)[:, None]
