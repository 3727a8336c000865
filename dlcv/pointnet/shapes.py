"""Made shapes: chairs, tables, lamps, mugs, aeroplanes and beds, whose parts are known because they are built of them.

A shape is a mesh of blocks and tubes, z up, facing as the models of ModelNet10 do (backs and headboards towards +y),
its proportions and the make of its parts drawn at random. The numbers are lengths, about one a shape.
"""

import math
from typing import NamedTuple

import numpy as np
import torch

from ..core.geometry import clouds
from .kinds import KINDS, PARTS, first_part


class Mesh(NamedTuple):
    """Triangles, and the part that each belongs to."""

    vertices: torch.Tensor  # (V, 3)
    faces: torch.Tensor  # (F, 3)
    parts: torch.Tensor  # (F,): number of the part, in PARTS of its kind


class Builder:
    """Collects the pieces of a mesh, each of one of the parts of these names; `generator` draws its measures."""

    def __init__(self, names: tuple[str, ...], generator: torch.Generator):
        self.names, self.generator = names, generator
        self.vertices, self.faces, self.parts = [], [], []

    def uniform(self, low: float, high: float) -> float:
        """A random number between low and high."""
        return low + (high - low) * torch.rand((), generator=self.generator).item()

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self.uniform(0, 1) < probability

    def add(self, part: str, vertices: np.ndarray, faces: np.ndarray) -> None:
        """A piece of triangles (F, 3) between vertices (V, 3)."""
        self.faces.append(faces + sum(map(len, self.vertices)))
        self.vertices.append(vertices)
        self.parts.append(np.full(len(faces), self.names.index(part)))

    def block(
        self, part: str, low: tuple, high: tuple, shift: tuple = (0, 0), taper: float = 1.0, hidden: tuple = ()
    ) -> None:
        """A box from corner `low` to `high`; its upper face is moved by `shift` and `taper` times as large.

        It goes without its `hidden` sides, of SIDES: points where two parts touch would belong to either.
        """
        (x0, y0, z0), (x1, y1, z1) = low, high
        base = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
        top = (base - base.mean(0)) * taper + base.mean(0) + shift
        vertices = np.vstack([np.c_[base, np.full(4, z0)], np.c_[top, np.full(4, z1)]])
        self.add(part, vertices, np.delete(BOX, [face for side in hidden for face in SIDES[side]], axis=0))

    def tube(self, part: str, path: list, radii: list, flat: float = 1.0, closed: bool = True, sides: int = 16) -> None:
        """A tube of round sections around the points of `path`; `flat` times as wide along its second axis."""
        path, radii = np.array(path, float), np.array(radii, float)
        along = np.gradient(path, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        helper = np.eye(3)[np.abs(along).sum(0).argmin()]
        u = np.cross(along, helper)
        u /= np.linalg.norm(u, axis=1, keepdims=True)
        v = np.cross(along, u)
        angle = np.linspace(0, 2 * math.pi, sides, endpoint=False)[None, :, None]
        rings = path[:, None] + radii[:, None, None] * (np.cos(angle) * u[:, None] + flat * np.sin(angle) * v[:, None])
        ring, side = np.meshgrid(np.arange(len(path) - 1), np.arange(sides), indexing="ij")
        a, b = (ring * sides + side).ravel(), (ring * sides + (side + 1) % sides).ravel()
        faces = np.vstack([np.c_[a, b, b + sides], np.c_[a, b + sides, a + sides]])
        vertices = rings.reshape(-1, 3)
        if closed:  # a fan over either end
            first, turn = len(vertices), np.arange(sides)
            last = (len(path) - 1) * sides
            faces = np.vstack([
                faces,
                np.c_[np.full(sides, first), (turn + 1) % sides, turn],
                np.c_[np.full(sides, first + 1), last + turn, last + (turn + 1) % sides],
            ])  # fmt: skip
            vertices = np.vstack([vertices, path[0], path[-1]])
        self.add(part, vertices, faces)

    def disc(self, part: str, centre: tuple, radii: tuple, height: float, taper: float = 1.0) -> None:
        """An upright cylinder, round or oval, from the height of `centre` upwards."""
        x, y, z = centre
        self.tube(part, [(x, y, z), (x, y, z + height)], [radii[0], radii[0] * taper], radii[1] / radii[0], sides=24)

    def leg(self, part: str, top: tuple, foot: tuple, width: float, round_: bool, taper: float) -> None:
        """A straight leg, round or square."""
        (x, y, z), (u, v, w) = top, foot
        if round_:
            self.tube(part, [foot, top], [width / 2 * taper, width / 2], sides=8)
        else:
            half = width / 2 * taper
            low, high = (u - half, v - half, w), (u + half, v + half, z)
            self.block(part, low, high, (x - u, y - v), 1 / taper)

    def mesh(self) -> Mesh:
        """All pieces together."""
        vertices, faces, parts = (np.concatenate(arrays) for arrays in (self.vertices, self.faces, self.parts))
        return Mesh(torch.from_numpy(vertices).float(), torch.from_numpy(faces), torch.from_numpy(parts))


BOX = np.array([
    [0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4],
    [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6], [3, 0, 4], [3, 4, 7],
])  # fmt: skip
SIDES = {"below": (0, 1), "behind": (8, 9)}  # faces of BOX


def _legs(b: Builder, width: float, depth: float, height: float, thick: float) -> None:
    """Four legs, three, two sides, or one in the middle with a foot, under a top of this size at `height`."""
    style = b.uniform(0, 1)
    round_, taper = b.chance(0.5), b.uniform(0.5, 1)
    x, y = width / 2 - thick * b.uniform(0.5, 1.5), depth / 2 - thick * b.uniform(0.5, 1.5)
    if style < 0.65:
        splay = b.uniform(1, 1.25) if b.chance(0.5) else 1
        for sx in (-1, 1):
            for sy in (-1, 1):
                b.leg("leg", (sx * x, sy * y, height), (sx * x * splay, sy * y * splay, 0), thick, round_, taper)
        if b.chance(0.3):  # rails between the legs
            z, half = height * b.uniform(0.15, 0.5), thick * 0.3
            for side in (-1, 1):
                b.block("leg", (side * x - half, -y, z - half), (side * x + half, y, z + half))
    elif style < 0.72:
        for angle in np.arange(3) * 2 * math.pi / 3 + math.pi / 2:
            foot = (x * math.cos(angle), y * math.sin(angle), 0)
            b.leg("leg", (foot[0] * 0.7, foot[1] * 0.7, height), foot, thick, round_, taper)
    elif style < 0.82:
        for side in (-1, 1):
            b.block("leg", (side * x - thick / 2, -y, 0), (side * x + thick / 2, y, height))
    else:
        b.disc("leg", (0, 0, 0), (thick * 0.7, thick * 0.7), height)
        reach = min(width, depth) * b.uniform(0.3, 0.45)
        if b.chance(0.5):
            b.disc("leg", (0, 0, 0), (reach, reach), thick * 0.4)
        else:
            for angle in np.linspace(0, 2 * math.pi, 4 + b.chance(0.5), endpoint=False):
                end = (reach * math.cos(angle), reach * math.sin(angle), thick * 0.3)
                b.tube("leg", [(0, 0, thick * 0.6), end], [thick * 0.35, thick * 0.25], sides=8)


def _slab(b: Builder, part: str, width: float, depth: float, z: float, thick: float, round_: bool) -> None:
    """A flat top or seat, oval or with four corners."""
    if round_:
        b.disc(part, (0, 0, z), (width / 2, depth / 2), thick, b.uniform(0.95, 1.05))
    else:
        b.block(part, (-width / 2, -depth / 2, z), (width / 2, depth / 2, z + thick), taper=b.uniform(0.94, 1.03))


def _chair(b: Builder) -> None:
    width, depth, height = b.uniform(0.4, 0.65), b.uniform(0.4, 0.6), b.uniform(0.3, 0.5)
    thick, seat = b.uniform(0.025, 0.06), b.uniform(0.02, 0.13)
    _legs(b, width, depth, height, thick)
    _slab(b, "seat", width, depth, height, seat, b.chance(0.2))
    tall, lean, deep = b.uniform(0.3, 0.65), b.uniform(0, 0.18), b.uniform(0.02, 0.09)
    z, wide, y = height + seat, width * b.uniform(0.85, 1), depth / 2 - deep
    style = b.uniform(0, 1)
    if style < 0.5:  # one piece, perhaps above a gap with two posts
        gap = b.uniform(0.1, 0.4) * tall if b.chance(0.3) else 0
        shift = lean * gap / tall
        b.block(
            "back", (-wide / 2, y + shift, z + gap), (wide / 2, y + shift + deep, z + tall), (0, lean - shift),
            b.uniform(0.75, 1.05),
        )  # fmt: skip
        posts = (-1, 1) if gap else ()
    else:  # posts with bars across or upright
        posts, bars = (-1, 1), int(b.uniform(2, 6))
        b.block("back", (-wide / 2, y + lean, z + tall - deep), (wide / 2, y + deep + lean, z + tall))
        for bar in range(1, bars):
            part, bar_width = bar / bars, 0.018 + 0.02 * (bars < 4)
            if style < 0.75:
                low = (-wide / 2, y + lean * part + deep * 0.3, z + tall * part - bar_width)
                b.block("back", low, (wide / 2, low[1] + deep * 0.4, low[2] + 2 * bar_width))
            else:
                x = wide * (part - 0.5)
                low, high = (x - bar_width, y + deep * 0.3, z), (x + bar_width, y + deep * 0.7, z + tall - deep)
                b.block("back", low, high, (0, lean * (1 - deep / tall)))
    for side in posts:
        x = side * (wide / 2 - deep * 0.4)
        b.block("back", (x - deep * 0.4, y, z), (x + deep * 0.4, y + deep, z + tall), (0, lean))
    if b.chance(0.45):
        rise, arm = b.uniform(0.15, 0.28), b.uniform(0.025, 0.07)
        front, solid = -depth / 2 * b.uniform(0.5, 1), b.chance(0.3)
        for side in (-1, 1):
            x = side * (width / 2 + arm / 2)
            low, high = (x - arm / 2, front, z + rise - arm), (x + arm / 2, y, z + rise)
            if solid:
                b.block("arm", (low[0], low[1], z - seat), high)
            else:
                b.block("arm", low, high)
                b.block("arm", (low[0], front, z - seat), (high[0], front + arm, z + rise - arm))


def _table(b: Builder) -> None:
    width, depth, height = b.uniform(0.4, 0.75), b.uniform(0.7, 1.5), b.uniform(0.3, 0.75)
    if b.chance(0.3):
        depth = width * b.uniform(0.9, 1.1)
    thick, top = b.uniform(0.03, 0.09), b.uniform(0.02, 0.08)
    _legs(b, width, depth, height, thick)
    _slab(b, "top", width, depth, height, top, b.chance(0.3))
    if b.chance(0.3):
        z = height * b.uniform(0.2, 0.5)
        _slab(b, "shelf", width * 0.8, depth * 0.8, z, top * 0.6, False)


def _lamp(b: Builder) -> None:
    tall, reach, thick = b.uniform(0.4, 1.4), b.uniform(0.1, 0.25), b.uniform(0.008, 0.03)
    low = b.uniform(0.015, 0.08)
    if b.chance(0.7):
        b.disc("base", (0, 0, 0), (reach, reach), low, b.uniform(0.4, 1))
    else:
        b.block("base", (-reach, -reach, 0), (reach, reach, low), taper=b.uniform(0.4, 1))
    bend = b.uniform(0.1, 0.35) if b.chance(0.4) else 0  # a desk lamp leans out and looks down
    steps = np.linspace(0, 1, 12)
    path = np.c_[bend * steps**2, np.zeros(12), low + (tall - low) * steps]
    b.tube("pole", path, thick * (1 + b.uniform(0, 1.2) * np.sin(math.pi * steps) * b.chance(0.3)), sides=8)
    size, wide = b.uniform(0.12, 0.3), b.uniform(0.13, 0.3)
    centre, upper = path[-1], b.uniform(0.3, 1)
    tilt = np.array([b.uniform(0.2, 0.8), 0.0, -1.0]) if bend else np.array([0.0, 0.0, -1.0])
    tilt /= np.linalg.norm(tilt)
    if b.chance(0.25):  # a ball
        angle = np.linspace(0.05, math.pi - 0.05, 12)
        b.tube("shade", centre - np.cos(angle)[:, None] * wide * 0.7 * -tilt, wide * 0.7 * np.sin(angle))
    else:
        start = centre - tilt * size * b.uniform(0.2, 0.8)
        b.tube("shade", [start, start + tilt * size / 2, start + tilt * size],
               [wide * upper, wide * (1 + upper) / 2, wide], closed=False, sides=24)  # fmt: skip


def _mug(b: Builder) -> None:
    tall, wide, wall = b.uniform(0.3, 0.8), b.uniform(0.15, 0.35), b.uniform(0.01, 0.03)
    taper, belly = b.uniform(0.8, 1.25), b.uniform(-0.08, 0.12)
    steps = np.linspace(0, 1, 10)
    radii = wide * (1 + (taper - 1) * steps + belly * np.sin(math.pi * steps))
    upright = np.c_[np.zeros(10), np.zeros(10), tall * steps]
    b.tube("body", upright, radii, closed=False, sides=28)
    b.tube("body", upright[1:], radii[1:] - wall, closed=False, sides=28)
    b.disc("body", (0, 0, 0), (radii[0], radii[0]), wall)
    middle, half, reach = tall * b.uniform(0.42, 0.58), tall * b.uniform(0.2, 0.36), wide * b.uniform(0.35, 0.8)
    angle = np.linspace(-math.pi / 2, math.pi / 2, 14)
    ends = np.interp(middle + half * np.sin(angle), tall * steps, radii)  # the handle begins and ends on the wall
    if b.chance(0.3):  # with corners
        bent = np.c_[np.clip(1.6 * np.cos(angle), 0, 1), np.clip(1.4 * np.sin(angle), -1, 1)]
    else:
        bent = np.c_[np.cos(angle), np.sin(angle)]
    path = np.c_[ends + reach * bent[:, 0], np.zeros(14), middle + half * bent[:, 1]]
    turn = b.uniform(0, 2 * math.pi)
    path = path @ np.array([[math.cos(turn), math.sin(turn), 0], [-math.sin(turn), math.cos(turn), 0], [0, 0, 1]])
    b.tube("handle", path, np.full(14, b.uniform(0.02, 0.05)), b.uniform(0.6, 1.6), sides=10)


def _wing(b: Builder, part: str, root: tuple, span: tuple, chord: float, sweep: float, thick: float, taper: float):
    """A flat wing from `root` along `span`; its leading edge is `sweep` further back at the tip. The nose is at -y."""
    root, span = np.array(root), np.array(span)
    flat = np.array([0, 0, thick / 2]) if span[0] else np.array([thick / 2, 0, 0])
    profile = [np.array([0, y, 0]) for y in (0, chord)]
    inner = [root + profile[0] - flat, root + profile[1] - flat, root + profile[1] + flat, root + profile[0] + flat]
    tip, back = root + span, np.array([0, sweep, 0])
    outer = [tip + back + (corner - root) * [taper, taper, taper] for corner in inner]
    b.add(part, np.array([*inner, *outer]), BOX)


def _aeroplane(b: Builder) -> None:
    length, thick = b.uniform(0.9, 1.4), b.uniform(0.05, 0.1)
    steps = np.linspace(0, 1, 24)
    blunt, slim = b.uniform(0.06, 0.2), b.uniform(0.25, 0.5)
    radii = thick * np.minimum(np.sqrt(np.clip(steps / blunt, 0.01, 1)), np.clip((1 - steps) / slim, 0.08, 1) ** 0.8)
    lift = thick * 0.5 * np.clip(1 - (1 - steps) / slim, 0, 1)  # the tail is carried high
    b.tube("body", np.c_[np.zeros(24), length * (steps - 0.5), lift], radii)
    span, chord, sweep = b.uniform(0.4, 0.75), b.uniform(0.12, 0.3), b.uniform(0, 0.4)
    rise, y = b.uniform(-0.03, 0.1), length * b.uniform(-0.18, 0)
    height, flat, taper = thick * b.uniform(-0.7, 0.8), b.uniform(0.01, 0.025), b.uniform(0.3, 0.9)
    for side in (-1, 1):
        _wing(b, "wing", (0, y, height), (side * span, 0, rise), chord, sweep, flat, taper)
    back, small, lean = length * b.uniform(0.36, 0.42), b.uniform(0.07, 0.13), b.uniform(0.02, 0.14)
    fin, reach = b.uniform(0.13, 0.28), b.uniform(0.13, 0.28)
    _wing(b, "tail", (0, back, 0.3 * thick), (0, 0, fin), small * 1.2, lean, flat, 0.6)
    level = fin * 0.95 if b.chance(0.25) else thick * 0.4  # a T-tail, or one on the body
    for side in (-1, 1):
        _wing(b, "tail", (0, back + lean * (level > thick), level), (side * reach, 0, 0), small, lean, flat, 0.6)
    size, long = b.uniform(0.025, 0.05), b.uniform(0.1, 0.2)
    places = [] if b.chance(0.2) else [0.35] if b.chance(0.6) else [0.3, 0.6]
    behind = b.chance(0.2)
    for place in places[:1] if behind else places:
        for side in (-1, 1):
            if behind:  # beside the tail
                start = np.array([side * (thick + size), length * 0.2, thick * 0.4])
            else:
                start = np.array([side * span * place, y + sweep * place - long * 0.5, height + rise * place - size])
            b.tube("engine", [start, start + [0, long / 2, 0], start + [0, long, 0]], [size, size * 1.1, size * 0.7])


def _bed(b: Builder) -> None:
    width, length = b.uniform(0.5, 1.2), b.uniform(1.1, 1.4)
    x, y = width / 2, length / 2
    under, frame, mattress = b.uniform(0, 0.25), b.uniform(0.04, 0.15), b.uniform(0.08, 0.22)
    edge, deep = b.uniform(0.01, 0.05), b.uniform(0.03, 0.09)
    b.block("frame", (-x - edge, -y - edge, under), (x + edge, y, under + frame), hidden=("behind",))
    if under > 0.04:
        thick, round_ = b.uniform(0.03, 0.08), b.chance(0.5)
        for sx in (-1, 1):
            for sy in (-1, 1):
                place = (sx * (x - thick / 2), sy * (y - thick / 2))
                b.leg("frame", (*place, under), (*place, 0), thick, round_, 1)
    top = under + frame + mattress
    taper = b.uniform(0.94, 1)
    b.block("mattress", (-x, -y, under + frame), (x, y, top), taper=taper, hidden=("below", "behind"))
    head = top + b.uniform(0.12, 0.5)
    b.block("headboard", (-x - edge, y, 0), (x + edge, y + deep, head), (0, b.uniform(0, 0.06)), b.uniform(0.85, 1))
    if b.chance(0.35):
        b.block("frame", (-x - edge, -y - edge - deep, 0), (x + edge, -y - edge, top * b.uniform(0.7, 1.1)))
    count = 0 if b.chance(0.15) else 1 if width < 0.75 else 2
    long, tall = b.uniform(0.18, 0.3), b.uniform(0.05, 0.11)
    for pillow in range(count):
        centre = (pillow - (count - 1) / 2) * width / count
        half, front = width / count * b.uniform(0.32, 0.45), y - long - b.uniform(0.01, 0.08)
        low, high = (centre - half, front, top), (centre + half, front + long, top + tall)
        b.block("pillow", low, high, taper=0.8, hidden=("below",))


BUILD = {"chair": _chair, "table": _table, "lamp": _lamp, "mug": _mug, "aeroplane": _aeroplane, "bed": _bed}


def mesh(kind: str, generator: torch.Generator) -> Mesh:
    """A random shape of `kind`, one of KINDS."""
    builder = Builder(PARTS[kind], generator)
    BUILD[kind](builder)
    return builder.mesh()


def sample(kind: str, generator: torch.Generator, count: int = 1024) -> tuple[torch.Tensor, torch.Tensor]:
    """A random shape as a normalised cloud (count, 3), and the part of each point, (count,)."""
    shape = mesh(kind, generator)
    points, faces = clouds.sample_surface(shape.vertices, shape.faces, count, generator)
    return clouds.normalised(points), shape.parts[faces]


def first_parts(kinds: torch.Tensor) -> torch.Tensor:
    """`first_part` of each of the kinds (N,), indices into KINDS: (N,)."""
    return torch.tensor([first_part(kind) for kind in KINDS], device=kinds.device)[kinds]


def collection(each: int, seed: int, count: int = 1024) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`each` shapes of every kind: clouds (N, count, 3), the parts of their points (N, count), and kinds (N,)."""
    generator = torch.Generator().manual_seed(seed)
    found = [sample(kind, generator, count) for kind in KINDS for _ in range(each)]
    points, parts = (torch.stack(tensors) for tensors in zip(*found))
    return points, parts, torch.arange(len(KINDS)).repeat_interleave(each)
