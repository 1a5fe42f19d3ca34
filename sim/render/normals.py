"""Which way the surfaces in a picture face, from depth and ids."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.spec import Camera
from sim.render.rasterise import Box

Floats = NDArray[np.float32]

FAR_APART = np.float32(1e9)
CREASE = 0.35
"""Normals further apart than about this are an edge and not smoothed over."""


def normals(camera: Camera, depth_m: Floats, body: NDArray[np.int16], box: Box) -> Floats:
    """Unit normals (h, w, 3) in the world, towards the camera; anything where no body is.

    The inverse depth of a plane is a linear function of the pixel, so its two slopes give the normal.
    """
    x0, y0, x1, y1 = box
    near = np.asarray(1 / depth_m[y0:y1, x0:x1], np.float32)
    ids = body[y0:y1, x0:x1]
    right, down = _slope(near, ids, 1), _slope(near, ids, 0)
    x = (np.arange(x0, x1) + 0.5 - camera.cx).astype(np.float32)
    y = (np.arange(y0, y1) + 0.5 - camera.cy).astype(np.float32)
    ahead = near - x * right - y[:, None] * down
    local = cv2.merge([right * np.float32(-camera.fx), down * np.float32(-camera.fy), -ahead])
    world = cv2.transform(local, camera.pose.rotation())
    smooth = cv2.bilateralFilter(_unit(np.asarray(world, np.float32)), 5, CREASE, 2.0)
    return _unit(np.asarray(smooth, np.float32))


def _slope(values: Floats, ids: NDArray[np.int16], axis: int) -> Floats:
    """The step to the neighbour of the same body that lies closer in depth, along an axis."""
    ahead = np.diff(values, axis=axis)
    apart = np.diff(ids, axis=axis) != 0
    ahead[apart] = FAR_APART
    edge = np.full_like(np.take(values, [0], axis), FAR_APART)
    forward, backward = np.concatenate([ahead, edge], axis), np.concatenate([edge, ahead], axis)
    least = np.where(np.abs(forward) < np.abs(backward), forward, backward)
    return np.asarray(np.where(least >= FAR_APART, 0, least), np.float32)


def _unit(vectors: Floats) -> Floats:
    x, y, z = cv2.split(vectors)
    scale = 1 / np.sqrt(np.maximum(x * x + y * y + z * z, np.float32(1e-20)))
    return np.asarray(vectors * scale[..., None], np.float32)
