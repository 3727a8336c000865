"""Answer to the board of positive and negative pairs: how far their descriptors are apart, and the hard ones."""

from demos import frame
from dlcv.core.images import draw

from .models import FIRST, TITLES, pair_of

BINS, FARTHEST = 50, 2.0  # of the histograms, up to the distance of opposite points of the unit sphere
SHOWN = 6  # hard pairs


class Known(frame.Query):
    """Question about a pair whose geometry is known."""

    pair: frame.Choice(TITLES) = FIRST


def distances(query: Known) -> dict:
    """Histograms of the distances of positive pairs, of all negative ones and of the hardest of each point, in parts of
    each, and the hardest pairs as pictures."""
    from dlcv.lift.positives import pairs
    from dlcv.lift.scale_space import pyramid
    from dlcv.lift.views import grey

    pair = pair_of(query.pair)
    one, other = pair.features("lift")
    levels = pair.levels, pyramid(grey(pair.views.second))
    found = pairs(one, other, pair.views.there)
    hard, far = found[2], found[0]
    return {
        "counts": [len(kind.distance) for kind in found],
        "shares": [
            frame.rounded(kind.distance.histc(BINS, 0, FARTHEST) / max(1, len(kind.distance)), 5) for kind in found
        ],
        "negatives": shown(levels, one, other, hard, hard.distance.argsort()),
        "positives": shown(levels, one, other, far, far.distance.argsort(descending=True)),
    }


def shown(levels, one, other, pairs, order) -> list[dict]:
    """The first few pairs of an order, as DESC sees them in the scale spaces of both pictures."""
    import torch

    from dlcv.lift.scale_space import cut

    rows = order[:SHOWN]
    sides = []
    for space, features, index in zip(levels, (one, other), (pairs.first, pairs.second)):
        chosen = index[rows]
        sides.append(cut(space, features.xy[chosen], features.scale[chosen], features.angle[chosen], 32))
    both = torch.cat(sides, 3)[:, 0].clamp(0, 1)  # (SHOWN, 32, 64)
    return [
        {"picture": draw.data_uri(draw.sheet(torch.stack([tile[:, :32], tile[:, 32:]]), 2)), "distance": value}
        for tile, value in zip(both, frame.rounded(pairs.distance[rows], 2))
    ]
