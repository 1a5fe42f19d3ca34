"""Distances between the surfaces of triangle meshes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

Array = NDArray[np.float64]
Index = NDArray[np.int64]

STEPS = 0.6180339887498949, 0.7548776662466927, 0.5698402909980532
"""Steps, modulo 1, of low-discrepancy sequences: golden ratio for an interval, Roberts's R2 for a square."""
SPREAD = 20_000
"""Number of samples spread over a surface, in addition to its vertices and face centres."""
CELLS = 1 << 10
"""Number of grid cells per axis for the Morton order of triangles."""
LEAF = 4
"""Number of triangles per leaf of the bounding volume hierarchy."""
BATCH = 2048
"""Number of points per batch of exact distances."""
FIRST = 512
"""Number of points whose exact distances are computed first."""
NEIGHBOURS = 4
"""Number of nearest samples whose triangles give an upper bound on a point's distance."""


@dataclass(frozen=True, slots=True, eq=False)
class Searchable:
    """A surface prepared for nearest-triangle queries.

    Attributes:
        corners: (m, 3, 3) the triangles.
        samples: (n, 3) evenly spread points, triangle centres, and vertices.
        triangle: (n,) triangle index of each sample.
        tree: Finds the sample nearest to a point.
        leaves: (2^depth, LEAF) triangle indices in the leaves of a complete binary tree. To fill all leaves,
            some triangles occur more than once.
        boxes: For each tree level, from the root, the bounding boxes of its nodes, (2^level, 2, 3).
    """

    corners: Array
    samples: Array
    triangle: Index
    tree: "cKDTree"
    leaves: Index
    boxes: tuple[Array, ...]

    @classmethod
    def of(cls, points: Array, faces: Index) -> "Searchable":
        """Prepares triangles for queries, given vertex positions (p, 3) and vertex indices (m, 3)."""
        # Imported here because SciPy is slow to import, and most meshes have no levels of detail.
        from scipy.spatial import cKDTree

        corners = points[faces]
        depth = max(int(np.ceil(np.log2(len(corners) / LEAF))), 0)
        order = np.argsort(_morton(corners.mean(axis=1)), kind="stable")
        places = np.arange(LEAF << depth) * len(corners) // (LEAF << depth)
        leaves = order[places].reshape(-1, LEAF)
        held = corners[leaves]
        boxes = [np.stack([held.min(axis=(1, 2)), held.max(axis=(1, 2))], axis=1)]
        while len(boxes[0]) > 1:
            pairs = boxes[0].reshape(-1, 2, 2, 3)
            boxes.insert(0, np.stack([pairs[:, :, 0].min(axis=1), pairs[:, :, 1].max(axis=1)], axis=1))
        spread, triangle = _spread(corners)
        of_vertex = np.full(len(points), -1)
        of_vertex[faces] = np.arange(len(faces))[:, None]
        used = np.flatnonzero(of_vertex >= 0)
        samples = np.concatenate([spread, corners.mean(axis=1), points[used]])
        triangle = np.concatenate([triangle, np.arange(len(faces)), of_vertex[used]])
        return cls(corners, samples, triangle, cKDTree(samples), leaves, tuple(boxes))


def _spread(corners: Array) -> tuple[Array, Index]:
    """Points (`SPREAD`, 3) spread evenly over triangles (m, 3, 3), and the triangle index of each."""
    a, b, c = np.moveaxis(corners, 1, 0)
    normals = cross(b - a, c - a)
    areas = np.sqrt(dot(normals, normals))
    index = np.arange(SPREAD)
    place = (index * STEPS[0] + 0.5) % 1.0 * areas.sum()
    face = np.minimum(np.searchsorted(areas.cumsum(), place), len(areas) - 1)
    first, second = ((index * step + 0.5) % 1.0 for step in STEPS[1:])
    over = first + second > 1
    first, second = np.where(over, 1 - first, first)[:, None], np.where(over, 1 - second, second)[:, None]
    return a[face] + first * (b[face] - a[face]) + second * (c[face] - a[face]), face


def farthest(points: Array, surface: Searchable) -> float:
    """Returns the largest distance of points (n, 3) to a surface."""
    # The distance to the triangle of the nearest sample is an upper bound. Only points whose bound exceeds
    # the largest exact distance found so far get a tighter bound and then the exact distance.
    apart, nearest = surface.tree.query(points)
    away = np.flatnonzero(apart)  # the others are samples
    points = points[away]
    bound = _to_triangles(points, surface.corners[surface.triangle[nearest[away]]])
    first = np.argsort(-bound, kind="stable")[:FIRST]
    largest = float(_refined(points[first], bound[first], surface).max(initial=0.0))
    left = np.flatnonzero(bound > largest)
    left_points, left_bound = points[left], _bounds(points[left], surface)
    order, begun = np.argsort(-left_bound, kind="stable"), 0
    while begun < len(order) and left_bound[order[begun]] > largest:
        batch = order[begun : begun + BATCH]
        largest = max(largest, float(_refined(left_points[batch], left_bound[batch], surface).max()))
        begun += BATCH
    return float(np.sqrt(largest))


def _bounds(points: Array, surface: Searchable) -> Array:
    """Returns upper bounds (n,) of the squared distances from points (n, 3) to a surface.

    Each bound is the squared distance to the triangles that contain the `NEIGHBOURS` nearest samples.
    """
    near = surface.tree.query(points, NEIGHBOURS)[1].reshape(-1, NEIGHBOURS)
    return np.asarray(
        np.min(
            [_to_triangles(points, surface.corners[surface.triangle[column]]) for column in near.T], axis=0
        )
    )


def _refined(points: Array, bound: Array, surface: Searchable) -> Array:
    """Exact squared distances (n,) of points (n, 3) to a surface; `bound` (n,) are upper bounds."""
    found, point, node = bound.copy(), np.arange(len(points)), np.zeros(len(points), np.int64)
    for boxes in surface.boxes[1:]:
        point, node = np.repeat(point, 2), (2 * node[:, None] + (0, 1)).ravel()
        near = _to_boxes(points[point], boxes[node]) < bound[point]
        point, node = point[near], node[near]
    for k in range(LEAF):
        squared = _to_triangles(points[point], surface.corners[surface.leaves[node, k]])
        np.minimum.at(found, point, squared)
    return found


def _to_boxes(points: Array, boxes: Array) -> Array:
    """Squared distance (n,) of each point (n, 3) to its box (n, 2, 3)."""
    outside = np.maximum(np.maximum(boxes[:, 0] - points, points - boxes[:, 1]), 0)
    return dot(outside, outside)


def _to_triangles(points: Array, corners: Array) -> Array:
    """Squared distance (n,) of each point (n, 3) to its triangle (n, 3, 3)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    sides = [to_segments(points, a, b), to_segments(points, b, c), to_segments(points, c, a)]
    first, second, to = b - a, c - a, points - a
    normal = cross(first, second)
    size = dot(normal, normal)
    beside = dot(cross(first, to), normal)
    above = dot(cross(to, second), normal)
    within = (beside >= 0) & (above >= 0) & (beside + above <= size) & (size > 0)
    height = dot(to, normal) ** 2 / np.maximum(size, 1e-300)
    return np.asarray(np.where(within, height, np.min(sides, axis=0)))


def to_segments(points: Array, start: Array, stop: Array) -> Array:
    """Squared distance (n,) of each point (n, 3) to its segment from `start` (n, 3) to `stop` (n, 3)."""
    along, to = stop - start, points - start
    share = dot(to, along) / np.maximum(dot(along, along), 1e-300)
    rest = to - np.clip(share, 0, 1)[:, None] * along
    return dot(rest, rest)


def dot(first: Array, second: Array) -> Array:
    """Dot products (n,) of vectors (n, 3)."""
    return np.asarray(np.einsum("ni,ni->n", first, second))


def cross(first: Array, second: Array) -> Array:
    """Cross products (n, 3)."""
    (a, b, c), (x, y, z) = first.T, second.T
    return np.stack([b * z - c * y, c * x - a * z, a * y - b * x], axis=1)


def _morton(points: Array) -> Index:
    """Morton code (n,) of each point; points with similar codes are close together."""
    low, size = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-300)
    cells = np.minimum((points - low) / size * CELLS, CELLS - 1).astype(np.int64)
    for shift, mask in ((16, 0x30000FF), (8, 0x300F00F), (4, 0x30C30C3), (2, 0x9249249)):
        cells = (cells | cells << shift) & mask
    return np.asarray(cells @ np.array([1, 2, 4]))
