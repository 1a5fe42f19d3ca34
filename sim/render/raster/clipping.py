"""Clips triangles to the space in front of the camera, because a large table may extend behind the camera."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Faces = NDArray[np.int32]

NEAR_M = 1e-3
"""Depth at which triangles are clipped; no view shows a nearer surface."""


class Triangles(NamedTuple):
    """Triangles in the camera frame: vertices and their normals (3, n), and vertex indices (3, m)."""

    vertices_m: Array
    normals: Array
    faces: Faces


def in_front(triangles: Triangles) -> Triangles:
    """Clips triangles at the near plane; returns the parts in front of it."""
    ahead = triangles.vertices_m[2] > NEAR_M
    if ahead.all():
        return triangles
    inside = ahead[triangles.faces]
    number = inside.sum(axis=0)
    whole = Triangles(*triangles[:2], triangles.faces[:, number == 3])
    tips = _turned(triangles.faces[:, number == 1], inside[:, number == 1])
    stumps = _turned(triangles.faces[:, number == 2], ~inside[:, number == 2])
    return _with_stumps(_with_tips(whole, tips), stumps)


def _turned(faces: Faces, alone: NDArray[np.bool_]) -> Faces:
    """Permutes corners (3, m) cyclically so that each triangle's corner marked in `alone` is first."""
    order = (alone.argmax(axis=0) + np.arange(3)[:, None]) % 3
    return np.take_along_axis(faces, order, axis=0)


def _with_tips(known: Triangles, faces: Faces) -> Triangles:
    """Adds the visible tips of triangles of which only the first corner is in front of the near plane."""
    first, second, added = _cut(known, faces)
    return added._replace(faces=np.concatenate([known.faces, np.stack([faces[0], first, second])], axis=1))


def _with_stumps(known: Triangles, faces: Faces) -> Triangles:
    """Adds the visible parts of triangles of which only the first corner is behind the near plane."""
    first, second, added = _cut(known, faces)
    # What remains of a triangle is a quadrilateral: two triangles.
    parts = np.stack([first, faces[1], faces[2]]), np.stack([first, faces[2], second])
    return added._replace(faces=np.concatenate([known.faces, *parts], axis=1))


def _cut(known: Triangles, faces: Faces) -> tuple[Faces, Faces, Triangles]:
    """Clips the two sides that meet in each triangle's first corner, and appends a vertex at each cut."""
    depth_m = known.vertices_m[2]
    columns = []
    for other in (1, 2):
        start, stop = faces[0], faces[other]
        share = (NEAR_M - depth_m[start]) / (depth_m[stop] - depth_m[start])
        columns.append([rows[:, start] + share * (rows[:, stop] - rows[:, start]) for rows in known[:2]])
    vertices, normals = (
        np.concatenate([known[kind], columns[0][kind], columns[1][kind]], axis=1) for kind in (0, 1)
    )
    new = known.vertices_m.shape[1] + np.arange(2 * faces.shape[1], dtype=np.int32).reshape(2, -1)
    return new[0], new[1], Triangles(vertices, normals, known.faces)
