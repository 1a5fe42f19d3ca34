"""Procedural shapes: closed solids centred on the origin, with the z axis as their main axis.

Two builders make all of them: `_revolved` turns a profile about z, `_extruded` pulls an outline along z.
Both give every smooth run of the surface its own vertices, so normals are crisp between runs and smooth along
them. Dimensions that make no solid raise `MeshError`.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import cos, inf, pi
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import Mesh, MeshError, Part

SEGMENTS = 48
"""How many flat pieces go round a full circle unless told otherwise."""

Floats = NDArray[np.float64]


class Run(NamedTuple):
    """A smooth piece of a profile, walked with the outside on the right: upward on an outer wall.

    Attributes:
        points_m: (k, 2) radius and z.
        normals: (k, 2) unit normals in the same plane.
    """

    points_m: Floats
    normals: Floats


def box(width_m: float, depth_m: float, height_m: float) -> Mesh:
    """A cuboid with its sides along x, y and z."""
    _check_increasing(nothing=0, width_m=width_m)
    _check_increasing(nothing=0, depth_m=depth_m)
    outline = _centred([(0, 0), (width_m, 0), (width_m, depth_m), (0, depth_m)])
    return _joined(_extruded(outline, _halves(height_m)))


def wedge(length_m: float, depth_m: float, height_m: float) -> Mesh:
    """A ramp: a right triangle with its legs along x and y, pulled along z."""
    _check_increasing(nothing=0, length_m=length_m)
    _check_increasing(nothing=0, depth_m=depth_m)
    return _joined(_extruded(_centred([(0, 0), (length_m, 0), (0, depth_m)]), _halves(height_m)))


def bracket(leg_x_m: float, leg_y_m: float, thickness_m: float, height_m: float) -> Mesh:
    """An L profile with its legs along x and y, pulled along z."""
    _check_increasing(nothing=0, thickness_m=thickness_m, leg_x_m=leg_x_m)
    _check_increasing(thickness_m=thickness_m, leg_y_m=leg_y_m)
    inside = [(leg_x_m, thickness_m), (thickness_m, thickness_m), (thickness_m, leg_y_m)]
    return _joined(_extruded(_centred([(0, 0), (leg_x_m, 0), *inside, (0, leg_y_m)]), _halves(height_m)))


def prism(radius_m: float, height_m: float, sides: int = 6) -> Mesh:
    """A regular prism; `radius_m` reaches to the upright edges, the first of which lies on +x."""
    return _joined(_extruded(_circle(radius_m, sides), _halves(height_m)))


def nut(radius_m: float, hole_radius_m: float, height_m: float, segments: int = SEGMENTS) -> Mesh:
    """A hexagonal prism with a round hole through it; `radius_m` reaches to the upright edges."""
    _check_increasing(nothing=0, hole_radius_m=hole_radius_m, inner_hexagon_radius_m=radius_m * cos(pi / 6))
    low_m, high_m = _halves(height_m)
    hole = _circle(hole_radius_m, segments)
    wall = _straight((hole_radius_m, high_m), (hole_radius_m, low_m))
    return _joined(_extruded(_circle(radius_m, 6), (low_m, high_m), hole, hole), _revolved([wall], segments))


def bolt(
    head_radius_m: float,
    head_height_m: float,
    shaft_radius_m: float,
    length_m: float,
    segments: int = SEGMENTS,
) -> Mesh:
    """A hexagonal head on top of a shaft; `length_m` is that of both together."""
    _check_increasing(nothing=0, head_height_m=head_height_m, length_m=length_m)
    _check_increasing(
        nothing=0, shaft_radius_m=shaft_radius_m, inner_head_radius_m=head_radius_m * cos(pi / 6)
    )
    low_m, high_m = _halves(length_m)
    neck_m = high_m - head_height_m
    head = _extruded(_circle(head_radius_m, 6), (neck_m, high_m), _circle(shaft_radius_m, segments))
    shaft = _polyline((0, low_m), (shaft_radius_m, low_m), (shaft_radius_m, neck_m))
    return _joined(head, _revolved(shaft, segments))


def cylinder(radius_m: float, height_m: float, segments: int = SEGMENTS) -> Mesh:
    """A solid cylinder."""
    _check_increasing(nothing=0, radius_m=radius_m)
    low_m, high_m = _halves(height_m)
    return _joined(
        _revolved(_polyline((0, low_m), (radius_m, low_m), (radius_m, high_m), (0, high_m)), segments)
    )


def cone(radius_m: float, height_m: float, segments: int = SEGMENTS) -> Mesh:
    """A cone with its tip up; its bounding box is centred, so its centre of mass lies at -height / 4."""
    _check_increasing(nothing=0, radius_m=radius_m)
    low_m, high_m = _halves(height_m)
    return _joined(_revolved(_polyline((0, low_m), (radius_m, low_m), (0, high_m)), segments))


def tube(radius_m: float, hole_radius_m: float, height_m: float, segments: int = SEGMENTS) -> Mesh:
    """A hollow cylinder, open at both ends."""
    _check_increasing(nothing=0, hole_radius_m=hole_radius_m, radius_m=radius_m)
    low_m, high_m = _halves(height_m)
    outside = [(hole_radius_m, low_m), (radius_m, low_m), (radius_m, high_m), (hole_radius_m, high_m)]
    return _joined(_revolved(_polyline(*outside, (hole_radius_m, low_m)), segments))


def sphere(radius_m: float, segments: int = SEGMENTS) -> Mesh:
    """A sphere of `segments` meridians and half as many rings; 128 segments make 16,128 faces."""
    return _joined(_revolved([_arc((0, 0), radius_m, (-90, 90), segments // 2)], segments))


def capsule(radius_m: float, length_m: float, segments: int = SEGMENTS) -> Mesh:
    """A cylinder with half a sphere on each end; `length_m` is that of all together."""
    _check_increasing(nothing=0, diameter_m=2 * radius_m, length_m=length_m)
    middle_m = length_m / 2 - radius_m
    bottom = _arc((0, -middle_m), radius_m, (-90, 0), segments // 4)
    top = _arc((0, middle_m), radius_m, (0, 90), segments // 4)
    return _joined(_revolved([bottom, _straight((radius_m, -middle_m), (radius_m, middle_m)), top], segments))


def torus(ring_radius_m: float, tube_radius_m: float, segments: int = SEGMENTS) -> Mesh:
    """A ring; `ring_radius_m` reaches to the middle of the tube."""
    _check_increasing(nothing=0, tube_radius_m=tube_radius_m, ring_radius_m=ring_radius_m)
    return _joined(_revolved([_arc((ring_radius_m, 0), tube_radius_m, (-180, 180), segments)], segments))


def _check_increasing(**lengths_m: float) -> None:
    """Checks that named lengths are finite and strictly increase."""
    named = [*lengths_m.items(), ("infinity", inf)]
    for (small, small_m), (large, large_m) in pairwise(named):
        if not small_m < large_m:
            raise MeshError(f"{small} ({small_m:g}) must be less than {large} ({large_m:g})")


def _halves(height_m: float) -> tuple[float, float]:
    """The lowest and highest z of a solid of this height."""
    _check_increasing(nothing=0, height_m=height_m)
    return -height_m / 2, height_m / 2


def _joined(*pieces: Part) -> Mesh:
    """One part of all `pieces`, which keep their vertices."""
    offsets = np.cumsum([0, *(len(piece.vertices_m) for piece in pieces[:-1])], dtype=np.int32)
    part = Part(
        np.concatenate([piece.vertices_m for piece in pieces]),
        np.concatenate([piece.normals for piece in pieces]),
        np.concatenate([piece.uvs for piece in pieces]),
        np.concatenate([piece.faces + offset for piece, offset in zip(pieces, offsets, strict=True)]),
    )
    return Mesh((part,))


# Revolution: a profile of radius and z, turned about z.


def _straight(start_m: tuple[float, float], stop_m: tuple[float, float]) -> Run:
    points = np.array([start_m, stop_m], np.float64)
    along = points[1] - points[0]
    normal = np.array([along[1], -along[0]]) / np.hypot(*along)
    return Run(points, np.stack([normal, normal]))


def _polyline(*points_m: tuple[float, float]) -> list[Run]:
    """Straight runs from point to point, with a hard edge at each."""
    return [_straight(start, stop) for start, stop in pairwise(points_m)]


def _arc(centre_m: tuple[float, float], radius_m: float, span_deg: tuple[float, float], steps: int) -> Run:
    """A smooth circular arc; 0 degrees points outward, 90 up."""
    _check_increasing(nothing=0, radius_m=radius_m)
    normals = _directions(np.linspace(*span_deg, max(steps, 2) + 1) / 360)
    return Run(np.array(centre_m) + radius_m * normals, normals)


def _directions(turns: Floats) -> Floats:
    """Unit vectors (..., 2) at these shares of a full turn; whole turns and right angles are exact."""
    angles = 2 * pi * (turns % 1.0)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return np.where(np.abs(vectors) < 1e-12, 0.0, vectors)


def _revolved(runs: list[Run], segments: int) -> Part:
    """The surface that `runs` sweep about z.

    A texture goes once round and once along all runs but flat ones, on which it lies as seen from +z.
    """
    _check_segments(segments)
    radius_m = max(float(run.points_m[:, 0].max()) for run in runs)
    lengths = [0.0 if _is_flat(run) else float(_steps(run).sum()) for run in runs]
    ends = np.cumsum([0.0, *lengths]) / (sum(lengths) or 1.0)
    swept = [_swept(run, segments, radius_m, span) for run, span in zip(runs, pairwise(ends), strict=True)]
    return _joined(*swept).parts[0]


def _steps(run: Run) -> Floats:
    return np.asarray(np.linalg.norm(np.diff(run.points_m, axis=0), axis=1), np.float64)


def _is_flat(run: Run) -> bool:
    return not run.normals[:, 0].any()


def _swept(run: Run, segments: int, radius_m: float, v_span: tuple[float, float]) -> Part:
    """The surface of one run: a grid with a column more than `segments`, as the seam needs two."""
    shift = np.zeros(len(run.points_m))
    shift[[0, -1]] = np.where(
        run.points_m[[0, -1], 0] == 0, (0.5, -0.5), 0
    )  # a tip serves the middle of its triangle
    turns = (np.arange(segments + 1) + shift[:, None]) / segments
    vertices, normals = _turned(run.points_m, turns), _turned(run.normals, turns)
    along = np.concatenate([[0.0], _steps(run).cumsum()])
    v = v_span[0] + (v_span[1] - v_span[0]) * along / along[-1]
    uvs = np.stack([turns, np.broadcast_to(v[:, None], turns.shape)], axis=-1)
    if _is_flat(run):
        uvs = 0.5 + vertices[..., :2] / (2 * radius_m)
    faces = _grid_faces(run.points_m[:, 0] > 0, segments)
    used, compact = np.unique(faces, return_inverse=True)
    rows = [array.reshape(-1, array.shape[-1])[used] for array in (vertices, normals, uvs)]
    return Part(rows[0], rows[1], rows[2], compact.reshape(-1, 3).astype(np.int32))


def _turned(plane: Floats, turns: Floats) -> Floats:
    """Vectors (k, 2) of radius and z, turned about z: (k, columns, 3)."""
    xy = plane[:, None, :1] * _directions(turns)
    return np.concatenate([xy, np.broadcast_to(plane[:, None, 1:], (*turns.shape, 1))], axis=-1)


def _grid_faces(off_axis: NDArray[np.bool_], segments: int) -> NDArray[np.int64]:
    """Two triangles a cell, (m, 3), but one where the cell has a side on the axis."""
    rows, columns = np.arange(len(off_axis) - 1)[:, None], np.arange(segments)
    low = rows * (segments + 1) + columns
    high = low + segments + 1
    lower = np.stack([low, low + 1, high + 1], axis=-1)[off_axis[:-1]]
    upper = np.stack([low, high + 1, high], axis=-1)[off_axis[1:]]
    return np.concatenate([lower.reshape(-1, 3), upper.reshape(-1, 3)])


# Extrusion: an outline in x and y, pulled along z.


def _check_segments(count: int) -> None:
    if count < 3:
        raise MeshError(f"a circle needs at least 3 segments, not {count}")


def _circle(radius_m: float, sides: int) -> Floats:
    """A regular polygon, (sides, 2), counter-clockwise from +x."""
    _check_segments(sides)
    _check_increasing(nothing=0, radius_m=radius_m)
    return radius_m * _directions(np.arange(sides) / sides)


def _centred(outline_m: list[tuple[float, float]]) -> Floats:
    """The outline, (k, 2), with its bounding box about the origin."""
    points = np.array(outline_m, np.float64)
    return np.asarray(points - (points.min(axis=0) + points.max(axis=0)) / 2, np.float64)


def _extruded(
    outline_m: Floats,
    z_m: tuple[float, float],
    bottom_hole_m: Floats | None = None,
    top_hole_m: Floats | None = None,
) -> Part:
    """Flat walls and two caps; the texture has one scale on all of them.

    Args:
        outline_m: (k, 2) counter-clockwise, every point in sight of the first one.
        z_m: Low and high end.
        bottom_hole_m: (h, 2) outline of a hole to leave in the bottom cap. With a hole, both outlines must be
            circles from `_circle`. What lines the hole is up to the caller.
        top_hole_m: The same for the top cap.
    """
    sides_m = np.linalg.norm(np.roll(outline_m, -1, axis=0) - outline_m, axis=1)
    texture_m = max(z_m[1] - z_m[0], float(sides_m.max()), float(np.ptp(outline_m, axis=0).max()))
    bottom = _cap(outline_m, bottom_hole_m, z_m[0], -1, texture_m)
    top = _cap(outline_m, top_hole_m, z_m[1], 1, texture_m)
    return _joined(_walls(outline_m, z_m, texture_m), bottom, top).parts[0]


def _walls(outline_m: Floats, z_m: tuple[float, float], texture_m: float) -> Part:
    """A flat wall on each side of the outline, four vertices each."""
    along = np.roll(outline_m, -1, axis=0) - outline_m
    lengths = np.linalg.norm(along, axis=1)
    normals = np.stack([along[:, 1], -along[:, 0], np.zeros(len(along))], axis=1) / lengths[:, None]
    ends = np.stack([outline_m, np.roll(outline_m, -1, axis=0)], axis=1)[:, [0, 1, 1, 0]]  # (k, 4, 2)
    z = np.broadcast_to(np.array(z_m)[[0, 0, 1, 1], None], (len(ends), 4, 1))
    u = lengths[:, None] * np.array([0, 1, 1, 0])
    uvs = np.stack([u, z[..., 0] - z_m[0]], axis=-1) / texture_m
    faces = np.arange(len(ends))[:, None, None] * 4 + np.array([[0, 1, 2], [0, 2, 3]])
    vertices = np.concatenate([ends, z], axis=-1).reshape(-1, 3)
    return Part(
        vertices, np.repeat(normals, 4, axis=0), uvs.reshape(-1, 2), faces.reshape(-1, 3).astype(np.int32)
    )


def _cap(outline_m: Floats, hole_m: Floats | None, z_m: float, up: int, texture_m: float) -> Part:
    """The flat end at `z_m`, facing up (+1) or down (-1)."""
    rings = outline_m if hole_m is None else np.concatenate([outline_m, hole_m])
    faces = _fan(len(outline_m)) if hole_m is None else _annulus(len(outline_m), len(hole_m))
    vertices = np.insert(rings, 2, z_m, axis=1)
    normals = np.tile([0.0, 0.0, up], (len(rings), 1))
    return Part(vertices, normals, (rings - outline_m.min(axis=0)) / texture_m, faces[:, ::up])


def _fan(sides: int) -> NDArray[np.int32]:
    """Triangles from the first of `sides` points to all others, (sides - 2, 3)."""
    second = np.arange(1, sides - 1, dtype=np.int32)
    return np.stack([np.zeros_like(second), second, second + 1], axis=1)


def _annulus(outer: int, inner: int) -> NDArray[np.int32]:
    """Triangles between two circles, (outer + inner, 3); the inner one's points follow the outer one's.

    Both circles are walked once, always on with the one whose next side has its middle first.
    """
    faces, at_outer, at_inner = [], 0, 0
    while at_outer < outer or at_inner < inner:
        here, there = at_outer % outer, outer + at_inner % inner
        if (2 * at_outer + 1) * inner <= (2 * at_inner + 1) * outer:
            at_outer += 1
            faces.append((here, at_outer % outer, there))
        else:
            at_inner += 1
            faces.append((here, outer + at_inner % inner, there))
    return np.array(faces, np.int32)


SHAPES: Mapping[str, Callable[[float], Mesh]] = MappingProxyType(
    {
        "box": box(0.5, 0.7, 1.0).scaled,
        "cylinder": cylinder(0.3, 1.0).scaled,
        "cone": cone(0.35, 1.0).scaled,
        "sphere": sphere(0.5).scaled,
        "capsule": capsule(0.2, 1.0).scaled,
        "torus": torus(0.35, 0.15).scaled,
        "prism": prism(0.3, 1.0).scaled,
        "nut": nut(0.5, 0.27, 0.45).scaled,
        "bolt": bolt(0.21, 0.15, 0.11, 1.0).scaled,
        "wedge": wedge(1.0, 0.5, 0.4).scaled,
        "tube": tube(0.25, 0.19, 1.0).scaled,
        "bracket": bracket(1.0, 0.7, 0.12, 0.4).scaled,
    }
)
"""Shapes of everyday proportions, as functions of their longest extent in metres."""
