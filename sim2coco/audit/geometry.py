"""Poses, cameras and rays, based only on the conventions of the records.

World: metres, z up. Camera: x right, y down, z forward. Pixel edges are at integer coordinates, so the centre
of the first pixel is at (0.5, 0.5).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim2coco.audit.lens import Lens

Array = NDArray[np.float64]
Box = tuple[int, int, int, int]
"""Left, top, right and bottom edge in pixels."""


def rotation(quat_xyzw: Any) -> Array:
    """Returns the rotation matrix (3, 3) of a quaternion (x, y, z, w), which need not have unit length."""
    *vector, w = np.array(quat_xyzw, np.float64) / np.linalg.norm(quat_xyzw)
    x, y, z = vector
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + 2 * w * cross + 2 * cross @ cross)


def rigid(pose: Any) -> Array:
    """Returns the matrix (4, 4) of a pose with `position_m` and `quat_xyzw`."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation(pose["quat_xyzw"]), pose["position_m"]
    return matrix


def inverse(matrix: Array) -> Array:
    """Returns the inverse of an affine transform (4, 4)."""
    linear = np.linalg.inv(matrix[:3, :3])
    result = np.eye(4)
    result[:3, :3], result[:3, 3] = linear, -linear @ matrix[:3, 3]
    return result


def moved(matrix: Array, points: Array) -> Array:
    """Applies an affine transform (4, 4) to points (..., 3)."""
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A camera.

    Attributes:
        width, height: Image size in pixels.
        focal_px: (2,), focal lengths along x and y.
        centre_px: (2,), principal point.
        from_world: (4, 4), transform from the world frame to the camera frame.
        lens: The lens distortion; None for a pinhole camera.
    """

    width: int
    height: int
    focal_px: Array
    centre_px: Array
    from_world: Array
    lens: Lens | None = None

    @classmethod
    def parse(cls, tree: Any) -> "Camera":
        """Parses the camera of a record."""
        return cls(
            int(tree["width"]),
            int(tree["height"]),
            np.array([tree["fx"], tree["fy"]], np.float64),
            np.array([tree["cx"], tree["cy"]], np.float64),
            inverse(rigid(tree["pose"])),
            Lens.parse(tree),
        )

    @property
    def box(self) -> Box:
        """The box of the whole image."""
        return 0, 0, self.width, self.height

    def directions(self, points_px: Array) -> Array:
        """Ray directions (..., 3) in the camera frame through image points (..., 2), scaled to z = 1."""
        flat = (points_px - self.centre_px) / self.focal_px
        if self.lens is not None:
            flat = self.lens.straight(flat.reshape(-1, 2)).reshape(flat.shape)
        return np.concatenate([flat, np.ones((*flat.shape[:-1], 1))], axis=-1)

    def project(self, points_m: Array) -> Array:
        """Projects points (n, 3) in the camera frame, in front of the camera, to pixels (n, 2)."""
        flat = points_m[:, :2] / points_m[:, 2:]
        if self.lens is not None:
            flat = self.lens.bent(flat)
        return np.asarray(flat * self.focal_px + self.centre_px)

    def extent(self, points_m: Array) -> tuple[Array, Array]:
        """Returns the minimum and the maximum pixel coordinates of a body, (2,) each.

        Args:
            points_m: (n, 3), vertices in the camera frame, in front of the camera.
        """
        flat = points_m[:, :2] / points_m[:, 2:]
        low, high = flat.min(axis=0), flat.max(axis=0)
        if self.lens is not None:
            places = self.lens.around(low, high)
            low, high = places.min(axis=0), places.max(axis=0)
        return low * self.focal_px + self.centre_px, high * self.focal_px + self.centre_px


def pixel_centres(box: Box) -> Array:
    """Returns the pixel centres (h, w, 2) of a box."""
    x0, y0, x1, y1 = box
    return np.stack(np.meshgrid(np.arange(x0, x1) + 0.5, np.arange(y0, y1) + 0.5), axis=-1)


def clipped(box: Box, bounds: Box) -> Box:
    """Returns the intersection of a box with `bounds`; a box of area 0 if they do not intersect."""
    x0, y0 = max(box[0], bounds[0]), max(box[1], bounds[1])
    return x0, y0, max(min(box[2], bounds[2]), x0), max(min(box[3], bounds[3]), y0)
