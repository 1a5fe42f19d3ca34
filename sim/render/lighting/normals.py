"""Surface normals of the pixels of bodies, from depth, ids and points on the meshes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera
from sim.boxes import Box
from sim.render.lighting.points import Cloud

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

ROW_PX = 4096
"""Lists of points are passed to OpenCV as images of this width."""
DISCONTINUITY = np.float32(1e9)
"""Value that marks the step of inverse depth between pixels of different bodies."""
CREASE = np.float32(0.6)
"""A pixel counts as a crease if the slope of the surface changes by more than this."""
BLEND_COSINES = np.float32(0.87), np.float32(0.97)
"""Limits of the cosine between facet normal and smooth normal: below the first, the facet normal is used;
above the second, the smooth normal; in between, a blend of both."""


def normals(camera: Camera, depth_m: Floats, body: NDArray[np.int16], box: Box) -> tuple[Floats, Mask]:
    """Normals (h, w, 3) in the camera frame, of about unit length, and a mask (h, w) of creases.

    The normals are computed from the slopes of the inverse depth, which is linear on a plane. Both results
    are undefined where no body is visible.

    Args:
        camera: The camera.
        depth_m: (h, w) depth in metres of a part of the image.
        body: (h, w) index of the visible body; -1 where there is none.
        box: Box of that part of the image.
    """
    near = np.asarray(1 / depth_m, np.float32)
    (right, bend_x), (down, bend_y) = _slope(near, body, 1), _slope(near, body, 0)
    x = (np.arange(box[0], box[2]) + 0.5 - camera.cx).astype(np.float32)
    y = (np.arange(box[1], box[3]) + 0.5 - camera.cy).astype(np.float32)
    ahead = near - x * right - y[:, None] * down
    edge = (bend_x + bend_y) * np.float32(camera.fx) > CREASE * np.abs(ahead)
    right *= np.float32(camera.fx)
    down *= np.float32(camera.fy)
    scale = np.float32(-1) / np.sqrt(right * right + down * down + ahead * ahead + np.float32(1e-20))
    local = cv2.merge([right * scale, down * scale, ahead * scale])
    # At a crease the two slopes may belong to different faces; the median replaces the normals there.
    return np.asarray(cv2.medianBlur(local, 3), np.float32), edge


def smooth_normals(
    camera: Camera, depth_m: Floats, box: Box, cloud: Cloud, columns_at: Floats, rows_at: Floats
) -> Floats:
    """Smooth normals (n, 3) in the camera frame, not normalised, interpolated from points on the meshes.

    Depth gives the normals of facets only; points on a mesh carry interpolated vertex normals.

    Args:
        camera: The camera.
        depth_m: (h, w) depth in metres of a part of the image.
        box: Box of that part of the image.
        cloud: Points on the bodies.
        columns_at: (n,) columns of the pixels whose normals are computed, relative to the box.
        rows_at: (n,) rows of these pixels, relative to the box.
    """
    height, width = depth_m.shape
    turn = camera.pose.rotation().T.astype(np.float32)
    x, y, z = turn @ (cloud.points_m - np.array(camera.pose.position_m, np.float32)[:, None])
    z = np.maximum(z, np.float32(1e-6))
    column = x / z * np.float32(camera.fx) + np.float32(camera.cx - box[0])
    row = y / z * np.float32(camera.fy) + np.float32(camera.cy - box[1])
    inside = np.flatnonzero((column >= 0) & (column < width) & (row >= 0) & (row < height))
    columns, rows = (value.take(inside).astype(np.int32) for value in (column, row))
    seen = np.abs(depth_m.ravel().take(rows * width + columns) - z.take(inside)) < 2 * cloud.spacing_m
    chosen, columns, rows = inside[seen], columns[seen], rows[seen]
    normal = turn @ cloud.normal.take(chosen, axis=1)
    normal *= -np.sign((normal * np.stack([x, y, z]).take(chosen, axis=1)).sum(axis=0))
    step = _cell_px(camera, z.take(chosen), cloud.spacing_m)
    wide, high = -(-width // step), -(-height // step)
    cell = rows // step * wide + columns // step
    sums = [np.bincount(cell, weights, wide * high).reshape(high, wide) for weights in normal]
    coarse = cv2.blur(cv2.merge(sums).astype(np.float32), (3, 3), borderType=cv2.BORDER_CONSTANT)
    # The centre of a cell of s pixels is (s - 1) / 2 pixels after its first pixel.
    scale, shift = np.float32(1 / step), np.float32(0.5 / step - 0.5)
    return bilinear(coarse, columns_at * scale + shift, rows_at * scale + shift)


def bilinear(image: cv2.typing.MatLike, columns: Floats, rows: Floats) -> Floats:
    """Interpolates an image (h, w, c) bilinearly at columns (n,) and rows (n,); returns values (n, c)."""
    # OpenCV takes positions as an image with at most 2^15 rows.
    shape = (-(-len(columns) // ROW_PX), ROW_PX)
    u, v = (np.resize(places, shape) for places in (columns, rows))
    found = cv2.remap(image, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found.reshape(-1, image.shape[2])[: len(columns)], np.float32)


def _cell_px(camera: Camera, depth_m: Floats, spacing_m: float) -> int:
    """Side in pixels of grid cells that contain a few points each."""
    if not len(depth_m):
        return 2
    return int(np.clip(np.ceil(1.5 * spacing_m * camera.fx / float(np.median(depth_m))), 2, 16))


def blended(facets: Floats, smooth: Floats) -> Floats:
    """Unit normals (3, n): smooth normals, but facet normals where the two differ much, as at creases."""
    smooth, low, high = unit(smooth), *BLEND_COSINES
    share = np.clip(((facets * smooth).sum(axis=0) - low) / (high - low), 0, 1)
    return unit(facets + share * (smooth - facets))


def unit(vectors: Floats) -> Floats:
    """Vectors (3, n) normalised to unit length."""
    x, y, z = vectors
    return np.asarray(vectors / np.sqrt(np.maximum(x * x + y * y + z * z, np.float32(1e-18))), np.float32)


def _slope(values: Floats, ids: NDArray[np.int16], axis: int) -> tuple[Floats, Floats]:
    """Computes the slope of an image along an axis, and how much the slope changes at each pixel.

    For each pixel, the differences of its value to the values of its two neighbours along the axis are
    computed. The difference to a neighbour that shows another body counts as very large.

    Args:
        values: (h, w) values.
        ids: (h, w) index of the body in each pixel.
        axis: 0 for slopes from row to row, 1 for slopes from column to column.

    Returns:
        slope: (h, w) the difference with the smaller absolute value; 0 if both neighbours show other bodies.
        change: (h, w) absolute value of one difference minus the other.
    """
    height, width = values.shape
    steps = np.full((height + 1 - axis, width + axis), DISCONTINUITY, np.float32)
    between, before, behind = (_part(axis, *ends) for ends in ((1, -1), (0, -1), (1, None)))
    np.subtract(values[behind], values[before], out=steps[between])
    steps[between][ids[behind] != ids[before]] = DISCONTINUITY
    forward, backward = np.ascontiguousarray(steps[behind]), np.ascontiguousarray(steps[before])
    shorter = np.abs(forward) < np.abs(backward)
    least = np.asarray(cv2.copyTo(forward, shorter.view(np.uint8), backward.copy()), np.float32)
    least[least >= DISCONTINUITY] = 0
    return least, np.abs(forward - backward)


def _part(axis: int, start: int, stop: int | None) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(start, stop),)
