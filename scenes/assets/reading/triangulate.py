"""Triangulates polygons, including concave polygons and polygons with repeated or collinear corners."""

from itertools import pairwise

import mapbox_earcut
import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.raw import Floats

Ints = NDArray[np.int64]
LEAST_SHARE = 1e-9
"""A triangulation is rejected if a triangle is inverted, or has less than this fraction of the polygon's
area."""
FEW_CORNERS = 12
"""Largest number of corners for which fans around every corner are tried, vectorized over polygons."""


def triangulate(vertices: Floats, corners: Ints, counts: Ints) -> Ints:
    """Triangulates polygons so that the triangles cover them exactly, with the same winding.

    A polygon need not be planar: it is projected along its normal, computed by Newell's method. A
    quadrilateral is cut from its first corner to its third if possible, otherwise from the second to the
    fourth. A polygon with five or more corners becomes a fan around its first corner if that fan covers it
    exactly. Otherwise fans around its other corners are tried, if it has at most `FEW_CORNERS` corners. If no
    fan covers it, ear clipping is used. The triangles use every corner, so that closed surfaces remain
    closed; only a corner with the same position as the one before it may be left out. A polygon with a corner
    that is not finite becomes a fan around that corner, so that none of its triangles is finite.

    Args:
        vertices: (n, 3) positions.
        corners: (k,) indices into `vertices`, polygon after polygon.
        counts: (m,) number of corners of each polygon; polygons with fewer than three give no triangle.

    Returns:
        (t, 3) indices into `corners`, in the order of the polygons; they also index data stored per corner.
    """
    starts = np.cumsum(counts) - counts
    slots = np.maximum(counts - 2, 0)
    first = np.cumsum(slots) - slots
    cut = np.full((int(slots.sum()), 3), -1, np.int64)
    with np.errstate(all="ignore"):  # vertices need not be finite
        for count in np.unique(counts[counts >= 3]).tolist():
            which = np.flatnonzero(counts == count)
            local = _cut(vertices, corners[starts[which, None] + np.arange(count)])
            place = first[which, None] + np.arange(count - 2)
            cut[place] = np.where(local < 0, -1, starts[which, None, None] + local)
    return cut[cut[:, 0] >= 0]


def _cut(vertices: Floats, polygons: Ints) -> Ints:
    """Triangulates m polygons with n corners each.

    Args:
        vertices: (v, 3) positions.
        polygons: (m, n) indices into `vertices`.

    Returns:
        (m, n - 2, 3) corner indices, 0..n - 1; rows of -1 fill the place of missing triangles.
    """
    size, count = polygons.shape
    fan = np.stack([np.zeros(count - 2, np.int64), np.arange(1, count - 1), np.arange(2, count)], axis=1)
    if count == 3:
        return np.broadcast_to(fan, (size, 1, 3))
    points = vertices[polygons]
    cut = _halves(points, _fan_areas(points)) if count == 4 else _cut_many(points, fan)
    spoilt = np.asarray(~np.isfinite(points).all(axis=2))
    which = np.flatnonzero(spoilt.any(axis=1))
    cut[which] = (fan + spoilt[which].argmax(axis=1)[:, None, None]) % count
    return cut


def _cut_many(points: Floats, fan: Ints) -> Ints:
    """Triangulates m polygons with n corners each, n at least five.

    Args:
        points: (m, n, 3) corners.
        fan: (n - 2, 3) corner indices of the fan around corner 0.

    Returns:
        (m, n - 2, 3) corner indices; rows of -1 fill the place of missing triangles.
    """
    size, count = points.shape[:2]
    cut = np.repeat(fan[None], size, axis=0)
    left = np.flatnonzero(~_covered(points))
    for tip in range(1, count) if count <= FEW_CORNERS else ():
        covered = _covered(np.roll(points[left], -tip, axis=1))
        cut[left[covered]] = (fan + tip) % count
        left = left[~covered]
    cut[left] = -1
    seen = _flat(points[left], _fan_areas(points[left]).sum(axis=1))
    for index, flat in zip(left.tolist(), seen, strict=True):
        ears = _ears(flat)
        cut[index, : len(ears)] = ears
    return cut


def _fan_areas(points: Floats) -> Floats:
    """Computes the area vectors of the fan around corner 0 of each polygon, doubled.

    Args:
        points: (m, n, 3) corners of m polygons.

    Returns:
        (m, n - 2, 3) doubled area vectors of the triangles.
    """
    spokes = points[:, 1:] - points[:, :1]
    return np.cross(spokes[:, :-1], spokes[:, 1:])


def _halves(points: Floats, areas: Floats) -> Ints:
    """Divides each of m quadrilaterals along a diagonal.

    Args:
        points: (m, 4, 3) corners.
        areas: (m, 2, 3) area vectors of the two triangles that the diagonal from the first corner gives.

    Returns:
        (m, 2, 3) corner indices, 0..3, of the two triangles.
    """
    normal = areas.sum(axis=1)
    other = np.cross(points[:, 2] - points[:, 1], points[:, 3] - points[:, 1])
    least = (areas @ normal[..., None]).min(axis=1)[:, 0]
    of_other = np.einsum("ij,ij->i", other, normal)
    whole = np.einsum("ij,ij->i", normal, normal)
    least_of_other = np.minimum(of_other, whole - of_other)
    turned = ~(least > LEAST_SHARE * whole) & (least_of_other > least)
    return np.where(turned[:, None, None], [[0, 1, 3], [1, 2, 3]], [[0, 1, 2], [2, 3, 0]])


def _covered(points: Floats) -> NDArray[np.bool_]:
    """Tests for each polygon whether the fan around its first corner covers the polygon exactly.

    It does if no triangle of the fan is inverted and the angles at the first corner sum to less than a full
    turn.

    Args:
        points: (m, n, 3) corners of m polygons.

    Returns:
        (m,) bool.
    """
    areas = _fan_areas(points)
    normal = areas.sum(axis=1)
    heights = (areas @ normal[..., None])[..., 0]
    whole = np.einsum("ij,ij->i", normal, normal)
    upward = (heights > LEAST_SHARE * whole[:, None]).all(axis=1)
    unit = normal / np.sqrt(whole)[:, None]
    spokes = points[:, 1:] - points[:, :1]
    spokes = spokes - (spokes @ unit[..., None]) * unit[:, None]
    cosines = np.einsum("ijk,ijk->ij", spokes[:, :-1], spokes[:, 1:])
    angles = np.arctan2(heights / np.sqrt(whole)[:, None], cosines).sum(axis=1)
    return np.asarray(upward & (angles < 2 * np.pi - 1e-6))


def _flat(points: Floats, normal: Floats) -> Floats:
    """Projects each of m polygons along its normal onto a plane.

    Args:
        points: (m, n, 3) corners of the polygons.
        normal: (m, 3) normals of the polygons, not necessarily unit vectors.

    Returns:
        (m, n, 2) corners in the plane; NaN for a polygon whose normal is zero.
    """
    normal = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    across = np.cross(np.eye(3)[np.abs(normal).argmin(axis=1)], normal)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    plane = np.stack([across, np.cross(normal, across)], axis=2)
    return np.asarray((points - points[:, :1]) @ plane)


def _ears(flat: Floats) -> Ints:
    """Ear-clips one polygon with corners (n, 2); returns corner indices (t, 3), with t at most n - 2."""
    kept = np.flatnonzero((flat != np.roll(flat, 1, axis=0)).any(axis=1))
    if len(kept) < 3 or not np.isfinite(flat).all():
        return np.zeros((0, 3), np.int64)
    ears = mapbox_earcut.triangulate_float64(flat[kept], np.array([len(kept)], np.uint32))
    cut = ears.astype(np.int64).reshape(-1, 3)
    if _doubled_areas(flat[kept][cut]).sum() < 0:
        cut = cut[:, ::-1]
    if len(cut) < len(kept) - 2:
        cut = _with_all_corners(cut, flat[kept])
    return np.asarray(kept[cut][: len(flat) - 2])


def triangulate_with_holes(points: Floats, ends: Ints) -> Ints:
    """Triangulates a polygon with holes, preserving the winding of its outline.

    Args:
        points: (n, 3) corners of the outline, then the corners of each hole. Holes may have any winding.
        ends: (h + 1,) indices in `points` at which the outline and each of the h holes end (exclusive).

    Returns:
        (t, 3) corner indices; empty if the outline has no area or a corner is not finite.
    """
    with np.errstate(all="ignore"):
        (flat,) = _flat(points[None], _fan_areas(points[None, : ends[0]]).sum(axis=1))
    if not np.isfinite(flat).all():
        return np.zeros((0, 3), np.int64)
    ears = mapbox_earcut.triangulate_float64(flat, np.asarray(ends, np.uint32))
    cut = ears.astype(np.int64).reshape(-1, 3)
    return cut[:, ::-1] if _doubled_areas(flat[cut]).sum() < 0 else cut


def _doubled_areas(triangles: Floats) -> Floats:
    """Twice the signed areas (t,) of triangles (t, 3, 2)."""
    (x1, y1), (x2, y2) = (np.moveaxis(triangles[:, k] - triangles[:, 0], 1, 0) for k in (1, 2))
    return np.asarray(x1 * y2 - y1 * x2)


def _with_all_corners(cut: Ints, flat: Floats) -> Ints:
    """Inserts the collinear corners that a triangulation left out, to avoid T-junctions between polygons.

    A triangle whose edge runs through such corners is split at them.

    Args:
        cut: (t, 3) corner indices of the triangles, with the winding of the polygon.
        flat: (n, 2) corners of the polygon.
    """
    used = np.unique(cut)
    triangles = cut.tolist()
    slack = 1e-12 * np.ptp(flat, axis=0).max() ** 2
    for start, stop in zip(used.tolist(), np.roll(used, -1).tolist(), strict=True):
        row = [(start + step) % len(flat) for step in range((stop - start) % len(flat) + 1)]
        whole = _with_edge(triangles, start, stop) if len(row) > 2 else None
        if whole is None:
            continue
        (tip,) = set(triangles[whole]) - {start, stop}
        split = [[a, b, tip] for a, b in pairwise(row)]
        if (_doubled_areas(flat[split]) > -slack).all():  # false where the outline runs back on itself
            triangles[whole : whole + 1] = split
    return np.array(triangles, np.int64).reshape(-1, 3)


def _with_edge(triangles: list[list[int]], start: int, stop: int) -> int | None:
    """Returns the index of the triangle with the directed edge from `start` to `stop`; None without one."""
    ends = ((a, b, c) for a, b, c in triangles)
    return next((i for i, (a, b, c) in enumerate(ends) if (start, stop) in ((a, b), (b, c), (c, a))), None)
