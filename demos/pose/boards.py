"""What the boards of the pose tab ask for: people in a picture that was seen once, and a live camera.

People who were read one by one, by MoveNet or by the pose machine, come with the picture; those whom the pose machine
finds at one look at the whole picture are decoded from its maps, as often as one likes.
"""

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from demos import frame
from demos.frame import pictures
from demos.frame.keep import Keep
from demos.frame.questions import Asked
from dlcv.core import runtime
from dlcv.core.errors import InputError
from dlcv.core.images import draw
from dlcv.pose import KEYPOINT, LINK, PEAK

if TYPE_CHECKING:
    import torch

    from dlcv.pose.assembly import Parsed
    from dlcv.pose.predictor import PoseMaps
    from dlcv.pose.topdown import Seen, TopDownPredictor

MODEL, THUNDER = "pose-people", "movenet-thunder"
MOVENET, CLOSER, MACHINE = "MoveNet", "Pose machine on boxes", "Pose machine"
LIVE_SIDE = 257  # pixels of the longer side of a camera's picture
LIVE_MOVENET = 256  # and of what MoveNet makes of it
SHOWN = 1280  # pixels of the longer side of a picture on the screen
MAP_SCALE = 16_384  # a board has a map as integers of 16 bits: this is 1
REMEMBERED = 64  # pictures, whose maps can be asked about
MAX_MAPS = 3_000_000  # values of the maps of one picture
MAX_PAIRS = 300  # candidate pairs of a limb that are shown
MAX_MOVED = 200  # joints that may have been moved by hand
MAX_PEOPLE = 60  # of a picture
KEYPOINTS = {"movenet": 17, "closer": 14}  # of a person, by who reads them
NO_MAPS = "These are not the maps of a picture: open the picture again."

Peak = frame.Slider("Belief of a joint, at least", 0.02, 1, step=0.01)
Link = frame.Slider("Affinity along a limb, at least", 0, 1, step=0.01)
Size = frame.Whole(1, 200)
Moves = Annotated[
    list[frame.Numbers(4, -1e5, 1e5)], Field(max_length=MAX_MOVED), Asked(f"a list of at most {MAX_MOVED} joints")
]

predictor = frame.model("dlcv.pose.predictor", MODEL)
remembered: "Keep[PoseMaps | Seen]" = Keep(REMEMBERED, "This picture is no longer remembered.")


def movenet() -> "TopDownPredictor":
    """NanoDet-Plus and MoveNet, loaded on first use."""
    from dlcv.pose import topdown

    return topdown.predictor()


runtime.preload(lambda _: movenet(), MOVENET)


# ---- a picture, once through the network


def seen_by(x: "torch.Tensor") -> "dict[str, Seen]":
    """The people of a picture, (3, H, W) in [0, 1], one by one in the boxes of NanoDet-Plus: as MoveNet reads them, and
    as the pose machine does."""
    from dlcv.pose import closer

    boxes = movenet().find(x)
    return {"movenet": movenet().predict(x, found=boxes), "closer": closer.predict(predictor(), x, boxes)}


def shown(x: "torch.Tensor", seen: "dict[str, Seen]", maps: "PoseMaps", network: str) -> dict:
    """The value of the boards for a picture (3, H, W) in [0, 1]: the picture, the people whom `seen_by` has, and the
    maps of a network, "ours" or "published"."""
    height, width = x.shape[1:]
    picture = pictures.image(x)
    picture.thumbnail((SHOWN, SHOWN))
    return {
        "picture": draw.data_uri(picture, "JPEG"),
        "width": width,
        "height": height,
        "network": network,
        "joints": list(maps.joints),
        "limbs": [list(limb) for limb in maps.limbs],
        "maps": coded_maps(maps, network),
        "top_down": {by: top_down(people) for by, people in seen.items()},
    }


def top_down(seen: "Seen") -> dict:
    """People who were read one by one, their limbs, and `seen` as `keep_seen` takes it."""
    from dlcv.pose import topdown
    from dlcv.pose.skeleton import COCO_LIMBS, COCO_WITH_NECK, LIMBS

    limbs = COCO_LIMBS if topdown.names_of(seen) is COCO_WITH_NECK else LIMBS
    people = {"keypoints": frame.rounded(seen.keypoints.flatten(1), 3), "scores": frame.rounded(seen.scores, 4)}
    return {"limbs": [list(limb) for limb in limbs], "seen": people | {"sure": seen.sure}}


def coded_maps(maps: "PoseMaps", network: str) -> dict:
    """Maps as `keep` takes them: of each stage the belief maps, then x and y of each field, as integers in base64."""
    import torch

    stages, _, rows, columns = maps.beliefs.shape
    value = {"network": network, "stages": stages, "rows": rows, "columns": columns, "centre": maps.centre}
    value |= {"scale": maps.scale.tolist()}
    value |= {"values": _coded(torch.cat([maps.beliefs, maps.fields.flatten(1, 2)], dim=1))}
    return value if maps.votes is None else value | {"votes": _coded(maps.votes)}


def _coded(maps: "torch.Tensor") -> str:
    return frame.coded((maps.clamp(-1.99, 1.99) * MAP_SCALE).round(), "<i2")


def _decoded(text: str, *size: int) -> "torch.Tensor":
    """Maps of that size; InputError where the text holds others."""
    import torch

    values = frame.decoded(text, "<i2", NO_MAPS, count=math.prod(size), most=MAX_MAPS)
    return (torch.from_numpy(values.copy()).float() / MAP_SCALE).reshape(size)


def skeleton(network: str) -> dict:
    """The joints and limbs of a network, as `PoseMaps` has them."""
    from dlcv.pose import skeleton

    if network == "published":
        return {"joints": tuple(skeleton.OPENPOSE), "limbs": skeleton.OPENPOSE_LIMBS}
    return {"joints": tuple(skeleton.JOINTS), "limbs": skeleton.LIMBS}


class Maps(frame.Query):
    """The maps of a picture, as `coded_maps` made them."""

    network: frame.Choice(["ours", "published"])
    stages: Size
    rows: Size
    columns: Size
    scale: frame.Numbers(2, 0.01, 1e5)
    centre: frame.Real(0, 1)
    values: frame.Text
    votes: frame.Text = ""


def keep(query: Maps) -> dict:
    """A name by which the maps of a picture can be asked about."""
    import torch

    from dlcv.pose.predictor import PoseMaps
    from dlcv.pose.skeleton import IN_COCO

    known = skeleton(query.network)
    joints, limbs, size = len(known["joints"]), len(known["limbs"]), (query.rows, query.columns)
    values = _decoded(query.values, query.stages, joints + 2 * limbs, *size)
    fields = values[:, joints:].unflatten(1, (limbs, 2))
    votes = _decoded(query.votes, len(IN_COCO), *size) if query.votes else None
    scale = torch.tensor(query.scale)
    maps = PoseMaps(values[:, :joints], fields, scale, centre=query.centre, votes=votes, **known)
    return {"token": remembered.add(maps)}


class SeenPeople(frame.Query):
    """People who were read one by one, as `top_down` has them."""

    by: frame.Choice(list(KEYPOINTS))
    keypoints: Annotated[
        list[list[frame.Real(-1e5, 1e5)]],
        Field(max_length=MAX_PEOPLE),
        Asked(f"a list of at most {MAX_PEOPLE} people"),
    ]
    scores: Annotated[list[frame.Real(0, 1)], Field(max_length=MAX_PEOPLE), Asked("a score for each person")]
    sure: frame.Real(0, 1)


def keep_seen(query: SeenPeople) -> dict:
    """A name by which people who were read one by one can be asked about."""
    import torch

    from dlcv.pose.topdown import Seen

    joints = KEYPOINTS[query.by]
    if len(query.keypoints) != len(query.scores) or any(len(person) != 3 * joints for person in query.keypoints):
        raise InputError(f"'keypoints' must have {3 * joints} numbers for each person, 'scores' one.")
    keypoints = torch.tensor(query.keypoints).reshape(-1, joints, 3)
    return {"token": remembered.add(Seen(keypoints, torch.tensor(query.scores), query.sure))}


# ---- everything after: no pass through the network


class Decoding(frame.Query):
    """How people are decoded from the maps of a picture."""

    token: frame.Text
    stage: frame.Whole(0, 200)
    peak: Peak = PEAK
    link: Link = LINK
    matching: frame.Choice(["greedy", "optimal"])
    moved: Moves
    guess: frame.Yes = False


class LimbDecoding(Decoding):
    """The same, for one limb."""

    limb: frame.Whole(0, 200)


def among(index: int, count: int, name: str) -> int:
    """The index; InputError where it is not below `count`."""
    if not 0 <= index < count:
        raise InputError(f"'{name}' must be a whole number from 0 to {count - 1}.")
    return index


def decoded(query: Decoding) -> tuple["PoseMaps | Seen", list[str], "Parsed"]:
    """What a query names, its joints, and the people in it."""
    from dlcv.pose import topdown
    from dlcv.pose.predictor import Moved, decode

    kept = remembered.get(query.token)
    seen = isinstance(kept, topdown.Seen)
    joints, moved = topdown.names_of(kept) if seen else list(kept.joints), []
    for joint, number, x, y in query.moved:
        if joint % 1 or number % 1 or number < 0:
            raise InputError("'moved' must name joints and peaks by whole numbers.")
        moved.append(Moved(among(int(joint), len(joints), "joint"), int(number), x, y))
    if seen:
        return kept, joints, topdown.parsed(kept, query.peak, tuple(moved), query.guess)
    stage = among(query.stage, len(kept.beliefs), "stage")
    return kept, joints, decode(kept, stage, query.peak, query.link, query.matching, tuple(moved), query.guess)


def people(query: Decoding) -> dict:
    """The people of a picture, and the peaks of all joints; this follows the sliders and the hand."""
    *_, found = decoded(query)
    return {
        "peaks": frame.rounded([[peak[:3] for peak in peaks] for peaks in found.peaks], 2),
        "people": [
            {
                "peaks": list(person.peaks),
                "score": round(person.score, 3),
                "vote": person.vote and round(person.vote, 3),
                "guesses": [guess and frame.rounded(guess[:2], 2) for guess in person.guesses],
            }
            for person in found.people
        ],
    }


def pairs(query: LimbDecoding) -> dict:
    """The candidate pairs of one limb, best first, and what the matching makes of each."""
    *_, found = decoded(query)
    steps = found.steps[among(query.limb, len(found.steps), "limb")]
    return {
        "pairs": [
            {
                "first": link.first,
                "second": link.second,
                "affinity": round(link.affinity, 3),
                "agree": round(link.agree, 2),
                "verdict": verdict,
            }
            for link, verdict in steps[:MAX_PAIRS]
        ],
        "left_out": max(0, len(steps) - MAX_PAIRS),
    }


def keypoints(query: Decoding) -> dict:
    """The people of a picture in the layouts of OpenPose and of COCO."""
    from dlcv.pose import layouts

    _, joints, found = decoded(query)
    return {"openpose": layouts.as_openpose(found, joints), "coco": layouts.as_coco(found, joints)}


# ---- a live camera


class Watched(frame.Query):
    """One picture of a camera, as a data URI."""

    frame: frame.Text
    peak: Peak
    link: Link
    network: frame.Choice([MOVENET, MACHINE]) = MACHINE


def watch(query: Watched) -> dict:
    """The people of one picture of a camera: for each joint x and y as parts of the picture's width and height."""
    from dlcv.core.images.digits import decode_data_uri
    from dlcv.pose import topdown
    from dlcv.pose.predictor import decode
    from dlcv.pose.skeleton import COCO_LIMBS

    x = pictures.tensor(decode_data_uri(query.frame))
    if query.network == MOVENET:
        found, limbs = topdown.parsed(movenet().glance(x, LIVE_MOVENET), KEYPOINT), COCO_LIMBS
    else:
        maps = predictor().predict(x, LIVE_SIDE)
        found, limbs = decode(maps, peak=query.peak, link=query.link), maps.limbs
    height, width = x.shape[1:]
    answer = []
    for person in found.people:
        places = [
            None if number is None else frame.rounded([peaks[number].x / width, peaks[number].y / height])
            for peaks, number in zip(found.peaks, person.peaks)
        ]
        answer.append({"places": places, "score": round(person.score, 3)})
    return {"people": answer, "limbs": limbs}
