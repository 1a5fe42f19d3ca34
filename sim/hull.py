"""Convex hulls of meshes, and simplified hulls for physics.

SciPy is imported inside the functions, so that commands that only read records do not load it.
"""

import numpy as np
from numpy.typing import NDArray

from scenes.geometry import fibonacci_sphere

Array = NDArray[np.float64]

MAX_POINTS, TOLERANCE = 192, 0.007
"""A simplified hull gets no more vertices when it has `MAX_POINTS`, or when its distance to the full hull is
at most `TOLERANCE` times the size of the full hull. The time to settle grows with the number of vertices."""
INITIAL_POINTS, DIRECTIONS = 12, 2048
BATCH_FRACTION = 0.25
"""Vertices are added for this fraction of the faces whose error is above the tolerance; then the hull is
computed again."""


def hull_vertices(vertices_m: Array) -> Array:
    """Vertices (n, 3) of the convex hull of mesh vertices (m, 3); a flat mesh is thickened first."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        return np.asarray(vertices_m[ConvexHull(vertices_m).vertices])
    except QhullError:
        reach = float(np.ptp(vertices_m, axis=0).max()) * 1e-3
        thick = np.concatenate([vertices_m + reach * np.array(corner) for corner in np.ndindex(2, 2, 2)])
        return np.asarray(thick[ConvexHull(thick).vertices])


def simplified(points: Array) -> Array:
    """Returns at most `MAX_POINTS` points whose convex hull approximates the convex hull of `points` (n, 3).

    Before the points are selected, the extents along all principal axes are scaled to 1. The error of a
    knife, for example, is therefore relative to its thickness and not to its length.
    """
    middle = points.mean(axis=0)
    _, axes = np.linalg.eigh((points - middle).T @ (points - middle))
    along = (points - middle) @ axes
    size = np.maximum(np.ptp(along, axis=0), 1e-9 * np.ptp(along))
    return np.asarray(_select_points(along / size) * size @ axes.T + middle)


def _select_points(points: Array) -> Array:
    """Selects some of the points (n, 3), and moves them outward so that their hull is not too small.

    Points are added where the hull of the selected points has its largest error. Because bodies rest on
    faces, each selected point is then moved along the normals of the adjacent faces by the mean error of
    these faces.
    """
    from scipy.spatial import ConvexHull

    if len(points) > DIRECTIONS:
        points = points[np.unique([int((points @ one).argmax()) for one in fibonacci_sphere(DIRECTIONS)])]
    chosen = np.unique((fibonacci_sphere(INITIAL_POINTS) @ points.T).argmax(axis=1))
    while True:
        hull = ConvexHull(points[chosen])
        normals, reaches = hull.equations[:, :3], hull.equations[:, :3] @ points.T
        missed = reaches.max(axis=1) + hull.equations[:, 3]
        worst = np.argsort(-missed, kind="stable")[: max(int(BATCH_FRACTION * (missed > TOLERANCE).sum()), 1)]
        more = np.setdiff1d(reaches[worst].argmax(axis=1), chosen)[: MAX_POINTS - len(chosen)]
        if missed[worst[0]] <= TOLERANCE or not len(more):
            break
        chosen = np.concatenate([chosen, more])
    around = np.zeros((len(chosen), 4))
    for corner in hull.simplices.T:
        np.add.at(around, corner, np.column_stack([normals * missed[:, None], np.ones(len(missed))]))
    return np.asarray(points[chosen] + around[:, :3] / np.maximum(around[:, 3:], 1))
