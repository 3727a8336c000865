"""What the boards of the detection tab ask about a picture that was looked at."""

from typing import TYPE_CHECKING, Annotated, Any

import PIL.Image
from pydantic import Field

from demos import frame
from demos.frame import coded, rounded
from demos.frame.questions import Asked
from dlcv.core.errors import InputError
from dlcv.core.images import draw

from .kept import MIN_SCORE, MIN_SCORE_IN_TILES, Kept, passes, pictures

if TYPE_CHECKING:
    from dlcv.detection.predictor import DetectorPredictor
    from dlcv.detection.terms import Terms

MAX_MASKS = 400  # asked for at once
MAX_SIDE = 4000  # pixels of a picture
SCREEN = 1600  # pixels of the longer side of the picture on a screen

Share = frame.Real(0, 1)
Index = frame.Whole(0, 1_000_000)  # of what a picture has: how many of these there are depends on it
Pair = Annotated[list[int], Field(min_length=2, max_length=2)]


class OfPicture(frame.Query):
    """Question about a picture that is kept."""

    token: Any = None

    def kept(self) -> Kept:
        """The picture. InputError where it was put away."""
        return pictures.get(self.token)


class Threshold(OfPicture):
    """Question for the objects after non-maximum suppression by an IoU."""

    overlap: Share


class Export(Threshold):
    """Question for the objects as COCO has them."""

    score: Share
    mask: Share  # probability from which a pixel is in the mask


class OfTile(OfPicture):
    """Question about a tile of a picture."""

    tile: Index

    def detector(self) -> "DetectorPredictor":
        """The detector looking at the tile. InputError where there is no such tile, or nothing to look into."""
        return self.kept().inside(self.tile)


class At(OfTile):
    """Question about a point of a tile, in pixels of the tile."""

    x: frame.Clamped(0, MAX_SIDE)
    y: frame.Clamped(0, MAX_SIDE)


class Suppressed(OfTile):
    """Question for the proposals after non-maximum suppression by an IoU."""

    overlap: Share


class OfProposal(OfTile):
    """Question about a proposal, by its place among the best."""

    number: Index


class Channel(OfTile):
    """Question for a channel of a level of the pyramid."""

    level: Index
    channel: Index


class Masks(OfTile):
    """Question for the masks of proposals, each as an object of a class."""

    objects: Annotated[list[Pair], Field(max_length=MAX_MASKS), Asked(f"at most {MAX_MASKS} pairs of numbers")]


class OfObject(OfTile):
    """Question about an object: the proposal it comes from, read as a class."""

    proposal: Index
    label: Index
    mask: Share = 0.5  # probability from which a pixel is in the mask


def answer(kept: Kept, **fields: Any) -> dict:
    """An answer, with the passes through the backbone that there were until now."""
    return fields | {"passes": passes[kept.name]}


def checked(index: int, count: int, what: str) -> int:
    """An index below `count`. InputError otherwise."""
    if index >= count:
        raise InputError(f"This picture has {count:,} {what}: choose one of these.")
    return index


def objects(kept: Kept, overlap: float) -> dict:
    """All objects of a picture, by descending score, as lists of the same length."""
    found = kept.found if kept.found is not None else kept.at(0).detections(MIN_SCORE, overlap)
    return {
        "boxes": rounded(found.boxes, 1),
        "labels": found.labels.tolist(),
        "scores": rounded(found.scores, 4),
        "regions": found.regions.tolist(),
        "tile": found.tiles.tolist() if kept.found is not None else [0] * len(found.labels),
    }


def shown(kept: Kept) -> dict:
    """What the boards need to know of a picture that was looked at."""
    config = kept.detector.config
    found, names = objects(kept, config.nms_iou), kept.detector.class_names
    picture = PIL.Image.fromarray(kept.pixels.permute(1, 2, 0).numpy())
    picture.thumbnail((SCREEN, SCREEN))
    if config.masks and kept.found is not None:
        cells = coded(draw.grey(kept.found.cells), "u1")
    elif config.masks:
        # the mask of an object that is not shown at first is asked for when it is needed
        count = sum(score >= config.score_threshold for score in found["scores"])
        pairs = [list(pair) for pair in zip(found["regions"], found["labels"])]
        cells = cells_of(kept.at(0), pairs[:count])
    return answer(
        kept,
        token=pictures.add(kept),
        names=list(names),
        size=list(kept.pixels.shape[:0:-1]),  # width and height
        picture=draw.data_uri(picture, "JPEG"),
        tiles=kept.tiles,
        lowest=MIN_SCORE if kept.found is None else MIN_SCORE_IN_TILES,
        overlap=config.nms_iou,
        sure=config.score_threshold,
        masks=config.masks,
        stages=kept.has_stages,
        cells=cells if config.masks else "",
        **found,
    )


def cells_of(detector: "DetectorPredictor", pairs: list[list[int]]) -> str:
    """Masks of proposals as objects of a class, given as [proposal, class]: 28 x 28 bytes each, in base64."""
    import torch

    if not pairs:
        return ""
    proposals, labels = torch.tensor(pairs).T
    return coded(draw.grey(detector.cells(detector.as_class(proposals, labels))), "u1")


def check_object(detector: "DetectorPredictor", proposal: int, label: int) -> None:
    """InputError where the picture has no such proposal, or the detector no such class."""
    proposals, classes = len(detector.regions().boxes), len(detector.class_names)
    if not (0 <= proposal < proposals and 1 <= label <= classes):
        raise InputError(f"This picture has {proposals:,} proposals, of {classes} classes.")


# ---- the boards' questions


def detect(query: Threshold) -> dict:
    """The objects where boxes of one class may overlap by so much."""
    kept = query.kept()
    return answer(kept, **objects(kept, query.overlap))


def masks(query: Masks) -> dict:
    """The masks of some proposals, each as an object of a class."""
    detector = query.detector()
    for proposal, label in query.objects:
        check_object(detector, proposal, label)
    return answer(query.kept(), cells=cells_of(detector, query.objects))


def inside(query: OfTile) -> dict:
    """Objectness of the picture, or of a tile, and all candidates of the proposal network."""
    detector, levels = query.detector(), []
    for level in range(len(detector.features.pyramid)):
        values = detector.objectness(level)
        height, width = values.shape
        cell = [stride * scale for stride, scale in zip(detector.strides(level), detector.scale.tolist())]
        levels.append({"width": width, "height": height, "cell": cell, "values": coded(draw.grey(values), "u1")})
    before, after = detector.proposals()
    return answer(
        query.kept(),
        levels=levels,
        channels=detector.features.pyramid["0"].shape[1],
        before=coded(before, "<f4"),
        after=coded(after, "<f4"),
    )


def anchors(query: At) -> dict:
    """The anchors of all levels at a point, and the boxes that the network predicts for them."""
    at = query.detector().anchors_at(query.x, query.y)
    return answer(
        query.kept(), boxes=rounded(at.boxes, 1), objectness=rounded(at.objectness, 4), moved=rounded(at.decoded, 1)
    )


def proposals(query: Suppressed) -> dict:
    """The proposals that are left where they may overlap by so much."""
    _, after = query.detector().proposals(query.overlap)
    return answer(query.kept(), after=coded(after, "<f4"))


def region(query: OfProposal) -> dict:
    """One proposal: where RoIAlign reads it, its probabilities, and its refined box."""
    one = query.detector().region(query.number)
    return answer(
        query.kept(),
        number=query.number,
        box=rounded(one.box, 1),
        points=coded(one.points, "<f4"),
        level=one.level,
        features=coded(one.features, "<f4"),
        probabilities=rounded(one.probabilities, 4),
        refined=rounded(one.refined, 1),
    )


def feature_map(query: Channel) -> dict:
    """One channel of a level of the pyramid as a picture."""
    detector = query.detector()
    maps = list(detector.features.pyramid.values())
    level = checked(query.level, len(maps), "levels")
    values = detector.feature_map(level, checked(query.channel, maps[level].shape[1], "channels"))
    low, high = values.min().item(), values.max().item()
    picture = draw.data_uri(draw.heat(values, low, max(high, low + 1e-6)))
    return answer(query.kept(), picture=picture, low=low, high=high)


def losses(query: OfObject) -> dict:
    """The terms of (15), (16) and (17) where the object's class, box and mask are the truth."""
    check_object(query.detector(), query.proposal, query.label)
    return answer(query.kept(), **losses_of(query.kept(), query.proposal, query.label, query.mask))


def losses_of(kept: Kept, proposal: int, label: int, threshold: float) -> dict:
    """Terms of the anchors, of the object's own region and of all regions on the object in the tile that is kept."""
    from dlcv.detection.terms import object_terms

    detector = kept.detector
    found = object_terms(detector, proposal, label, threshold)
    return {
        "probability": detector.regions().probabilities[proposal, label].item(),
        "anchors": terms_of(found.anchors),
        "own": terms_of(found.own),
        "regions": terms_of(found.regions),
    }


def terms_of(terms: "Terms") -> dict:
    """Terms as JSON."""
    return {
        "count": terms.count,
        "class_loss": terms.class_loss,
        "bbox": terms.bbox,
        "bbox_squared": terms.bbox_squared,
        "mask": terms.mask,
        "mask_squared": terms.mask_squared,
        "total": terms.total,
    }


def export(query: Export) -> dict:
    """What is shown, as COCO has it."""
    kept = query.kept()
    return answer(kept, coco=coco_of(kept, query.score, query.overlap, query.mask))


def coco_of(kept: Kept, score: float, overlap: float, threshold: float) -> dict:
    """The objects of a picture with at least that score, as COCO has them, in pixels of the file's picture."""
    from dlcv.detection.export import coco

    if kept.found is not None:
        chosen = kept.found.scores >= score
        values = [getattr(kept.found, field)[chosen] for field in ("boxes", "labels", "scores", "cells")]
    else:
        found = kept.at(0).detections(score, overlap)
        cells = kept.detector.cells(found) if kept.detector.config.masks else found.boxes.new_zeros(1, 0, 0)
        values = [found.boxes, found.labels, found.scores, cells]
    boxes, *others = values
    return coco(boxes * kept.scale, *others, kept.detector.class_names, kept.size[::-1], threshold)
