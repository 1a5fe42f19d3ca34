"""Builds solids: `revolved` sweeps a profile about z, `extruded` sweeps an outline along z.

Both create separate vertices for each smooth section of the surface, so that normals are smooth within a
section and the edges between sections are sharp.
"""

from itertools import pairwise
from math import inf, pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import MeshError, Part

Floats = NDArray[np.float64]


class Run(NamedTuple):
    """A smooth section of a profile in the plane of radius and z.

    The outside of the solid is to the right of the path along the points; on an outer wall, for example, the
    points are in upward order.

    Attributes:
        points_m: (k, 2) radius and z of the points along the path.
        normals: (k, 2) unit normals in the same plane.
    """

    points_m: Floats
    normals: Floats


def check_increasing(**lengths_m: float) -> None:
    """Checks that named lengths are positive, finite and strictly increasing.

    Raises:
        MeshError: A length is out of order; the message names both lengths.
    """
    named = [("nothing", 0.0), *lengths_m.items(), ("infinity", inf)]
    for (small, small_m), (large, large_m) in pairwise(named):
        if not small_m < large_m:
            raise MeshError(f"{small} ({small_m:g}) must be less than {large} ({large_m:g})")


def _check_segments(count: int) -> None:
    if count < 3:
        raise MeshError(f"a circle needs at least 3 segments, not {count}")


def z_span(height_m: float) -> tuple[float, float]:
    """Lowest and highest z of a solid of the given height, centred on the origin."""
    check_increasing(height_m=height_m)
    return -height_m / 2, height_m / 2


def joined(*pieces: Part) -> Part:
    """Concatenates parts into one part without merging their vertices."""
    offsets = np.cumsum([0, *(len(piece.vertices_m) for piece in pieces[:-1])], dtype=np.int32)
    return Part(
        np.concatenate([piece.vertices_m for piece in pieces]),
        np.concatenate([piece.normals for piece in pieces]),
        np.concatenate([piece.uvs for piece in pieces]),
        np.concatenate([piece.faces + offset for piece, offset in zip(pieces, offsets, strict=True)]),
    )


def _directions(turns: Floats) -> Floats:
    """Unit vectors (..., 2) at angles given in full turns; multiples of a right angle are exact."""
    angles = 2 * pi * (turns % 1.0)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return np.where(np.abs(vectors) < 1e-12, 0.0, vectors)


# Revolution: a profile in radius and z, swept about z.


def polyline(*points_m: tuple[float, float]) -> list[Run]:
    """Straight runs between consecutive points (radius, z), with a sharp edge at each point."""
    return [_straight(start, stop) for start, stop in pairwise(points_m)]


def _straight(start_m: tuple[float, float], stop_m: tuple[float, float]) -> Run:
    points = np.array([start_m, stop_m], np.float64)
    along = points[1] - points[0]
    normal = np.array([along[1], -along[0]]) / np.hypot(*along)
    return Run(points, np.stack([normal, normal]))


def arc(centre_m: tuple[float, float], radius_m: float, span_deg: tuple[float, float], steps: int) -> Run:
    """Returns a circular arc as a run.

    Args:
        centre_m: Radius and z of the centre.
        radius_m: Radius of the arc.
        span_deg: First and last angle; 0 degrees is the direction of increasing radius, 90 degrees is up.
        steps: Number of straight segments; values below 2 count as 2.
    """
    check_increasing(radius_m=radius_m)
    normals = _directions(np.linspace(*span_deg, max(steps, 2) + 1) / 360)
    return Run(np.array(centre_m) + radius_m * normals, normals)


def revolved(runs: list[Run], segments: int) -> Part:
    """Returns the surface of revolution about z of a profile, given as smooth sections (`runs`).

    u goes once around z, and v increases along the runs from the first to the last. On horizontal runs,
    texture coordinates are projected along z instead.
    """
    _check_segments(segments)
    radius_m = max(float(run.points_m[:, 0].max()) for run in runs)
    lengths = [0.0 if _is_flat(run) else float(_steps(run).sum()) for run in runs]
    ends = np.cumsum([0.0, *lengths]) / (sum(lengths) or 1.0)
    swept = [_swept(run, segments, radius_m, span) for run, span in zip(runs, pairwise(ends), strict=True)]
    return joined(*swept)


def _steps(run: Run) -> Floats:
    return np.asarray(np.linalg.norm(np.diff(run.points_m, axis=0), axis=1), np.float64)


def _is_flat(run: Run) -> bool:
    return not run.normals[:, 0].any()


def _swept(run: Run, segments: int, radius_m: float, v_span: tuple[float, float]) -> Part:
    """Returns the surface of revolution of one run about z.

    The first and the last of `segments` + 1 vertices around z have the same position, but u = 0 and u = 1.
    Along the run, v increases through `v_span`. On horizontal runs, the texture instead covers a square of
    side 2 · `radius_m` about z.
    """
    shift = np.zeros(len(run.points_m))  # at a tip, u is the middle of its triangle
    shift[[0, -1]] = np.where(run.points_m[[0, -1], 0] == 0, (0.5, -0.5), 0)
    turns = (np.arange(segments + 1) + shift[:, None]) / segments
    vertices, normals = _rotated_about_z(run.points_m, turns), _rotated_about_z(run.normals, turns)
    along = np.concatenate([[0.0], _steps(run).cumsum()])
    v = v_span[0] + (v_span[1] - v_span[0]) * along / along[-1]
    uvs = np.stack([turns, np.broadcast_to(v[:, None], turns.shape)], axis=-1)
    if _is_flat(run):
        uvs = 0.5 + vertices[..., :2] / (2 * radius_m)
    faces = _grid_faces(run.points_m[:, 0] > 0, segments)
    used, compact = np.unique(faces, return_inverse=True)
    rows = [array.reshape(-1, array.shape[-1])[used] for array in (vertices, normals, uvs)]
    return Part(rows[0], rows[1], rows[2], compact.reshape(-1, 3).astype(np.int32))


def _rotated_about_z(plane: Floats, turns: Floats) -> Floats:
    """Rotates vectors (k, 2) of radius and z about z; returns x, y, z as (k, columns, 3).

    Each vector is rotated by all angles in its row of `turns` (k, columns), which are in full turns.
    """
    xy = plane[:, None, :1] * _directions(turns)
    return np.concatenate([xy, np.broadcast_to(plane[:, None, 1:], (*turns.shape, 1))], axis=-1)


def _grid_faces(off_axis: NDArray[np.bool_], segments: int) -> NDArray[np.int64]:
    """Faces (m, 3) of a grid: two triangles per cell, or one if a side of the cell is on the axis."""
    rows, columns = np.arange(len(off_axis) - 1)[:, None], np.arange(segments)
    low = rows * (segments + 1) + columns
    high = low + segments + 1
    lower = np.stack([low, low + 1, high + 1], axis=-1)[off_axis[:-1]]
    upper = np.stack([low, high + 1, high], axis=-1)[off_axis[1:]]
    return np.concatenate([lower.reshape(-1, 3), upper.reshape(-1, 3)])


# Extrusion: an outline in x and y, swept along z.


def circle(radius_m: float, sides: int) -> Floats:
    """The vertices (sides, 2) of a regular polygon, counter-clockwise from +x."""
    _check_segments(sides)
    check_increasing(radius_m=radius_m)
    return radius_m * _directions(np.arange(sides) / sides)


def centred(outline_m: list[tuple[float, float]]) -> Floats:
    """Returns the outline (k, 2) translated so that its bounding box is centred on the origin."""
    points = np.array(outline_m, np.float64)
    return np.asarray(points - (points.min(axis=0) + points.max(axis=0)) / 2, np.float64)


def extruded(
    outline_m: Floats,
    z_m: tuple[float, float],
    bottom_hole_m: Floats | None = None,
    top_hole_m: Floats | None = None,
) -> Part:
    """Returns the walls and both caps of an outline extruded along z.

    The texture has the same scale everywhere.

    Args:
        outline_m: (k, 2) points in counter-clockwise order. The straight line from the first point to each
            other point must be inside the outline.
        z_m: The z of the bottom and of the top cap.
        bottom_hole_m: (h, 2) outline of a hole in the bottom cap. The hole and `outline_m` must then be
            circles from `circle`. The inner wall of the hole is not part of the result.
        top_hole_m: (h, 2) outline of a hole in the top cap.
    """
    sides_m = np.linalg.norm(np.roll(outline_m, -1, axis=0) - outline_m, axis=1)
    texture_m = max(z_m[1] - z_m[0], float(sides_m.max()), float(np.ptp(outline_m, axis=0).max()))
    bottom = _cap(outline_m, bottom_hole_m, z_m[0], -1, texture_m)
    top = _cap(outline_m, top_hole_m, z_m[1], 1, texture_m)
    return joined(_walls(outline_m, z_m, texture_m), bottom, top)


def _walls(outline_m: Floats, z_m: tuple[float, float], texture_m: float) -> Part:
    """Returns a flat vertical wall for each side of the outline; each wall has its own four vertices."""
    after_m = np.roll(outline_m, -1, axis=0)
    along = after_m - outline_m
    lengths = np.linalg.norm(along, axis=1)
    normals = np.stack([along[:, 1], -along[:, 0], np.zeros(len(along))], axis=1) / lengths[:, None]
    ends = np.stack([outline_m, after_m], axis=1)[:, [0, 1, 1, 0]]  # (k, 4, 2)
    z = np.broadcast_to(np.array(z_m)[[0, 0, 1, 1], None], (len(ends), 4, 1))
    u = lengths[:, None] * np.array([0, 1, 1, 0])
    uvs = np.stack([u, z[..., 0] - z_m[0]], axis=-1) / texture_m
    faces = np.arange(len(ends))[:, None, None] * 4 + np.array([[0, 1, 2], [0, 2, 3]])
    vertices, normals = np.concatenate([ends, z], axis=-1).reshape(-1, 3), np.repeat(normals, 4, axis=0)
    return Part(vertices, normals, uvs.reshape(-1, 2), faces.reshape(-1, 3).astype(np.int32))


def _cap(outline_m: Floats, hole_m: Floats | None, z_m: float, up: int, texture_m: float) -> Part:
    """Fills an outline, except for an optional hole, with a flat part facing up (+1) or down (-1)."""
    rings = outline_m if hole_m is None else np.concatenate([outline_m, hole_m])
    faces = _fan(len(outline_m)) if hole_m is None else _annulus(len(outline_m), len(hole_m))
    vertices = np.insert(rings, 2, z_m, axis=1)
    normals = np.tile([0.0, 0.0, up], (len(rings), 1))
    return Part(vertices, normals, (rings - outline_m.min(axis=0)) / texture_m, faces[:, ::up])


def _fan(sides: int) -> NDArray[np.int32]:
    """A triangle fan from the first of `sides` points to all others, (sides - 2, 3)."""
    second = np.arange(1, sides - 1, dtype=np.int32)
    return np.stack([np.zeros_like(second), second, second + 1], axis=1)


def _annulus(outer: int, inner: int) -> NDArray[np.int32]:
    """Triangles (outer + inner, 3) of a ring between two circles of `outer` and `inner` points.

    The points of the outer circle have the indices 0 to `outer` - 1; the points of the inner circle follow.
    """
    # Each step adds one triangle, and advances on the circle whose next side has its midpoint at the smaller
    # angle.
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
