"""What a pose network should say of a picture whose people are known: belief maps and affinity fields.

Points are x, y in pixels of the maps, pixel centres at integers. A joint is 2 where seen, 1 where hidden, 0 where
nobody knows; both of the former are to be found.
"""

import torch

from .skeleton import LIMBS

SIGMA = 1.2  # pixels of the maps: the spread of a belief around its joint
WIDTH = 1.0  # pixels of the maps: how far from its axis a limb reaches


def belief_maps(people: torch.Tensor, height: int, width: int, sigma: float = SIGMA) -> torch.Tensor:
    """People (N, J, 3) -> (J, height, width): b(p) = max over people of exp(-|p - x|^2 / (2 sigma^2)).

    The maximum, not the mean: two people who are close keep two peaks (Cao et al. 2017, eq. 7).
    """
    y, x = torch.arange(height).float()[:, None], torch.arange(width).float()
    distance = (x - people[..., :1, None]).square() + (y - people[..., 1:2, None]).square()  # (N, J, height, width)
    beliefs = (-distance / (2 * sigma**2)).exp() * (people[..., 2:, None] > 0)
    return beliefs.amax(0) if len(people) else torch.zeros(people.shape[1], height, width)


def affinity_fields(people: torch.Tensor, height: int, width: int, reach: float = WIDTH) -> torch.Tensor:
    """People (N, J, 3) -> (L, 2, height, width): on a limb the unit vector along it, from first to second joint.

    Where limbs of several people cross, the mean of their vectors (Cao et al. 2017, eq. 8 to 10).
    """
    fields = torch.zeros(len(LIMBS), 2, height, width)
    y, x = torch.arange(height).float()[:, None], torch.arange(width).float()
    for number, (first, second) in enumerate(LIMBS):
        count = torch.zeros(height, width)
        for person in people:
            (x1, y1, seen), (x2, y2, also) = person[first], person[second]
            length = torch.hypot(x2 - x1, y2 - y1)
            if not (seen > 0 and also > 0 and length > 1e-3):
                continue
            u, v = (x2 - x1) / length, (y2 - y1) / length
            along, aside = u * (x - x1) + v * (y - y1), v * (x - x1) - u * (y - y1)
            on = (along >= 0) & (along <= length) & (aside.abs() <= reach)
            fields[number, 0] += u * on
            fields[number, 1] += v * on
            count += on
        fields[number] /= count.clamp_min(1)
    return fields
