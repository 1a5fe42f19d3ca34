"""Planar texture coordinates for meshes without any: faces are projected along the world axes."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def planar_uvs(positions: Array, faces: NDArray[np.integer]) -> Array:
    """Computes texture coordinates (n, 2) for the vertices of a mesh.

    A face is projected along the axis of the largest component of its normal. A shared vertex uses the
    projection of its last face.

    Args:
        positions: (n, 3) vertex positions; vertices without faces get (0, 0).
        faces: (m, 3) vertex indices.
    """
    last = np.full(len(positions), -1, np.int64)
    last[faces] = np.arange(len(faces))[:, None]
    used = np.flatnonzero(last >= 0)
    places = np.ascontiguousarray(positions.T)
    along_x, along_z = _seen_along(places, faces.take(last[used], axis=0).T)
    places = places.take(used, axis=1)
    low = places.min(axis=1, keepdims=True)
    x, y, z = (places - low) / (np.ptp(places, axis=1).max() or 1.0)
    uvs = np.zeros((len(positions), 2))
    uvs[used, 0], uvs[used, 1] = np.where(along_x, y, x), np.where(along_z, y, z)
    return uvs


def corner_uvs(corners: Array) -> Array:
    """Planar texture coordinates (m, 3, 2) for triangle corners (m, 3, 3); see `planar_uvs`."""
    faces = np.arange(3 * len(corners)).reshape(-1, 3)
    return planar_uvs(corners.reshape(-1, 3), faces).reshape(-1, 3, 2)


def _seen_along(places: Array, corners: NDArray[np.integer]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Finds the faces to be projected along x, and the faces to be projected along z: two masks (m,).

    Args:
        places: (3, n) positions.
        corners: (3, m) vertex indices of each face.
    """
    first, second, third = (places.take(corner, axis=1) for corner in corners)
    one, other = second - first, third - first
    x, y, z = (np.abs(one[i] * other[j] - one[j] * other[i]) for i, j in ((1, 2), (2, 0), (0, 1)))
    return (x >= y) & (x >= z), (z > x) & (z > y)
