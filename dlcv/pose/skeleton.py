"""The joints and limbs of a person, as Leeds Sports marks them."""

from ..core.datasets.keypoints import COCO as COCO
from ..core.datasets.keypoints import JOINTS as JOINTS

LIMBS = tuple(
    (JOINTS.index(one), JOINTS.index(other))
    for one, other in (
        ("neck", "head top"),
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
)
"""Pairs of joints, a tree that grows from the neck: the first of each pair stands in an earlier one, or is the neck."""

IN_COCO = [COCO.index(name) for name in JOINTS[:12]]
"""Which of the keypoints of COCO the first twelve of `JOINTS` are."""

OPENPOSE = (
    "nose, neck, right shoulder, right elbow, right wrist, left shoulder, left elbow, left wrist, right hip,"
    " right knee, right ankle, left hip, left knee, left ankle, right eye, left eye, right ear, left ear"
).split(", ")
"""The keypoints of OpenPose's network for COCO in their order."""
