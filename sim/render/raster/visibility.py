"""What each pixel shows: body, floor or wall, by depth and plane alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera
from scenes.spec import Wall
from sim.render.raster.gbuffer import GBuffer
from sim.render.raster.planes import floor_depth, wall_depth

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

FLOOR_PENETRATION_M = 0.001
"""A floor hides what reaches deeper into it: at rest, physics lets bodies sink in by a part of that."""


@dataclass(frozen=True, slots=True, eq=False)
class Visibility:
    """What is where.

    Attributes:
        body: (H, W) int16; -1 where none is seen.
        depth_m: (H, W) float32; infinite for the background.
        plane_m: (H, W) depth of the floor, seen or not; None without one.
        is_floor: (H, W) where the floor is seen; None without one.
        walls: Those whose inner side the camera is on.
        wall: (H, W) int8, index into them; -1 where none is seen. None without walls.
    """

    body: NDArray[np.int16]
    depth_m: Floats
    plane_m: Array | None
    is_floor: Mask | None
    walls: tuple[Wall, ...] = ()
    wall: NDArray[np.int8] | None = None


def resolve_visibility(
    gbuffer: GBuffer, camera: Camera, floor: bool, walls: tuple[Wall, ...] = ()
) -> Visibility:
    """Bodies, floor and walls, whichever is in front."""
    visibility = _with_floor(gbuffer, camera, floor)
    return _with_walls(visibility, camera, walls) if walls else visibility


def _with_floor(gbuffer: GBuffer, camera: Camera, floor: bool) -> Visibility:
    if not floor:
        return Visibility(gbuffer.body, gbuffer.depth_m, None, None)
    plane_m, height_m = floor_depth(camera), camera.pose.position_m[2]
    tolerance = 1 + FLOOR_PENETRATION_M / height_m if height_m > 0 else 1.0
    is_floor = plane_m * tolerance < gbuffer.depth_m
    body = np.where(is_floor, np.int16(-1), gbuffer.body)
    depth_m = np.minimum(plane_m.astype(np.float32), gbuffer.depth_m)
    return Visibility(body, depth_m, plane_m, is_floor)


def _with_walls(visibility: Visibility, camera: Camera, walls: tuple[Wall, ...]) -> Visibility:
    body, depth_m, is_floor = visibility.body.copy(), visibility.depth_m.copy(), visibility.is_floor
    found = np.full(body.shape, -1, np.int8)
    for index, wall in enumerate(walls):
        wall_m = wall_depth(wall, camera).astype(np.float32)
        found[wall_m < depth_m] = index
        np.minimum(depth_m, wall_m, out=depth_m)
    is_wall = found >= 0
    body[is_wall] = -1
    return Visibility(
        body, depth_m, visibility.plane_m, None if is_floor is None else is_floor & ~is_wall, walls, found
    )
