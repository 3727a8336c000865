"""Made pieces of furniture of further classes that the classifiers know, to be looked at: no network learned from them.

ModelNet10's own models may not be shipped. A piece is built as those of shapes.py are, of one part, its back towards
+y; then it is turned to face as ModelNet10 has its class.
"""

from collections.abc import Callable

import torch

from .shapes import Builder, Mesh

PART = "whole"


def _box(b: Builder, low: tuple, high: tuple, **more) -> None:
    b.block(PART, low, high, **more)


def _fronts(b: Builder, width: float, y: float, low: float, high: float, rows: int, columns: int) -> None:
    """Drawers in front of a chest: boards with a knob each, a little apart."""
    gap, wide, tall = 0.02, width / columns, (high - low) / rows
    for row in range(rows):
        for column in range(columns):
            x, z = -width / 2 + column * wide, low + row * tall
            _box(b, (x + gap, y - 0.02, z + gap), (x + wide - gap, y, z + tall - gap))
            middle, half = (x + wide / 2, z + tall / 2), 0.02
            _box(b, (middle[0] - half, y - 0.05, middle[1] - half), (middle[0] + half, y - 0.02, middle[1] + half))


def _feet(b: Builder, width: float, depth: float, height: float, thick: float) -> None:
    for sx in (-1, 1):
        for sy in (-1, 1):
            x, y = sx * (width - thick) / 2, sy * (depth - thick) / 2
            b.leg(PART, (x, y, height), (x, y, 0), thick, False, b.uniform(0.7, 1))


def _bathtub(b: Builder) -> None:
    """A basin: four walls that lean outwards, a rim, a floor."""
    width, length, height = b.uniform(0.65, 0.8), b.uniform(1.5, 1.8), b.uniform(0.4, 0.55)
    wall, x, y = b.uniform(0.05, 0.1), width / 2, length / 2
    _box(b, (-x, -y, 0), (x, y, 0.06))
    for side in (-1, 1):
        inner, outer = sorted((side * (x - wall), side * x))
        _box(b, (inner, -y, 0.06), (outer, y, height))
        inner, outer = sorted((side * (y - wall), side * y))
        _box(b, (-x + wall, inner, 0.06), (x - wall, outer, height))


def _sofa(b: Builder) -> None:
    """A seat with cushions, a back and two arms."""
    width, depth, seat = b.uniform(1.6, 2.3), b.uniform(0.75, 0.95), b.uniform(0.32, 0.42)
    back, arm, thick = b.uniform(0.7, 0.9), b.uniform(0.5, 0.62), b.uniform(0.14, 0.24)
    x, y, foot = width / 2, depth / 2, b.uniform(0.03, 0.1)
    _feet(b, width, depth, foot, 0.07)
    _box(b, (-x, -y, foot), (x, y, seat * 0.7))
    _box(b, (-x, y - thick, seat * 0.7), (x, y, back), shift=(0, 0.05))
    for side in (-1, 1):
        inner, outer = sorted((side * (x - thick), side * x))
        _box(b, (inner, -y, seat * 0.7), (outer, y - thick, arm))
    count = 2 + b.chance(0.5)
    wide = (width - 2 * thick) / count
    for cushion in range(count):
        left = -x + thick + cushion * wide
        _box(b, (left + 0.01, -y - 0.02, seat * 0.7), (left + wide - 0.01, y - thick, seat + 0.05), taper=0.97)
        _box(
            b, (left + 0.02, y - 2 * thick, seat + 0.05), (left + wide - 0.02, y - thick, back - 0.04), shift=(0, 0.05)
        )


def _monitor(b: Builder) -> None:
    """A screen in its frame, a neck, and a foot."""
    width, height, rise = b.uniform(0.9, 1.15), b.uniform(0.6, 0.75), b.uniform(0.15, 0.25)
    x, deep, foot = width / 2, b.uniform(0.05, 0.12), b.uniform(0.2, 0.3)
    _box(b, (-x, -deep / 2, rise), (x, deep / 2, rise + height))
    _box(b, (-x * 0.92, -deep / 2 - 0.01, rise + 0.05), (x * 0.92, -deep / 2, rise + height - 0.04))
    _box(b, (-0.08, 0, 0.02), (0.08, deep / 2 + 0.05, rise + height * 0.4))
    b.disc(PART, (0, 0.02, 0), (foot, foot * 0.75), 0.03)


def _desk(b: Builder) -> None:
    """A top on two chests of drawers, or on one and a side, with a board behind."""
    width, depth, height = b.uniform(1.3, 1.7), b.uniform(0.6, 0.8), b.uniform(0.7, 0.78)
    x, y, chest, thick = width / 2, depth / 2, b.uniform(0.35, 0.45), 0.04
    _box(b, (-x, -y, height - thick), (x, y, height))
    both = b.chance(0.6)
    for side in (-1, 1) if both else (1,):
        inner, outer = sorted((side * (x - chest), side * x))
        _box(b, (inner, -y + 0.03, 0), (outer, y, height - thick))
    if not both:
        _box(b, (-x, -y, 0), (-x + thick, y, height - thick))
    _box(b, (-x, y - 0.02, 0.25), (x, y, height - thick))


def _dresser(b: Builder) -> None:
    """A wide chest of drawers."""
    width, depth, height = b.uniform(1.1, 1.5), b.uniform(0.42, 0.52), b.uniform(0.75, 0.95)
    foot = b.uniform(0.04, 0.12)
    _feet(b, width, depth, foot, 0.06)
    _box(b, (-width / 2, -depth / 2, foot), (width / 2, depth / 2, height))
    _box(b, (-width / 2 - 0.02, -depth / 2 - 0.02, height), (width / 2 + 0.02, depth / 2, height + 0.03))
    _fronts(b, width, -depth / 2, foot, height, 3 + b.chance(0.5), 2 + b.chance(0.3))


def _night_stand(b: Builder) -> None:
    """A small chest on feet, with a drawer or two."""
    width, depth, height = b.uniform(0.45, 0.6), b.uniform(0.4, 0.5), b.uniform(0.5, 0.65)
    foot = b.uniform(0.1, 0.3)
    _feet(b, width, depth, foot, 0.05)
    _box(b, (-width / 2, -depth / 2, foot), (width / 2, depth / 2, height))
    _box(b, (-width / 2 - 0.02, -depth / 2 - 0.02, height), (width / 2 + 0.02, depth / 2 + 0.02, height + 0.03))
    _fronts(b, width, -depth / 2, foot, height, 1 + b.chance(0.6), 1)


def _toilet(b: Builder) -> None:
    """A bowl on its foot, a seat, a lid that is up, and a cistern behind."""
    wide, long, seat = b.uniform(0.18, 0.2), b.uniform(0.24, 0.28), b.uniform(0.38, 0.42)
    y, tank = -0.12, b.uniform(0.7, 0.8)
    path = [(0, y + 0.06, 0), (0, y + 0.06, seat * 0.4), (0, y, seat * 0.75), (0, y, seat)]
    b.tube(PART, path, [wide * 0.65, wide * 0.6, wide * 0.95, wide], long / wide, sides=24)
    b.disc(PART, (0, y, seat), (wide * 1.05, long * 1.02), 0.03)
    _box(b, (-wide * 0.5, y + 0.1, 0), (wide * 0.5, 0.22, seat * 0.8))
    _box(b, (-0.22, 0.16, seat), (0.22, 0.36, tank), taper=1.04)
    _box(b, (-0.23, 0.15, tank), (0.23, 0.37, tank + 0.03))


BUILD: dict[str, Callable[[Builder], None]] = {
    "bathtub": _bathtub,
    "desk": _desk,
    "dresser": _dresser,
    "monitor": _monitor,
    "night stand": _night_stand,
    "sofa": _sofa,
    "toilet": _toilet,
}
SIDEWAYS = ("desk", "dresser", "monitor", "sofa")  # their backs are towards +x in ModelNet10


def mesh(kind: str, generator: torch.Generator) -> Mesh:
    """A random piece of `kind`, one of `kinds.FURNITURE`."""
    builder = Builder((PART,), generator)
    BUILD[kind](builder)
    made = builder.mesh()
    if kind in SIDEWAYS:
        x, y, z = made.vertices.T
        made = made._replace(vertices=torch.stack([y, -x, z], dim=1))
    return made
