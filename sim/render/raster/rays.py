"""Rays through points of an image, in the camera frame and scaled to depth 1."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenes.geometry import Pose
from scenes.shot import Camera
from sim.boxes import Box, clip, slices

Array = NDArray[np.float64]

ORIGIN = Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))

NODES = 32
"""Number of Chebyshev nodes along each side of an image, at which the inverse of a distortion is computed.
The inverse is smooth: the error of the polynomial through the nodes is below a thousandth of a pixel."""


def rays_on_grid(camera: Camera, columns: NDArray[Any], rows: NDArray[Any]) -> Array:
    """Rays through the points of a grid in the image: (h, w, 2) x and y at depth 1.

    Args:
        camera: The camera.
        columns: (w,) horizontal coordinates of the grid in pixels.
        rows: (h,) vertical coordinates of the grid in pixels.
    """
    across, down = _basis(columns, camera.width), _basis(rows, camera.height)
    return np.stack([down @ values @ across.T for values in _at_nodes(_unmoved(camera))], axis=-1)


def pixel_rays(camera: Camera) -> Array:
    """Rays through an image's pixel centres: (H, W, 2) x and y at depth 1."""
    return _pixel_rays(_unmoved(camera))


def _unmoved(camera: Camera) -> Camera:
    """Returns the camera moved to the origin.

    Cameras that differ only in their poses then share the same cached rays.
    """
    return replace(camera, pose=ORIGIN)


@lru_cache(4)
def _pixel_rays(camera: Camera) -> Array:
    rays = rays_on_grid(camera, np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    rays.setflags(write=False)
    return rays


def box_rays(camera: Camera, box: Box) -> Array:
    """Rays through the pixel centres of a box: (h, w, 2) x and y at depth 1."""
    inside = clip(box, camera.width, camera.height)
    if inside == box:
        return pixel_rays(camera)[slices(box)]
    x, y = np.arange(box[0], box[2]) + 0.5, np.arange(box[1], box[3]) + 0.5
    points = np.stack(np.meshgrid(x, y), axis=-1)
    if inside is None:
        return camera.rays(points)
    rays = np.empty_like(points)
    part = (slice(inside[1] - box[1], inside[3] - box[1]), slice(inside[0] - box[0], inside[2] - box[0]))
    outside = np.ones(points.shape[:2], np.bool_)
    outside[part] = False
    rays[outside] = camera.rays(points[outside])
    rays[part] = pixel_rays(camera)[slices(inside)]
    return rays


@lru_cache(4)
def _at_nodes(camera: Camera) -> tuple[Array, Array]:
    """Computes the rays through the interpolation nodes.

    Returns:
        x at depth 1, and y at depth 1, each of shape (NODES, NODES).
    """
    places = (_nodes() + 1) / 2
    points = np.stack(np.meshgrid(places * camera.width, places * camera.height), axis=-1)
    rays = camera.rays(points)
    return np.ascontiguousarray(rays[..., 0]), np.ascontiguousarray(rays[..., 1])


def _nodes() -> Array:
    return np.asarray(np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES))


def _basis(places: NDArray[Any], side_px: int) -> Array:
    """Weights (n, NODES) of the interpolation nodes, for positions (n,) between 0 and `side_px`.

    The polynomial through the nodes is evaluated in the Chebyshev basis, which is well conditioned.
    """
    angles = np.pi * (np.arange(NODES) + 0.5) / NODES
    order = np.arange(NODES)
    scale = np.where(order == 0, 1.0, 2.0) / NODES
    to_coefficients = scale[:, None] * np.cos(order[:, None] * angles)
    t = np.clip(2 * places / side_px - 1, -1, 1)
    return np.asarray(np.cos(order * np.arccos(t)[:, None]) @ to_coefficients)
