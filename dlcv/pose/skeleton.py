"""The joints and limbs of a person: as Leeds Sports marks them, and as OpenPose's network has them."""

from ..core.datasets.keypoints import COCO as COCO
from ..core.datasets.keypoints import JOINTS as JOINTS

BODY = (
    ("neck", "right shoulder"),
    ("right shoulder", "right elbow"),
    ("right elbow", "right wrist"),
    ("neck", "left shoulder"),
    ("left shoulder", "left elbow"),
    ("left elbow", "left wrist"),
    ("neck", "right hip"),
    ("right hip", "right knee"),
    ("right knee", "right ankle"),
    ("neck", "left hip"),
    ("left hip", "left knee"),
    ("left knee", "left ankle"),
)
FACE = (
    ("neck", "nose"),
    ("nose", "right eye"),
    ("right eye", "right ear"),
    ("nose", "left eye"),
    ("left eye", "left ear"),
    ("right shoulder", "right ear"),
    ("left shoulder", "left ear"),
)


def limbs(joints: list[str], *pairs: tuple[str, str]) -> tuple[tuple[int, int], ...]:
    """Pairs of indices into `joints`, of pairs of names."""
    return tuple((joints.index(first), joints.index(second)) for first, second in pairs)


LIMBS = limbs(JOINTS, ("neck", "head top"), *BODY)
"""Pairs of joints, a tree from the neck: the first joint of each pair is the neck, or the second of an earlier pair."""

IN_COCO = [COCO.index(name) for name in JOINTS[:12]]
"""Which of the keypoints of COCO the first twelve of `JOINTS` are."""

OPENPOSE = (
    "nose, neck, right shoulder, right elbow, right wrist, left shoulder, left elbow, left wrist, right hip,"
    " right knee, right ankle, left hip, left knee, left ankle, right eye, left eye, right ear, left ear"
).split(", ")
"""The keypoints of OpenPose's network for COCO in their order."""

OPENPOSE_LIMBS = limbs(OPENPOSE, *BODY, *FACE)
"""Pairs of those keypoints; the last two close loops of the tree."""

COCO_WITH_NECK = [*COCO, "neck"]
"""The keypoints of COCO, and the middle of the shoulders."""

COCO_LIMBS = limbs(COCO_WITH_NECK, *BODY, *FACE[:-2])
"""Pairs of those."""
