"""What the Depth tab shows of two eyes: what the network sees in the left picture alone, and what the pair says."""

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import PIL.Image

from demos import frame
from demos.frame import pictures
from dlcv.core.errors import InputError
from dlcv.core.images import draw
from dlcv.depth import SIDE

from .photograph import STEREO, ends

if TYPE_CHECKING:
    import torch

TERMS = {  # whether smoothness and consistency hold the disparities, too
    "Appearance alone": (False, False),
    "Appearance and smoothness": (True, False),
    "Appearance and consistency": (False, True),
    "All three": (True, True),
}
PLACES = [place / 10 for place in range(-5, 16)]  # of the eye: 0 is the left one, 1 the right one
PAIRS = {"motorcycle": "Motorcycle, a real pair", "made": "A made scene"}
MADE_SEED, MAX_SEED = 1_000_309, 9_999_999  # the made scene that is shown first is held out

REFUSED = {
    "same": "This is the same picture twice: nothing in it is displaced by a pixel. Choose what the right eye sees.",
    "unrelated": "These two pictures show different things: only {matches} points of one are found in the other. "
    "Choose two pictures of one scene, taken side by side.",
    "mirrored": "One of these two pictures is mirrored: what is further right in one is further left in the other. "
    "Turn that one round first.",
    "unrectified": "This pair is not rectified: what both show lies {pixels} pixels {side} on the right picture"
    "{turned}. Rectify both first, so that it lies at one height.",
}
"""Sentences about what is no rectified pair."""
EXCHANGED = (
    "Left and right were exchanged: what is on the left picture lies {pixels} pixels further right on the right one, "
    "and must lie further left. They are shown the other way round."
)
NEARLY = (
    "This pair is only nearly rectified: what both show lies {pixels} pixels {side} on the right picture"
    "{turned}. Matching suffers from it."
)
UNKNOWN = "Too little is found in both of these pictures to tell whether they are a pair: take the answers with care."

Seed = frame.Whole(0, MAX_SEED)
predictor = frame.model("dlcv.depth.predictor", STEREO)


class Camera(NamedTuple):
    """The camera of a pair: Z = f b / (d + offset)."""

    focal: float  # pixels
    baseline: float  # metres
    offset: float = 0.0  # pixels between the centres of both pictures
    learned: bool = False  # whether the network was trained with such a camera, so that its scale is right


MOTORCYCLE = Camera(994.978, 0.193, 31.086)  # Scharstein et al. 2014


def example(name: str, seed: int = MADE_SEED) -> tuple:
    """The packaged pair or a made scene: two pictures (3, H, W), the true disparity of the left one in pixels (H, W),
    and the camera."""
    import torch

    if name == "made":
        from dlcv.depth import scenes

        found = scenes.pair(seed, 256, 512)
        camera = Camera(scenes.FOCAL * 512, scenes.BASELINE, learned=True)
        return found.left, found.right, found.disparity_left[0], camera
    from skimage import data

    left, right, disparity = data.stereo_motorcycle()
    left, right = (torch.from_numpy(picture).permute(2, 0, 1).float() / 255 for picture in (left, right))
    return left, right, torch.from_numpy(disparity).nan_to_num(posinf=0), MOTORCYCLE


def eyes_of(left: PIL.Image.Image | None, right: PIL.Image.Image | None, focal=0.0, baseline=0.0) -> tuple:
    """A visitor's own pair as `example` has one, without a truth, the eyes in their order, and a sentence where there
    is something to say about them. The camera is None where focal length (pixels) or baseline (metres) is not known.

    Raises InputError where the pictures are no rectified pair.
    """
    if left is None or right is None:
        raise InputError("Give both pictures of a rectified pair: what the left eye sees, and what the right one sees.")
    left, right = pictures.upright(left), pictures.upright(right)
    if left.size != right.size:
        sizes = " and ".join(f"{one.width:,} × {one.height:,}" for one in (left, right))
        raise InputError(f"A rectified pair has two pictures of one size; these have {sizes} pixels.")
    eyes = pictures.tensor(left, SIDE), pictures.tensor(right, SIDE)
    shrunk = eyes[0].shape[2] / left.width
    camera = Camera(focal * shrunk, baseline) if focal and baseline else None
    eyes, note = in_order(*eyes, shrunk)
    return *eyes, None, camera, note


def in_order(left: "torch.Tensor", right: "torch.Tensor", shrunk: float = 1.0) -> tuple:
    """Both eyes, left first, and a sentence where there is something to say about them; InputError where the two are
    no rectified pair. `shrunk` says how many of their pixels are one of the visitor's."""
    from dlcv.depth import pairs

    found = pairs.judged(left, right)
    pixels, turn = f"{found.across / shrunk:.1f}", abs(found.turned)
    turned = f", and the right one is turned by {turn:.1f}°" if turn >= 0.2 else ""
    side = (
        "higher"
        if found.higher > found.across / 2
        else "lower"
        if -found.higher > found.across / 2
        else "higher or lower"
    )
    words = {"pixels": pixels, "side": side, "turned": turned, "matches": found.matches}
    if found.kind in REFUSED:
        raise InputError(REFUSED[found.kind].format(**words))
    notes = [UNKNOWN] if found.kind == "unknown" else []
    if found.kind == "exchanged":
        left, right = right, left
        notes.append(EXCHANGED.format(pixels=f"{-found.along / shrunk:.0f}"))
    if found.across > pairs.LEVEL:
        notes.append(NEARLY.format(**words))
    return (left, right), " ".join(notes)


@functools.lru_cache(maxsize=8)
def answer(name: str, seed: int) -> dict:
    """The board's value for an example, remembered: whoever opens the tab asks for the same one."""
    return look(*example(name, seed))


class Example(frame.Query):
    """An example: the packaged pair, or the made scene of a seed."""

    name: frame.Choice(PAIRS)
    seed: Seed


def pair(query: Example) -> dict:
    """The board's value for an example."""
    return answer(query.name, query.seed)


def look(
    left: "torch.Tensor", right: "torch.Tensor", truth: "torch.Tensor | None", camera: Camera | None, note: str = ""
) -> dict:
    """The board's value for a pair: the disparities predicted from the left picture alone, the pictures rebuilt with
    these, the disparities by matching, a line about each, and a note about the pair itself."""
    from dlcv.depth import predictor as depth

    seen = predictor(STEREO).predict(left)
    rebuilt, matched = depth.rebuild(seen, left, right), depth.semi_global(left, right)
    width, both = left.shape[2], seen.maps[0]  # disparities (2, h, w) of left and right
    low, high = ends(both)
    disparity = [draw.heat(one, low, high) for one in both]
    inside = (low * width, high * width)
    learned = camera if camera and camera.learned else None
    unknown = "; the network does not know this camera, so that the scale is relative"
    is_matched = matched.disparity > 0
    known = ends(matched.disparity[is_matched]) if is_matched.any() else (0.0, 1.0)
    matching = np.where(is_matched[..., None], np.array(draw.heat(matched.disparity, *known)), 128).astype(np.uint8)
    said = {
        "note": note,
        "disparity": ranges(*inside, learned) + ("" if learned else unknown),
        "matched": f"{ranges(*known, camera)}; {100 * (1 - matched.share):.0f} %, grey, is not matched",
        "l1": [f"{100 * values.mean():.1f} % of full scale on average" for values in rebuilt.l1],
        "ssim": [f"{values.mean():.3f} on average" for values in rebuilt.ssim],
        "scales": [f"{one.shape[2]} × {one.shape[1]}" for one in seen.maps],
        "truth": against_truth(both[0] * width, matched.disparity, truth, learned is not None),
    }
    shown = {
        "left": pictures.image(left),
        "right": pictures.image(right),
        "disparity": disparity,
        "matched": PIL.Image.fromarray(matching),
        "rebuilt": [pictures.image(rebuilt.left), pictures.image(rebuilt.right)],
        "l1": [draw.heat(one, 0, 0.4) for one in rebuilt.l1],
        "ssim": [draw.heat(one, 0, 0.6) for one in rebuilt.ssim],
        "scales": [draw.heat(one[0], low, high) for one in seen.maps],
    }
    return {
        "shape": [left.shape[1], width],
        "pictures": {name: uris(drawn) for name, drawn in shown.items()},
        "said": said,
        # in sixteenths of a pixel of the network's width, so that a threshold needs no further question
        "apart": [frame.coded((16 * one).clamp(0, 255).round(), "u1") for one in rebuilt.disagreement],
        "grid": list(both.shape[1:]),
        "views": views(left, both[0]),
    }


def uris(drawn: PIL.Image.Image | list[PIL.Image.Image]) -> list[str]:
    """Data URIs of one or more pictures: photographs as JPEG."""
    drawn = drawn if isinstance(drawn, list) else [drawn]
    return [draw.data_uri(one, "JPEG" if one.width > 300 else "PNG") for one in drawn]


def ranges(low: float, high: float, camera: Camera | None) -> str:
    """A range of disparities in pixels, and in metres where the camera is known."""
    text = f"{low:.1f} to {high:.1f} pixels"
    if camera is None:
        return text
    import torch

    from dlcv.depth.predictor import depth_from

    far, near = depth_from(torch.tensor([low, high]) + camera.offset, camera.focal, camera.baseline).tolist()
    return f"{text}, which is {far:.1f} to {near:.1f} metres"


def against_truth(found: "torch.Tensor", matched: "torch.Tensor", truth: "torch.Tensor | None", known: bool) -> str:
    """A sentence that compares both with the true disparities in pixels; empty where these are not known."""
    if truth is None:
        return ""
    from dlcv.depth.metrics import d1, rank_correlation
    from dlcv.depth.predictor import resized

    network, is_known = resized(found, truth.shape), truth > 0
    both = is_known & (matched > 0)
    match = f"Matching: {d1(matched[both], truth[both]):.0f} % of what it matched is wrong by over 3 pixels and 5 %."
    rank = f"{rank_correlation(network[is_known], truth[is_known]):.2f}".replace("-", "−")
    order = f"The order of near and far agrees with the truth to {rank}"
    wrong = f", and {d1(network[is_known], truth[is_known]):.0f} % is wrong by over 3 pixels and 5 %" if known else ""
    return f"{order}{wrong} (a rank correlation: 1 is the same order, 0 none at all). {match}"


def views(left: "torch.Tensor", disparity: "torch.Tensor") -> dict:
    """The left picture from eyes at PLACES, one below the other."""
    import torch

    from dlcv.depth.predictor import resized, view

    small = pictures.tensor(pictures.image(left), 384)
    near = resized(disparity, small.shape[1:])
    strip = torch.cat([view(small, near, place) for place in PLACES], dim=1)
    return {"strip": draw.data_uri(pictures.image(strip), "JPEG"), "size": list(small.shape[1:])}


class Eyes(frame.Query):
    """Both pictures of the pair on the screen, data URIs."""

    left: Any
    right: Any


def descend(query: Eyes) -> dict:
    """Where the disparities of a pair end without a network, held by appearance and by more or fewer of the other
    terms; the same colours for all of them."""
    from dlcv.core.images.digits import decode_data_uri
    from dlcv.depth import descent
    from dlcv.depth.predictor import CONSISTENT

    left, right = (pictures.tensor(decode_data_uri(uri)) for uri in (query.left, query.right))
    start = predictor(STEREO).predict(left)
    found = {
        title: descent.descend(start, left, right, smooth=smooth, agree=agree)
        for title, (smooth, agree) in TERMS.items()
    }
    low, high = ends(found["All three"].disparity)
    return {
        "terms": [
            {
                "title": title,
                "disparity": draw.data_uri(draw.heat(one.disparity[0], low, high)),
                "apart": draw.data_uri(draw.heat(one.disagreement[0], 0, 4)),
                "agree": (one.disagreement < CONSISTENT).float().mean().item(),
                "rough": one.roughness,
            }
            for title, one in found.items()
        ]
    }
