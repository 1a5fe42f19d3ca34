"""Masks of decals: the pixels whose centres show a surface point inside a decal.

The surface point is computed from the depth of the body alone. It is inside a decal if it faces the decal's
projector, is within the projector's depth limit, and has a coverage of at least 0.5 in the decal's image.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.named import WRAPS
from scenes.decal import FACING, Decal
from scenes.shot import Camera
from scenes.spec import Body
from sim.boxes import Box
from sim.render.raster.gbuffer import Silhouette
from sim.render.raster.rays import box_rays

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

ROW_PX = 512
"""Lists of points are passed to OpenCV as images of this width."""


@dataclass(frozen=True, slots=True, eq=False)
class SurfacePoints:
    """The surface points of a body that are visible if only this body is rendered, in the body's frame.

    Attributes:
        box: Box of the body.
        place: (n,) index of each pixel in the flattened box.
        points_m: (n, 3) positions.
        normals: (n, 3) unit normals towards the camera.
    """

    box: Box
    place: Index
    points_m: Array
    normals: Array


@dataclass(frozen=True, slots=True, eq=False)
class OnDecal:
    """The points of a surface that lie in front of a decal's projector.

    Attributes:
        chosen: (k,) index into the points of the surface.
        u: (k,) horizontal coordinate in the decal's image: 0 is the left side, 1 the right side.
        v: (k,) vertical coordinate in the decal's image: 0 is the top side, 1 the bottom side.
    """

    chosen: Index
    u: Array
    v: Array


def surface_points(silhouette: Silhouette, body: Body, camera: Camera) -> SurfacePoints:
    """The surface points of a body that are visible if only this body is rendered."""
    assert silhouette.depth_m is not None
    place = np.flatnonzero(silhouette.mask & np.isfinite(silhouette.depth_m))
    rows, columns = np.divmod(place, silhouette.mask.shape[1])
    depth_m = silhouette.depth_m.ravel()[place].astype(np.float64)
    x, y = rays_at(camera, silhouette.box, rows, columns).T
    seen_m = np.stack([x, y, np.ones_like(x)], axis=1) * depth_m[:, None]
    normals = _normals(camera, silhouette)[rows, columns].astype(np.float64)
    pose = body.pose.inside(camera.pose)
    return SurfacePoints(silhouette.box, place, pose.apply_inverse(seen_m), normals @ pose.rotation())


def rays_at(camera: Camera, box: Box, rows: Index, columns: Index) -> Array:
    """Rays through the pixel centres at rows and columns (n,) of a box: (n, 2) x and y at depth 1."""
    if camera.distortion is not None:
        return box_rays(camera, box)[rows, columns]
    x, y = columns + (box[0] + 0.5 - camera.cx), rows + (box[1] + 0.5 - camera.cy)
    return np.stack([x / camera.fx, y / camera.fy], axis=1)


def _normals(camera: Camera, silhouette: Silhouette) -> Array:
    """Unit normals (h, w, 3) in the camera frame, towards the camera, computed from depth.

    The inverse depth of a plane is linear in the pixel coordinates, so the normals follow from its slopes.
    """
    assert silhouette.depth_m is not None
    near = np.divide(1.0, silhouette.depth_m, out=np.zeros(silhouette.mask.shape), where=silhouette.mask)
    x0, y0, x1, y1 = silhouette.box
    right, down = _slope(near, 1), _slope(near, 0)
    if camera.distortion is not None:
        return _bent_normals(box_rays(camera, silhouette.box), near, right, down)
    ahead = near - (np.arange(x0, x1) + 0.5 - camera.cx) * right
    ahead -= (np.arange(y0, y1) + 0.5 - camera.cy)[:, None] * down
    return _towards_camera(right * camera.fx, down * camera.fy, ahead)


def _bent_normals(rays: Array, near: Array, right: Array, down: Array) -> Array:
    """Unit normals (h, w, 3) of surfaces that are seen through a distorting lens, towards the camera.

    The inverse depth of a plane is linear in the x and y of the rays, so the normals follow from its slopes.

    Args:
        rays: (h, w, 2) x and y of the rays at depth 1.
        near: (h, w) inverse depth.
        right: (h, w) change of the inverse depth per column.
        down: (h, w) change of the inverse depth per row.
    """
    if min(near.shape) < 2:
        return _towards_camera(right, down, near)
    (x_down, x_right), (y_down, y_right) = (np.gradient(rays[..., axis]) for axis in (0, 1))
    determinant = x_right * y_down - x_down * y_right
    along_x = (right * y_down - down * y_right) / determinant
    along_y = (down * x_right - right * x_down) / determinant
    return _towards_camera(along_x, along_y, near - rays[..., 0] * along_x - rays[..., 1] * along_y)


def _towards_camera(x: Array, y: Array, z: Array) -> Array:
    """Unit vectors (h, w, 3) opposite to vectors with components x, y, z, (h, w) each."""
    normals = np.stack([x, y, z], axis=-1)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.asarray(normals / -np.maximum(length, 1e-20))


def _slope(near: Array, axis: int) -> Array:
    """Change (h, w) of the inverse depth per pixel along an axis.

    It is the change from the previous or to the next pixel, whichever is smaller, because the other pixel may
    be on another face. It is 0 if both pixels are empty.

    Args:
        near: (h, w) inverse depth; 0 in empty pixels.
        axis: 0 for down, 1 for right.
    """
    along = np.moveaxis(near, axis, 0)
    step = np.where((along[:-1] > 0) & (along[1:] > 0), np.diff(along, axis=0), np.inf)
    edge = np.full((1, along.shape[1]), np.inf)
    behind, ahead = np.concatenate([edge, step]), np.concatenate([step, edge])
    smaller = np.where(np.abs(ahead) < np.abs(behind), ahead, behind)
    return np.moveaxis(np.where(np.isfinite(smaller), smaller, 0.0), 0, axis)


def on_decal(surface: SurfacePoints, decal: Decal) -> OnDecal:
    """Finds the points of a surface that are in front of a decal's projector.

    Points beyond the sides of the decal are included if they are at most half its width or height away.
    """
    local, axis = decal.frame.apply_inverse(surface.points_m), decal.frame.rotation()[:, 2]
    width_m, height_m = decal.size_m
    near = (np.abs(local) <= (width_m, height_m, decal.depth_m)).all(axis=1)
    chosen = np.flatnonzero(near & (surface.normals @ axis > FACING))
    return OnDecal(chosen, local[chosen, 0] / width_m + 0.5, 0.5 - local[chosen, 1] / height_m)


def decal_mask(surface: SurfacePoints, found: OnDecal, coverage: Floats, shape: tuple[int, ...]) -> Mask:
    """The mask (h, w) of a decal, as if only its body were in the scene.

    Args:
        surface: The visible points of the body's surface.
        found: The points in front of the decal, from `on_decal`.
        coverage: The coverage of the decal's image, 0..1.
        shape: (h, w), the size of the body's box.
    """
    mask = np.zeros(shape, np.bool_)
    mask.ravel()[surface.place[found.chosen]] = sampled(coverage, found.u, found.v) >= 0.5
    return mask


def tiled(picture: NDArray[np.uint8], u: Array, v: Array, wraps: NDArray[np.uint8]) -> Floats:
    """Interpolates an image (h, w) at k points, and returns the values (k,).

    Args:
        picture: The image.
        u: (k,) horizontal coordinates of the points: 0 is the left side of the image, 1 the right side.
        v: (k,) vertical coordinates of the points: 0 is the top side of the image, 1 the bottom side.
        wraps: (k, 2) how the image continues along u and v, as an index into `WRAPS`.
    """
    height, width = picture.shape
    columns, rows = _inside(u, wraps[:, 0], width), _inside(v, wraps[:, 1], height)
    return sampled(picture, columns, rows, cv2.BORDER_WRAP)


def _inside(u: Array, wrap: NDArray[np.uint8], side_px: int) -> Array:
    """Wraps coordinates (k,) into 0..1: repeated, mirrored or clamped to the edge."""
    mirrored = np.where(wrap == WRAPS.index("mirror"), 1 - np.abs(1 - np.mod(u, 2)), u)
    at_edge = np.clip(mirrored, 0.5 / side_px, 1 - 0.5 / side_px)
    return np.where(wrap == WRAPS.index("repeat"), np.mod(u, 1), at_edge)


def sampled(
    picture: NDArray[np.float32] | NDArray[np.uint8], u: Array, v: Array, border: int = cv2.BORDER_CONSTANT
) -> Floats:
    """Interpolates an image (h, w, ...) at k points, and returns the values (k, ...).

    Outside the image, the values are 0 by default.

    Args:
        picture: The image.
        u: (k,) horizontal coordinates of the points: 0 is the left side of the image, 1 the right side.
        v: (k,) vertical coordinates of the points: 0 is the top side of the image, 1 the bottom side.
        border: OpenCV border mode.
    """
    height, width = picture.shape[:2]
    if not len(u):
        return np.zeros((0, *picture.shape[2:]), np.float32)
    shape = (-(-len(u) // ROW_PX), ROW_PX)
    columns, rows = (
        np.resize((places * side - 0.5).astype(np.float32), shape)
        for places, side in ((u, width), (v, height))
    )
    found = cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(found.reshape(-1, *picture.shape[2:])[: len(u)], np.float32)
