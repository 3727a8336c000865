"""Score the pose machines that ship on pictures they never saw: python -m dlcv.pose.evaluate [--data DIR]

One person: the held-out pictures of Leeds Sports. Several people: held-out cut-outs pasted into photographs. Real
groups: the val2017 photographs of COCO, by the twelve joints that both sets share. Nobody: photographs without people.
"""

import argparse
import contextlib
import io
from collections.abc import Iterable, Iterator

import torch
from torchvision.transforms.v2 import functional as v2f

from ..core import weights
from ..core.datasets import coco, lspet, parse_with_data
from ..core.people import cutouts
from ..core.weights import scores
from .assembly import CHOSEN, Assembled
from .layouts import keypoints, triple
from .predictor import PosePredictor, people_of, strongest
from .skeleton import COCO, JOINTS, LIMBS

COMMAND = "python -m dlcv.pose.evaluate"
PCK_BAR, LIMBS_BAR, FOUND_BAR = 82.0, 90.0, 60.0
PART = 0.2  # of the torso: how far a joint may be from the truth
SCENES, FIRST_SEED, SCENE_SIDE, CROWD, HEIGHTS = 200, 1_000_000, 193, 8, (0.25, 1.0)  # of the made test pictures
NEAR = 10.0  # pixels of such a picture from a true joint
SHARED = [name for name in COCO if name in JOINTS]
PAPER = "Wei et al. 2016, on Leeds Sports, whose poses are easier"
POSENET = "PoseNet's published weights, same photographs"


def right_joints(found: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Which of the joints (..., 14, 2) are within a part of the torso of the truth (14, 3); NaN where not marked.

    The torso reaches from the left shoulder to the right hip (Percentage of Correct Keypoints, PCK).
    """
    torso = (truth[JOINTS.index("left shoulder"), :2] - truth[JOINTS.index("right hip"), :2]).norm()
    right = ((found - truth[:, :2]).norm(dim=-1) <= PART * torso).float()
    return right.masked_fill(truth[:, 2] <= 0, torch.nan)


def pck_rows(predictor: PosePredictor, samples: list[tuple[torch.Tensor, torch.Tensor]]) -> list[dict]:
    """The rows of single people: of every stage, and of every joint at the last one."""
    right = []
    for picture, truth in samples:
        if truth[[JOINTS.index("left shoulder"), JOINTS.index("right hip")], 2].min() <= 0:
            continue  # no torso to measure by
        seen = predictor.look(picture.float() / 255)
        stages = torch.stack([strongest(seen, stage)[:, :2] for stage in range(len(seen.beliefs))])
        right.append(right_joints(stages, truth))
    right = 100 * torch.stack(right)  # (pictures, stages, joints)
    about = {"metric": "pck_0.2", "unit": "%", "better": "higher"}
    test = f"Leeds Sports Extended, {len(right)} held out"
    of_stages = [round(right[:, stage].nanmean().item(), 1) for stage in range(right.shape[1])]
    of_joints = right[:, -1].nanmean(0).tolist()
    whole = {"data": test, "value": of_stages[-1], "bar": PCK_BAR, "paper": 84.3, "paper_source": PAPER}
    return [
        about | whole,
        *(about | {"data": f"stage {stage}", "value": value} for stage, value in enumerate(of_stages, 1)),
        *(about | {"data": name, "value": round(value, 1)} for name, value in zip(JOINTS, of_joints)),
    ]


def joined(found: Assembled, truth: torch.Tensor) -> tuple[int, int, int, int]:
    """Of the limbs that were found with both ends on true joints of people (N, 14, 3): how many, and how many of them
    join what is of one person. Of the true limbs whose ends can both be seen: how many, and how many were found."""
    ends_on_joints = same = there = 0
    hit = set()
    for limb, (first, second) in enumerate(LIMBS):
        there += int(((truth[:, first, 2] == 2) & (truth[:, second, 2] == 2)).sum())
        for link in (step.link for step in found.steps[limb] if step.verdict == CHOSEN):
            owners = []
            for joint, number in ((first, link.first), (second, link.second)):
                far = (truth[:, joint, :2] - torch.tensor(found.peaks[joint][number][:2])).norm(dim=1)
                far = far.masked_fill(truth[:, joint, 2] <= 0, torch.inf)
                owners.append({person for person, distance in enumerate(far.tolist()) if distance <= NEAR})
            if all(owners):
                ends_on_joints += 1
                both = owners[0] & owners[1]
                same += bool(both)
                hit |= {(limb, person) for person in both if truth[person, first, 2] == truth[person, second, 2] == 2}
    return ends_on_joints, same, there, len(hit)


def made_scenes() -> Iterator[cutouts.Scene]:
    """Held-out people, cut out and pasted into photographs: one to eight at all sizes."""
    people, backgrounds = cutouts.people("test"), cutouts.backgrounds("test")
    generator = torch.Generator()

    def any_below(count: int) -> int:
        return torch.randint(count, (), generator=generator).item()

    for seed in range(FIRST_SEED, FIRST_SEED + SCENES):
        generator.manual_seed(seed)
        chosen = [people[any_below(len(people))] for _ in range(1 + any_below(CROWD))]
        photograph = backgrounds[any_below(len(backgrounds))]
        side = min(photograph.shape[1:])
        top, left = (any_below(length - side + 1) for length in photograph.shape[1:])
        square = v2f.resized_crop(photograph, top, left, side, side, [SCENE_SIDE, SCENE_SIDE], antialias=True)
        yield cutouts.compose(square, chosen, generator, HEIGHTS)


def mosaic_rows(predictor: PosePredictor, scenes: Iterable[cutouts.Scene]) -> list[dict]:
    """The rows of made pictures of one to eight people."""
    counts = torch.zeros(4)
    for scene in scenes:
        found = people_of(predictor.look(scene.picture.float() / 255))
        counts += torch.tensor(joined(found, scene.joints))
    ends, same, there, hit = counts.tolist()
    made = f"{SCENES} made pictures of 1 to {CROWD} held-out people"
    about = {"unit": "%", "better": "higher"}
    share = {"metric": "limbs_joined", "data": f"{made}, limbs found", "value": round(100 * same / max(ends, 1), 1)}
    recall = {"metric": "limbs_found", "data": f"{made}, limbs in view", "value": round(100 * hit / there, 1)}
    return [about | share | {"bar": LIMBS_BAR}, about | recall]


def coco_rows(predictor: PosePredictor) -> list[dict]:
    """The rows of real groups, by the rules of COCO for the shared joints: OKS, and who is found at 0.5 of it."""
    from pycocotools.coco import COCO as Annotations
    from pycocotools.cocoeval import COCOeval

    images, truth, results = [], [], []
    numbers = [COCO.index(name) for name in SHARED]
    for image, (picture, _, people) in enumerate(coco.load("val")):
        images.append({"id": image, "width": picture.shape[2], "height": picture.shape[1]})
        for person in people:
            marked = [person["keypoints"][3 * number : 3 * number + 3] for number in numbers]
            known = {"num_keypoints": sum(joint[2] > 0 for joint in marked), "keypoints": sum(marked, [])}
            truth.append(person | known | {"id": len(truth) + 1, "image_id": image})
        found = people_of(predictor.look(picture.float() / 255), guess=True)  # all joints, as PoseNet's decoder has it
        for person, joints in zip(found.people, keypoints(found, SHARED, JOINTS)):
            flat = [value for joint in joints for value in triple(joint)]
            results.append({"image_id": image, "category_id": coco.PERSON, "keypoints": flat, "score": person.score})
    with contextlib.redirect_stdout(io.StringIO()):
        annotations = Annotations()
        categories = [{"id": coco.PERSON, "name": "person"}]
        annotations.dataset = {"info": {}, "images": images, "annotations": truth, "categories": categories}
        annotations.createIndex()
        judge = COCOeval(annotations, annotations.loadRes(results), "keypoints") if results else None
        if judge:
            judge.params.kpt_oks_sigmas = judge.params.kpt_oks_sigmas[numbers]
            judge.evaluate()
            judge.accumulate()
    precision, recall = (judge.eval[what] if judge else None for what in ("precision", "recall"))
    ap = 100 * float(precision[:, :, 0, 0, 0].mean()) if judge else 0.0
    large = 100 * float(recall[0, 0, 2, 0]) if judge else 0.0  # at OKS 0.5, of those over 96 x 96 pixels
    about = {"unit": "%", "better": "higher"}
    set_of = f"{len(images)} photographs of COCO val2017"
    return [
        about
        | {"metric": "oks_found", "data": f"{set_of}, people over 96 × 96 pixels", "value": round(large, 1)}
        | {"bar": FOUND_BAR, "paper": 70.0, "paper_source": POSENET},
        about | {"metric": "oks_ap", "data": f"{set_of}, all people", "value": round(ap, 1)},
    ]


def ghost_row(predictor: PosePredictor, photographs: list[torch.Tensor]) -> dict:
    """In how many photographs without people somebody is found."""
    ghosts = [bool(people_of(predictor.look(photograph.float() / 255)).people) for photograph in photographs]
    share = round(100 * sum(ghosts) / len(ghosts), 1)
    data = f"{len(ghosts)} photographs in which a teacher sees nobody"
    return {"metric": "ghosts", "unit": "%", "better": "lower", "data": data, "value": share}


def main() -> None:
    """Score what ships, print the table, write it beside the weights; exit with 1 where a bar is missed."""
    parse_with_data(argparse.ArgumentParser(description=__doc__))
    samples, scenes = lspet.load("test"), list(made_scenes())
    nobody = cutouts.backgrounds("test")
    found = {}
    for name in weights.names("pose"):
        predictor = PosePredictor(name)
        found[name] = [
            *pck_rows(predictor, samples),
            *mosaic_rows(predictor, scenes),
            *coco_rows(predictor),
            ghost_row(predictor, nobody),
        ]
    scores.report(found, COMMAND)


if __name__ == "__main__":
    main()
