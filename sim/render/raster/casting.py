"""Ray casting: finds where rays from the camera hit the triangles of a mesh.

A ray is given by its point in the plane at depth 1. The rays are sorted into rows of this plane, and by x
within each row, so that each triangle is tested only against the rays near it in each row.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]

LARGE = 3.0
"""If a triangle's bounding box is wider and higher than this many rows, its x range is computed per row."""
MAX_PAIRS = 1 << 21
"""Maximum number of ray-triangle pairs that are tested at once."""


class _Sorted(NamedTuple):
    """Rays sorted into rows, and by x within each row.

    Attributes:
        order: (n,) index of each sorted ray in the input.
        points: (n, 2) x and y of the sorted rays at depth 1.
        keys: (n,) sort keys: row · `span` + x - `low[0]`, in ascending order.
        low: (2,) smallest x and y of all rays.
        pitch: Height of a row.
        rows: Number of rows.
        span: A length that is larger than the extent of the rays along x.
    """

    order: Index
    points: Array
    keys: Array
    low: Array
    pitch: float
    rows: int
    span: float


class Hits(NamedTuple):
    """The nearest hits of rays.

    Attributes:
        depth_m: (n,) depth in metres at which each ray hits the nearest triangle; infinite without a hit.
        face: (n,) index of this triangle; -1 without a hit.
    """

    depth_m: Array
    face: Index


def cast(rays: Array, vertices_m: Array, faces: NDArray[np.int32], near_m: float) -> Hits:
    """Finds the nearest triangle that each ray hits.

    A ray through an edge hits the triangles on both sides of the edge, so there is no gap between them.

    Args:
        rays: (n, 2) x and y of the rays at depth 1.
        vertices_m: (3, v) vertices in the camera frame; they may be behind the camera.
        faces: (3, m) vertex indices of the triangles.
        near_m: Hits nearer than this depth are ignored.
    """
    hits = Hits(np.full(len(rays), np.inf), np.full(len(rays), -1, np.int64))
    if not len(rays):
        return hits
    a, b, c = (vertices_m[:, corner] for corner in faces)
    ordered = _by_rows(rays)
    face, start, count = _runs(ordered, _places(np.stack([a, b, c])))
    sides = np.concatenate([_cross(a, b), _cross(b, c), _cross(c, a)])
    volume = np.einsum("im,im->m", a, sides[3:6])
    ends = np.cumsum(count)
    for first in range(0, int(ends[-1]) if len(ends) else 0, MAX_PAIRS):
        pair = np.arange(first, min(first + MAX_PAIRS, int(ends[-1])))
        run = np.searchsorted(ends, pair, side="right")
        ray, triangle = pair - (ends[run] - count[run]) + start[run], face[run]
        met, met_m = _met(ordered.points[ray], sides[:, triangle], volume[triangle], near_m)
        _keep_nearest(hits, ordered.order[ray[met]], triangle[met], met_m)
    return hits


def weights_at(rays: Array, corners_m: Array) -> Array:
    """Barycentric coordinates (n, 3) of the points at which rays (n, 2) hit triangles.

    Args:
        rays: (n, 2) x and y at depth 1.
        corners_m: (3 corners, 3, n) the triangle of each ray, in the camera frame.
    """
    a, b, c = corners_m
    x, y = rays.T
    sides = (_cross(b, c), _cross(c, a), _cross(a, b))
    weights = np.stack([x * side[0] + y * side[1] + side[2] for side in sides], axis=1)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _by_rows(rays: Array) -> _Sorted:
    low, high = rays.min(axis=0), rays.max(axis=0)
    rows = max(int(np.sqrt(len(rays))), 1)
    pitch = max(float(high[1] - low[1]) / rows, 1e-12)
    span = float(high[0] - low[0]) * 1.001 + 1e-9
    row = np.minimum((rays[:, 1] - low[1]) / pitch, rows - 1).astype(np.int64)
    keys = row * span + (rays[:, 0] - low[0])
    order = np.argsort(keys, kind="stable")
    return _Sorted(order, rays[order], keys[order], low, pitch, rows, span)


class _Places(NamedTuple):
    """Triangles projected to the plane at depth 1.

    Attributes:
        corners: (3, 2, m) x and y of the three corners of each triangle; meaningless for corners that are
            not in front of the camera.
        low: (2, m) smallest x and y of each triangle.
        high: (2, m) largest x and y of each triangle.
    """

    corners: Array
    low: Array
    high: Array


def _places(corners_m: Array) -> _Places:
    """Projects triangles (3 corners, 3, m) to the plane at depth 1.

    A triangle that is only partly in front of the camera gets infinite bounds. A triangle behind the camera
    gets empty bounds: `low` is greater than `high`.
    """
    depth_m = corners_m[:, 2]
    with np.errstate(all="ignore"):
        places = corners_m[:, :2] / depth_m[:, None]
    low, high = places.min(axis=0), places.max(axis=0)
    crosses, behind = depth_m.min(axis=0) <= 0, depth_m.max(axis=0) <= 0
    low[:, crosses], high[:, crosses] = -np.inf, np.inf
    low[:, behind], high[:, behind] = np.inf, -np.inf
    return _Places(places, low, high)


def _runs(rays: _Sorted, places: _Places) -> tuple[Index, Index, Index]:
    """Finds the rays to test against each triangle, as runs of consecutive sorted rays.

    Returns:
        Three arrays (k,) with one element per run: the index of the triangle, the index of the first sorted
        ray, and the number of rays.
    """
    (x0, y0), (x1, y1) = places.low, places.high
    limit = rays.rows * rays.pitch
    first = np.clip((y0 - rays.low[1]) / rays.pitch - 1e-6, 0, rays.rows)
    last = np.clip((y1 - rays.low[1]) / rays.pitch + 1e-6, -1, rays.rows - 1)
    inside = (y1 >= rays.low[1]) & (y0 <= rays.low[1] + limit * (1 + 1e-9)) & (x0 <= x1)
    found = np.flatnonzero(inside)
    top = np.minimum(first[found], rays.rows - 1).astype(np.int64)
    number = last[found].astype(np.int64) - top + 1
    face = np.repeat(found, number)
    row = np.arange(len(face)) - np.repeat(np.cumsum(number) - number, number) + np.repeat(top, number)
    x0, x1 = _narrowed(places, face, row, rays)
    left = np.clip(x0 - rays.low[0], 0, rays.span)
    right = np.clip(x1 - rays.low[0], -1e-12, rays.span * (1 - 1e-12))
    start = np.searchsorted(rays.keys, row * rays.span + left - 1e-12)
    stop = np.searchsorted(rays.keys, row * rays.span + right + 1e-12, side="right")
    count = np.maximum(stop - start, 0)
    some = np.flatnonzero(count)
    return face[some], start[some], count[some]


def _narrowed(places: _Places, face: Index, row: Index, rays: _Sorted) -> tuple[Array, Array]:
    """Returns the smallest and the largest x of triangle `face[i]` for row `row[i]`, (n,) each.

    A large triangle is clipped to the row; a small triangle is not clipped.
    """
    x0, x1 = places.low[0, face], places.high[0, face]
    spans = np.minimum(x1 - x0, places.high[1, face] - places.low[1, face])
    # Most rays in the bounding box of a large, slanted triangle miss the triangle.
    large = np.flatnonzero(np.isfinite(spans) & (spans > LARGE * rays.pitch))
    corners = places.corners[:, :, face[large]]
    bottom = rays.low[1] + (row[large] - 1e-6) * rays.pitch
    top = bottom + (1 + 2e-6) * rays.pitch
    left, right = np.full(len(large), np.inf), np.full(len(large), -np.inf)
    for (ax, ay), (bx, by) in zip(corners, corners[[1, 2, 0]], strict=True):
        low, high = np.maximum(np.minimum(ay, by), bottom), np.minimum(np.maximum(ay, by), top)
        with np.errstate(all="ignore"):
            slope = np.where(by == ay, np.inf, (bx - ax) / (by - ay))
            ends = ax + slope * (low - ay), ax + slope * (high - ay)
        flat = ~np.isfinite(slope)
        ends = np.where(flat, ax, ends[0]), np.where(flat, bx, ends[1])
        meets = low <= high
        left = np.where(meets, np.minimum(left, np.minimum(*ends)), left)
        right = np.where(meets, np.maximum(right, np.maximum(*ends)), right)
    slack = 1e-9 * (x1[large] - x0[large]) + 1e-12
    x0[large], x1[large] = np.maximum(x0[large], left - slack), np.minimum(x1[large], right + slack)
    return x0, x1


def _cross(a: Array, b: Array) -> Array:
    """Cross products (3, m); swapping the arguments exactly negates them."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _met(rays: Array, sides: Array, volume: Array, near_m: float) -> tuple[Index, Array]:
    """Intersects n pairs of a ray and a triangle.

    Args:
        rays: (n, 2) x and y of each ray at depth 1.
        sides: (9, n) for each of the three sides of a triangle, the cross product of the side's two ends.
        volume: (n,) six times the volume between the triangle and the camera.
        near_m: Minimum depth in metres.

    Returns:
        The indices of the pairs that intersect, and the depths of the intersections in metres.
    """
    x, y = np.ascontiguousarray(rays.T)
    weights = [x * sides[at] + y * sides[at + 1] + sides[at + 2] for at in (0, 3, 6)]
    low, high = np.minimum(weights[0], weights[1]), np.maximum(weights[0], weights[1])
    one_side = (np.minimum(low, weights[2]) >= 0) | (np.maximum(high, weights[2]) <= 0)
    place = np.flatnonzero(one_side)
    with np.errstate(all="ignore"):
        depth_m = volume[place] / (weights[0][place] + weights[1][place] + weights[2][place])
    ahead = depth_m > near_m
    return place[ahead], depth_m[ahead]


def _keep_nearest(hits: Hits, ray: Index, face: Index, met_m: Array) -> None:
    """Updates `hits` in place with the new hits that are nearer than the previous hits of the same rays."""
    nearer = np.flatnonzero(met_m < hits.depth_m[ray])
    order = nearer[np.argsort(-met_m[nearer], kind="stable")]  # the nearest is written last
    hits.depth_m[ray[order]], hits.face[ray[order]] = met_m[order], face[order]
