"""Renders dense meshes without PyBullet: the pixel centres inside each triangle are found exactly.

PyBullet reads meshes from text, which takes longer than all other work on a mesh. If a body has so many
triangles that most contain no pixel centre, rendering it here is as fast as with TinyRenderer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.boxes import Box, size
from sim.render.raster.subpixel import (
    Array,
    Covered,
    Index,
    Projected,
    barycentric,
    listed,
    perspective,
    spans,
)

NEAR_PX = 1e-7
"""Distance up to which a pixel centre beside a triangle counts as inside, so that rounding leaves no gaps."""
MOST_AT_ONCE = 1 << 19
"""Number of triangle rows, or of pixels, that are processed at a time, which limits memory use."""
EDGE_ON = 1e-9
"""A triangle counts as edge-on if twice its area in px² is below this value."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The result of rendering a body alone: the triangle and depth in each pixel of `body.box` (h, w).

    Attributes:
        body: The triangles of the body.
        nearness: (h * w,) inverse depth in 1/m; 0 in pixels that do not show the body.
        face: (h * w,) index of the visible triangle; -1 in pixels that do not show the body.
    """

    body: Projected
    nearness: Array
    face: NDArray[np.int32]

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Mask (h, w) of the pixels that show the body."""
        width, height = size(self.body.box)
        return (self.face >= 0).reshape(height, width)

    def points(self, inside: Box) -> Covered:
        """Returns the body's visible points in the pixels of the box `inside`, a part of `body.box`."""
        (x0, y0, *_), width = self.body.box, size(self.body.box)[0]
        row, column = np.nonzero(self.mask[inside[1] - y0 : inside[3] - y0, inside[0] - x0 : inside[2] - x0])
        row, column = row + inside[1], column + inside[0]
        face = self.face[(row - y0) * width + column - x0]
        weights, nearness = _on(self.body, face, row, column)
        return Covered(
            column, row, np.zeros(len(row), np.int64), face.astype(np.int64), weights.T, 1 / nearness
        )


def surface(body: Projected, behind: NDArray[np.bool_]) -> Surface:
    """Renders a body alone: finds the visible triangle and depth in each pixel of `body.box`.

    Args:
        body: The triangles of the body.
        behind: (m,) mask of the triangles that may be visible from behind.
    """
    width, height = size(body.box)
    shown = Surface(body, np.zeros(width * height), np.full(width * height, -1, np.int32))
    for faces in _in_parts(body, _candidates(body, behind)):
        for face, row, column in _pixels(body, faces):
            _, nearness = _on(body, face, row, column)
            place = (row - body.box[1]) * width + column - body.box[0]
            np.maximum.at(shown.nearness, place, nearness)
            nearest = nearness == shown.nearness[place]
            shown.face[place[nearest]] = face[nearest]
    return shown


def seen_from_behind(body: Projected, found: Covered) -> NDArray[np.bool_]:
    """For each of k points, whether its triangle is seen from behind: (k,)."""
    return np.asarray(_towards(body, found.face) < 0)


def _candidates(body: Projected, behind: NDArray[np.bool_]) -> Index:
    """Indices of the triangles that may be visible and whose bounding boxes contain a pixel centre."""
    (x, y), (a, b, c), (x0, y0, x1, y1) = body.places, body.faces, body.box
    met = np.ones(len(a), np.bool_)
    for axis, low, high in ((x, x0, x1 - 1), (y, y0, y1 - 1)):
        first, second, third = axis.take(a), axis.take(b), axis.take(c)
        start = np.maximum(np.minimum(np.minimum(first, second), third) - NEAR_PX, low)
        stop = np.minimum(np.maximum(np.maximum(first, second), third) + NEAR_PX, high)
        met &= np.ceil(start) <= stop
    chosen = np.flatnonzero(met)
    return np.asarray(chosen[(_towards(body, chosen) > -EDGE_ON) | behind[chosen]])


def _towards(body: Projected, faces: Index) -> Array:
    """Twice the signed area (k,) in px² of triangles: positive if they show their front."""
    corners = body.faces.take(faces, axis=1)
    (x_a, x_b, x_c), (y_a, y_b, y_c) = (axis.take(corners) for axis in body.places)
    return np.asarray((x_c - x_a) * (y_b - y_a) - (x_b - x_a) * (y_c - y_a))


def _in_parts(body: Projected, chosen: Index) -> list[Index]:
    """Splits triangles into parts with a limited number of pixel rows."""
    y = body.places[1].take(body.faces.take(chosen, axis=1))
    rows = np.minimum(y.max(axis=0), body.box[3]) - np.maximum(y.min(axis=0), body.box[1]) + 2
    return _split(chosen, rows)


def _split(chosen: Index, counts: Array) -> list[Index]:
    """Splits indices into parts whose counts add up to about `MOST_AT_ONCE` each."""
    ends = np.cumsum(counts)
    parts = int(ends[-1] // MOST_AT_ONCE) + 1 if len(ends) else 1
    return np.split(chosen, np.searchsorted(ends, MOST_AT_ONCE * np.arange(1, parts)))


def _pixels(body: Projected, faces: Index) -> Iterator[tuple[Index, Index, Index]]:
    """Finds all pixel centres inside each of the given triangles.

    Yields:
        The pixel centres in several parts, each as (k,) triangle indices, (k,) rows and (k,) columns.
    """
    corners = body.places.take(body.faces.take(faces, axis=1), axis=1)
    triangle, row, low, high = spans(corners, body.box, NEAR_PX)
    chosen = np.flatnonzero(high >= low)
    for part in _split(chosen, (high - low + 1)[chosen].astype(np.float64)):
        span, column = listed(low[part], high[part])
        of_span = part[span]
        yield faces[triangle[of_span]], row[of_span], column


def _on(body: Projected, face: NDArray[np.integer], row: Index, column: Index) -> tuple[Array, Array]:
    """Barycentric coordinates (3, k) and inverse depths (k,) of pixel centres in the triangles `face`."""
    corners = body.faces.take(face, axis=1)
    shares = barycentric(body.places.take(corners, axis=1), np.stack([column, row]).astype(np.float64))
    return perspective(shares, body.depth_m.take(corners))
