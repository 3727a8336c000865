"""Made rooms and streets, seen by two eyes, with the exact depth of every pixel: as many as a training wants.

A scene is a handful of planes, boxes and balls, each with a pattern in its own colours that sticks to it in space, so
that both eyes see the same pattern. Some shine: their highlights, as real ones do, lie elsewhere for each eye.
Camera: x right, y down, z forward, in metres; the left eye at the origin, the right one BASELINE to the right.
"""

import math
from typing import NamedTuple

import torch
from torch.nn import functional as F

BASELINE = 0.3  # metres between the eyes
FOCAL = 0.8  # of the picture's width
FAR = 60.0  # metres: the sky


class Pair(NamedTuple):
    """What the two eyes see."""

    left: torch.Tensor  # (3, H, W) in [0, 1]
    right: torch.Tensor  # (3, H, W)
    disparity_left: torch.Tensor  # (1, H, W): pixels of the width
    disparity_right: torch.Tensor  # (1, H, W)


class Thing(NamedTuple):
    """One object: where rays hit it, and what it looks like there."""

    kind: str  # "plane", "box" or "ball"
    centre: torch.Tensor  # (3,)
    axes: torch.Tensor  # (3, 3): its own directions, as rows
    size: torch.Tensor  # (3,): half of its extent along them; of a ball the radius, of a plane nothing
    colours: torch.Tensor  # (2, 3)
    pattern: str  # "stripes", "checks" or "clouds"
    scale: float  # metres of the pattern
    shine: float  # strength of the highlight
    seed: int


def _uniform(generator: torch.Generator, low: float, high: float) -> float:
    return low + (high - low) * torch.rand((), generator=generator).item()


def _turned(yaw: float, pitch: float, roll: float) -> torch.Tensor:
    """A rotation (3, 3) by angles in degrees about y, x and z."""
    matrix = torch.eye(3)
    for axis, angle in ((1, yaw), (0, pitch), (2, roll)):
        turn, cos, sin = torch.eye(3), math.cos(math.radians(angle)), math.sin(math.radians(angle))
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn[i, i], turn[i, j], turn[j, i], turn[j, j] = cos, -sin, sin, cos
        matrix = turn @ matrix
    return matrix


def things_of(generator: torch.Generator) -> list[Thing]:
    """A room or a street: floor and walls first, then what stands in it, some of it thin."""

    def between(low: float, high: float) -> float:
        return _uniform(generator, low, high)

    def thing(kind, centre, axes, size):
        colours = torch.rand(2, 3, generator=generator) * between(0.5, 1.0)
        pattern = ("stripes", "checks", "clouds")[int(between(0, 3))]
        shine = between(0.2, 0.8) if between(0, 1) < 0.25 else 0.0
        seed = int(between(0, 10**6))
        where, half = torch.tensor(centre), torch.tensor(size)
        return Thing(kind, where, axes, half, colours, pattern, between(0.15, 1.2), shine, seed)

    floor, indoors = between(1.0, 2.0), between(0, 1) < 0.5
    tilt = between(-4, 4)
    found = [thing("plane", (0.0, floor, 0.0), _turned(0, between(-2, 2), tilt), (0.0, 0.0, 0.0))]
    wall = between(4, 9) if indoors else between(15, 40)
    found.append(thing("plane", (0.0, 0.0, wall), _turned(0, 90, between(-25, 25)), (0.0, 0.0, 0.0)))
    for side in (-1, 1):
        if between(0, 1) < 0.7:
            away = side * (between(1.5, 3.5) if indoors else between(3, 8))
            found.append(
                thing("plane", (away, 0.0, 0.0), _turned(0, 0, 90) @ _turned(between(-12, 12), 0, 0), (0.0,) * 3)
            )
    for _ in range(3 + int(between(0, 9))):
        far = between(1.5, 0.9 * wall)
        centre = (between(-0.6, 0.6) * far, between(-0.3 * far, floor), far)
        large = between(0.08, 0.3) * far
        if between(0, 1) < 0.3:
            found.append(thing("ball", centre, torch.eye(3), (large,) * 3))
            continue
        thin = between(0, 1) < 0.3  # posts and boards
        size = tuple(large * (between(0.04, 0.15) if thin and axis != 1 else between(0.4, 1.4)) for axis in range(3))
        found.append(thing("box", centre, _turned(between(-60, 60), between(-20, 20), between(-20, 20)), size))
    return found


def _hits(thing: Thing, origin: torch.Tensor, rays: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Distance along rays (P, 3) from `origin` to an object, infinite where none is hit, and the normal there."""
    start, along = thing.axes @ (origin - thing.centre), rays @ thing.axes.T
    if thing.kind == "plane":  # its second axis is its normal
        distance = -start[1] / along[:, 1]
        normal = thing.axes[1].expand_as(rays) * -along[:, 1:2].sign()
        return torch.where(distance > 0.05, distance, math.inf), normal
    if thing.kind == "ball":
        a, b = along.square().sum(1), (along * start).sum(1)
        root = b.square() - a * (start.square().sum() - thing.size[0] ** 2)
        distance = (-b - root.clamp_min(0).sqrt()) / a
        distance = torch.where((root > 0) & (distance > 0.05), distance, math.inf)
        inside = start + distance.nan_to_num(posinf=0.0)[:, None] * along
        return distance, F.normalize(inside, dim=1) @ thing.axes
    with_sign = torch.where(along.abs() < 1e-9, 1e-9, along)
    first, second = (-start - thing.size) / with_sign, (-start + thing.size) / with_sign
    enters, leaves = torch.minimum(first, second), torch.maximum(first, second)
    distance, axis = enters.max(1)
    hit = (distance < leaves.amin(1)) & (distance > 0.05)
    normal = thing.axes[axis] * -along.gather(1, axis[:, None]).sign()
    return torch.where(hit, distance, math.inf), normal


def _pattern(thing: Thing, points: torch.Tensor) -> torch.Tensor:
    """How much of its second colour an object shows at points (P, 3) on it: (P,) in [0, 1]."""
    inside = (points - thing.centre) @ thing.axes.T / thing.scale
    if thing.pattern == "stripes":
        return (inside.sum(1) * math.pi).sin().mul(4).clamp(-1, 1) * 0.5 + 0.5
    if thing.pattern == "checks":
        return (inside + 0.37).floor().sum(1).remainder(2)
    generator = torch.Generator().manual_seed(thing.seed)
    waves = torch.randn(24, 3, generator=generator) * torch.linspace(0.7, 9, 24)[:, None]
    phases = 2 * math.pi * torch.rand(24, generator=generator)
    return ((inside @ waves.T + phases).sin() @ torch.linspace(1, 0.35, 24) / 4).sigmoid()


def _seen(things: list[Thing], eye: float, height: int, width: int, light: torch.Tensor):
    """Colours (3, H, W) and depth z (1, H, W) of a scene from x = `eye`."""
    y, x = torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2
    rays = torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=-1) / (FOCAL * width)
    rays = F.pad(rays, (0, 1), value=1.0).reshape(-1, 3)  # z = 1: the distance along a ray is its depth
    origin = torch.tensor([eye, 0.0, 0.0])
    depth = torch.full((len(rays),), FAR)
    colours = torch.tensor([0.6, 0.75, 0.95]) * (0.8 - 0.5 * rays[:, 1:2])  # the sky
    for thing in things:
        distance, normal = _hits(thing, origin, rays)
        nearer = distance < depth
        if not nearer.any():
            continue
        ray, normal, distance = rays[nearer], normal[nearer], distance[nearer]
        points = origin + distance[:, None] * ray
        share = _pattern(thing, points)[:, None]
        plain = thing.colours[0] * (1 - share) + thing.colours[1] * share
        mirrored = F.normalize(ray, dim=1) - 2 * (F.normalize(ray, dim=1) * normal).sum(1, keepdim=True) * normal
        glance = thing.shine * (mirrored @ light).clamp_min(0)[:, None] ** 20
        colours[nearer] = plain * (0.45 + 0.55 * (normal @ light).clamp_min(0)[:, None]) + glance
        depth[nearer] = distance
    return colours.clamp(0, 1).T.unflatten(1, (height, width)), depth.view(1, height, width)


def pair(seed: int, height: int = 128, width: int = 256) -> Pair:
    """The scene of that number, as both eyes see it."""
    generator = torch.Generator().manual_seed(seed)
    things = things_of(generator)
    light = F.normalize(torch.tensor([_uniform(generator, -1, 1), -1.0, _uniform(generator, -1, 0.2)]), dim=0)
    (left, near_left), (right, near_right) = (_seen(things, eye, height, width, light) for eye in (0.0, BASELINE))
    noise = _uniform(generator, 0, 0.02)
    left, right = ((p + noise * torch.randn(p.shape, generator=generator)).clamp(0, 1) for p in (left, right))
    return Pair(left, right, *(FOCAL * width * BASELINE / depth for depth in (near_left, near_right)))
