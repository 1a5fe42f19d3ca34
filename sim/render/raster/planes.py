"""Depth of floor and walls in each pixel, by ray-plane intersection."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenes.shot import Camera
from scenes.spec import Wall
from sim.render.raster.rays import pixel_rays

Array = NDArray[np.float64]


def floor_depth(camera: Camera) -> Array:
    """Depth (H, W) at which the ray of each pixel centre meets the plane z = 0; infinite if it never does."""
    down = axis_component(camera, 2)
    height_m = camera.pose.position_m[2]
    # Without distortion, `down` is linear over the image: if the rays of all corners point down, all do.
    if (
        camera.distortion is None
        and height_m > 0
        and max(down[0, 0], down[0, -1], down[-1, 0], down[-1, -1]) < 0
    ):
        return np.asarray(np.divide(-height_m, down, out=down))
    with np.errstate(divide="ignore", invalid="ignore"):
        depth_m = -height_m / down
    return np.where(depth_m > 0, depth_m, np.inf)


def walls_facing(walls: tuple[Wall, ...], camera: Camera) -> tuple[Wall, ...]:
    """The walls whose inner side faces the camera; other walls are invisible."""
    eye = np.array(camera.pose.position_m)
    return tuple(wall for wall in walls if wall.outward() @ eye < wall.distance_m)


def wall_depth(wall: Wall, camera: Camera) -> Array:
    """Depth (H, W) at which the ray of each pixel centre meets a wall; infinite if it never does."""
    depth_m = wall_plane_depth(wall, camera)
    eye, side = np.array(camera.pose.position_m), wall.sideways()
    with np.errstate(invalid="ignore"):
        height_m = eye[2] + depth_m * ray_component(camera, (0.0, 0.0, 1.0))
        across_m = side @ eye + depth_m * ray_component(camera, side)
        met = (height_m >= 0) & (height_m <= wall.height_m)
        met &= (across_m >= wall.low_m) & (across_m <= wall.high_m)
    return np.where(met, depth_m, np.inf)


def wall_plane_depth(wall: Wall, camera: Camera) -> Array:
    """Depth (H, W) at which the ray of each pixel centre meets a wall's plane; infinite if it never does."""
    out = wall.outward()
    with np.errstate(divide="ignore", invalid="ignore"):
        depth_m = (wall.distance_m - out @ np.array(camera.pose.position_m)) / ray_component(camera, out)
    return np.where(depth_m > 0, depth_m, np.inf)


def axis_component(camera: Camera, axis: int) -> Array:
    """Component (H, W) of each pixel's ray, scaled to depth 1, along a world axis (0, 1 or 2)."""
    return ray_component(camera, np.eye(3)[axis])


def ray_component(camera: Camera, direction: ArrayLike) -> Array:
    """Component (H, W) of each pixel's ray, scaled to depth 1, along a unit vector (3,) in world axes."""
    row = np.asarray(direction) @ camera.pose.rotation()
    if camera.distortion is not None:
        return np.asarray(pixel_rays(camera) @ row[:2] + row[2])
    x = (np.arange(camera.width) + 0.5 - camera.cx) / camera.fx
    y = (np.arange(camera.height) + 0.5 - camera.cy) / camera.fy
    return np.asarray(row[0] * x[None, :] + (row[1] * y + row[2])[:, None])
