"""The procedural shapes, reimplemented from their description in the guide.

Here every shape has a longest side of 1, is centred on the origin, and has z as its main axis. Circles are
regular polygons with 48 sides and a corner on +x.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import cos, pi, sin

import numpy as np

from sim2coco.audit.geometry import Array

SIDES = 48
Point = tuple[float, float]


def shape(name: str) -> Array:
    """Returns the triangles (m, 3, 3) of a shape.

    Raises:
        KeyError: There is no shape of this name.
    """
    return SHAPES[name]()


def _circle(radius: float, sides: int = SIDES) -> list[Point]:
    turns = [2 * pi * step / sides for step in range(sides)]
    return [(radius * cos(turn), radius * sin(turn)) for turn in turns]


def _prism(outline: Sequence[Point], height: float, hole: Sequence[Point] = ()) -> Array:
    """Extrudes an outline along z, with both caps; a hole goes through both caps and has a wall."""
    flat = np.array(outline, np.float64)
    return np.concatenate(
        [_wall(flat, height), *([_wall(np.array(hole), height)] if hole else []), _caps(flat, height, hole)]
    )


def _wall(flat: Array, height: float) -> Array:
    low, high = (np.insert(flat, 2, z, axis=1) for z in (-height / 2, height / 2))
    after_low, after_high = np.roll(low, -1, axis=0), np.roll(high, -1, axis=0)
    return np.concatenate(
        [np.stack([low, after_low, after_high], axis=1), np.stack([low, after_high, high], axis=1)]
    )


def _caps(flat: Array, height: float, hole: Sequence[Point]) -> Array:
    if hole:
        cap = _between(flat, np.array(hole))
    else:
        cap = np.stack([np.broadcast_to(flat[0], flat[1:-1].shape), flat[1:-1], flat[2:]], axis=1)
    return np.concatenate([np.insert(cap, 2, z, axis=2) for z in (-height / 2, height / 2)])


def _between(outer: Array, inner: Array) -> Array:
    """Triangulates the area between two nested convex outlines around the origin; returns (m, 3, 2).

    Walks once around both outlines. Each step advances on the outline whose next corner is at the smaller
    angle.
    """
    rings = [_from_zero(ring) for ring in (outer, inner)]
    angles = [np.unwrap(np.arctan2(*np.append(ring, ring[:1], axis=0).T[::-1])) for ring in rings]
    at, triangles = [0, 0], []
    while at[0] < len(rings[0]) or at[1] < len(rings[1]):
        ends = [angles[side][at[side] + 1] if at[side] < len(rings[side]) else np.inf for side in (0, 1)]
        side = 0 if ends[0] <= ends[1] else 1
        here = [rings[k][at[k] % len(rings[k])] for k in (0, 1)]
        triangles.append([here[0], here[1], rings[side][(at[side] + 1) % len(rings[side])]])
        at[side] += 1
    return np.array(triangles)


def _from_zero(ring: Array) -> Array:
    """Permutes the corners (n, 2) cyclically: the corner with the smallest non-negative angle comes first."""
    angles = np.arctan2(ring[:, 1], ring[:, 0]) % (2 * pi)
    angles[angles > 2 * pi - 1e-9] = 0.0
    return np.roll(ring, -int(angles.argmin()), axis=0)


def _turned(profile: Sequence[Point]) -> Array:
    """Rotates a profile of (radius, z) points around z in 48 steps; returns triangles (m, 3, 3)."""
    around = np.array(_circle(1.0))
    rings = [np.column_stack([radius * around, np.full(SIDES, z)]) for radius, z in profile]
    strips = []
    for low, high in pairwise(rings):
        after_low, after_high = np.roll(low, -1, axis=0), np.roll(high, -1, axis=0)
        strips += [np.stack([low, after_low, after_high], axis=1), np.stack([low, after_high, high], axis=1)]
    return np.concatenate(strips)


def _arc(centre: Point, radius: float, first_deg: float, last_deg: float, steps: int) -> list[Point]:
    turns = np.radians(np.linspace(first_deg, last_deg, steps + 1))
    # Clamp the radius, so that it is exactly 0 on the axis.
    return [
        (max(float(centre[0] + radius * np.cos(turn)), 0.0), float(centre[1] + radius * np.sin(turn)))
        for turn in turns
    ]


def _box() -> Array:
    return _prism([(-0.25, -0.35), (0.25, -0.35), (0.25, 0.35), (-0.25, 0.35)], 1.0)


def _cylinder() -> Array:
    return _prism(_circle(0.3), 1.0)


def _cone() -> Array:
    return _turned([(0.0, -0.5), (0.35, -0.5), (0.0, 0.5)])


def _sphere() -> Array:
    return _turned(_arc((0.0, 0.0), 0.5, -90, 90, SIDES // 2))


def _capsule() -> Array:
    bottom, top = _arc((0.0, -0.3), 0.2, -90, 0, SIDES // 4), _arc((0.0, 0.3), 0.2, 0, 90, SIDES // 4)
    return _turned(bottom + top)


def _torus() -> Array:
    return _turned(_arc((0.35, 0.0), 0.15, -180, 180, SIDES))


def _nut() -> Array:
    return _prism(_circle(0.5, 6), 0.45, _circle(0.27))


def _bolt() -> Array:
    head = _prism(_circle(0.21, 6), 0.15) + np.array([0.0, 0.0, 0.425])
    return np.concatenate([head, _prism(_circle(0.11), 0.85) - np.array([0.0, 0.0, 0.075])])


def _wedge() -> Array:
    return _prism([(-0.5, -0.25), (0.5, -0.25), (-0.5, 0.25)], 0.4)


def _tube() -> Array:
    return _prism(_circle(0.25), 1.0, _circle(0.19))


def _bracket() -> Array:
    corners = [(0, 0), (1, 0), (1, 0.12), (0.12, 0.12), (0.12, 0.7), (0, 0.7)]
    return _prism([(x - 0.5, y - 0.35) for x, y in corners], 0.4)


SHAPES: dict[str, Callable[[], Array]] = {
    "box": _box,
    "cylinder": _cylinder,
    "cone": _cone,
    "sphere": _sphere,
    "capsule": _capsule,
    "torus": _torus,
    "prism": lambda: _prism(_circle(0.3, 6), 1.0),
    "nut": _nut,
    "bolt": _bolt,
    "wedge": _wedge,
    "tube": _tube,
    "bracket": _bracket,
}
"""The function that builds each shape, by name."""
