"""Rotations and poses. Quaternions are (x, y, z, w).

World: metres, z up. Camera: OpenCV axes (x right, y down, z forward).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

Vec3 = tuple[float, float, float]
Quat = tuple[float, float, float, float]
Scale = float | Vec3
"""Scale factor of a mesh: one number, or one per axis."""
Row4 = tuple[float, float, float, float]
Matrix = tuple[Row4, Row4, Row4, Row4]
"""An affine transform as the rows of a 4x4 matrix, for column vectors (x, y, z, 1)."""
IDENTITY: Matrix = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0))


def rotation(quat_xyzw: Quat) -> NDArray[np.float64]:
    """The (3, 3) rotation matrix of a unit quaternion."""
    x, y, z, w = quat_xyzw
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion(matrix: NDArray[np.float64]) -> Quat:
    """The unit quaternion (x, y, z, w) of a (3, 3) rotation matrix, with w >= 0.

    Uses Shepperd's method, which divides by the largest of the four components.
    """
    m = matrix
    squares = np.array(
        [
            1 + m[0, 0] - m[1, 1] - m[2, 2],
            1 - m[0, 0] + m[1, 1] - m[2, 2],
            1 - m[0, 0] - m[1, 1] + m[2, 2],
            1 + m[0, 0] + m[1, 1] + m[2, 2],
        ]
    )
    products = np.array(
        [
            [squares[0], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[2, 1] - m[1, 2]],
            [m[0, 1] + m[1, 0], squares[1], m[1, 2] + m[2, 1], m[0, 2] - m[2, 0]],
            [m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], squares[2], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], squares[3]],
        ]
    )
    quat = products[int(np.argmax(squares))]
    quat = quat / np.linalg.norm(quat) * (1.0 if quat[3] >= 0 else -1.0)
    return tuple(float(component) for component in quat)  # type: ignore[return-value]


def vec3(values: NDArray[np.float64]) -> Vec3:
    """The first three values as plain floats."""
    return float(values[0]), float(values[1]), float(values[2])


def per_axis(scale: Scale) -> Vec3:
    """The scale factor along each axis of the mesh."""
    return scale if isinstance(scale, tuple) else (scale, scale, scale)


def up_matrix(up: str) -> Array:
    """The rotation (4, 4) that maps the axis `up`, which is x, y or z, to z."""
    matrix = np.eye(4)
    if up == "y":
        matrix[:3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    elif up == "x":
        matrix[:3, :3] = [[0, 0, -1], [0, 1, 0], [1, 0, 0]]
    return matrix


def conversion(unit_m: float, up: str) -> Matrix:
    """The matrix from a frame with the given unit (in metres) and up axis to a frame in metres with z up."""
    return scaled_after(matrix_of(up_matrix(up)), unit_m)


def matrix_of(matrix: Array) -> Matrix:
    """Converts a (4, 4) matrix to tuples of floats, with -0.0 replaced by 0.0."""
    one, two, three, four = (
        (float(row[0]), float(row[1]), float(row[2]), float(row[3])) for row in matrix + 0.0
    )
    return one, two, three, four


def scaled_after(matrix: Matrix, scale: Scale) -> Matrix:
    """The transform that applies `matrix` first and then scales about the origin."""
    return matrix_of(np.diag([*per_axis(scale), 1.0]) @ np.array(matrix))


@dataclass(frozen=True, slots=True)
class Pose:
    """A rigid transform from an inner frame to an outer one: rotate by `quat_xyzw`, then add `position_m`."""

    position_m: Vec3
    quat_xyzw: Quat

    @staticmethod
    def from_point_pair(
        inner_m: NDArray[np.float64], outer_m: NDArray[np.float64], quat_xyzw: Quat
    ) -> "Pose":
        """The pose with a given rotation that maps the point `inner_m` (3,) to the point `outer_m` (3,)."""
        return Pose(vec3(outer_m - rotation(quat_xyzw) @ inner_m), quat_xyzw)

    def rotation(self) -> NDArray[np.float64]:
        """The (3, 3) rotation matrix."""
        return rotation(self.quat_xyzw)

    def apply(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Transforms points (n, 3) from the inner to the outer frame."""
        return np.asarray(points_m @ self.rotation().T + np.array(self.position_m))

    def apply_inverse(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Transforms points (n, 3) from the outer to the inner frame."""
        return np.asarray((points_m - np.array(self.position_m)) @ self.rotation())

    def of(self, inner: "Pose") -> "Pose":
        """Returns an object's pose in the outer frame, given its pose `inner` in the inner frame."""
        position = self.apply(np.array([inner.position_m]))[0]
        return Pose(vec3(position), quaternion(self.rotation() @ inner.rotation()))

    def inside(self, outer: "Pose") -> "Pose":
        """Returns this pose relative to the pose `outer`, where both are poses in one common frame."""
        position = outer.apply_inverse(np.array([self.position_m]))[0]
        return Pose(vec3(position), quaternion(outer.rotation().T @ self.rotation()))


def on_sphere(azimuth_rad: float, elevation_rad: float) -> Array:
    """The unit vector (3,) with the given azimuth, from +x towards +y, and elevation above the xy plane."""
    flat = np.cos(elevation_rad)
    return np.array([flat * np.cos(azimuth_rad), flat * np.sin(azimuth_rad), np.sin(elevation_rad)])


def fibonacci_sphere(count: int, upper_half: bool = False) -> Array:
    """Unit vectors (count, 3), evenly distributed over the sphere or its upper half, with decreasing z."""
    steps = np.arange(count) + 0.5
    height = 1 - (1 if upper_half else 2) * steps / count
    angle, flat = np.pi * (1 + 5**0.5) * steps, np.sqrt(1 - height**2)
    return np.column_stack([flat * np.cos(angle), flat * np.sin(angle), height])


def look_at(position: Array, target: Array, roll_rad: float) -> Array:
    """The (3, 3) rotation matrix, from camera to world axes, for a camera aimed at `target`.

    Camera axes are x right, y down, z forward.

    Args:
        position: Camera position (3,) in the world.
        target: Point (3,) in the world that lies on the optical axis.
        roll_rad: Rotation about the optical axis; at 0 the image is upright.
    """
    forward = target - position
    length = float(np.linalg.norm(forward))
    forward = forward / length if length > 1e-9 else np.array([0.0, 0.0, -1.0])
    up = np.array([0.0, 0.0, 1.0]) if abs(forward[2]) < 0.999 else np.array([0.0, 1.0, 0.0])
    right = np.cross(forward, up)
    return camera_axes(forward, right / np.linalg.norm(right), roll_rad)


def camera_axes(forward: Array, right: Array, roll_rad: float) -> Array:
    """The (3, 3) rotation matrix from camera axes (x right, y down, z forward) to world axes.

    Args:
        forward: Viewing direction (3,) in the world, a unit vector.
        right: Unit vector (3,) perpendicular to `forward`, to the right in an image without roll.
        roll_rad: Rotation about the optical axis.
    """
    down = np.cross(forward, right)
    cosine, sine = np.cos(roll_rad), np.sin(roll_rad)
    return np.column_stack([cosine * right + sine * down, cosine * down - sine * right, forward])
