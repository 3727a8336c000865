"""Train the pose machines that ship: python -m dlcv.pose.train [--preset cpu|gpu] [--model NAME ...] [--data DIR]

Leeds Sports annotates one person a picture. Its people, cut out, are also pasted into other photographs, so that the
machine learns to separate several. A few photographs of COCO show real groups, with twelve of the fourteen joints; a
few without annotations have pseudo-labels by PoseNet.
"""

from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch.nn import functional as F

from ..core import runtime
from ..core.training.loop import Recipe, command_line, fit, save_checkpoint
from . import loss as objectives
from . import scenes, targets
from .model import STRIDE, PoseConfig, PoseMachine
from .skeleton import LIMBS

CONFIGS = {"pose-people": PoseConfig(), "pose-people-large": PoseConfig(stages=6, width=160)}
EPOCH = 8192  # pictures that count as an epoch; none is ever shown twice
AHEAD = 8  # steps for which pictures are made at once: a GPU waits less
SIDES, SMALL_STEPS = (193, 257), 0.4  # pixels of the pictures' sides, and the share of steps with the smaller ones
LATER = 5  # epochs of the second phase
LICENCE = "cc-by-nc-sa-4.0"  # the photographs are for research only


def recipes(small: int, large: int, **settings) -> dict[str, Recipe]:
    """The recipes of all machines by name; `settings` differ from the usual ones."""
    usual = replace(Recipe(batch_size=16, learning_rate=1e-3, weight_decay=0.01, clip=10.0, average=0.998), **settings)
    return {"pose-people": replace(usual, epochs=small), "pose-people-large": replace(usual, epochs=large)}


PRESETS = {
    "cpu": recipes(small=5, large=2),
    "gpu": recipes(small=150, large=150, batch_size=128, learning_rate=1.5e-3, weight_decay=0.05),
}


class Share(NamedTuple):
    """A share of the pictures of a training."""

    grounds: scenes.Grounds
    of_all: float
    pasted: tuple[int, int]  # people, at least and at most
    camera: scenes.Camera
    gated: float = 1.0  # share of these pictures that the trained body describes; the frozen one describes all


def shares(device: torch.device) -> tuple[list[Share], list[Share], scenes.Cutouts]:
    """The shares of the first and of the second phase, and the people that are pasted.

    In the first phase body and stages are trained. The body learns the few photographs of COCO by heart; so in the
    second one it is frozen and gated off on them, and the stages learn, on photographs that the body does not know
    either, when to trust it and when PoseNet.
    """
    grounds = (
        scenes.single_grounds("train"),
        scenes.empty_grounds("train"),
        scenes.real_grounds(scenes.coco_samples("train")),
        scenes.real_grounds(scenes.pseudo_labelled_samples("train")),
    )
    single, empty, real, pseudo = (ground.to(device) for ground in grounds)
    usual, near = scenes.Camera(turn=45, shift=0.1, zoomed=0.2), scenes.Camera(turn=30, shift=0.2, zoomed=0.4)
    first = [
        Share(single, 0.45, (0, 0), usual),
        Share(empty, 0.3, (1, 6), usual),
        Share(real, 0.25, (0, 2), usual),
    ]
    then = [
        Share(single, 0.35, (0, 0), usual, gated=0.85),
        Share(empty, 0.2, (1, 6), usual, gated=0.85),
        Share(real, 0.2, (0, 2), near, gated=0),
        Share(pseudo, 0.25, (0, 2), near, gated=0.7),
    ]
    return first, then, scenes.cut_people("train").to(device)


def known_maps(joints: torch.Tensor, people: torch.Tensor) -> torch.Tensor:
    """W of the loss, (N, J + 2 L, h, w): 0 where the annotation of a map is missing, else 1.

    On a person without an annotation of a joint, and beside that person, the joint and its limbs are unknown.

    Args:
        joints: (N, P, 14, 3) in pixels of the pictures.
        people: (N, H, W), k on the k-th person.
    """
    numbers = torch.arange(1, joints.shape[1] + 1, device=joints.device)[:, None, None]
    on = (people[:, None] == numbers).float()  # (N, P, H, W)
    near = F.max_pool2d(on.flatten(0, 1)[:, None], 2 * STRIDE + 1, STRIDE, padding=STRIDE)
    near = near[:, 0].unflatten(0, on.shape[:2])  # (N, P, h, w)
    unmarked = joints[..., 2] < 0
    limbs = unmarked[:, :, torch.tensor(LIMBS)].any(3)
    maps = torch.cat([unmarked, limbs.repeat_interleave(2, dim=2)], dim=2)  # (N, P, J + 2 L)
    return 1 - torch.einsum("npc,nphw->nchw", maps.float(), near).clamp_max(1)


def true_maps(joints: torch.Tensor, side: int) -> torch.Tensor:
    """S* and L*, (N, J + 2 L, h, w), of people (N, P, 14, 3) in pictures of side x side pixels."""
    on_maps = torch.cat([joints[..., :2] / STRIDE, joints[..., 2:]], dim=-1)
    side = side // STRIDE + 1
    beliefs = torch.vmap(lambda people: targets.belief_maps(people, side, side))(on_maps)
    fields = torch.vmap(lambda people: targets.affinity_fields(people, side, side))(on_maps)
    return torch.cat([beliefs, fields.flatten(1, 2)], dim=1)


@torch.no_grad()
def made_batch(
    mix: list[Share], people: scenes.Cutouts, count: int, side: int, generator: torch.Generator
) -> tuple[torch.Tensor, ...]:
    """About `count` made pictures (N, 3, side, side) in [0, 1], their true maps and W of the loss, both
    (N, J + 2 L, h, w), and the gate (N,) of the trained body."""
    parts = []
    for share in mix:
        draw = scenes.Draw(round(share.of_all * count), generator)
        shown = scenes.scenes(share.grounds, people, side, share.pasted, share.camera, draw)
        pictures = scenes.jittered(shown.pictures, draw) / 255
        known = known_maps(shown.joints, shown.people)
        parts.append((pictures, true_maps(shown.joints, side), known, draw.chance(share.gated).float()))
    mixed = torch.randperm(sum(len(part[0]) for part in parts), generator=generator, device=generator.device)
    return tuple(torch.cat(part)[mixed] for part in zip(*parts))


def make_loss(mix: list[Share], people: scenes.Cutouts, small_steps: float = SMALL_STEPS):
    """The loss of all stages, on pictures made for AHEAD steps at once, smaller ones in a share of `small_steps`."""
    ready = {}  # the batches of AHEAD steps, by the number of the first of these steps, from which they follow

    def pose_loss(model, batch, step):
        start = step.at(step.number - step.number % AHEAD)
        if start.number not in ready:
            side = SIDES[start.progress >= small_steps]
            with torch.autocast(start.generator.device.type, enabled=False):
                made = made_batch(mix, people, AHEAD * len(batch), side, start.generator)
            ready.clear()
            ready[start.number] = list(zip(*(part.tensor_split(AHEAD) for part in made)))
        pictures, truth, known, gate = ready[start.number][step.number % AHEAD]
        out = model(pictures, gate)
        stages = [torch.cat([b, f.flatten(1, 2)], dim=1) for b, f in zip(out.beliefs, out.fields)]  # (N, J + 2 L, h, w)
        terms = {f"stage_{t}": objectives.stage_loss(found, truth, known) for t, found in enumerate(stages, 1)}
        return {"loss": objectives.loss(stages, truth, known)} | terms

    return pose_loss


def train(name: str, recipe: Recipe, runs: Path) -> None:
    """Train one machine, or go on with it, and write checkpoints/<name>."""
    torch.manual_seed(recipe.seed)
    first, then, people = shares(runtime.device())
    later = replace(recipe, epochs=LATER, batch_size=16, learning_rate=7e-4, weight_decay=0.01, seed=7)
    model = PoseMachine(CONFIGS[name], published=True)
    model = fit(model, make_loss(first, people), range(EPOCH), recipe, runs / name)
    model.backbone.requires_grad_(False)
    model = fit(model, make_loss(then, people, small_steps=0.0), range(EPOCH), later, runs / f"{name}-later")
    single, _, real, pseudo = (len(share.grounds.pictures) for share in then)
    source = (
        f"{single:,} people of Leeds Sports Extended, {len(people.layers):,} of them also cut out by a published"
        f" DeepLab and pasted into photographs; {real} photographs of COCO; {pseudo} photographs that nobody labelled,"
        " as published PoseNet and DeepLab see them; begun with PoseNet's weights for COCO, which are also in it as"
        " they are (Apache 2.0)"
    )
    then = [asdict(later)]
    save_checkpoint(model, name, "dlcv.pose.train", recipe, licence=LICENCE, source=source, then=then)


if __name__ == "__main__":
    command_line(__doc__, PRESETS, train)
