"""People as other programs read them: the layouts of OpenPose and of COCO."""

from .assembly import Assembled
from .skeleton import COCO, JOINTS, OPENPOSE


def keypoints(found: Assembled, names: list[str], joints: list[str]) -> list[list[tuple[float, float, float]]]:
    """Of each person the joints of these names as x, y in pixels and belief, three zeros where one is not there."""
    people = []
    for person in found.people:
        numbers = {joint: number for joint, number in zip(joints, person.peaks) if number is not None}
        there = {joint: found.peaks[joints.index(joint)][number] for joint, number in numbers.items()}
        people.append([tuple(round(value, 3) for value in there.get(name, (0.0, 0.0, 0.0))[:3]) for name in names])
    return people


def as_openpose(found: Assembled, joints: list[str] = JOINTS) -> dict:
    """As OpenPose writes them, with the 18 keypoints of its network for COCO."""
    people = keypoints(found, OPENPOSE, joints)
    return {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": sum(one, ())} for one in people]}


def as_coco(found: Assembled, joints: list[str] = JOINTS, image: int = 0) -> list[dict]:
    """As results for COCO's keypoints: for each joint x, y and 1 where it was found; the score is the mean belief."""
    people = keypoints(found, COCO, joints)
    return [
        {
            "image_id": image,
            "category_id": 1,
            "keypoints": [value for x, y, belief in one for value in (x, y, int(belief > 0))],
            "score": round(person.score, 4),
        }
        for person, one in zip(found.people, people)
    ]
