"""Projection: boxes and depth ranges of bodies in an image, and OpenGL's matrices."""

import numpy as np

from scenes.shot import Camera
from scenes.spec import Body
from sim.boxes import Box, size
from sim.meshfiles import MeshFiles
from sim.render.raster.gbuffer import Array, RejectedView
from sim.settle import Settled

MAX_BOX_PX = 4096
"""Longest side of the box of a labelled body; a view with a larger one is rejected."""
MIN_DEPTH_SHARE = 0.02
"""Near plane as a fraction of the far plane's depth, which bounds the error of the depth buffer."""
CLIP_SHARE = 0.001
"""Depth at which outlines are clipped, as a fraction of the body's largest depth; nearer than any near
plane."""
NEAR_MARGIN = 1.01
"""Bodies nearer than the near plane times this factor count as too close."""


def projected_outline(files: MeshFiles, body: Body, camera: Camera) -> Array:
    """Pixel coordinates (n, 2) whose convex hull contains the part of a body in front of the camera."""
    pixels, depth_m = files.projected_hull(body, camera)
    if depth_m.min() > 0 or depth_m.max() <= 0:
        return pixels[depth_m > 0]
    local = clipped(camera.pose.apply_inverse(files.hull(body)), CLIP_SHARE * float(depth_m.max()))
    return np.asarray(local[:, :2] / local[:, 2:] * (camera.fx, camera.fy) + (camera.cx, camera.cy))


def clipped(corners: Array, depth_m: float) -> Array:
    """Vertices (k, 3) of the part beyond a given depth of the convex hull of vertices (n, 3)."""
    # SciPy is slow to import, and settings do not need it.
    from scipy.spatial import ConvexHull

    faces = ConvexHull(corners).simplices
    edges = corners[np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])]
    beyond = edges[..., 2] > depth_m
    start, stop = np.moveaxis(edges[beyond[:, 0] != beyond[:, 1]], 1, 0)
    share = (depth_m - start[:, 2:]) / (stop[:, 2:] - start[:, 2:])
    return np.concatenate([corners[corners[:, 2] > depth_m], start + share * (stop - start)])


def body_box(files: MeshFiles, body: Body, camera: Camera) -> Box:
    """Box of a body on an unbounded image, with a margin of one pixel; empty behind the camera.

    Raises:
        RejectedView: `too_close` if the box of a labelled body overlaps the image and is larger than 4096 px.
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
    """Depths in metres of a near and a far plane that enclose all bodies with a margin.

    A body without a label, such as a table below the camera, may extend behind the near plane, where
    renderers clip it.

    Raises:
        RejectedView: `too_close` if a labelled body reaches the near plane, or another body does in view.
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
            reaches = near_in_view(camera.pose.apply_inverse(files.hull(body)), camera, near_m * NEAR_MARGIN)
        if reaches:
            raise RejectedView("too_close")
    return near_m, far_m


def tight_depth_range(files: MeshFiles, settled: Settled, camera: Camera) -> tuple[float, float]:
    """Depths in metres of near and far planes that enclose all bodies tightly, for a coarse depth buffer.

    Raises:
        RejectedView: `too_close`, as for `depth_range`.
    """
    near_m, far_m = depth_range(files, settled, camera)
    depths_m = [files.projected_hull(body, camera)[1] for body in settled.spec.bodies]
    ahead = [float(depth_m.min()) for depth_m in depths_m if depth_m.max() > 0]
    return max(near_m, 0.999 * min(ahead, default=near_m)), far_m / 1.1 * 1.001


def near_in_view(corners: Array, camera: Camera, near_m: float) -> bool:
    """Whether a convex body may reach the near plane in view: no face separates it from the view pyramid.

    Args:
        corners: (n, 3) vertices of the body in the camera frame.
        camera: The camera.
        near_m: Depth of the near plane in metres.
    """
    from scipy.spatial import ConvexHull

    x = (np.array([0, camera.width, camera.width, 0]) - camera.cx) / camera.fx
    y = (np.array([0, 0, camera.height, camera.height]) - camera.cy) / camera.fy
    rays = np.column_stack([x, y, np.ones(4)])
    pyramid = np.concatenate([np.zeros((1, 3)), near_m * rays])
    sides = np.cross(np.roll(rays, -1, axis=0), rays)  # normals pointing out of the view
    faces = ConvexHull(corners).equations
    beside_body = (faces[:, :3] @ pyramid.T + faces[:, 3:] > 0).all(axis=1).any()
    return not (beside_body or (sides @ corners.T > 0).all(axis=1).any())


def _camera_inside(files: MeshFiles, body: Body, camera: Camera) -> bool:
    """Whether the camera is inside a body's bounding sphere."""
    asset = files.assets[body.asset]
    center = body.apply(np.array([asset.center_of_mass_m]))[0]
    radius_m = asset.radius_m * body.largest_scale
    return float(np.linalg.norm(center - np.array(camera.pose.position_m))) < radius_m


def view_matrix(camera: Camera) -> Array:
    """OpenGL's view matrix (4, 4): OpenCV's camera axes with y and z negated."""
    rotation = (camera.pose.rotation() * (1.0, -1.0, -1.0)).T
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = -rotation @ np.array(camera.pose.position_m)
    return matrix


def projection(camera: Camera, box: Box, near_m: float, far_m: float) -> Array:
    """OpenGL's projection matrix (4, 4) onto a box of the image plane; pixel centres are at half integers."""
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
    """View matrix (4, 4) for axes right, down, forward (3, 3) and an origin given in these axes."""
    matrix = np.eye(4)
    matrix[:3, :3] = axes * np.array([[1.0], [-1.0], [-1.0]])
    matrix[:3, 3] = -middle * (1.0, -1.0, -1.0)
    return matrix


def orthographic(half_m: float) -> Array:
    """Orthographic projection matrix (4, 4) of a square; depths range from 1 to 7 times half its side."""
    matrix = np.diag([1 / half_m, 1 / half_m, -1 / (3 * half_m), 1.0])
    matrix[2, 3] = -4 / 3
    return matrix


def shifted(matrix: Array, right_px: float, up_px: float, size_wh: tuple[int, int]) -> Array:
    """Projection matrix (4, 4) whose image is shifted by a number of pixels to the right and up."""
    result = matrix.copy()
    result[0] += matrix[3] * (2 * right_px / size_wh[0])
    result[1] += matrix[3] * (2 * up_px / size_wh[1])
    return result


def cropped(matrix: Array, size_wh: tuple[int, int], part: Box) -> Array:
    """Projection matrix (4, 4) onto a part of the image, given the size of the whole image."""
    (whole_w, whole_h), (x0, y0, x1, y1) = size_wh, part
    width, height = x1 - x0, y1 - y0
    result = matrix.copy()
    result[0] = matrix[0] * (whole_w / width) + matrix[3] * ((whole_w - 2 * x0 - width) / width)
    result[1] = matrix[1] * (whole_h / height) - matrix[3] * ((whole_h - 2 * y0 - height) / height)
    return result


def column_major(matrix: Array) -> list[float]:
    """A matrix (4, 4) as 16 numbers in column-major order, for OpenGL."""
    numbers: list[float] = matrix.T.ravel().tolist()
    return numbers
