"""Pixels that are covered by triangles too small for TinyRenderer, found exactly.

TinyRenderer skips a triangle whose area in the image is below 0.005 px². These triangles are projected here,
and the pixel centres that they contain are found. Such a triangle is thin: each line of pixel centres across
the longer side of its bounding box meets at most one centre inside it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]

SKIPPED_AREA = 0.0125
"""Twice the area in px² below which TinyRenderer may skip a triangle: its limit is 0.01."""
ROUNDING = 4e-7
"""Error of TinyRenderer's pixel coordinates, in single precision, as a fraction of the image's size."""
TOLERANCE_PX = 1e-3
"""Distance up to which a pixel centre beside a triangle counts as inside, so that rounding leaves no gaps
between these triangles and those that TinyRenderer draws."""


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """Pixels of an image, each covered by a triangle; the nearest if there are several.

    Attributes:
        place: (k,) index into the flattened image.
        face: (k,) index of the triangle.
        weights: (k, 3) barycentric coordinates of the point on the triangle.
        depth_m: (k,) depth of the point in metres.
    """

    place: Index
    face: Index
    weights: Array
    depth_m: Array

    def chosen(self, mask: NDArray[np.bool_]) -> "Covered":
        """The pixels where a mask (k,) is set."""
        return Covered(self.place[mask], self.face[mask], self.weights[mask], self.depth_m[mask])


def covered_by_small(
    pixels: Array, depth_m: Array, faces: NDArray[np.int32], size_wh: tuple[int, int]
) -> Covered:
    """The pixels whose centres are inside triangles that TinyRenderer skips.

    Args:
        pixels: (n, 2) pixel coordinates of the vertices, with the centre of the first pixel at 0; not finite
            for vertices that are not in front of the camera.
        depth_m: (n,) depths of the vertices in metres.
        faces: (m, 3) vertex indices of the triangles.
        size_wh: Width and height of the image in pixels.
    """
    small = _small(pixels, faces, max(size_wh))
    corners = pixels[faces[small]]
    triangle, place = _centres(corners, size_wh)
    weights = _weights(corners[triangle], np.stack([place % size_wh[0], place // size_wh[0]], axis=1))
    # Inverse depth is linear in the image; the barycentric coordinates on the surface follow from it.
    shares = weights / depth_m[faces[small[triangle]]]
    nearness = shares.sum(axis=1)
    order = np.lexsort((triangle, -nearness, place))
    first = order[np.flatnonzero(np.diff(place[order], prepend=-1))]
    return Covered(
        place[first], small[triangle[first]], (shares / nearness[:, None])[first], 1 / nearness[first]
    )


def _small(pixels: Array, faces: NDArray[np.int32], side_px: int) -> Index:
    """The triangles that TinyRenderer may skip and whose bounding boxes contain a pixel centre."""
    x, y = np.ascontiguousarray(pixels.T)
    a, b, c = np.ascontiguousarray(faces.T)
    x0, y0 = x.take(a), y.take(a)
    x1, y1, x2, y2 = x.take(b) - x0, y.take(b) - y0, x.take(c) - x0, y.take(c) - y0
    twice_area = np.abs(x1 * y2 - x2 * y1)
    found = np.flatnonzero(twice_area <= SKIPPED_AREA + ROUNDING * side_px**2)
    longest, holds_centre = np.zeros(len(found)), np.ones(len(found), np.bool_)
    for start, first, second in ((x0, x1, x2), (y0, y1, y2)):
        first, second = first.take(found), second.take(found)
        low = np.minimum(np.minimum(first, second), 0)
        extent = np.maximum(np.maximum(first, second), 0) - low
        low += start.take(found) - TOLERANCE_PX
        holds_centre &= np.ceil(low) <= low + extent + 2 * TOLERANCE_PX
        np.maximum(longest, extent, out=longest)
    skipped = twice_area.take(found) <= SKIPPED_AREA + ROUNDING * side_px * longest
    return np.asarray(found[holds_centre & skipped])


def _centres(corners: Array, size_wh: tuple[int, int]) -> tuple[Index, Index]:
    """Pairs of a triangle (m, 3, 2) and a pixel whose centre is inside it."""
    low, high = corners.min(axis=1) - TOLERANCE_PX, corners.max(axis=1) + TOLERANCE_PX
    along = np.argmax(high - low, axis=1)
    first = np.maximum(np.ceil(np.take_along_axis(low, along[:, None], 1)[:, 0]), 0).astype(np.int64)
    limit = np.array(size_wh)[along] - 1
    last = np.minimum(np.floor(np.take_along_axis(high, along[:, None], 1)[:, 0]), limit).astype(np.int64)
    count = np.maximum(last - first + 1, 0)
    triangle = np.repeat(np.arange(len(corners)), count)
    line = first[triangle] + np.arange(len(triangle)) - np.repeat(count.cumsum() - count, count)
    across = _crossing(corners[triangle], along[triangle], line)
    centre = np.ceil(across[0] - TOLERANCE_PX)
    side = np.array(size_wh)[1 - along[triangle]]
    inside = np.flatnonzero((centre <= across[1] + TOLERANCE_PX) & (centre >= 0) & (centre < side))
    triangle, line, beside = triangle[inside], line[inside], centre[inside].astype(np.int64)
    upright = along[triangle] == 1
    column, row = np.where(upright, beside, line), np.where(upright, line, beside)
    return triangle, row * size_wh[0] + column


def _crossing(corners: Array, along: Index, line: Index) -> tuple[Array, Array]:
    """Ends of the interval in which a triangle (n, 3, 2) meets a line across one axis, (n,) each.

    Args:
        corners: Triangles.
        along: (n,) the axis.
        line: (n,) the coordinate of the line on this axis.
    """
    place = np.take_along_axis(corners, along[:, None, None].repeat(3, axis=1), 2)[..., 0]
    other = np.take_along_axis(corners, 1 - along[:, None, None].repeat(3, axis=1), 2)[..., 0]
    place = place - line[:, None]
    next_place, next_other = np.roll(place, -1, axis=1), np.roll(other, -1, axis=1)
    step = next_place - place
    share = np.clip(-place / np.where(step == 0, 1, step), 0, 1)
    met = other + share * (next_other - other)
    # A side that does not reach the line does not count, except by the tolerance at the ends of the triangle.
    beyond = np.abs(place + share * step) > TOLERANCE_PX
    return np.where(beyond, np.inf, met).min(axis=1), np.where(beyond, -np.inf, met).max(axis=1)


def _weights(corners: Array, points: Array) -> Array:
    """Barycentric coordinates (n, 3), in the image, of points (n, 2) in or near triangles (n, 3, 2)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    first, second, to = b - a, c - a, points - a
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    area = np.where(np.abs(area) < 1e-12, 1.0, area)
    beside = (to[:, 0] * second[:, 1] - to[:, 1] * second[:, 0]) / area
    above = (first[:, 0] * to[:, 1] - first[:, 1] * to[:, 0]) / area
    weights = np.clip(np.stack([1 - beside - above, beside, above], axis=1), 0, 1)
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9))
