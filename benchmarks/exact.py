"""An independent, exact rasteriser in double precision, which finds the pixels that a mesh covers."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def exact_mask(pixels: Array, faces: NDArray[np.int32], size_wh: tuple[int, int]) -> Mask:
    """The mask (h, w) of the pixels whose centres are inside any triangle, front-facing or back-facing.

    On each horizontal line through pixel centres, a triangle covers an interval of pixels.

    Args:
        pixels: (n, 2) pixel coordinates of the vertices, with pixel edges at integers.
        faces: (m, 3) vertex indices.
        size_wh: Width and height of the image.
    """
    width, height = size_wh
    corners = (pixels - 0.5)[faces]
    first = np.maximum(np.ceil(corners[..., 1].min(axis=1)), 0).astype(np.int64)
    last = np.minimum(np.floor(corners[..., 1].max(axis=1)), height - 1).astype(np.int64)
    count = np.maximum(last - first + 1, 0)
    triangle = np.repeat(np.arange(len(faces)), count)
    row = first[triangle] + np.arange(len(triangle)) - np.repeat(count.cumsum() - count, count)
    left, right = _interval(corners[triangle], row)
    start = np.clip(np.ceil(left), 0, width).astype(np.int64)
    stop = np.clip(np.floor(right) + 1, 0, width).astype(np.int64)
    some = stop > start
    changes = np.zeros((height, width + 1), np.int64)
    np.add.at(changes, (row[some], start[some]), 1)
    np.add.at(changes, (row[some], stop[some]), -1)
    return np.asarray(changes.cumsum(axis=1)[:, :width] > 0)


def _interval(corners: Array, row: NDArray[np.int64]) -> tuple[Array, Array]:
    """Left and right ends, (n,) each, of the intervals of lines y = `row` inside triangles (n, 3, 2)."""
    x, y = corners[..., 0], corners[..., 1] - row[:, None]
    next_x, next_y = np.roll(x, -1, axis=1), np.roll(y, -1, axis=1)
    crosses = (y <= 0) != (next_y <= 0)
    share = y / np.where(crosses, y - next_y, 1)
    met = x + share * (next_x - x)
    on_line = np.where(y == 0, x, np.nan)
    points = np.concatenate([np.where(crosses, met, np.nan), on_line], axis=1)
    return np.fmin.reduce(points, axis=1), np.fmax.reduce(points, axis=1)
