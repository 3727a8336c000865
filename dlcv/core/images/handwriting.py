"""Ink on paper, found in a drawing or in a photograph of handwriting.

Ink is what differs from the paper around it, whether it is darker, lighter or of another colour. What the paper would
look like without ink is estimated for every pixel: a smooth surface where that explains the rim of the picture, else,
under hard shadows, the median of a large window.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from ..errors import InputError

WORK = 400  # pixels of the longer side at which ink is looked for
COARSE = 96  # and at which paper is
FAINT = 0.12  # difference from the paper (of 1) below which nothing counts as ink
SPECK = 0.02  # of the largest stroke's area: smaller ones are dirt
SECOND = 0.35  # of the largest thing's height: from here on another thing beside it counts as one
BUSY = 0.04  # of the paper: where more has another colour than ink and paper, this is a scene
PEN = 0.075  # width of a stroke, of the longer side of what is drawn, below which it is made wider
SMALLEST = 16  # pixels of a digit's longer side
NOTHING = "There is nothing to see on this picture: draw one digit, or choose a picture with more contrast."
SEVERAL = "There is more than one thing on this paper. Draw one, or cut the picture to one of them."


class Found(NamedTuple):
    """A digit on a sheet of paper."""

    ink: np.ndarray  # (H, W) in [0, 1], cropped to the digit
    doubtful: bool  # it reaches the sheet's edge or takes much of it: the sheet may be the lit part of one, or a fat 0


def ink(picture: Image.Image, whole: bool = False) -> np.ndarray:
    """The ink of the one digit that is drawn, cropped to it: (H, W) in [0, 1], 1 where there is most.

    With `whole`, all that is drawn is one thing, however far its parts are from each other: a signature, say.

    Raises InputError with a sentence where nothing is found, or several things.
    """
    colours = _colours(picture)
    sheets = _sheets(colours)
    best, refusal = None, InputError(NOTHING)
    for sheet in (*sheets, np.ones(colours.shape[:2], bool)):
        left, top, width, height = cv2.boundingRect(np.uint8(sheet))
        cut = np.s_[top : top + height, left : left + width]
        try:
            found = _ink_on(colours[cut], sheet[cut], sheets if sheet.all() else (), whole)
        except InputError as error:
            refusal = error
            continue
        best = found or best
        if best and not best.doubtful:
            break
    if best is None:
        raise refusal
    return best.ink


def _colours(picture: Image.Image) -> np.ndarray:
    """Colours (H, W, 3) in [0, 1] of a picture in RGB or RGBA, at most WORK pixels on the longer side, without noise.

    On a transparent ground the strokes' colour does not matter: there the picture is its own alpha.
    """
    scale = WORK / max(picture.size)
    if scale < 1:
        size = [max(8, round(side * scale)) for side in picture.size]
        picture = picture.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    colours = np.asarray(picture, np.float32) / 255
    if picture.mode == "RGBA":
        colours, alpha = np.ascontiguousarray(colours[..., :3]), colours[..., 3]
        if alpha.min() < 0.5:
            colours = _on_paper(colours, alpha)
    green = np.ascontiguousarray(colours[::2, :, 1])
    noise = float(np.median(np.abs(green[:, 2:] - 2 * green[:, 1:-1] + green[:, :-2]))) / 0.6745 / np.sqrt(6)
    return cv2.GaussianBlur(colours, (0, 0), min(2.5, 30 * noise)) if noise > 0.01 else colours


def _on_paper(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) without a transparent ground: of strokes alone black on white, of a sheet its own."""
    opaque = alpha > 0.5 * alpha.max()
    if not opaque.any():
        return np.ones_like(colours)
    ground = np.median(colours[opaque], 0)
    width = 2 * cv2.distanceTransform(np.pad(np.uint8(opaque), 1), cv2.DIST_L2, 5).max()
    strokes = width < 0.4 * max(cv2.boundingRect(np.uint8(opaque))[2:])
    if strokes or np.quantile(np.abs(colours[opaque] - ground), 0.999) < FAINT:
        return np.repeat(1 - alpha[..., None], 3, 2)
    return ground + alpha[..., None] * (colours - ground)


def _small(values: np.ndarray) -> np.ndarray:
    """Values (H, W, ...) with at most COARSE pixels on the longer side."""
    scale = min(1, COARSE / max(values.shape[:2]))
    size = [max(4, round(side * scale)) for side in values.shape[1::-1]]
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA)


def _sheets(colours: np.ndarray) -> list[np.ndarray]:
    """Where (H, W) there may be a sheet of paper that does not fill the picture but has most of what is fine in it."""
    if max(colours.shape) < 2 * COARSE // 3:
        return []
    sharp = np.uint8(255 * _small(colours))
    small = cv2.medianBlur(sharp, 11)  # without strokes
    rim = np.median(np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]]), 0)
    away = np.uint8(_largest(small - rim))
    _, other = cv2.threshold(away, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if not other.any() or away[other > 0].mean() < 255 * FAINT:
        return []
    detail = _largest(np.float32(sharp) - small) ** 2
    found = []
    for region in (other, 1 - other):
        for outline in cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
            hull = cv2.convexHull(outline)
            area, sides = cv2.contourArea(hull), cv2.minAreaRect(hull)[1]
            straight = cv2.contourArea(outline) > 0.75 * area > 0.75 * 0.85 * sides[0] * sides[1]  # an ellipse has 0.79
            if straight and min(sides) > 0.4 * max(sides) and 0.1 < area / other.size < 0.95:
                sheet = cv2.fillConvexPoly(np.zeros_like(other), hull, 1)
                around = cv2.dilate(sheet, np.ones((5, 5))) == 0  # in between lies the edge
                sheet = cv2.erode(sheet, np.ones((5, 5)))
                if (detail * sheet).sum() > (detail * around).sum():
                    found.append((area, cv2.resize(sheet, colours.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0))
    return [sheet for _, sheet in sorted(found, key=lambda one: -one[0])]


def _ink_on(
    colours: np.ndarray, sheet: np.ndarray, sheets: Sequence[np.ndarray] = (), whole: bool = False
) -> Found | None:
    """The one thing on a sheet (H, W); None where there is nothing, or one of `sheets`."""
    away, smooth = _from_paper(colours, sheet)
    far = _largest(away)
    strongest = float(np.quantile(far[sheet], 0.999))
    if strongest < FAINT:
        return None
    pen = np.median(away[far * sheet > 0.6 * strongest], 0)  # the ink's colour, seen from the paper's
    strength = _unruled(cv2.transform(away, pen[None] / max(pen @ pen, 1e-6)).clip(0, 1.2) * sheet)
    mask = _strokes(strength)
    chosen = _thing(mask, sheet, smooth, whole)
    if chosen is None or any(np.count_nonzero(chosen & other) > 0.6 * np.count_nonzero(other) for other in sheets):
        return None
    near = cv2.dilate(np.uint8(chosen), np.ones((5, 5))) > 0
    plain = sheet & (cv2.dilate(np.uint8(mask), np.ones((7, 7))) == 0)
    if np.count_nonzero(plain & (far > 0.6 * strongest)) > BUSY * np.count_nonzero(plain):
        raise InputError(SEVERAL)
    low = float(np.clip(np.quantile(strength[plain], 0.98), 0.1, 0.25)) if plain.any() else 0.1
    full = min(1.0, float(np.quantile(strength[chosen], 0.9)))
    rows, columns = np.flatnonzero(chosen.any(1)), np.flatnonzero(chosen.any(0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    found = np.clip((strength[box] - low) / (0.95 * full - low), 0, 1) * near[box]
    if max(found.shape) < SMALLEST:
        return None
    doubtful = (chosen & _edge(sheet)).any() or np.count_nonzero(chosen) > 0.3 * np.count_nonzero(sheet)
    return Found(_widened(np.float32(found)), bool(doubtful))


def _from_paper(colours: np.ndarray, sheet: np.ndarray) -> tuple[np.ndarray, bool]:
    """How far each pixel is from the paper, signed (H, W, 3), of 1; whether the paper is smooth."""
    small, on_it = _small(colours), _small(np.float32(sheet)) > 0.99
    on_it = on_it if on_it.any() else np.ones_like(on_it)
    inner = cv2.erode(np.uint8(on_it), np.ones((5, 5)), borderValue=0) > 0
    rim = on_it & ~inner
    paper = _surface(small, on_it, rim)
    smooth = _explains(paper, small, rim)
    if not smooth:
        small[~on_it] = np.median(small[on_it], 0)
        for share in (0.6, 0.4):  # the larger window is not misled by fat strokes, the smaller one follows the shade
            window = max(3, int(share * max(small.shape)) | 1)
            paper = cv2.medianBlur(np.uint8(255 * small), window).astype(np.float32) / 255
            away = _largest(small - paper)
            is_ink = away > 0.5 * np.quantile(away, 0.99)
            small[is_ink] = paper[is_ink]
    paper = cv2.resize(np.float32(paper), colours.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    away = colours - paper  # and then of the way that ink can be away: in a shadow, less
    way = np.where(away < 0, np.maximum(0.3, paper), np.maximum(0.5, 1 - paper))
    return np.divide(away, way, out=away), smooth


def _largest(away: np.ndarray) -> np.ndarray:
    """The largest difference (H, W) of any colour, of signed ones (H, W, 3)."""
    red, green, blue = cv2.split(np.abs(away))
    return np.maximum(np.maximum(red, green), blue)


def _explains(paper: np.ndarray, small: np.ndarray, rim: np.ndarray) -> bool:
    """Whether a smooth paper is what the rim shows, but for strokes that run over it; not a shadow or a desk."""
    strongest = float(np.quantile(_largest(small - paper), 0.99))
    window = max(small.shape) * 7 // COARSE | 1
    away = _largest(cv2.medianBlur(np.uint8(255 * small), window) / 255 - paper)[rim]  # without lines on the paper
    other = away > max(0.03, 0.2 * strongest)
    return bool((other & (away < 0.6 * strongest)).mean() < 0.1 and other.mean() < 0.35)


def _surface(small: np.ndarray, sheet: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """Paper (H, W, 3) as a quadratic in x and y, fitted to the rim first and then to all that is near it."""
    basis = _basis(*sheet.shape)
    paper = np.median(small[rim], 0)
    for where, scales, step in ((rim, (0.3, 0.15, 0.07), 1), (sheet, (0.07, 0.07, 0.07), 5)):
        pixels = np.unravel_index(np.flatnonzero(where)[::step], where.shape)  # a fifth of them says as much
        known, wanted, now = basis[pixels], small[pixels], np.broadcast_to(paper, small.shape)[pixels]
        for scale in scales:
            away = np.abs(wanted - now).max(1)
            weighed = (known / (1 + (away / scale) ** 2)[:, None]).T
            factors = np.linalg.solve(weighed @ known + 1e-3 * np.eye(6, dtype=np.float32), weighed @ wanted)
            now = known @ factors
        paper = basis @ factors
    return paper.clip(0, 1)


@functools.lru_cache(maxsize=4)
def _basis(height: int, width: int) -> np.ndarray:
    """The terms of a quadratic in x and y from -1 to 1, (H, W, 6)."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)


def _unruled(strength: np.ndarray) -> np.ndarray:
    """Ink (H, W) without the lines of ruled or squared paper, which run across the picture and are not as strong."""
    weak = (strength > 0.12) & (strength < 0.75)
    if np.count_nonzero(weak) / weak.size < 0.03:
        return strength
    for axis in (0, 1):
        line = np.median(strength, axis, keepdims=True)
        line[line > 0.75] = 0
        if np.count_nonzero(np.diff(line.ravel() > 0.12)) >= 6:  # three lines have six edges
            strength = np.where(strength < 1.35 * line, 0, strength)
    return strength


def _strokes(strength: np.ndarray) -> np.ndarray:
    """Where the strokes are: above Otsu's threshold, which is kept above what paper and lines on it may differ by."""
    otsu, _ = cv2.threshold(np.uint8(255 * strength.clip(0, 1)), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return strength > min(max(otsu / 255, 0.3), 0.55)


def _thing(mask: np.ndarray, sheet: np.ndarray, smooth: bool, whole: bool) -> np.ndarray | None:
    """Strokes (H, W) of the one thing that is drawn; None where there is none, InputError where there are several.

    With `whole`, all of them.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.uint8(mask), connectivity=8)
    x, y, wide, high, area = stats[1:].T
    kept = np.ones(count - 1, bool)
    if not smooth or not sheet.all():  # what lies along the edge is no handwriting
        touching = np.bincount(labels[_edge(sheet)], minlength=count)[1:]
        kept &= touching < 0.3 * np.maximum(wide, high)
    kept &= area >= max(4, SPECK * area[kept].max(initial=0))
    numbers = np.flatnonzero(kept)
    if not len(numbers):
        return None
    if whole:
        return np.isin(np.arange(count), numbers + 1)[labels]
    boxes = np.stack([x, y, x + wide, y + high], 1)[numbers]
    groups = _together(boxes)
    sizes = [area[numbers[group]].sum() for group in groups]
    main = int(np.argmax(sizes))
    tall = [np.ptp([boxes[group, 1].min(), boxes[group, 3].max()]) for group in groups]
    for number in range(len(groups)):
        if number != main and tall[number] > SECOND * tall[main] and sizes[number] > 0.2 * sizes[main]:
            raise InputError(SEVERAL)
    return np.isin(np.arange(count), numbers[groups[main]] + 1)[labels]


def _edge(sheet: np.ndarray) -> np.ndarray:
    """The outermost pixels (H, W) of a sheet."""
    return sheet & (cv2.erode(np.uint8(sheet), np.ones((3, 3)), borderValue=0) == 0)


def _together(boxes: np.ndarray) -> list[np.ndarray]:
    """Numbers of boxes (K, 4), XYXY, in groups: what lies above each other, or very near, is one thing."""
    group = np.arange(len(boxes))
    height = boxes[:, 3].max() - boxes[:, 1].min()
    for first in range(len(boxes)):
        for second in range(first):
            a, b = boxes[first], boxes[second]
            gap = max(a[0], b[0]) - min(a[2], b[2])  # sideways; negative where one is above the other
            apart = max(a[1], b[1]) - min(a[3], b[3])
            if gap < 0.1 * height and apart < 0.35 * height:
                group[group == group[first]] = group[second]
    return [np.flatnonzero(group == number) for number in np.unique(group)]


def _widened(found: np.ndarray) -> np.ndarray:
    """Strokes at least as wide as PEN: those of a thin pen would vanish when the picture is made small."""
    inside = cv2.distanceTransform(np.uint8(np.pad(found > 0.5, 1)), cv2.DIST_L2, 5)
    ridge = inside[(inside > 0) & (inside >= cv2.dilate(inside, np.ones((3, 3))) - 1e-3)]
    width = 2 * float(np.median(ridge)) - 0.5 if len(ridge) else 1.0
    radius = round((PEN * max(found.shape) - width) / 2)
    if radius < 1:
        return found
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return cv2.dilate(np.pad(found, radius), kernel)
