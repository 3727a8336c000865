"""People as other programs read them: the layouts of OpenPose and of COCO."""

from .assembly import Parsed, Peak
from .skeleton import COCO, JOINTS, OPENPOSE


def keypoints(found: Parsed, names: list[str], joints: list[str]) -> list[list[Peak | None]]:
    """For each person the joints of these names, found or guessed, in pixels; None where a joint is neither."""
    people = []
    for person in found.people:
        known = dict(zip(joints, person.guesses))
        known |= {
            joint: found.peaks[joints.index(joint)][number]
            for joint, number in zip(joints, person.peaks)
            if number is not None
        }
        people.append([known.get(name) for name in names])
    return people


def triple(peak: Peak | None) -> list[float]:
    """x, y and belief of a joint; three zeros where it is missing."""
    return [round(value, 3) for value in peak[:3]] if peak else [0.0, 0.0, 0.0]


def as_openpose(found: Parsed, joints: list[str] = JOINTS) -> dict:
    """OpenPose's output for the people, with the 18 keypoints of its network for COCO."""
    people = keypoints(found, OPENPOSE, joints)
    return {
        "version": 1.3,
        "people": [{"person_id": [-1], "pose_keypoints_2d": sum(map(triple, peaks), [])} for peaks in people],
    }


def as_coco(found: Parsed, joints: list[str] = JOINTS, image: int = 0) -> list[dict]:
    """Results in COCO's format: x, y and 2 for a joint that was found, 1 for a guess, 0 for neither; the score is the
    mean belief."""
    results = []
    for person, peaks in zip(found.people, keypoints(found, COCO, joints)):
        certain = {joint for joint, number in zip(joints, person.peaks) if number is not None}
        flat = []
        for name, peak in zip(COCO, peaks):
            flat += triple(peak)[:2] + [2 if name in certain else int(peak is not None)]
        results.append({"image_id": image, "category_id": 1, "keypoints": flat, "score": round(person.score, 4)})
    return results
