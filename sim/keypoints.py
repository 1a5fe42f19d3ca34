"""Keypoints of objects in an image: their positions and visibility."""

from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from scenes.geometry import Vec3
from scenes.shot import Camera, Shot
from scenes.spec import Body
from sim.meshfiles import MeshFiles
from sim.render.compose import Frame
from sim.render.raster.pinholes import covered_depth
from sim.render.raster.subpixel import Projected
from sim.render.sensor.rolling import camera_that_sees
from sim.sample import Keypoint

OUTSIDE: Keypoint = (0.0, 0.0, 0)
WITHIN_SHARE = 0.01
"""Distance behind the surface, relative to the object's size, up to which a keypoint counts as visible,
because keypoints lie only approximately on the surface."""


def keypoints_of(
    files: MeshFiles, body: Body, index: int, shot: Shot, frame: Frame
) -> tuple[Keypoint, ...] | None:
    """Returns a body's keypoints in the order of its category's keypoint names.

    Returns None if the category has no keypoints. A keypoint is visible if no triangle of the body is more
    than 1 % of the body's size in front of it, and if the keypoint's pixel or a neighbouring pixel shows the
    body.

    Args:
        files: Meshes of the assets, with their keypoints.
        body: The body.
        index: The body's index among the scene's bodies.
        shot: The camera and its motion.
        frame: The rendered image, with the visible body of each pixel.
    """
    points_m = files.keypoints_m(body.asset)
    if points_m is None:
        return None
    reach_m = WITHIN_SHARE * max(files.assets[body.asset].extents_m) * body.largest_scale

    own = cache(partial(_projected, files, body))

    def seen(point: Vec3 | None) -> Keypoint:
        if point is None:
            return OUTSIDE
        world_m = body.apply(np.array([point]))
        camera = camera_that_sees(shot, world_m)
        ((x, y),), (depth_m,) = camera.project(world_m)
        if not depth_m > 0 or not inside(x, y, frame.body.shape):
            return OUTSIDE
        hidden = covered_depth(own(camera), *_undistorted(camera, world_m)) < depth_m - reach_m
        hidden = hidden or not (around(frame.body, x, y) == index).any()
        return float(x), float(y), 1 if hidden else 2

    return tuple(map(seen, points_m))


def _projected(files: MeshFiles, body: Body, camera: Camera) -> Projected:
    """The triangles of a body's full-resolution mesh, projected without lens distortion."""
    vertices_m, faces = files.triangles(body.asset, 0)
    pose = files.center_pose(body).inside(camera.pose)
    x, y, z = (pose.rotation() * np.array(body.axes)) @ vertices_m + np.array(pose.position_m)[:, None]
    z = np.where(z > 0, z, np.nan)
    places = np.stack([x / z * camera.fx + (camera.cx - 0.5), y / z * camera.fy + (camera.cy - 0.5)])
    return Projected(places, z, faces, (0, 0, camera.width, camera.height))


def _undistorted(camera: Camera, world_m: NDArray[np.float64]) -> tuple[float, float]:
    """Undistorted column and row of a world point (1, 3), relative to the centre of the top left pixel."""
    ((x, y, z),) = camera.pose.apply_inverse(world_m)
    return float(x / z * camera.fx + camera.cx - 0.5), float(y / z * camera.fy + camera.cy - 0.5)


def inside(x: float, y: float, shape: tuple[int, ...]) -> bool:
    """Whether a point in pixels is inside an image with the given height and width."""
    return bool(0 <= x < shape[1] and 0 <= y < shape[0])


def around(values: NDArray[np.generic], x: float, y: float) -> NDArray[np.generic]:
    """Values of an image (H, W) in the pixel that contains the point (x, y), and in its neighbours."""
    row, column = int(y), int(x)
    return values[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
