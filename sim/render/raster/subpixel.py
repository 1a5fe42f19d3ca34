"""Finds exactly the pixels that are covered by triangles too small for TinyRenderer.

TinyRenderer skips a triangle whose area in the image is below 0.005 px². These triangles are projected here,
and the pixel centres inside them are found. Such a triangle is thin: if its bounding box is wider than high,
at most one pixel centre of each column is inside the triangle; otherwise, at most one of each row.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.boxes import Box

Array = NDArray[np.float64]
Index = NDArray[np.int64]

SKIPPED_AREA = 0.0125
"""TinyRenderer may skip a triangle if twice its area in px² is below this; TinyRenderer's limit is 0.01."""
ROUNDING = 4e-7
"""Error of TinyRenderer's pixel coordinates, in single precision, as a fraction of the image's size."""
TOLERANCE = 2 * ROUNDING
"""Distance, as a fraction of the image's size, up to which a pixel centre beside a triangle counts as inside,
so that rounding leaves no gaps between these triangles and those that TinyRenderer draws."""

EDGE_ON_PX = 0.01
"""A triangle counts as seen edge-on if the barycentric coordinates computed for a pixel centre give a point
farther from this centre than this distance: the area of the triangle is then lost in rounding."""


class Projected(NamedTuple):
    """The triangles of a body, projected into an image.

    Attributes:
        places: (2, n) columns and rows of the vertices, with the centre of the top left pixel at 0; not
            finite for vertices that are not in front of the camera.
        depth_m: (n,) depths of the vertices in metres.
        faces: (3, m) vertex indices of the triangles.
        box: The part of the image in which covered pixels are searched for.
    """

    places: Array
    depth_m: Array
    faces: NDArray[np.int32]
    box: Box


class Covered(NamedTuple):
    """For each pixel and each body that covers it, the nearest point on a triangle of the body.

    Attributes:
        column, row: (k,) the pixel in the image.
        body: (k,) index of the body.
        face: (k,) index of the triangle among the triangles of the body.
        weights: (k, 3) barycentric coordinates of the point on the triangle.
        depth_m: (k,) depth of the point in metres.
    """

    column: Index
    row: Index
    body: Index
    face: Index
    weights: Array
    depth_m: Array

    def chosen(self, index: Index | NDArray[np.bool_]) -> "Covered":
        """Returns only the elements that are selected by an array of indices or a mask."""
        pixel = self.column[index], self.row[index]
        return Covered(*pixel, self.body[index], self.face[index], self.weights[index], self.depth_m[index])


def covered_by_small(bodies: Sequence[Projected]) -> Covered:
    """Finds the pixels whose centres are inside triangles that TinyRenderer skips."""
    vertices = np.cumsum([0, *(body.places.shape[1] for body in bodies)])
    first_face = np.cumsum([0, *(body.faces.shape[1] for body in bodies)])
    places = np.concatenate([body.places for body in bodies], axis=1)
    faces = np.concatenate(
        [body.faces + np.int32(start) for body, start in zip(bodies, vertices, strict=False)], axis=1
    )
    boxes = np.array([body.box for body in bodies])
    small = _small(places, faces, int((boxes[:, 2:] - boxes[:, :2]).max()))
    corners = places.take(faces.take(small, axis=1), axis=1)
    body = np.searchsorted(first_face, small, side="right") - 1
    triangle, along, line, beside = _centres(corners, boxes[body])
    place = np.where(along[triangle] == 1, (beside, line), (line, beside))
    in_image = barycentric(corners.take(triangle, axis=2), place)
    depth_m = np.concatenate([body.depth_m for body in bodies])
    on_surface, nearness = perspective(in_image, depth_m[faces.take(small[triangle], axis=1)])
    of_body = body[triangle]
    face = small[triangle] - first_face[of_body]
    found = Covered(place[0], place[1], of_body, face, on_surface.T, 1 / nearness)
    return found.chosen(_nearest(found))


def perspective(weights: Array, depth_m: Array) -> tuple[Array, Array]:
    """Perspective-correct barycentric coordinates (3, n) and inverse depths (n,) of points in the image.

    Args:
        weights: (3, n) barycentric coordinates in the image.
        depth_m: (3, n) depths of the corners.
    """
    shares = weights / depth_m
    nearness = shares.sum(axis=0)
    return shares / nearness, nearness


def _nearest(found: Covered) -> Index:
    """Returns, for each pair of a body and a pixel, the index of the nearest of its points in `found`."""
    order = np.lexsort((found.face, found.depth_m, found.column, found.row, found.body))
    keys = np.stack([found.body, found.row, found.column])[:, order]
    return order[np.any(np.diff(keys, axis=1, prepend=-1) != 0, axis=0)] if len(order) else order


def _small(places: Array, faces: NDArray[np.int32], side_px: int) -> Index:
    """Finds triangles that TinyRenderer may skip although they may cover the centre of a pixel.

    Args:
        places: (2, n) columns and rows of the vertices.
        faces: (3, m) vertex indices of the triangles.
        side_px: Longest side in pixels of the image that TinyRenderer renders.

    Returns:
        (k,) indices of the triangles.
    """
    (x, y), (a, b, c) = places, faces
    x0, y0 = x.take(a), y.take(a)
    x1, y1, x2, y2 = x.take(b) - x0, y.take(b) - y0, x.take(c) - x0, y.take(c) - y0
    twice_area = np.abs(x1 * y2 - x2 * y1)
    found = np.flatnonzero(twice_area <= SKIPPED_AREA + ROUNDING * side_px**2)
    longest, holds_centre = np.zeros(len(found)), np.ones(len(found), np.bool_)
    for start, first, second in ((x0, x1, x2), (y0, y1, y2)):
        first, second = first.take(found), second.take(found)
        low = np.minimum(np.minimum(first, second), 0)
        extent = np.maximum(np.maximum(first, second), 0) - low
        low += start.take(found) - TOLERANCE * side_px
        holds_centre &= np.ceil(low) <= low + extent + 2 * TOLERANCE * side_px
        np.maximum(longest, extent, out=longest)
    skipped = twice_area.take(found) <= SKIPPED_AREA + ROUNDING * side_px * longest
    return np.asarray(found[holds_centre & skipped])


def _centres(corners: Array, boxes: Index) -> tuple[Index, Index, Index, Index]:
    """Finds the k pixels whose centres are inside m thin triangles.

    Args:
        corners: (2, 3, m) columns and rows of the corners.
        boxes: (m, 4) for each triangle, the part of the image in which pixels are searched for.

    Returns:
        triangle: (k,) index of the triangle.
        along: (m,) long axis of the triangle's bounding box: 0 if the box is wider than high, otherwise 1.
        line: (k,) coordinate of the pixel on this axis.
        beside: (k,) coordinate of the pixel on the other axis.
    """
    every = np.arange(corners.shape[2])
    tolerance_px = TOLERANCE * (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    low, high = corners.min(axis=1) - tolerance_px, corners.max(axis=1) + tolerance_px
    along = np.argmax(high - low, axis=0)
    first = np.maximum(np.ceil(low[along, every]), boxes[every, along]).astype(np.int64)
    last = np.minimum(np.floor(high[along, every]), boxes[every, along + 2] - 1).astype(np.int64)
    triangle, line = listed(first, last)
    axis = along[triangle]
    place, other, near_px = corners[axis, :, triangle], corners[1 - axis, :, triangle], tolerance_px[triangle]
    start, stop = crossing(place.T - line, other.T, near_px)
    centre = np.ceil(start - near_px)
    limits = boxes[triangle, 1 - axis], boxes[triangle, 3 - axis]
    inside = np.flatnonzero((centre <= stop + near_px) & (centre >= limits[0]) & (centre < limits[1]))
    return triangle[inside], along, line[inside], centre[inside].astype(np.int64)


def crossing(place: Array, other: Array, near_px: Array | float) -> tuple[Array, Array]:
    """Intersects n triangles with the line on which one of the two coordinates is 0.

    Args:
        place: (3, n) the coordinate of the corners that is 0 on the line.
        other: (3, n) the other coordinate of the corners.
        near_px: (n,) tolerance: a side that ends at most this far from the line counts as meeting it.

    Returns:
        start: (n,) smallest `other` where the line is inside the triangle; inf if it is nowhere inside.
        stop: (n,) largest `other` where the line is inside the triangle; -inf if it is nowhere inside.
    """
    start, stop = np.full(place.shape[1], np.inf), np.full(place.shape[1], -np.inf)
    for corner, after in ((0, 1), (1, 2), (2, 0)):
        step = place[after] - place[corner]
        share = np.clip(-place[corner] / np.where(step == 0, 1, step), 0, 1)
        met = other[corner] + share * (other[after] - other[corner])
        # A side that does not reach the line does not count, except by the tolerance at its ends.
        reaches = np.abs(place[corner] + share * step) <= near_px
        np.minimum(start, met, out=start, where=reaches)
        np.maximum(stop, met, out=stop, where=reaches)
    return start, stop


def spans(corners: Array, box: Box, near_px: float) -> tuple[Index, Index, Index, Index]:
    """Finds the pixels covered by each triangle, as spans: one for each row that the triangle meets.

    Args:
        corners: (2, 3, m) columns and rows of the corners.
        box: The part of the image in which covered pixels are searched for.
        near_px: Distance up to which a pixel centre beside a triangle counts as inside.

    Returns:
        triangle: (k,) index of the triangle.
        row: (k,) row of the span.
        first: (k,) first column of the span.
        last: (k,) last column of the span; less than the first column if the span contains no pixel.
    """
    x0, y0, x1, y1 = box
    x, y = corners
    first = np.maximum(np.ceil(y.min(axis=0) - near_px), y0).astype(np.int64)
    last = np.minimum(np.floor(y.max(axis=0) + near_px), y1 - 1).astype(np.int64)
    triangle, row = listed(first, last)
    start, stop = crossing(y.take(triangle, axis=1) - row, x.take(triangle, axis=1), near_px)
    met = np.flatnonzero(start <= stop)
    low = np.maximum(np.ceil(start[met] - near_px), x0).astype(np.int64)
    high = np.minimum(np.floor(stop[met] + near_px), x1 - 1).astype(np.int64)
    return triangle[met], row[met], low, high


def listed(first: Index, last: Index) -> tuple[Index, Index]:
    """Lists, for each index i, the integers from first[i] to last[i], both inclusive.

    Returns:
        (k,) the index i that belongs to each integer; (k,) the integers.
    """
    count = np.maximum(last - first + 1, 0)
    pair = np.repeat(np.arange(len(first)), count)
    return pair, first[pair] + np.arange(len(pair)) - np.repeat(count.cumsum() - count, count)


def barycentric(corners: Array, points: Array) -> Array:
    """Barycentric coordinates (3, n) of n image points, each in its own projected triangle.

    Negative coordinates, of points beside the triangle, are set to 0. If a triangle is seen edge-on, the
    coordinates describe the nearest point on its longest side.

    Args:
        corners: (2, 3, n) columns and rows of the triangles' corners.
        points: (2, n) columns and rows of the points.
    """
    (a_x, b_x, c_x), (a_y, b_y, c_y) = corners
    x, y = points[0] - a_x, points[1] - a_y
    x1, y1, x2, y2 = b_x - a_x, b_y - a_y, c_x - a_x, c_y - a_y
    area = x1 * y2 - x2 * y1
    area = np.where(np.abs(area) < 1e-12, 1.0, area)
    second, third = (x * y2 - x2 * y) / area, (x1 * y - x * y1) / area
    weights = np.clip(np.stack([1 - second - third, second, third]), 0, 1)
    weights /= np.maximum(weights.sum(axis=0), 1e-9)
    off = np.abs((weights * corners).sum(axis=1) - points).max(axis=0)
    thin = np.flatnonzero(off > EDGE_ON_PX)
    weights[:, thin] = _along_longest(corners[:, :, thin], points[:, thin])
    return np.asarray(weights)


def _along_longest(corners: Array, points: Array) -> Array:
    """Projects n points (2, n), each onto the longest side of its own triangle (2, 3, n).

    Returns:
        (3, n) barycentric coordinates.
    """
    steps = np.roll(corners, -1, axis=1) - corners
    square = (steps**2).sum(axis=0)
    side, every = square.argmax(axis=0), np.arange(corners.shape[2])
    start, step = corners[:, side, every], steps[:, side, every]
    share = ((points - start) * step).sum(axis=0) / np.maximum(square[side, every], 1e-18)
    weights = np.zeros(square.shape)
    weights[(side + 1) % 3, every] = np.clip(share, 0, 1)
    weights[side, every] += 1 - np.clip(share, 0, 1)
    return weights
