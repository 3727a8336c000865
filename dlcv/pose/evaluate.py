"""Score the pose machines that ship on pictures they never saw: python -m dlcv.pose.evaluate [--data DIR]

One person: the held-out pictures of Leeds Sports. Several people: held-out cut-outs pasted into photographs. Real
groups: the val2017 photographs of COCO, by the twelve joints that both sets share. Nobody: photographs without people.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator

import torch
from torchvision.transforms.v2 import functional as v2f

from ..core.datasets import coco, lspet, parse_with_data
from ..core.people import cutouts
from ..core.training.coco_eval import precision_and_recall
from ..core.weights import scores
from ..core.weights.scores import Metric
from . import closer, topdown
from .assembly import CHOSEN, Parsed, Peak
from .layouts import keypoints, triple
from .predictor import PosePredictor, decode, strongest_joints
from .skeleton import COCO, JOINTS, LIMBS

COMMAND = "python -m dlcv.pose.evaluate"
PCK = Metric("pck_0.2", "PCK at 0.2 of the torso", "%", "higher")
LIMBS_JOINED = Metric("limbs_joined", "Limbs joined to the right person", "%", "higher")
LIMBS_FOUND = Metric("limbs_found", "Recall of limbs in view", "%", "higher")
OKS_FOUND = Metric("oks_found", "Recall of people at OKS 0.5", "%", "higher")
OKS_AP = Metric("oks_ap", "Average precision by OKS", "%", "higher")
GHOSTS = Metric("ghosts", "Pictures without people in which one is found", "%", "lower")
PCK_BAR, LIMBS_BAR, FOUND_BAR, AP_BAR, GHOSTS_BAR = 68.0, 97.0, 72.0, 32.0, 4.0
MACHINE = "pose-people"
CLOSER, WHOLE = ", one by one on boxes of NanoDet-Plus", ", all at one look"
TORSO = [JOINTS.index("left shoulder"), JOINTS.index("right hip")]
TOLERANCE = 0.2  # of the torso: how far a joint may be from the truth
SCENES, FIRST_SEED, SCENE_SIDE, CROWD, HEIGHTS = 200, 1_000_000, 193, 8, (0.25, 1.0)  # of the made test pictures
NEAR = 10.0  # pixels of such a picture from a true joint
SHARED = [name for name in COCO if name in JOINTS]
PAPER = {"paper": 84.3, "paper_source": "Wei et al. 2016", "paper_data": "Leeds Sports, whose poses are easier"}
POSENET = "PoseNet's published weights, same photographs"


def right_joints(found: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Percentage of Correct Keypoints, for each: 1 where a joint (..., 14, 2) is within 0.2 of the torso of the truth
    (14, 3), else 0; NaN where it is not annotated.

    The torso reaches from the left shoulder to the right hip.
    """
    torso = (truth[TORSO[0], :2] - truth[TORSO[1], :2]).norm()
    right = ((found - truth[:, :2]).norm(dim=-1) <= TOLERANCE * torso).float()
    return right.masked_fill(truth[:, 2] <= 0, torch.nan)


def pck_rows(predictor: PosePredictor, samples: list[tuple[torch.Tensor, torch.Tensor]]) -> list[dict]:
    """PCK of single people: at every stage, and for every joint at the last one."""
    right = []
    for picture, truth in samples:
        if truth[TORSO, 2].min() <= 0:
            continue  # no torso to measure by
        maps = predictor.predict(picture.float() / 255)
        stages = torch.stack([strongest_joints(maps, stage)[:, :2] for stage in range(len(maps.beliefs))])
        right.append(right_joints(stages, truth))
    right = 100 * torch.stack(right)  # (pictures, stages, joints)
    test = f"Leeds Sports Extended, {len(right)} held out"
    of_stages = [round(right[:, stage].nanmean().item(), 1) for stage in range(right.shape[1])]
    of_joints = right[:, -1].nanmean(0).tolist()
    return [
        PCK.row(test, of_stages[-1], bar=PCK_BAR, **PAPER, headline=True),
        *(PCK.row(f"stage {stage}", value) for stage, value in enumerate(of_stages, 1)),
        *(PCK.row(name, round(value, 1)) for name, value in zip(JOINTS, of_joints)),
    ]


def joined(found: Parsed, truth: torch.Tensor) -> tuple[int, int, int, int]:
    """Counts of limbs, by the true joints (N, 14, 3) of N people: found with both ends on true joints; of these, found
    on one person; true with both ends visible; of these, found."""
    ends_on_joints = same = visible = 0
    hit = set()
    for limb, (first, second) in enumerate(LIMBS):
        visible += int(((truth[:, first, 2] == 2) & (truth[:, second, 2] == 2)).sum())
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
    return ends_on_joints, same, visible, len(hit)


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
    """Precision and recall of limbs in made pictures of one to eight people."""
    counts = torch.zeros(4)
    for scene in scenes:
        found = decode(predictor.predict(scene.picture.float() / 255))
        counts += torch.tensor(joined(found, scene.joints))
    ends, same, visible, hit = counts.tolist()
    made = f"{SCENES} made pictures of 1 to {CROWD} held-out people"
    return [
        LIMBS_JOINED.row(f"{made}, limbs found", round(100 * same / max(ends, 1), 1), bar=LIMBS_BAR),
        LIMBS_FOUND.row(f"{made}, limbs in view", round(100 * hit / visible, 1)),
    ]


People = Callable[[torch.Tensor], list[tuple[list[Peak | None], float]]]
"""The people of a picture (3, H, W) in [0, 1] with the joints SHARED, hidden ones guessed, and a score for each."""


def by_machine(predictor: PosePredictor) -> People:
    """People by a pose machine, all joints of each guessed, as PoseNet's decoder has it."""

    def people(picture):
        found = decode(predictor.predict(picture), guess=True)
        return list(zip(keypoints(found, SHARED, JOINTS), [person.score for person in found.people]))

    return people


def top_down(predictor: topdown.TopDownPredictor, sure: float | None = 0.0) -> People:
    """People by the two published networks; for a curve of precision and recall, whoever they may be. None shows those
    who are sure enough for the screen."""
    return lambda picture: of_seen(predictor.predict(picture, topdown.SURE if sure is None else sure), sure)


def one_by_one(machine: PosePredictor, boxes: topdown.TopDownPredictor, sure: float | None = 0.0) -> People:
    """The same by a pose machine that looks closer at each box of a person."""
    return lambda picture: of_seen(closer.predict(machine, picture, boxes.find(picture)), sure)


def of_seen(seen: topdown.Seen, sure: float | None) -> list[tuple[list[Peak | None], float]]:
    """The people who were seen and are surer than that, as `People` gives them."""
    found = topdown.parsed(seen if sure is None else seen._replace(sure=sure), guess=True)
    joints = keypoints(found, SHARED, topdown.names_of(seen))
    return list(zip(joints, [person.score for person in found.people]))


def coco_rows(people_of: People, how: str = "", ap: dict | None = None, **theirs) -> list[dict]:
    """AP by OKS of real groups, with the joints that COCO and Leeds Sports share, and the recall at OKS 0.5, with what
    `Metric.row` takes beside them; `how` they were found joins the data's name."""
    from pycocotools.cocoeval import Params

    images, truth, results = [], [], []
    numbers = [COCO.index(name) for name in SHARED]
    for image, (picture, _, people) in enumerate(coco.load("val")):
        images.append({"id": image, "width": picture.shape[2], "height": picture.shape[1]})
        for person in people:
            marked = [person["keypoints"][3 * number : 3 * number + 3] for number in numbers]
            known = {"num_keypoints": sum(joint[2] > 0 for joint in marked), "keypoints": sum(marked, [])}
            truth.append(person | known | {"image_id": image})
        for joints, score in people_of(picture.float() / 255):
            flat = [value for joint in joints for value in triple(joint)]
            results.append({"image_id": image, "category_id": coco.PERSON, "keypoints": flat, "score": score})
    categories = [{"id": coco.PERSON, "name": "person"}]
    sigmas = Params("keypoints").kpt_oks_sigmas[numbers]
    precision, recall = precision_and_recall(images, categories, truth, results, "keypoints", kpt_oks_sigmas=sigmas)
    value = 100 * float(precision[:, :, 0, 0, 0].mean())
    large = 100 * float(recall[0, 0, 2, 0])  # at OKS 0.5, of people over 96 x 96 pixels
    set_of = f"{len(images)} photographs of COCO val2017"
    over = f"{set_of}, people over 96 × 96 pixels"
    return [
        OKS_FOUND.row(f"{over}{how}", round(large, 1), **theirs),
        OKS_AP.row(f"{set_of}, all people{how}", round(value, 1), **ap or {}),
    ]


def ghost_row(people_of: People, photographs: list[torch.Tensor], how: str = "", **more) -> dict:
    """The share of photographs without people in which somebody is found."""
    ghosts = [bool(people_of(photograph.float() / 255)) for photograph in photographs]
    share = round(100 * sum(ghosts) / len(ghosts), 1)
    data = f"{len(ghosts)} photographs in which a teacher sees nobody{how}"
    return GHOSTS.row(data, share, **more)


def main() -> None:
    """Score what ships, print the table, write it beside the weights; exit with 1 where a bar is missed."""
    parse_with_data(argparse.ArgumentParser(description=__doc__))
    samples, scenes = lspet.load("test"), list(made_scenes())
    nobody = cutouts.backgrounds("test")
    machine, networks = PosePredictor(MACHINE), topdown.TopDownPredictor()
    posenet = {"paper": 70.0, "paper_source": POSENET}
    found = {
        MACHINE: [
            *pck_rows(machine, samples),
            *mosaic_rows(machine, scenes),
            *coco_rows(one_by_one(machine, networks), CLOSER, {"bar": AP_BAR, "headline": True}, bar=FOUND_BAR),
            ghost_row(one_by_one(machine, networks, None), nobody, CLOSER, bar=GHOSTS_BAR),
            *coco_rows(by_machine(machine), WHOLE, **posenet),
            ghost_row(by_machine(machine), nobody, WHOLE, bar=GHOSTS_BAR),
        ],
        topdown.NETWORK: [
            *coco_rows(top_down(networks)),
            ghost_row(top_down(networks, None), nobody),
        ],
    }
    if missed := scores.report(found, COMMAND):
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
