"""Train the pose machines that ship: python -m dlcv.pose.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]

Leeds Sports marks one person a picture. Here its people, cut out, are pasted into other photographs, one to eight at
all sizes, so that the machine learns to tell several apart. A few photographs of COCO show real groups, with twelve of
the fourteen joints.
"""

import functools
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.utils.data import ConcatDataset, Dataset
from torchvision import tv_tensors
from torchvision.ops import masks_to_boxes
from torchvision.transforms import v2

from .. import cutouts, weights
from ..datasets import Varied, coco, lspet
from ..training import Recipe, command_line, fit, passport_recipe
from . import loss as objectives
from . import targets
from .model import STRIDE, PoseConfig, PoseMachine
from .skeleton import COCO, JOINTS, LIMBS

CONFIGS = {"pose-people": PoseConfig(), "pose-people-large": PoseConfig(stages=6, width=160)}
SIDE, CLOSE_SIDE = 193, 257  # pixels of the pictures that are learned from, and in the last three parts of the training
SCENES, CROWD = 3000, 8  # made pictures an epoch, and people in one at most
NEAR_SCENES, FEW, NEAR = 1500, 4, 0.45  # the same for the second part of the training, and the least height there
NEAR_EPOCHS = 0.56  # of the epochs of the first part
REAL, NEAR_REAL, CLOSE_REAL, LAST_REAL = 5, 14, 14, 28  # times that each person of COCO is shown an epoch, in each part
CLOSE_SCENES, CLOSE_EPOCHS, CLOSE_RATE = 800, 5, 5e-4  # of the third part, where a joint's place is learned finely
ZOOM_EPOCHS, ZOOM_RATE = 6, 7e-4  # of the last two parts, where of some people only a part is in the picture
SMALLEST = 96  # pixels of the part of the photograph around, at least
LICENCE = "cc-by-nc-sa-4.0"  # the photographs are for research only


def recipes(small: int, large: int, **settings) -> dict[str, Recipe]:
    """Epochs of each machine, and what else is not as usual."""
    usual = replace(Recipe(batch_size=16, learning_rate=1e-3, weight_decay=0.01, clip=10.0, average=0.998), **settings)
    return {"pose-people": replace(usual, epochs=small), "pose-people-large": replace(usual, epochs=large)}


PRESETS = {"cpu": recipes(small=5, large=2), "gpu": recipes(small=25, large=25, batch_size=32, workers=12)}


def resized(picture: torch.Tensor, side: int) -> torch.Tensor:
    """A square picture (3, s, s) as (3, side, side)."""
    return v2.functional.resize(picture, [side, side], antialias=True)


class MadeScenes(Dataset):
    """Cut-out people in photographs: picture, joints (people, 14, 3), and a map (H, W) of the people."""

    def __init__(self, count: int, split: str = "train", crowd: int = CROWD, smallest: float = 0.25, side: int = SIDE):
        self.count, self.crowd, self.heights = count, crowd, (smallest, 1.0)  # of people, as parts of the picture's
        self.side = side
        self.people, self.backgrounds = cutouts.people(split), cutouts.backgrounds(split)

    def __len__(self):
        return self.count

    def __getitem__(self, seed: int):
        generator = torch.Generator().manual_seed(seed)

        def any_below(count: int) -> int:
            return torch.randint(count, (), generator=generator).item()

        chosen = [self.people[any_below(len(self.people))] for _ in range(1 + any_below(self.crowd))]
        photograph = self.backgrounds[any_below(len(self.backgrounds))]
        side = min(photograph.shape[1:])
        top, left = (any_below(length - side + 1) for length in photograph.shape[1:])
        background = resized(photograph[:, top : top + side, left : left + side], self.side)
        scene = cutouts.compose(background, chosen, generator, self.heights)
        return scene.picture, scene.joints, scene.instances


class OnePerson(Dataset):
    """The pictures of Leeds Sports as they are, in the middle of grey, in the same form as `MadeScenes`."""

    def __init__(self, side: int = SIDE):
        self.side, self.samples = side, lspet.load("train")

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index: int):
        picture, joints = self.samples[index]
        height, width = picture.shape[1:]
        longest = max(height, width)
        left, top = (longest - width) // 2, (longest - height) // 2
        canvas = torch.full((3, longest, longest), 128, dtype=torch.uint8)
        canvas[:, top : top + height, left : left + width] = picture
        where = ((joints[:, :2] + torch.tensor([left, top]) + 0.5) * self.side / longest) - 0.5
        marked = torch.where(joints[:, 2:] > 0, 2, -1)
        person = torch.ones(self.side, self.side, dtype=torch.int64)
        return resized(canvas, self.side), torch.cat([where, marked], dim=1)[None], person


def real_people(split: str) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Photographs of COCO in the form of `MadeScenes`. Of a crowd, and of neck and head top, nothing is known."""
    found = []
    numbers = [COCO.index(name) for name in JOINTS[:12]]
    for picture, _, people in coco.load(split):
        instances = torch.zeros(picture.shape[1:], dtype=torch.int64)
        joints = torch.full((len(people), len(JOINTS), 3), -1.0)
        people = sorted(people, key=lambda person: -person["area"])
        for number, person in enumerate(people, 1):
            instances[coco.mask_of(person, *picture.shape[1:])] = number
            keypoints = torch.tensor(person["keypoints"]).float().unflatten(0, (17, 3))[numbers]
            keypoints[keypoints[:, 2] == 0, 2] = -1
            joints[number - 1, :12] = keypoints
        found.append((picture, joints, instances))
    return found


class RealPeople(Dataset):
    """Squares of photographs of COCO: around each person with a joint, and of each photograph without one."""

    def __init__(self, times: int, side: int = SIDE):
        self.times, self.side, self.samples = times, side, real_people("train")
        self.places = []  # number of the photograph, and the box of a person in it
        for number, (picture, joints, instances) in enumerate(self.samples):
            marked = 1 + (joints[:, :, 2] > 0).any(1).nonzero()[:, 0]
            seen = marked[torch.isin(marked, instances)]  # the others are hidden
            whole = torch.tensor([[0.0, 0, picture.shape[2], picture.shape[1]]])
            boxes = masks_to_boxes(instances == seen[:, None, None]) if len(seen) else whole
            self.places += [(number, box, len(seen) > 0) for box in boxes]

    def __len__(self):
        return self.times * len(self.places)

    def __getitem__(self, seed: int):
        generator = torch.Generator().manual_seed(seed)
        number, box, is_person = self.places[seed % len(self.places)]
        picture, joints, instances = self.samples[number]
        side, middle = (box[2:] - box[:2]).max().item(), (box[2:] + box[:2]) / 2
        if is_person:
            side = max(SMALLEST, side * (0.8 + 2 * torch.rand((), generator=generator).item()))
        left, top = (middle - side / 2).round().int().tolist()
        square = top, left, round(side), round(side)
        scaled = (joints[..., :2] - torch.tensor([left, top]) + 0.5) * self.side / round(side) - 0.5
        seen = v2.functional.crop(instances[None], *square)
        seen = v2.functional.resize(seen, [self.side, self.side], v2.InterpolationMode.NEAREST)[0]
        picture = resized(v2.functional.crop(picture, *square), self.side)
        return picture, torch.cat([scaled, joints[..., 2:]], dim=-1), seen


LIGHT = v2.Compose([v2.ColorJitter(0.3, 0.3, 0.3), v2.RandomGrayscale(0.1)])
FILL = {tv_tensors.Image: 128, "others": 0}
MOVE = v2.RandomAffine(40, (0.08, 0.08), (0.75, 1.15), interpolation=v2.InterpolationMode.BILINEAR, fill=FILL)
ZOOM = v2.RandomAffine(20, (0.25, 0.25), (1.2, 2.0), interpolation=v2.InterpolationMode.BILINEAR, fill=FILL)
MOVE_OR_ZOOM = v2.RandomChoice([MOVE, ZOOM], p=[0.7, 0.3])
MIRRORED = [cutouts.JOINT_PAIRS.get(joint, joint) for joint in range(len(JOINTS))]


def outside_marked(joints: torch.Tensor, side: int) -> torch.Tensor:
    """Joints (N, 14, 3), those not in the picture marked so; on its border are those that torchvision moved there."""
    inside = ((joints[..., :2] > 0) & (joints[..., :2] < side - 1)).all(-1, keepdim=True)
    return torch.cat([joints[..., :2], torch.where(inside, joints[..., 2:], joints[..., 2:].clamp_max(0))], dim=-1)


def varied(
    sample: tuple[torch.Tensor, ...], move: v2.Transform = MOVE
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A picture, its joints and its map: in other light, turned, at another scale, and half of them mirrored."""
    picture, joints, instances = sample
    side = len(instances)
    if torch.rand(()) < 0.5:
        picture, instances = picture.flip(2), instances.flip(1)
        joints = (joints * torch.tensor([-1, 1, 1]) + torch.tensor([side - 1, 0, 0]))[:, MIRRORED]
    joints = outside_marked(joints, side)
    points = tv_tensors.KeyPoints(joints[..., :2], canvas_size=(side, side))
    moved = move(tv_tensors.Image(LIGHT(picture)), tv_tensors.Mask(instances), points)
    picture, instances, points = (some.as_subclass(torch.Tensor) for some in moved)
    moved_joints = torch.cat([points, joints[..., 2:]], dim=-1)
    return picture, outside_marked(moved_joints, side), instances


def what_is_known(joints: torch.Tensor, instances: torch.Tensor) -> torch.Tensor:
    """Where something is known of each map: people (N, 14, 3) and their map (H, W) -> (J + 2 L, h, w).

    On a person of whom a joint is not marked, and beside, nothing is known of that joint and its limbs.
    """
    numbers = torch.arange(1, len(joints) + 1)[:, None, None, None]
    near = F.max_pool2d((instances == numbers).float(), 2 * STRIDE + 1, STRIDE, padding=STRIDE)  # (N, 1, h, w)
    unmarked = joints[..., 2] < 0
    limbs = unmarked[:, torch.tensor(LIMBS)].any(2)
    maps = torch.cat([unmarked, limbs.repeat_interleave(2, dim=1)], dim=1)  # (N, J + 2 L)
    return 1 - (maps[..., None, None] * near).sum(0).clamp_max(1)


def truth_of(joints: torch.Tensor, side: int) -> torch.Tensor:
    """People (N, 14, 3) in a picture of side x side pixels -> belief maps and affinity fields, (J + 2 L, h, w)."""
    on_maps = torch.cat([joints[..., :2] / STRIDE, joints[..., 2:]], dim=-1)
    side = side // STRIDE + 1
    return torch.cat(
        [targets.belief_maps(on_maps, side, side), targets.affinity_fields(on_maps, side, side).flatten(0, 1)]
    )


def learned_from(
    sample: tuple[torch.Tensor, ...], move: v2.Transform = MOVE
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A picture, varied, with the maps that should be found in it and where something is known of them."""
    picture, joints, instances = varied(sample, move)
    return picture, truth_of(joints, len(instances)), what_is_known(joints, instances)


def pose_loss(model, batch, progress, generator):
    """Of all stages."""
    pictures, truth, known = (torch.stack(parts) for parts in zip(*batch))
    out = model(pictures.float() / 255)
    stages = [torch.cat([b, f.flatten(1, 2)], dim=1) for b, f in zip(out.beliefs, out.fields)]
    terms = {f"stage_{number}": objectives.stage_loss(found, truth, known) for number, found in enumerate(stages, 1)}
    return {"loss": objectives.loss(stages, truth, known)} | terms


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one machine, or go on with it, and write checkpoints/<name>.

    First crowds at all sizes; then few people and larger ones, of whom more can be seen; then mostly one, and more
    pixels of each; then some so near that they do not fit in; at last the same with more real groups.
    """
    torch.manual_seed(recipe.seed)
    made, alone, real = MadeScenes(SCENES), OnePerson(), RealPeople(REAL)
    near = MadeScenes(NEAR_SCENES, crowd=FEW, smallest=NEAR), alone, RealPeople(NEAR_REAL)
    large = MadeScenes(CLOSE_SCENES, crowd=FEW, smallest=NEAR, side=CLOSE_SIDE), OnePerson(CLOSE_SIDE)
    close = (*large, RealPeople(CLOSE_REAL, CLOSE_SIDE))
    later = replace(recipe, epochs=round(NEAR_EPOCHS * recipe.epochs), batch_size=2 * recipe.batch_size)
    third = replace(recipe, epochs=CLOSE_EPOCHS, batch_size=16, learning_rate=CLOSE_RATE)
    zoomed = replace(third, epochs=ZOOM_EPOCHS, learning_rate=ZOOM_RATE, seed=5)
    last = replace(zoomed, seed=6)
    parts = {
        "": ((made, alone, real), MOVE, recipe),
        "-near": (near, MOVE, later),
        "-close": (close, MOVE, third),
        "-zoom": (close, MOVE_OR_ZOOM, zoomed),
        "-last": ((*large, RealPeople(LAST_REAL, CLOSE_SIDE)), MOVE_OR_ZOOM, last),
    }
    model = PoseMachine(CONFIGS[name], published=True)
    for part, (data, move, its_recipe) in parts.items():
        data = Varied(ConcatDataset(data), functools.partial(learned_from, move=move))
        model = fit(model, pose_loss, data, its_recipe, runs / f"{name}{part}")
    made_by = passport_recipe("dlcv.pose.train", name, recipe) | {
        "then": [asdict(part) for part in (later, third, zoomed, last)]
    }
    source = (
        f"{len(alone):,} people of Leeds Sports Extended, and {len(made):,} pictures of one to {CROWD} of them, cut out"
        f" by a published DeepLab; {len(real.samples)} photographs of COCO; begun with PoseNet's published weights for"
        " COCO, which are also in it as they are (Apache 2.0)"
    )
    weights.save(model, name, topic="pose", recipe=made_by, licence=LICENCE, source=source)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
