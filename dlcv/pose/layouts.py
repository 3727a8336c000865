"""People as other programs read them: the layouts of OpenPose and of COCO."""

from .assembly import Assembled, Peak
from .skeleton import COCO, JOINTS, OPENPOSE


def keypoints(found: Assembled, names: list[str], joints: list[str]) -> list[list[Peak | None]]:
    """Of each person the joints of these names, found or guessed, in pixels; None where one is neither."""
    people = []
    for person in found.people:
        there = dict(zip(joints, person.guesses))
        there |= {
            joint: found.peaks[joints.index(joint)][number]
            for joint, number in zip(joints, person.peaks)
            if number is not None
        }
        people.append([there.get(name) for name in names])
    return people


def triple(peak: Peak | None) -> list[float]:
    """x, y and belief of a joint; three zeros where it is not there."""
    return [round(value, 3) for value in peak[:3]] if peak else [0.0, 0.0, 0.0]


def as_openpose(found: Assembled, joints: list[str] = JOINTS) -> dict:
    """As OpenPose writes them, with the 18 keypoints of its network for COCO."""
    people = keypoints(found, OPENPOSE, joints)
    return {
        "version": 1.3,
        "people": [{"person_id": [-1], "pose_keypoints_2d": sum(map(triple, one), [])} for one in people],
    }


def as_coco(found: Assembled, joints: list[str] = JOINTS, image: int = 0) -> list[dict]:
    """As results for COCO's keypoints: for each joint x, y and 2 where it was found, 1 where it was guessed, else 0;
    the score is the mean belief."""
    results = []
    for person, one in zip(found.people, keypoints(found, COCO, joints)):
        seen = {joint for joint, number in zip(joints, person.peaks) if number is not None}
        flat = []
        for name, peak in zip(COCO, one):
            flat += triple(peak)[:2] + [2 if name in seen else int(peak is not None)]
        results.append({"image_id": image, "category_id": 1, "keypoints": flat, "score": round(person.score, 4)})
    return results
