"""Outlines of masks along pixel edges, and polygons that join all outlines of an instance.

Coordinates are x, y with pixel edges at integers. A mask with several parts or with holes becomes one closed
path: bridges join its outlines. Each bridge is traversed in both directions, so it encloses no area.
Rasterisers that count crossings, like the one in pycocotools, reproduce the mask exactly from the path.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.int64]
"""(n, 2), x and y of the corners of a closed outline; the last corner connects to the first."""

VISITS = np.array([0, 1, 1, 0, 1, 0, 2, 1, 1, 2, 0, 1, 0, 1, 1, 0], np.uint8)
"""How often outlines turn at a grid point, indexed by the four pixels around it.

The index is the sum of 1 (upper left pixel set), 2 (upper right), 4 (lower left) and 8 (lower right).
"""


def edge_loops(mask: NDArray[np.bool_]) -> list[Points]:
    """Traces the outlines of a mask along pixel edges, including the outlines of holes.

    The mask lies to the right of each outline in its direction (clockwise around parts, as seen in the
    image). Therefore the shoelace areas of all outlines add up to the area of the mask. Pixels that touch
    diagonally are connected.

    Args:
        mask: (h, w), the mask.

    Returns:
        A list with the corners (k, 2) of each outline; empty for an empty mask.
    """
    corners, vertical, below = _corners(mask)
    visited = bytearray(len(corners))
    loops = []
    for first in range(0, len(corners), 2):
        if not visited[first]:
            loop = _follow(first, vertical, visited)
            # `first` is the left end of an upper edge. For holes, the mask is above the edge: reverse them.
            loops.append(corners[loop if below[first] else loop[::-1]])
    return loops


def _corners(mask: NDArray[np.bool_]) -> tuple[Points, list[int], NDArray[np.bool_]]:
    """Finds the corners of all outlines, sorted by row; a horizontal edge joins corners 2k and 2k+1.

    Returns:
        The corners (n, 2), x and y; for each corner, the index of the corner at the other end of its vertical
        edge; and for each corner, whether the pixel to its lower right is in the mask.
    """
    height, width = mask.shape
    padded = np.zeros((height + 2, width + 2), np.uint8)
    padded[1:-1, 1:-1] = mask
    around = padded[:-1, :-1] + 2 * padded[:-1, 1:] + 4 * padded[1:, :-1] + 8 * padded[1:, 1:]
    visits = VISITS[around]
    y, x = np.nonzero(visits)
    number = visits[y, x]
    kinds = np.repeat(around[y, x], number)
    corners = np.stack([np.repeat(x, number), np.repeat(y, number)], axis=1)
    # If a corner is visited twice, the first visit belongs to the edge on its left. If the touching pixels
    # are the upper left and lower right ones, this visit continues downwards.
    by_column = 2 * (corners[:, 0] * (height + 1) + corners[:, 1])
    by_column[np.flatnonzero(kinds == 9)[::2]] += 1
    order = np.argsort(by_column, kind="stable")
    vertical = np.empty(len(kinds), np.int64)
    vertical[order[::2]], vertical[order[1::2]] = order[1::2], order[::2]
    return corners, vertical.tolist(), kinds >= 8


def _follow(first: int, vertical: list[int], visited: bytearray) -> list[int]:
    """The corner indices of an outline, starting with the horizontal edge at corner `first`."""
    loop: list[int] = []
    corner = first
    while not visited[corner]:
        other = corner ^ 1
        loop += (corner, other)
        visited[corner] = visited[other] = 1
        corner = vertical[other]
    return loop


def bridged(loops: Sequence[Points]) -> Points:
    """Joins outlines into one closed path with short bridges between their corners.

    Args:
        loops: At least one outline, each with at least one point.

    Returns:
        The path, starting at the first point of the first outline.
    """
    if len(loops) == 1:
        return loops[0]
    points = np.concatenate(loops)
    sizes = [len(loop) for loop in loops]
    bridges: dict[int, list[int]] = {}
    for one, other in _shortest(points, np.repeat(np.arange(len(loops)), sizes)):
        bridges.setdefault(one, []).append(other)
        bridges.setdefault(other, []).append(one)
    walk = points[list(_walk([0, *accumulate(sizes)], bridges))]
    moves = np.append(True, (walk[1:] != walk[:-1]).any(axis=1))
    return np.asarray(walk[moves])


def _shortest(points: Points, owners: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yields close point pairs that connect all outlines in a spanning tree (Kruskal's algorithm).

    Args:
        points: (n, 2), the points of all outlines.
        owners: (n,), outline index of each point.
    """
    pairs = _neighbours(points, owners)
    squares = ((points[pairs[:, 0]] - points[pairs[:, 1]]) ** 2).sum(axis=1)
    joined = list(range(int(owners[-1]) + 1))

    def root(loop: int) -> int:
        while joined[loop] != loop:
            joined[loop] = loop = joined[joined[loop]]
        return loop

    for one, other in pairs[np.lexsort((pairs[:, 1], pairs[:, 0], squares))].tolist():
        a, b = root(int(owners[one])), root(int(owners[other]))
        if a != b:
            joined[a] = b
            yield one, other


def _neighbours(points: Points, owners: NDArray[np.int64]) -> Points:
    """Returns index pairs (m, 2) of close points on different outlines; the pairs connect all outlines.

    Two points form a pair if their Voronoi cells touch, i.e. if one is the point nearest to some grid
    position and the other is nearest to an adjacent grid position, or if both have the same position.
    """
    x, y = (points - points.min(axis=0)).T
    places = np.full((y.max() + 1, x.max() + 1), -1, np.int32)
    places[y, x] = np.arange(len(points))
    _, labels = cv2.distanceTransformWithLabels(
        (places < 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    names = np.zeros(len(points) + 1, np.int32)
    names[labels[y, x]] = places[y, x]
    nearest = names[labels]
    around = owners.astype(np.int32)[nearest]
    beside, below = around[:, :-1] != around[:, 1:], around[:-1] != around[1:]
    same_place = np.flatnonzero(owners != owners[places[y, x]])
    ones = (nearest[:, :-1][beside], nearest[:-1][below], same_place)
    others = (nearest[:, 1:][beside], nearest[1:][below], places[y, x][same_place])
    return np.stack([np.concatenate(ones), np.concatenate(others)], axis=1).astype(np.int64)


def _walk(firsts: list[int], bridges: dict[int, list[int]]) -> Iterator[int]:
    """Yields the indices of the points on a path along all outlines.

    When the path reaches a bridge, it first follows the outline on the other side, and then returns.

    Args:
        firsts: Index of the first point of each outline, followed by the total number of points.
        bridges: Dict from point to the points at the other ends of its bridges; emptied by this function.
    """
    walks = [iter(range(firsts[1]))]
    while walks:
        point = next(walks[-1], None)
        if point is None:
            walks.pop()
            continue
        yield point
        for other in reversed(bridges.pop(point, [])):
            bridges[other].remove(point)
            loop = bisect_right(firsts, other) - 1
            walks.append(chain(range(other, firsts[loop + 1]), range(firsts[loop], other + 1), [point]))
