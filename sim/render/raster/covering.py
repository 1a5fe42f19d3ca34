"""Finds the visible triangle in each pixel of a body, without a renderer.

Renderers do not return triangle indices. Each row of pixel centres intersects a triangle in an interval; the
pixels in these intervals are listed, and the nearest triangle is kept for each pixel.
"""

import numpy as np
from numpy.typing import NDArray

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

Mask = NDArray[np.bool_]

NEAR_PX = 1e-3
"""Distance up to which a pixel centre beside a triangle counts as inside, so that no gaps remain."""
MOST_SPANS = 1 << 20
"""Number of triangle rows that are processed at a time, which limits memory use."""


def covering(body: Projected, shown: Mask) -> Covered:
    """Finds the nearest triangle in each pixel that shows a body; pixels outside all triangles are omitted.

    Args:
        body: The triangles of the body.
        shown: (h, w) mask of the pixels that show the body, in its box.
    """
    parts = [_covering(body, shown, faces) for faces in _in_parts(body)]
    found = Covered(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.argsort(-found.depth_m, kind="stable")
    last = np.full(shown.size, -1)
    last[_place(found, body.box)[order]] = order  # the last write to a pixel is kept: the nearest
    return found.chosen(last[last >= 0])


def _in_parts(body: Projected) -> list[Index]:
    """Indices of the triangles that may cover a pixel of the body's box, in parts of limited size."""
    x, y = (axis.take(body.faces) for axis in body.places)
    x0, y0, x1, y1 = body.box
    rows = np.floor(np.minimum(y.max(axis=0), y1)) - np.ceil(np.maximum(y.min(axis=0), y0)) + 1
    met = (rows + 2 * NEAR_PX >= 0) & (x.max(axis=0) > x0 - 1) & (x.min(axis=0) < x1)
    chosen = np.flatnonzero(met & np.isfinite(x + y).all(axis=0))
    ends = np.cumsum(np.maximum(rows[chosen], 1))
    count = int(ends[-1] // MOST_SPANS) + 1 if len(ends) else 1
    return np.split(chosen, np.searchsorted(ends, MOST_SPANS * np.arange(1, count)))


def _covering(body: Projected, shown: Mask, faces: Index) -> Covered:
    """Lists the pixels that the triangles `faces` cover, once for each triangle that covers the pixel."""
    corners = body.places.take(body.faces.take(faces, axis=1), axis=1)
    triangle, row, column = _centres(corners, body.box)
    x0, y0 = body.box[:2]
    kept = np.flatnonzero(shown[row - y0, column - x0])
    triangle, row, column = triangle[kept], row[kept], column[kept]
    shares = barycentric(corners.take(triangle, axis=2), np.stack([column, row]).astype(np.float64))
    face = faces[triangle]
    on_surface, nearness = perspective(shares, body.depth_m.take(body.faces.take(face, axis=1)))
    return Covered(column, row, np.zeros(len(row), np.int64), face, on_surface.T, 1 / nearness)


def _centres(corners: Array, box: tuple[int, int, int, int]) -> tuple[Index, Index, Index]:
    """Finds all pairs of a triangle and a pixel in `box` whose centre is inside the triangle.

    Args:
        corners: (2, 3, m) columns and rows of the three corners of each triangle.
        box: Box x0, y0, x1, y1.

    Returns:
        For each pair, the index of the triangle, and the row and column of the pixel; (k,) each.
    """
    triangle, row, low, high = spans(corners, box, NEAR_PX)
    span, column = listed(low, high)
    return triangle[span], row[span], column


def _place(found: Covered, box: tuple[int, int, int, int]) -> Index:
    """Index (k,) of each pixel of `found` in the flattened box."""
    return (found.row - box[1]) * (box[2] - box[0]) + found.column - box[0]
