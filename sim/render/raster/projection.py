"""Where bodies lie in a picture, and the matrices that put them there."""

import numpy as np
from scipy.spatial import ConvexHull

from scenes.shot import Camera
from scenes.spec import Body
from sim.boxes import Box, size
from sim.meshfiles import MeshFiles
from sim.render.raster.gbuffer import Array, RejectedView
from sim.settle import Settled

MAX_BOX_PX = 4096
MIN_DEPTH_SHARE = 0.02
"""Nearest drawn depth as a share of the farthest: the depth buffer divides what lies between."""
CLIP_SHARE = 0.001
"""Depth at which outlines are clipped, as a share of the body's largest: nearer than any near plane."""
NEAR_MARGIN = 1.01


def projected_outline(files: MeshFiles, body: Body, camera: Camera) -> Array:
    """Pixel coordinates (n, 2) that bound the part of a body in front of the camera, if there is any."""
    pixels, depth_m = files.projected_hull(body, camera)
    if depth_m.min() > 0 or depth_m.max() <= 0:
        return pixels[depth_m > 0]
    local = clipped(camera.pose.unapply(files.hull(body)), CLIP_SHARE * float(depth_m.max()))
    return np.asarray(local[:, :2] / local[:, 2:] * (camera.fx, camera.fy) + (camera.cx, camera.cy))


def clipped(corners: Array, depth_m: float) -> Array:
    """The corners (k, 3) of what lies beyond a depth of a convex body with some corners (n, 3)."""
    faces = ConvexHull(corners).simplices
    edges = corners[np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])]
    beyond = edges[..., 2] > depth_m
    start, stop = np.moveaxis(edges[beyond[:, 0] != beyond[:, 1]], 1, 0)
    share = (depth_m - start[:, 2:]) / (stop[:, 2:] - start[:, 2:])
    return np.concatenate([corners[corners[:, 2] > depth_m], start + share * (stop - start)])


def body_box(files: MeshFiles, body: Body, camera: Camera) -> Box:
    """The pixel box that holds a body on an unbounded image, and a pixel more; empty behind the camera.

    Raises:
        RejectedView: `too_close` when the box of a labelled body meets the image and is larger than 4096 px.
    """
    pixels = projected_outline(files, body, camera)
    if not len(pixels):
        return 0, 0, 0, 0
    x0, y0 = np.floor(pixels.min(axis=0)).astype(int) - 1
    x1, y1 = np.ceil(pixels.max(axis=0)).astype(int) + 1
    in_view = x0 < camera.width and y0 < camera.height and x1 > 0 and y1 > 0
    if in_view and body.labelled and max(x1 - x0, y1 - y0) > MAX_BOX_PX:
        raise RejectedView("too_close")
    return int(x0), int(y0), int(x1), int(y1)


def depth_range(files: MeshFiles, settled: Settled, camera: Camera) -> tuple[float, float]:
    """Near and far planes that hold all bodies with room to spare.

    A body without a label may reach behind the camera: a table beneath it does. Renderers clip it there.

    Raises:
        RejectedView: `too_close` when a labelled body reaches the near plane, or another one does in view.
    """
    depths_m = [files.projected_hull(body, camera)[1] for body in settled.spec.bodies]
    depth_m = np.concatenate(depths_m)
    ahead = depth_m[depth_m > 0]
    far_m = 1.1 * float(ahead.max()) if len(ahead) else 1.0
    near_m = MIN_DEPTH_SHARE * far_m
    for body, depth_m in zip(settled.spec.bodies, depths_m, strict=True):
        reaches = bool(depth_m.min() <= near_m * NEAR_MARGIN and depth_m.max() > 0)
        if body.labelled:
            reaches |= _camera_inside(files, body, camera)
        elif reaches:
            reaches = near_in_view(camera.pose.unapply(files.hull(body)), camera, near_m * NEAR_MARGIN)
        if reaches:
            raise RejectedView("too_close")
    return near_m, far_m


def tight_depth_range(files: MeshFiles, settled: Settled, camera: Camera) -> tuple[float, float]:
    """Near and far planes just outside of all bodies: for a depth buffer of few bits.

    Raises:
        RejectedView: `too_close` when a body reaches the camera.
    """
    near_m, far_m = depth_range(files, settled, camera)
    depths_m = [files.projected_hull(body, camera)[1] for body in settled.spec.bodies]
    ahead = [float(depth_m.min()) for depth_m in depths_m if depth_m.max() > 0]
    return max(near_m, 0.999 * min(ahead, default=near_m)), far_m / 1.1 * 1.001


def near_in_view(corners: Array, camera: Camera, near_m: float) -> bool:
    """Whether a convex body may be nearer than the near plane in view; it is not where a plane lies between.

    Args:
        corners: (n, 3) of the body, in the camera's frame.
        camera: The camera.
        near_m: Depth of the near plane.
    """
    x = (np.array([0, camera.width, camera.width, 0]) - camera.cx) / camera.fx
    y = (np.array([0, 0, camera.height, camera.height]) - camera.cy) / camera.fy
    rays = np.column_stack([x, y, np.ones(4)])
    pyramid = np.concatenate([np.zeros((1, 3)), near_m * rays])
    sides = np.cross(np.roll(rays, -1, axis=0), rays)  # point out of the picture
    faces = ConvexHull(corners).equations
    beside_body = (faces[:, :3] @ pyramid.T + faces[:, 3:] > 0).all(axis=1).any()
    return not (beside_body or (sides @ corners.T > 0).all(axis=1).any())


def _camera_inside(files: MeshFiles, body: Body, camera: Camera) -> bool:
    """Whether the camera stands in a body's bounding sphere."""
    asset = files.assets[body.asset]
    center = body.apply(np.array([asset.center_of_mass_m]))[0]
    radius_m = asset.radius_m * body.largest_scale
    return float(np.linalg.norm(center - np.array(camera.pose.position_m))) < radius_m


def view_matrix(camera: Camera) -> Array:
    """OpenGL's view matrix (4, 4): OpenCV's camera axes with y and z turned round."""
    rotation = (camera.pose.rotation() * (1.0, -1.0, -1.0)).T
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = -rotation @ np.array(camera.pose.position_m)
    return matrix


def projection(camera: Camera, box: Box, near_m: float, far_m: float) -> Array:
    """OpenGL's projection (4, 4) onto a box of the image plane, pixel centres at half integers."""
    width, height = size(box)
    matrix = np.zeros((4, 4))
    matrix[0, 0] = 2 * camera.fx / width
    matrix[1, 1] = 2 * camera.fy / height
    matrix[0, 2] = 1 - 2 * (camera.cx - box[0]) / width
    matrix[1, 2] = 2 * (camera.cy - box[1]) / height - 1
    matrix[2, 2] = -(far_m + near_m) / (far_m - near_m)
    matrix[2, 3] = -2 * far_m * near_m / (far_m - near_m)
    matrix[3, 2] = -1.0
    return matrix


def look_along(axes: Array, middle: Array) -> Array:
    """The view matrix for axes right, down, forward (3, 3), its origin at a point given along them."""
    matrix = np.eye(4)
    matrix[:3, :3] = axes * np.array([[1.0], [-1.0], [-1.0]])
    matrix[:3, 3] = -middle * (1.0, -1.0, -1.0)
    return matrix


def orthographic(half_m: float) -> Array:
    """A parallel projection (4, 4) from 1 to 7 half sides ahead."""
    matrix = np.diag([1 / half_m, 1 / half_m, -1 / (3 * half_m), 1.0])
    matrix[2, 3] = -4 / 3
    return matrix


def shifted(matrix: Array, right_px: float, up_px: float, size_wh: tuple[int, int]) -> Array:
    """A projection (4, 4) whose picture of some size lies so many pixels further right and up."""
    result = matrix.copy()
    result[0] += matrix[3] * (2 * right_px / size_wh[0])
    result[1] += matrix[3] * (2 * up_px / size_wh[1])
    return result


def cropped(matrix: Array, size_wh: tuple[int, int], part: Box) -> Array:
    """A projection (4, 4) onto a part of its picture, which has some size."""
    (whole_w, whole_h), (x0, y0, x1, y1) = size_wh, part
    width, height = x1 - x0, y1 - y0
    result = matrix.copy()
    result[0] = matrix[0] * (whole_w / width) + matrix[3] * ((whole_w - 2 * x0 - width) / width)
    result[1] = matrix[1] * (whole_h / height) - matrix[3] * ((whole_h - 2 * y0 - height) / height)
    return result


def column_major(matrix: Array) -> list[float]:
    """A matrix as OpenGL takes it: 16 numbers, column after column."""
    numbers: list[float] = matrix.T.ravel().tolist()
    return numbers
