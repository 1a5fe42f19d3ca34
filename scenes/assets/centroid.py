"""Volumes and centres of mass of triangle meshes, relative to the centre of the bounding box."""

import numpy as np
from numpy.typing import NDArray

from scenes.assets.components import components

Floats = NDArray[np.float64]

NEGLIGIBLE_VOLUME = 1e-9
"""Volume, as a fraction of the cube of the longest extent, below which a body is treated as flat."""


def signed_volume(corners_m: Floats) -> float:
    """Volume enclosed by triangles (m, 3, 3), in m³; negative if the triangles face inward."""
    return float(_signed_volumes(corners_m).sum())


def shells(corners_m: Floats, edge_of: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
    """Splits a surface into shells: connected components of triangles that share edges.

    Triangles that share only a vertex are not connected.

    Args:
        corners_m: (m, 3, 3) vertices of all triangles.
        edge_of: (m, 3) edge indices of each triangle, from 0. Two triangles with a common edge have the index
            of this edge in common.

    Returns:
        The shell index (m,) of each triangle, and the signed volume (k,) of each of the k shells in m³.
    """
    triangles, edges = len(edge_of), int(edge_of.max()) + 1
    part = components(np.repeat(np.arange(triangles), 3), triangles + edge_of.ravel(), triangles + edges)
    shell = part[:triangles]  # triangles are the first nodes, so their components are numbered from 0
    return shell, np.bincount(shell, weights=_signed_volumes(corners_m)).astype(np.float64)


def center_of_mass(corners_m: Floats, extents_m: Floats, is_watertight: bool) -> Floats:
    """Computes the centre of mass (3,) of a solid.

    If the mesh is not watertight, or the centroid of its volume is unusable, the result is the centroid of
    the convex hull. If the hull is flat, it is the centroid of the surface.

    Args:
        corners_m: (m, 3, 3) vertices of all triangles, relative to the centre of their bounding box.
        extents_m: (3,) side lengths of the bounding box.
        is_watertight: Whether the surface has no open edges.
    """
    least_m3 = NEGLIGIBLE_VOLUME * float(extents_m.max()) ** 3
    found = _volume_centroid(corners_m, least_m3) if is_watertight else None
    # A centroid outside the bounding box results from shells of opposite orientation, whose volumes cancel.
    if found is None or (np.abs(found) > extents_m / 2).any():
        found = _hull_centroid(corners_m.reshape(-1, 3), least_m3)
    return _surface_centroid(corners_m) if found is None else found


def _signed_volumes(corners_m: Floats) -> Floats:
    """Signed volumes of the tetrahedra between the origin and each triangle, (m,).

    The volume is negative if the triangle faces the origin.
    """
    first, second, third = corners_m[:, 0], corners_m[:, 1], corners_m[:, 2]
    return np.asarray((first * np.cross(second, third)).sum(axis=1) / 6, np.float64)


def _volume_centroid(corners_m: Floats, least_m3: float) -> Floats | None:
    """Computes the centroid (3,) of a watertight mesh; None if its volume is at most `least_m3`."""
    volumes = _signed_volumes(corners_m)
    total = float(volumes.sum())
    if abs(total) <= least_m3:
        return None
    return np.asarray((volumes[:, None] * corners_m.sum(axis=1)).sum(axis=0) / (4 * total), np.float64)


def _hull_centroid(points_m: Floats, least_m3: float) -> Floats | None:
    """Computes the centroid (3,) of the convex hull; None if its volume is at most `least_m3`."""
    from scipy.spatial import ConvexHull, QhullError  # imported here, because SciPy is slow to import

    try:
        hull = ConvexHull(points_m)
    except QhullError:
        return None
    corners = points_m[hull.simplices]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inward = (normals * hull.equations[:, :3]).sum(axis=1) < 0  # Qhull's winding order is arbitrary
    corners[inward] = corners[inward][:, ::-1]
    return _volume_centroid(corners, least_m3)


def _surface_centroid(corners_m: Floats) -> Floats:
    """Area-weighted centroid of the triangles, (3,); the unweighted mean if their area is 0."""
    edges = corners_m[:, 1:] - corners_m[:, :1]
    areas = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    weights = areas if areas.any() else np.ones(len(areas))
    return np.asarray(np.average(corners_m.mean(axis=1), axis=0, weights=weights), np.float64)
