"""Pixels that OpenGL leaves open between triangles of a mesh, found by an exact test.

OpenGL rounds vertices to fractions of a pixel. Where a vertex lies on the edge of another triangle
(T-junction), as in many meshes, the two sides of that edge then no longer meet, and a pixel centre may fall
between them. The mask gets a hole of one pixel, through which the image shows the background.
"""

import numpy as np
from numpy.typing import NDArray

from sim.render.raster.subpixel import Array, Index, Projected

GAP_PX = 1 / 64
"""Maximum width of a gap that is closed; OpenGL rounds to 1/16 px or less, llvmpipe to 1/256 px."""


def open_pixels(bodies: NDArray[np.int16]) -> tuple[Index, Index, NDArray[np.int16]]:
    """Finds the empty pixels whose four neighbours all show the same body.

    Args:
        bodies: (h, w) body indices; -1 where there is no body.

    Returns:
        rows: (k,) row of each of these pixels.
        columns: (k,) column of each pixel.
        found: (k,) index of the body around each pixel.
    """
    above, below = bodies[:-2, 1:-1], bodies[2:, 1:-1]
    left, right, centre = bodies[1:-1, :-2], bodies[1:-1, 2:], bodies[1:-1, 1:-1]
    rows, columns = np.nonzero(
        (centre < 0) & (left >= 0) & (left == right) & (left == above) & (left == below)
    )
    return rows + 1, columns + 1, left[rows, columns]


def covered_depth(body: Projected, column: float, row: float) -> float:
    """Depth in metres of a body at a point of the image; infinite if no triangle covers the point.

    `column` and `row` are array indices: integers are pixel centres. A triangle also covers points that are
    outside it by at most `GAP_PX`.
    """
    point = np.array([[column], [row]], np.float64)
    x, y = body.places[:, body.faces]
    near = np.flatnonzero(_spans(x, column) & _spans(y, row))
    corners = np.stack([x[:, near], y[:, near]]) - point[:, None]
    after = np.roll(corners, -1, axis=1)
    # Twice the signed area (3, m) of the triangle formed by the point and each side; inside, all signs agree.
    areas = corners[0] * after[1] - after[0] * corners[1]
    area = areas.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        beside = -np.sign(area) * areas / np.hypot(*(after - corners))
        weights = np.clip(np.roll(areas, -1, axis=0) / area, 0, 1)
        nearness = (weights / body.depth_m[body.faces[:, near]]).sum(axis=0) / weights.sum(axis=0)
    met = (beside <= GAP_PX).all(axis=0) & (area != 0) & (nearness > 0)
    return float(1 / nearness[met].max()) if met.any() else np.inf


def _spans(places: Array, place: float) -> NDArray[np.bool_]:
    """Whether each triangle spans a coordinate on one axis, with a tolerance of `GAP_PX`: bool (m,).

    Args:
        places: (3, m) coordinates of the triangles' corners on this axis.
        place: The coordinate.
    """
    return np.asarray((places.min(axis=0) <= place + GAP_PX) & (places.max(axis=0) >= place - GAP_PX))
