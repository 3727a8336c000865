"""Made rooms and streets, seen by two eyes, with the exact depth of every pixel: as many as a training wants; and
things thrown into the air, seen by one, where nothing lies lower because it is nearer.

A scene is a handful of planes, boxes and balls, each with a pattern in its own colours that sticks to it in space, so
that both eyes see the same pattern. Some shine: their highlights, as real ones do, lie elsewhere for each eye.
One picture alone has no scale, so it must be possible to learn one: the eyes are always EYES above the floor, and
things stand on it, as they do for a person or a car.
Camera: x right, y down, z forward, in metres; the left eye at the origin, the right one BASELINE to the right.
"""

import functools
import math
from typing import NamedTuple

import torch
from torch.nn import functional as F

BASELINE = 0.3  # metres between the eyes
EYES, CEILING = 1.2, 1.5  # metres down to the floor, and up to the ceiling where there is one
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


def _thing(generator: torch.Generator, kind: str, centre, axes: torch.Tensor, size=(0.0, 0.0, 0.0)) -> Thing:
    """An object in colours and a pattern of its own."""

    def between(low: float, high: float) -> float:
        return _uniform(generator, low, high)

    grey, colours = torch.rand(2, 1, generator=generator), torch.rand(2, 3, generator=generator)
    colours = grey.lerp(colours, between(0.0, 0.8)) * between(0.6, 1.0)
    pattern = ("stripes", "checks", "clouds")[int(between(0, 3))]
    shine = between(0.2, 0.8) if between(0, 1) < 0.25 else 0.0
    seed = int(between(0, 10**6))
    where, half = torch.tensor(centre), torch.tensor(size)
    return Thing(kind, where, axes, half, colours, pattern, between(0.2, 1.2), shine, seed)


def things_of(generator: torch.Generator) -> list[Thing]:
    """A room or a street: floor and walls first, then what stands in it, some of it thin, some leaning."""
    thing = functools.partial(_thing, generator)

    def between(low: float, high: float) -> float:
        return _uniform(generator, low, high)

    indoors = between(0, 1) < 0.5
    floor = _turned(0, between(-1.5, 1.5), between(-3, 3))
    found = [thing("plane", (0.0, EYES, 0.0), floor)]
    if indoors and between(0, 1) < 0.7:
        found.append(thing("plane", (0.0, -CEILING, 0.0), floor))
    wall = between(5, 9) if indoors else between(15, 40)
    found.append(thing("plane", (0.0, 0.0, wall), _turned(0, 90, between(-25, 25))))
    for side in (-1, 1):
        if between(0, 1) < 0.7:
            away = side * (between(1.5, 3.5) if indoors else between(3, 8))
            found.append(thing("plane", (away, 0.0, 0.0), _turned(0, 0, 90) @ _turned(between(-12, 12), 0, 0)))
    for _ in range(3 + int(between(0, 8))):
        far = 1 / between(1 / (0.9 * wall), 1 / 3.2)  # evenly in disparity
        x, large = between(-0.6, 0.6) * far, 1.0 if indoors else 1.8
        below = EYES - (floor[1, 0] * x + floor[1, 2] * far).item() / floor[1, 1].item()  # the floor there
        if between(0, 1) < 0.3:
            radius = large * between(0.15, 0.5)
            found.append(thing("ball", (x, below - radius, far), torch.eye(3), (radius,) * 3))
            continue
        size = tuple(large * between(0.15, 0.6) for _ in range(3))
        if between(0, 1) < 0.3:  # posts
            size = tuple(large * (between(0.5, 1.0) if axis == 1 else between(0.02, 0.07)) for axis in range(3))
        leans = (between(-10, 10), between(-10, 10)) if between(0, 1) < 0.4 else (0.0, 0.0)
        found.append(thing("box", (x, below - size[1], far), _turned(between(-60, 60), *leans), size))
    return found


def thrown_things(generator: torch.Generator) -> list[Thing]:
    """A wall, and before it boxes, plates, rods and balls, turned any way."""
    thing = functools.partial(_thing, generator)

    def between(low: float, high: float) -> float:
        return _uniform(generator, low, high)

    wall = _turned(0, 90 + between(-30, 30), between(-180, 180))
    found = [thing("plane", (0.0, 0.0, between(4, 10)), wall)]
    for _ in range(8 + int(between(0, 18))):
        far = 1 / between(1 / 6, 1 / 1.2)  # evenly in disparity
        centre = (between(-0.6, 0.6) * far, between(-0.45, 0.45) * far, far)
        size = tuple(between(0.1, 0.5) for _ in range(3))
        shape = between(0, 1)
        if shape < 0.2:
            found.append(thing("ball", centre, torch.eye(3), (size[0],) * 3))
            continue
        if shape < 0.45:  # plates, and rods
            size = (size[0], size[1] if shape < 0.3 else 0.03, 0.02)
        axes = _turned(*(between(-180, 180) for _ in range(3)))
        found.append(thing("box", centre, axes, size))
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
    """How much of its second colour an object shows at points (P, 3) on it: (P,) in [0, 1].

    Over stripes and checks lie clouds too: nothing real repeats exactly, and what does is matched wrongly.
    """
    inside = (points - thing.centre) @ thing.axes.T / thing.scale
    generator = torch.Generator().manual_seed(thing.seed)
    waves = torch.randn(24, 3, generator=generator) * torch.linspace(0.7, 9, 24)[:, None]
    phases = 2 * math.pi * torch.rand(24, generator=generator)
    clouds = ((inside @ waves.T + phases).sin() @ torch.linspace(1, 0.35, 24) / 4).sigmoid()
    if thing.pattern == "stripes":
        return 0.5 * clouds + 0.25 * (1 + (inside.sum(1) * math.pi).sin().mul(4).clamp(-1, 1))
    if thing.pattern == "checks":
        return 0.5 * clouds + 0.5 * (inside + 0.37).floor().sum(1).remainder(2)
    return clouds


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
        sight = F.normalize(ray, dim=1)
        facing = (sight * normal).sum(1, keepdim=True)
        fine = thing.scale * FOCAL * width / distance[:, None] * facing.abs() / 4  # below 1 for less than 4 pixels
        share = 0.5 + (_pattern(thing, points)[:, None] - 0.5) * fine.clamp(max=1)  # too small to be seen: grey
        plain = thing.colours[0] * (1 - share) + thing.colours[1] * share
        mirrored = sight - 2 * facing * normal
        glance = thing.shine * (mirrored @ light).clamp_min(0)[:, None] ** 20
        colours[nearer] = plain * (0.6 + 0.4 * (normal @ light).clamp_min(0)[:, None]) + glance
        depth[nearer] = distance
    return colours.clamp(0, 1).T.unflatten(1, (height, width)), depth.view(1, height, width)


def thrown(seed: int, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The thrown things of that number, as one eye sees them: a picture (3, H, W) in [0, 1], and 1 / depth (1, H, W)
    in 1 / metres."""
    generator = torch.Generator().manual_seed(seed)
    things = thrown_things(generator)
    light = F.normalize(torch.randn(3, generator=generator), dim=0)
    picture, depth = _seen(things, 0.0, height, width, light)
    noise = _uniform(generator, 0, 0.04) * torch.randn(picture.shape, generator=generator)
    return (picture + noise).clamp(0, 1), 1 / depth


def pair(seed: int, height: int = 128, width: int = 256) -> Pair:
    """The scene of that number, as both eyes see it."""
    generator = torch.Generator().manual_seed(seed)
    things = things_of(generator)
    light = F.normalize(torch.tensor([_uniform(generator, -1, 1), -1.0, _uniform(generator, -1, 0.2)]), dim=0)
    (left, near_left), (right, near_right) = (_seen(things, eye, height, width, light) for eye in (0.0, BASELINE))
    noise = _uniform(generator, 0, 0.008)
    left, right = ((p + noise * torch.randn(p.shape, generator=generator)).clamp(0, 1) for p in (left, right))
    return Pair(left, right, *(FOCAL * width * BASELINE / depth for depth in (near_left, near_right)))
