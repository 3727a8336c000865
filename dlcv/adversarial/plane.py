"""A classifier in two dimensions, trained on a visitor's points: DeepFool where it can be drawn."""

import torch
from torch import nn
from torch.nn import functional as F

from ..core.errors import InputError
from .deepfool import Step, deepfool

HIDDEN, UPDATES, LINEAR_UPDATES = 24, 250, 120
MOST_POINTS, CLASSES = 200, 4


class Plane:
    """A network of points (N, 2) in [-1, 1]^2, and the classes that it tells apart."""

    def __init__(self, points: torch.Tensor, labels: torch.Tensor, linear: bool, seed: int = 0):
        """Trained on points (N, 2) with labels (N,) from 0 on.

        Raises InputError where there are fewer than two classes, or too many points.
        """
        if len(labels.unique()) < 2:
            raise InputError("Put points of at least two colours.")
        if len(points) > MOST_POINTS or not points.isfinite().all() or int(labels.max()) >= CLASSES:
            raise InputError(f"At most {MOST_POINTS} points of {CLASSES} colours can be learned.")
        self.count = int(labels.max()) + 1
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            hidden = [nn.Linear(2, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, HIDDEN), nn.Tanh()]
            self.network = nn.Sequential(*([] if linear else hidden), nn.Linear(2 if linear else HIDDEN, self.count))
        optimizer = torch.optim.Adam(self.network.parameters(), 0.1 if linear else 0.02, weight_decay=1e-4)
        for _ in range(LINEAR_UPDATES if linear else UPDATES):
            optimizer.zero_grad()
            F.cross_entropy(self.network(points), labels).backward()
            optimizer.step()
        absent = torch.ones(self.count).scatter(0, labels, 0.0).bool()
        with torch.no_grad():
            self.network[-1].bias.masked_fill_(absent, -1e4)  # a colour that no point has is never the answer
        self.network.requires_grad_(False)

    def classes(self, points: torch.Tensor) -> torch.Tensor:
        """Classes (N,) of points (N, 2)."""
        return self.network(points).argmax(1)

    def path(self, point: torch.Tensor, **settings) -> list[Step]:
        """DeepFool's steps from a point (2,): the plane has no bounds, and every class is a candidate."""
        return list(deepfool(self.network, point[None], bounded=False, **settings))
