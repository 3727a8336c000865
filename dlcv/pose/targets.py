"""The true belief maps S* and affinity fields L* of a picture whose people are known.

Points are x, y in pixels of the maps, pixel centres at integers. The third value of a joint is 2 where it is visible, 1
where it is hidden, 0 where it is outside of the picture, -1 where it is not annotated; the first two are to be found.
"""

import torch

from .skeleton import LIMBS

SIGMA = 1.2  # pixels of the maps: the spread of a belief around its joint
WIDTH = 1.0  # pixels of the maps: how far from its axis a limb reaches


def _pixels(height: int, width: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """y (height, 1) and x (width,) of a map's pixels."""
    return torch.arange(height, device=device).float()[:, None], torch.arange(width, device=device).float()


def belief_maps(people: torch.Tensor, height: int, width: int, sigma: float = SIGMA) -> torch.Tensor:
    """S*(p) = max_k exp(-|p - x_k|^2 / sigma^2), here with 2 sigma^2        (7)

    People (N, J, 3) -> (J, height, width). The maximum, not the mean, so that two people who are close keep two peaks.
    """
    y, x = _pixels(height, width, people.device)
    distance = (x - people[..., :1, None]).square() + (y - people[..., 1:2, None]).square()  # (N, J, height, width)
    beliefs = (-distance / (2 * sigma**2)).exp() * (people[..., 2:, None] > 0)
    return beliefs.amax(0) if len(people) else people.new_zeros(people.shape[1], height, width)


def affinity_fields(people: torch.Tensor, height: int, width: int, reach: float = WIDTH) -> torch.Tensor:
    """L*(p) = 1/n(p) sum_k v_k(p), v_k the unit vector of person k's limb where p lies on it, else 0        (8) - (10)

    People (N, J, 3) -> (L, 2, height, width); vectors point from the first to the second joint of a limb, and n(p)
    counts the limbs at p.
    """
    y, x = _pixels(height, width, people.device)
    begin, end = people[:, torch.tensor(LIMBS)].unbind(2)  # both (N, L, 3)
    length = (end - begin)[..., :2].norm(dim=2)
    known = (begin[..., 2] > 0) & (end[..., 2] > 0) & (length > 1e-3)
    unit = (end - begin)[..., :2] / length.clamp_min(1e-3)[..., None]  # v, (N, L, 2)
    u, v, length, known = (values[..., None, None] for values in (*unit.unbind(2), length, known))
    from_x, from_y = x - begin[..., :1, None], y - begin[..., 1:2, None]  # (N, L, 1 or height, width or 1)
    along, aside = u * from_x + v * from_y, v * from_x - u * from_y
    on = known & (along >= 0) & (along <= length) & (aside.abs() <= reach)  # (N, L, height, width)
    return (unit[..., None, None] * on[:, :, None]).sum(0) / on.sum(0).clamp_min(1)[:, None]
