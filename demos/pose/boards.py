"""What the boards of the pose tab ask for: people from the maps of a picture that was seen once, and a live camera."""

import base64
import math
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image

from demos import frame
from demos.frame.keep import Keep
from dlcv.core import runtime
from dlcv.core.errors import InputError
from dlcv.core.images import draw

if TYPE_CHECKING:
    import torch

    from dlcv.pose.assembly import Parsed
    from dlcv.pose.predictor import PoseMaps, PosePredictor

MODEL = "pose-people"
LIVE_SIDE = 257  # pixels of the longer side, for the camera
SHOWN = 1280  # pixels of the longer side of a picture on the screen
FINE = 127  # a map on the wire is one signed byte a pixel: this is 1
PICTURES = 64  # whose maps are remembered
LARGEST = 3_000_000  # bytes of the maps of one picture
PAIRS = 300  # candidate pairs of a limb that are shown
MOST_MOVED = 200  # joints that may have been moved by hand
PEAK_LIMITS, LINK_LIMITS = (0.02, 1.0), (0.0, 1.0)


def predictor(name: str = MODEL) -> "PosePredictor":
    """The machine of that name, loaded on first use."""
    from dlcv.pose.predictor import predictor

    return predictor(name)


runtime.preload(predictor, MODEL)
seen_pictures: "Keep[PoseMaps]" = Keep(PICTURES, "This picture is no longer remembered.")


# ---- a picture, once through the network


def tensor_of(picture: PIL.Image.Image | None) -> "torch.Tensor":
    """A visitor's picture, upright: (3, H, W) in [0, 1]."""
    import torch
    from PIL import ImageOps

    if picture is None:
        raise InputError("Choose a picture first: upload one, take one, or click an example.")
    pixels = np.array(ImageOps.exif_transpose(picture).convert("RGB"))
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


def shown(x: "torch.Tensor", seen: "PoseMaps", network: str) -> dict:
    """What the boards keep of a picture (3, H, W) in [0, 1] and of what a network says of it."""
    height, width = x.shape[1:]
    picture = PIL.Image.fromarray((x.permute(1, 2, 0) * 255).round().byte().numpy())
    picture.thumbnail((SHOWN, SHOWN))
    stages, _, h, w = seen.beliefs.shape
    return {
        "picture": draw.data_uri(picture, "JPEG"),
        "width": width,
        "height": height,
        "network": network,
        "joints": list(seen.joints),
        "limbs": [list(limb) for limb in seen.limbs],
        "maps": {
            "network": network,
            "stages": stages,
            "rows": h,
            "columns": w,
            "scale": seen.scale.tolist(),
            "centre": seen.centre,
            "values": _packed(seen),
        }
        | ({} if seen.votes is None else {"votes": _coded(seen.votes)}),
    }


def _packed(seen: "PoseMaps") -> str:
    """The maps for the wire: of each stage the belief maps, then x and y of each field; base64."""
    import torch

    return _coded(torch.cat([seen.beliefs, seen.fields.flatten(1, 2)], dim=1))


def _coded(maps: "torch.Tensor") -> str:
    return frame.coded((maps * FINE).round().clamp(-FINE, FINE), "i1")


def _decoded(text: object, *size: int) -> "torch.Tensor":
    """Maps from the wire, of that size; InputError where they are not."""
    import torch

    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) and len(text) <= LARGEST * 1.4 else b""
    except ValueError:
        data = b""
    if not data or len(data) != math.prod(size):
        raise InputError("These are not the maps of a picture: open the picture again.")
    return (torch.from_numpy(np.frombuffer(data, np.int8).copy()).float() / FINE).reshape(size)


def skeleton(network: str) -> dict:
    """Joints and limbs that a network knows, as `PoseMaps` wants them."""
    from dlcv.pose import published, skeleton

    if network == "published":
        return {"joints": tuple(skeleton.OPENPOSE), "limbs": published.LIMBS}
    return {"joints": tuple(skeleton.JOINTS), "limbs": skeleton.LIMBS}


def keep(query: dict) -> dict:
    """Remember the maps of a picture, as `shown` sent them: a name to ask about them by."""
    import torch

    from dlcv.pose.predictor import PoseMaps
    from dlcv.pose.skeleton import IN_COCO

    stages, rows, columns = (frame.whole(query.get(name), name, 1, 200) for name in ("stages", "rows", "columns"))
    scale, centre = frame.numbers(query, "scale", 2, 0.01, 1e5), frame.number(query, "centre", 0, 1)
    known = skeleton(frame.choice(query, "network", ["ours", "published"]))
    joints, limbs = len(known["joints"]), len(known["limbs"])
    maps = _decoded(query.get("values"), stages, joints + 2 * limbs, rows, columns)
    fields = maps[:, joints:].unflatten(1, (limbs, 2))
    votes = _decoded(query["votes"], len(IN_COCO), rows, columns) if "votes" in query else None
    seen = PoseMaps(maps[:, :joints], fields, torch.tensor(scale), centre=centre, votes=votes, **known)
    return {"token": seen_pictures.add(seen)}


# ---- everything after: no pass through the network


def parse(query: dict) -> tuple["PoseMaps", "Parsed"]:
    """The maps that a query names, and the people that its thresholds leave; InputError where it makes no sense."""
    from dlcv.pose.assembly import MATCHINGS
    from dlcv.pose.predictor import Moved, decode

    seen = seen_pictures.get(query.get("token"))
    rows = query.get("moved")
    if not isinstance(rows, list) or len(rows) > MOST_MOVED:
        raise InputError(f"'moved' must be a list of at most {MOST_MOVED} joints.")
    moved = []
    for row in rows:
        joint, number, x, y = frame.numbers({"moved": row}, "moved", 4, -1e5, 1e5)
        joint = frame.whole(joint, "joint", 0, len(seen.joints) - 1)
        moved.append(Moved(joint, frame.whole(number, "number", 0, 10_000), x, y))
    return seen, decode(
        seen,
        frame.whole(query.get("stage"), "stage", 0, len(seen.beliefs) - 1),
        frame.number(query, "peak", *PEAK_LIMITS),
        frame.number(query, "link", *LINK_LIMITS),
        frame.choice(query, "matching", MATCHINGS),
        tuple(moved),
        query.get("guess") is True,
    )


def people(query: dict) -> dict:
    """The people of a picture, and where their joints may be; this follows the sliders and the hand."""
    _, found = parse(query)
    return {
        "peaks": [[rounded(peak[:3]) for peak in of_joint] for of_joint in found.peaks],
        "people": [
            {
                "peaks": list(one.peaks),
                "score": round(one.score, 3),
                "vote": one.vote and round(one.vote, 3),
                "guesses": [peak and rounded(peak[:2]) for peak in one.guesses],
            }
            for one in found.people
        ],
    }


def pairs(query: dict) -> dict:
    """The candidate pairs of one limb, best first, and what the matching makes of each."""
    seen, found = parse(query)
    steps = found.steps[frame.whole(query.get("limb"), "limb", 0, len(seen.limbs) - 1)]
    return {
        "pairs": [
            {
                "first": link.first,
                "second": link.second,
                "affinity": round(link.affinity, 3),
                "agree": round(link.agree, 2),
                "verdict": verdict,
            }
            for link, verdict in steps[:PAIRS]
        ],
        "left_out": max(0, len(steps) - PAIRS),
    }


def keypoints(query: dict) -> dict:
    """The people of a picture in the layouts of OpenPose and of COCO."""
    from dlcv.pose import layouts

    seen, found = parse(query)
    return {"openpose": layouts.as_openpose(found, seen.joints), "coco": layouts.as_coco(found, seen.joints)}


def rounded(values) -> list[float]:
    """Numbers for the wire."""
    return [round(value, 2) for value in values]


# ---- a live camera


def watch(query: dict) -> dict:
    """The people of one picture of a camera: for each joint x and y as parts of the picture's width and height."""
    from dlcv.core.images.digits import decode_data_uri
    from dlcv.pose.predictor import decode

    x = tensor_of(decode_data_uri(query.get("frame")))
    peak, link = frame.number(query, "peak", *PEAK_LIMITS), frame.number(query, "link", *LINK_LIMITS)
    seen = predictor().predict(x, LIVE_SIDE)
    found = decode(seen, peak=peak, link=link)
    height, width = x.shape[1:]
    found_people = []
    for one in found.people:
        places = [
            None if number is None else [round(of_joint[number].x / width, 4), round(of_joint[number].y / height, 4)]
            for of_joint, number in zip(found.peaks, one.peaks)
        ]
        found_people.append({"places": places, "score": round(one.score, 3)})
    return {"people": found_people, "limbs": seen.limbs}
