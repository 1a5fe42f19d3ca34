"""Footprints of bodies: convex outlines seen from above, and their overlap."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.catalogue import Asset

Array = NDArray[np.float64]

CACHED = 1024
"""Number of meshes whose outermost vertices are cached."""
SMALLEST_M2 = 1e-12
"""Footprints below this area, as of a thin sheet standing on its edge, count as covering nothing."""


@lru_cache(CACHED)
def outermost(asset: Asset) -> Array:
    """Vertices (n, 3) of a mesh's convex hull, relative to its centre of mass, at scale 1."""
    # Imported here because SciPy is slow to import, and the settings need only the types of this module.
    from scipy.spatial import ConvexHull, QhullError

    points_m = asset.mesh.vertices_m - np.array(asset.center_of_mass_m)
    try:
        found = points_m[ConvexHull(points_m).vertices]
    except QhullError:  # all vertices in a plane
        found = points_m
    found.setflags(write=False)
    return np.asarray(found)


def footprint(points_m: Array) -> Array:
    """The convex hull (k, 2), in metres, of points (n, 3) projected onto the floor."""
    flat = np.ascontiguousarray(points_m[:, :2], np.float32)
    return np.asarray(cv2.convexHull(flat)[:, 0], np.float64)


def area_m2(polygon_m: Array) -> float:
    """Area of a polygon (k, 2)."""
    x, y = polygon_m.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def covered_share(first_m: Array, second_m: Array) -> float:
    """Intersection area of two convex footprints (k, 2) and (l, 2), divided by the smaller of their areas."""
    smaller = min(area_m2(first_m), area_m2(second_m))
    middle = first_m.mean(axis=0)  # single precision is exact enough near the origin
    common_m2 = common_area_m2((first_m - middle).astype(np.float32), (second_m - middle).astype(np.float32))
    return common_m2 / smaller if smaller > SMALLEST_M2 else 0.0


def common_area_m2(first_m: NDArray[np.float32], second_m: NDArray[np.float32]) -> float:
    """Intersection area of two convex polygons, (k, 2) and (l, 2); less precise far from the origin."""
    return float(cv2.intersectConvexConvex(first_m, second_m)[0])
