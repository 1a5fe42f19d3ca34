"""Convex hulls of meshes, and fewer points that stand for them in physics."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from scenes.geometry import fibonacci_sphere

Array = NDArray[np.float64]

MOST_CORNERS, SHORTFALL = 192, 0.007
"""Settling costs by the corners: as few as fall short by that share of the size, and never more."""
FIRST_CORNERS, DIRECTIONS = 12, 2048
AT_ONCE = 0.25
"""Share of the faces that fall short which get a corner before the next look."""


def hull_vertices(vertices_m: Array) -> Array:
    """The corners of the convex hull; of a flat mesh, the corners of its thickened hull."""
    try:
        return np.asarray(vertices_m[ConvexHull(vertices_m).vertices])
    except QhullError:
        reach = float(np.ptp(vertices_m, axis=0).max()) * 1e-3
        thick = np.concatenate([vertices_m + reach * np.array(corner) for corner in np.ndindex(2, 2, 2)])
        return np.asarray(thick[ConvexHull(thick).vertices])


def thinned(points: Array) -> Array:
    """Few points whose hull is nearly that of some corners (n, 3).

    They are chosen with each principal axis at unit length: what is missed of a knife is then a share of its
    thickness, not of its length.
    """
    middle = points.mean(axis=0)
    _, axes = np.linalg.eigh((points - middle).T @ (points - middle))
    along = (points - middle) @ axes
    size = np.maximum(np.ptp(along, axis=0), 1e-9 * np.ptp(along))
    return np.asarray(_chosen(along / size) * size @ axes.T + middle)


def _chosen(points: Array) -> Array:
    """Corners added where faces fall short most, then moved out until faces lie about where the mesh does.

    Bodies rest on faces: each corner goes out by the mean of what the faces around it miss, square to them.
    """
    if len(points) > DIRECTIONS:
        points = points[np.unique([int((points @ one).argmax()) for one in fibonacci_sphere(DIRECTIONS)])]
    kept = np.unique((fibonacci_sphere(FIRST_CORNERS) @ points.T).argmax(axis=1))
    while True:
        hull = ConvexHull(points[kept])
        normals, reaches = hull.equations[:, :3], hull.equations[:, :3] @ points.T
        missed = reaches.max(axis=1) + hull.equations[:, 3]
        worst = np.argsort(-missed, kind="stable")[: max(int(AT_ONCE * (missed > SHORTFALL).sum()), 1)]
        more = np.setdiff1d(reaches[worst].argmax(axis=1), kept)[: MOST_CORNERS - len(kept)]
        if missed[worst[0]] <= SHORTFALL or not len(more):
            break
        kept = np.concatenate([kept, more])
    around = np.zeros((len(kept), 4))
    for corner in hull.simplices.T:
        np.add.at(around, corner, np.column_stack([normals * missed[:, None], np.ones(len(missed))]))
    return np.asarray(points[kept] + around[:, :3] / np.maximum(around[:, 3:], 1))
