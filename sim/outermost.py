"""The points of a mesh that project farthest to each side of an image."""

import numpy as np
from numpy.typing import NDArray

from scenes.geometry import Vec3, vec3
from scenes.shot import Shot
from scenes.spec import Body
from sim.meshfiles import MeshFiles
from sim.render.sensor.rolling import is_rolling, projected

Array = NDArray[np.float64]


def outermost(files: MeshFiles, body: Body, shot: Shot) -> tuple[Vec3, ...]:
    """Finds the mesh points that project farthest to the left, right, top and bottom.

    Without lens distortion, the points are vertices. A distorting lens bends edges, so the points may then
    lie inside edges of the convex hull.

    Args:
        files: Meshes of the assets.
        body: The body; all of it is in front of the camera.
        shot: The camera and its motion.

    Returns:
        Four points in the frame of the unscaled mesh.
    """
    candidates_m, placed_m = files.hull_vertices(body.asset), files.hull(body)
    if shot.camera.distortion is not None:
        candidates_m = _outer_edges(files, body, shot)
        placed_m = _placed(files, body, candidates_m)
    pixels = _pixels(shot, placed_m)
    (left, top), (right, bottom) = pixels.argmin(axis=0), pixels.argmax(axis=0)
    points_m = candidates_m[[left, right, top, bottom]]
    return tuple(vec3(point) for point in points_m + files.assets[body.asset].center_of_mass_m)


def _outer_edges(files: MeshFiles, body: Body, shot: Shot) -> Array:
    """Returns points (n, 3) along the edges of a body's convex hull.

    Only edges that may touch the body's bounding box in the image are kept. The points are relative to the
    centre of mass and not yet scaled.
    """
    edges_m = files.hull_edges(body.asset)
    ends = np.stack([_pixels(shot, _placed(files, body, edges_m[end])) for end in (0, -1)])
    low, high = ends.min(axis=0), ends.max(axis=0)
    # A projected edge may be bent, but extends beyond the bounding box of its ends by less than `bend`.
    bend = (high - low).sum(axis=1, keepdims=True)
    outer = (low - bend <= low.min(axis=0)) | (high + bend >= high.max(axis=0))
    return edges_m[:, outer.any(axis=1)].reshape(-1, 3)


def _placed(files: MeshFiles, body: Body, points_m: Array) -> Array:
    """World coordinates (n, 3) of points that are relative to a body's centre of mass and not yet scaled."""
    return files.center_pose(body).apply(points_m * np.array(body.axes))


def _pixels(shot: Shot, placed_m: Array) -> Array:
    """Pixel coordinates (n, 2) of world points (n, 3), with or without a rolling shutter."""
    if is_rolling(shot.motion):
        return projected(shot.camera, shot.motion, placed_m)
    return shot.camera.project(placed_m)[0]
