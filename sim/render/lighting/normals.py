"""Which way the surfaces in a picture face, from depth and ids."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera
from sim.boxes import Box
from sim.render.lighting.points import Cloud

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

ROW_PX = 4096
DISCONTINUITY = np.float32(1e9)
CREASE = np.float32(0.6)
"""How much a surface's slope changes at what counts as an edge."""
BLEND_COSINES = np.float32(0.87), np.float32(0.97)
"""From the first to the second cosine between a facet's and the smooth normal, the smooth one takes over."""


def normals(camera: Camera, depth_m: Floats, body: NDArray[np.int16], box: Box) -> tuple[Floats, Mask]:
    """Normals (h, w, 3) in the camera's frame, about unit length, and where the surface has an edge (h, w).

    The inverse depth of a plane is a linear function of the pixel, so its two slopes give the normal.
    Where no body is, both are anything.

    Args:
        camera: Where the picture was taken.
        depth_m: (h, w) of a part of the picture.
        body: (h, w) what is seen there.
        box: Where that part lies.
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
    # At an edge the two slopes may be of different faces: the median leaves such pixels out.
    return np.asarray(cv2.medianBlur(local, 3), np.float32), edge


def smooth_normals(
    camera: Camera, depth_m: Floats, box: Box, cloud: Cloud, columns_at: Floats, rows_at: Floats
) -> Floats:
    """Normals (n, 3) in the camera's frame, of any length: those of the points that are seen, spread.

    Depth knows facets only; points on a mesh know the normals of its vertices as well.

    Args:
        camera: Where the picture was taken.
        depth_m: (h, w) of a part of the picture.
        box: Where that part lies.
        cloud: Points of the scene.
        columns_at: (n,) pixels in that part whose normals are wanted.
        rows_at: (n,).
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
    # The middle of a cell of s pixels lies (s - 1) / 2 pixels behind its first.
    scale, shift = np.float32(1 / step), np.float32(0.5 / step - 0.5)
    return bilinear(coarse, columns_at * scale + shift, rows_at * scale + shift)


def bilinear(image: cv2.typing.MatLike, columns: Floats, rows: Floats) -> Floats:
    """What lies between the pixels of an image (h, w, c) at some places (n,): (n, c)."""
    shape = (-(-len(columns) // ROW_PX), ROW_PX)  # OpenCV wants them as an image, of no more than 2^15 rows
    u, v = (np.resize(places, shape) for places in (columns, rows))
    found = cv2.remap(image, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found.reshape(-1, image.shape[2])[: len(columns)], np.float32)


def _cell_px(camera: Camera, depth_m: Floats, spacing_m: float) -> int:
    """The side of cells that hold a few points each."""
    if not len(depth_m):
        return 2
    return int(np.clip(np.ceil(1.5 * spacing_m * camera.fx / float(np.median(depth_m))), 2, 16))


def blended(facets: Floats, smooth: Floats) -> Floats:
    """Unit normals (3, n): the smooth ones, but at creases, where facets (3, n) face elsewhere."""
    smooth, low, high = unit(smooth), *BLEND_COSINES
    share = np.clip(((facets * smooth).sum(axis=0) - low) / (high - low), 0, 1)
    return unit(facets + share * (smooth - facets))


def unit(vectors: Floats) -> Floats:
    """Vectors (3, n) at unit length."""
    x, y, z = vectors
    return np.asarray(vectors / np.sqrt(np.maximum(x * x + y * y + z * z, np.float32(1e-18))), np.float32)


def _slope(values: Floats, ids: NDArray[np.int16], axis: int) -> tuple[Floats, Floats]:
    """The smaller step to a neighbour of the same body along an axis, and how unlike the two steps are."""
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
