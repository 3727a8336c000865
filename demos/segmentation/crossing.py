"""Answers to the boards about what crosses from the encoder to the decoder: cut, transplanted, compared, looked at."""

from typing import Annotated

from pydantic import Field

from demos import frame
from demos.frame import pictures
from demos.frame.questions import Asked
from dlcv.core.errors import InputError
from dlcv.core.images import draw

from .kept import DECODERS, MOST, STRONGEST, Kept, OfPicture, called, classes_of, labels_uri, predictor

LEVELS = 4
NETWORKS = DECODERS | {"mobilenet": STRONGEST}
SKIPPING = {"unet": NETWORKS["unet"], "mobilenet": STRONGEST, "segnet": NETWORKS["segnet"]}
SOURCES = ("own", "other", "noise", "none")
SHOWN = 16  # maps of a stage in the drawing of the path
TILE = 56  # pixels of the longer side of one of them
COLUMNS = 8
STAGES, CHANNELS = 15, 480  # at most

Shares = frame.Numbers(LEVELS, 0, 1)
Sources = Annotated[
    list[frame.Choice(SOURCES)],
    Field(min_length=LEVELS, max_length=LEVELS),
    Asked(f"{LEVELS} of {', '.join(SOURCES)}"),
]


class Cut(OfPicture):
    """Question for the classes where only a share of each level crosses, the finest first."""

    network: frame.Choice(SKIPPING)
    shares: Shares


class Transplant(OfPicture):
    """Question for the classes where what crosses at a level, the finest first, is from another picture, or noise."""

    other: frame.Text
    network: frame.Choice(SKIPPING)
    sources: Sources
    seed: frame.Whole(0, MOST) = 0


class Path(OfPicture):
    """Question for all maps of a network."""

    network: frame.Choice(NETWORKS)


class OneMap(Path):
    """Question for one map, by its stage and its place there."""

    stage: frame.Whole(0, STAGES - 1)
    channel: frame.Whole(0, CHANNELS - 1)


def scores(labels, truth) -> dict:
    """Mean intersection over union and mean boundary F1 of labels, over the classes that are there in truth."""
    from dlcv.segmentation import metrics

    classes = int(max(labels.max(), truth.max())) + 1
    matrix = metrics.confusion(truth, labels, classes)
    there = matrix.sum(1) > 0
    return {
        "miou": metrics.intersection_over_union(matrix)[there].mean().item(),
        "boundary_f1": metrics.boundary_f1(truth.numpy(), labels.numpy(), classes),
    }


def judged(one: Kept, labels, name: str) -> dict:
    """Labels for a board, and how good they are: by the truth where code drew the picture, else by the network's own
    answer with all that crosses."""
    truth = one.truth if one.truth is not None else one.segmentation(name).labels
    return {"labels": labels_uri(labels), "known": one.truth is not None} | scores(labels, truth)


def cut(query: Cut) -> dict:
    """Classes where less crosses; of SegNet's indices those of a level stay, or, below one half, are shuffled."""
    one, name = query.kept(), SKIPPING[query.network]
    return judged(one, cut_labels(one, query.network, query.shares), name) | classes_of(name)


def cut_labels(one: Kept, network: str, shares: list[float]):
    """Labels (H, W) of a picture where only shares of what there is cross."""
    name = SKIPPING[network]
    if network == "segnet":
        return predictor(name).shuffle(one.reading(name), [share < 0.5 for share in shares]).labels
    return predictor(name).cut(one.reading(name), shares).labels


def transplant(query: Transplant) -> dict:
    """Classes by one picture's deep features and what crosses from another one."""
    one, name = query.kept(), SKIPPING[query.network]
    read = called(query.other).reading(name, tuple(one.size[::-1]))
    labels = predictor(name).transplant(one.reading(name), read, query.sources, query.seed).labels
    return {"labels": labels_uri(labels)} | classes_of(name)


def compare(query: OfPicture) -> dict:
    """Classes by the three decoders, and how good they are where that is known."""
    one, found = query.kept(), []
    for network, name in DECODERS.items():
        labels = one.segmentation(name).labels
        judged_by = scores(labels, one.truth) if one.truth is not None else {}
        found.append({"network": network, "labels": labels_uri(labels)} | judged_by)
    truth = labels_uri(one.truth) if one.truth is not None else None
    return {"found": found, "truth": truth} | classes_of(NETWORKS["unet"])


def stages(query: Path) -> list:
    """All stages of the path of a picture through a network."""
    name = NETWORKS[query.network]
    return predictor(name).path(query.kept().reading(name))


def path(query: Path) -> dict:
    """Every stage with its size, and some of its maps; of what U-Net copies and enlarges, of both."""
    found = []
    for stage in stages(query):
        count, height, width = stage.maps.shape
        chosen = list(range(min(count, SHOWN)))
        if stage.copied:  # as many of the copied as of the enlarged ones
            chosen = [*range(SHOWN // 2), *range(stage.copied, min(count, stage.copied + SHOWN // 2))]
        found.append(
            {
                "name": stage.name,
                "size": [count, height, width],
                "copied": stage.copied,
                "shown": chosen,
                "maps": _sheet(stage, chosen),
            }
        )
    return {"stages": found, "path": predictor(NETWORKS[query.network]).crossing}


def _sheet(stage, chosen: list[int]) -> str:
    """Some maps of a stage side by side, COLUMNS in a row, each in its own range; or the picture itself."""
    import torch

    from dlcv.core.images.fit import fit_within

    if stage.name == "picture":
        return draw.data_uri(pictures.image(fit_within(stage.maps, COLUMNS * TILE)), "JPEG")
    maps = fit_within(_unit(stage.maps[chosen]), TILE)
    maps = torch.cat([maps, maps.new_zeros(-len(maps) % COLUMNS, *maps.shape[1:])])
    rows = maps.unflatten(0, (-1, COLUMNS)).transpose(1, 2).flatten(2).flatten(0, 1)
    return draw.data_uri(draw.heat(rows), "JPEG")


def _unit(maps):
    """Maps (C, h, w), each scaled to [0, 1]."""
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return (maps - low) / (high - low).clamp_min(1e-6)


def feature_map(query: OneMap) -> dict:
    """One map as large as it is. InputError where there is none."""
    all_of_them = stages(query)
    if query.stage >= len(all_of_them) or query.channel >= len(all_of_them[query.stage].maps):
        raise InputError("There is no such map: choose one of those that are shown.")
    values = all_of_them[query.stage].maps[query.channel]
    low, high = values.min().item(), values.max().item()
    return {"picture": draw.data_uri(draw.heat(values, low, max(high, low + 1e-6))), "low": low, "high": high}
