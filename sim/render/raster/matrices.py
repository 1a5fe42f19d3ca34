"""Camera matrices for OpenGL, and the conversion of its depth buffer to metres and back."""

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera
from sim.boxes import Box, size
from sim.render.raster.gbuffer import Array


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


def depth_of(buffer: NDArray[np.float32], planes_m: tuple[float, float]) -> Array:
    """Converts values of the depth buffer to depths in metres, for given near and far planes."""
    near_m, far_m = planes_m
    z_ndc = 2.0 * buffer.astype(np.float64) - 1.0
    return np.asarray(2.0 * far_m * near_m / (far_m + near_m - z_ndc * (far_m - near_m)))


def buffer_of(depth_m: Array, planes_m: tuple[float, float]) -> Array:
    """Converts depths in metres to values of the depth buffer, 0..1: the inverse of `depth_of`."""
    near_m, far_m = planes_m
    z_ndc = (far_m + near_m - 2.0 * far_m * near_m / depth_m) / (far_m - near_m)
    return np.asarray((z_ndc + 1.0) / 2.0)


def look_along(axes: Array, middle: Array) -> Array:
    """OpenGL's view matrix (4, 4) for given camera axes.

    Args:
        axes: (3, 3) world directions of the camera's right, down and forward axes, one per row.
        middle: (3,) position of the camera in the coordinate system of these axes, in metres.
    """
    matrix = np.eye(4)
    matrix[:3, :3] = axes * np.array([[1.0], [-1.0], [-1.0]])
    matrix[:3, 3] = -middle * (1.0, -1.0, -1.0)
    return matrix


def orthographic(half_m: float) -> Array:
    """Orthographic projection matrix (4, 4): half side `half_m`, depths from `half_m` to 7 `half_m`."""
    matrix = np.diag([1 / half_m, 1 / half_m, -1 / (3 * half_m), 1.0])
    matrix[2, 3] = -4 / 3
    return matrix


def shifted(matrix: Array, right_px: float, up_px: float, size_wh: tuple[int, int]) -> Array:
    """Projection matrix (4, 4) that shifts the image of `matrix` by `right_px` and `up_px` pixels."""
    result = matrix.copy()
    result[0] += matrix[3] * (2 * right_px / size_wh[0])
    result[1] += matrix[3] * (2 * up_px / size_wh[1])
    return result


def cropped(matrix: Array, size_wh: tuple[int, int], part: Box) -> Array:
    """Projection matrix (4, 4) onto a part of an image.

    Args:
        matrix: (4, 4) projection matrix onto the whole image.
        size_wh: Width and height of the whole image in pixels.
        part: Box of the part in the whole image.
    """
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
