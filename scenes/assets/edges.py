"""Vertices, edges and normals of triangle arrays."""

import numpy as np
from numpy.typing import NDArray

from scenes.assets.sorting import distinct

MERGE_TOLERANCE = 1e-8
"""Rounding step of positions when vertices are merged, as a fraction of the longest extent."""


def face_normals(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit normals (m, 3) of triangles (m, 3, 3); close to zero for degenerate triangles."""
    a, b, c = np.moveaxis(corners, 1, 0)
    normals = np.cross(b - a, c - a)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30))


def edges_of(corner_of: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Assigns an index to each edge of a triangle mesh, and finds the open edges.

    Args:
        corner_of: (m, 3) vertex indices of the triangles, after merging.

    Returns:
        The edge indices of each triangle, (m, 3), and whether each edge is open, (k,). An edge is open
        unless the triangles traverse it equally often in both directions.
    """
    start, stop = corner_of.ravel(), np.roll(corner_of, -1, axis=1).ravel()
    low, high = np.minimum(start, stop).astype(np.int64), np.maximum(start, stop)
    _, edge = distinct([low * (int(high.max()) + 1) + high])
    return edge.reshape(-1, 3), np.bincount(edge, weights=np.sign(stop - start)) != 0


def merged_positions(vertices_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """Index of each vertex among the distinct positions, (n,).

    Two vertices have the same index if their positions, rounded according to `MERGE_TOLERANCE`, are equal.
    """
    offsets = vertices_m - vertices_m.min(axis=0)
    size = float(offsets.max())
    step = MERGE_TOLERANCE * (size if size > 0 else 1.0)
    cells = np.rint(offsets / step).astype(np.int64)
    return distinct(cells.T[::-1])[1]
