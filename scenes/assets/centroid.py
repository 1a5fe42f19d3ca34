"""Volumes and centres of mass of triangles, given by their corners about the middle of their bounding box.

SciPy is imported where it is called: it takes longer than all the rest of this package.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEGLIGIBLE_VOLUME = 1e-9
"""Below this share of the longest extent cubed a body counts as flat."""


def signed_volume(corners_m: Floats) -> float:
    """The volume that triangles (m, 3, 3) enclose, in m³; negative if they are seen from inside."""
    return float(_signed_volumes(corners_m).sum())


def shells(corners_m: Floats, edge_of: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
    """The shells of a surface: triangles that hang together by edges; a corner in common is not enough.

    Args:
        corners_m: (m, 3, 3) of all triangles.
        edge_of: (m, 3), the number of each triangle's edges, counted from 0.

    Returns:
        The shell of each triangle, (m,), and the signed volume that each encloses, in m³.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    triangles, edges = len(edge_of), int(edge_of.max()) + 1
    ends = np.repeat(np.arange(triangles), 3), triangles + edge_of.ravel()
    graph = coo_array((np.ones(len(ends[0])), ends), shape=(triangles + edges,) * 2)
    _, part = connected_components(graph, directed=False)
    _, shell = np.unique(part[:triangles], return_inverse=True)
    return np.asarray(shell), np.bincount(shell, weights=_signed_volumes(corners_m)).astype(np.float64)


def center_of_mass(corners_m: Floats, extents_m: Floats, is_watertight: bool) -> Floats:
    """The centre of mass of the solid, (3,), or the best stand-in for it, as `Mesh.center_of_mass_m` says.

    Args:
        corners_m: (m, 3, 3) of all triangles.
        extents_m: (3,) of their bounding box.
        is_watertight: Whether they leave no edge open.
    """
    least_m3 = NEGLIGIBLE_VOLUME * float(extents_m.max()) ** 3
    found = _volume_centroid(corners_m, least_m3) if is_watertight else None
    # Outside: shells that face each other.
    if found is None or (np.abs(found) > extents_m / 2).any():
        found = _hull_centroid(corners_m.reshape(-1, 3), least_m3)
    return _surface_centroid(corners_m) if found is None else found


def _signed_volumes(corners_m: Floats) -> Floats:
    """The volumes of the tetrahedra from the origin to each triangle, (m,); negative if seen from behind."""
    first, second, third = corners_m[:, 0], corners_m[:, 1], corners_m[:, 2]
    return np.asarray((first * np.cross(second, third)).sum(axis=1) / 6, np.float64)


def _volume_centroid(corners_m: Floats, least_m3: float) -> Floats | None:
    """The centroid of the solid, (3,), or None if it encloses no more than `least_m3`."""
    volumes = _signed_volumes(corners_m)
    total = float(volumes.sum())
    if abs(total) <= least_m3:
        return None
    return np.asarray((volumes[:, None] * corners_m.sum(axis=1)).sum(axis=0) / (4 * total), np.float64)


def _hull_centroid(points_m: Floats, least_m3: float) -> Floats | None:
    """The centroid of the convex hull, (3,), or None if that is flat."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        hull = ConvexHull(points_m)
    except QhullError:
        return None
    corners = points_m[hull.simplices]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    turned = (normals * hull.equations[:, :3]).sum(axis=1) < 0  # Qhull winds its triangles either way
    corners[turned] = corners[turned][:, ::-1]
    return _volume_centroid(corners, least_m3)


def _surface_centroid(corners_m: Floats) -> Floats:
    """The area-weighted centroid of the triangles, (3,); the plain mean where there is no area."""
    edges = corners_m[:, 1:] - corners_m[:, :1]
    areas = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    weights = areas if areas.any() else np.ones(len(areas))
    return np.asarray(np.average(corners_m.mean(axis=1), axis=0, weights=weights), np.float64)
