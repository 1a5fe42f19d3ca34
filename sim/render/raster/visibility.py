"""Visibility: the body, floor or wall that is visible in each pixel, found by comparing depths."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera
from scenes.spec import Wall
from sim.boxes import Box, bounding_box, slices
from sim.render.raster.gbuffer import GBuffer
from sim.render.raster.planes import floor_depth, wall_depth

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

FLOOR_PENETRATION_M = 0.001
"""The floor does not occlude surfaces of bodies that are below it by less than this distance in metres.
In the physics simulation, bodies at rest penetrate the floor by less than this distance."""


@dataclass(frozen=True, slots=True, eq=False)
class Visibility:
    """The visible surface in each pixel.

    Attributes:
        body: (H, W) int16, index into the scene's bodies; -1 where no body is visible.
        depth_m: (H, W) float32, depth in metres; infinite for the background.
        plane_m: (H, W) depth of the floor plane in metres, also where it is occluded; None without a floor.
        is_floor: (H, W) mask of the visible floor; None without a floor.
        walls: The walls whose inner side faces the camera.
        wall: (H, W) int8, index into `walls`; -1 where no wall is visible. None without walls.
        bands: With a rolling shutter, the visibility of each band of rows, from top to bottom; otherwise
            empty.
    """

    body: NDArray[np.int16]
    depth_m: Floats
    plane_m: Array | None
    is_floor: Mask | None
    walls: tuple[Wall, ...] = ()
    wall: NDArray[np.int8] | None = None
    bands: "tuple[Visibility, ...]" = ()


def visible_walls(visibility: Visibility) -> Iterator[tuple[Wall, Box, Mask]]:
    """Yields each visible wall, the bounding box of its pixels, and their mask (h, w) in this box."""
    for index, wall in enumerate(visibility.walls):
        assert visibility.wall is not None
        shown = visibility.wall == index
        box = bounding_box(shown)
        if box is not None:
            yield wall, box, shown[slices(box)]


def resolve_visibility(
    gbuffer: GBuffer, camera: Camera, floor: bool, walls: tuple[Wall, ...] = ()
) -> Visibility:
    """Finds the surface nearest to the camera in each pixel, among the bodies, the floor and the walls.

    Args:
        gbuffer: The rendered bodies.
        camera: The camera for which they were rendered.
        floor: Whether the scene has a floor, the plane z = 0.
        walls: The walls whose inner side faces the camera.
    """
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
