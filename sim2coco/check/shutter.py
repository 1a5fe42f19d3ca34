"""Projects points with a rolling shutter camera, implemented independently of the renderer.

Each row is exposed with its own camera pose. The recorded pose is the pose at the middle row.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STEPS = 8
"""Number of iterations to find a point's row; each reduces the error by a factor of 20 or more."""


def seen(motion: Any, height: int, points_m: Array, project: Callable[[Array], Array]) -> Array:
    """Projects points with a camera that may have a rolling shutter; returns pixel coordinates (n, 2).

    Args:
        motion: The camera motion in a record; None if the camera is at rest.
        height: Image height in pixels. Points above the image are projected with the pose of the first row,
            and points below it with the pose of the last row.
        points_m: (n, 3), points in the camera frame at the middle row.
        project: Returns pixel coordinates (n, 2) of points (n, 3) in the camera frame.
    """
    pixels = project(points_m)
    if not is_rolling(motion):
        return pixels
    shift_m, turn_rad = (np.array(motion[key], np.float64) for key in ("shift_m", "turn_rad"))
    for _ in range(STEPS):
        times = float(motion["readout"]) * (np.clip(pixels[:, 1], 0, height) / height - 0.5)
        there = [
            _turn(-time * turn_rad) @ (point - time * shift_m)
            for time, point in zip(times, points_m, strict=True)
        ]
        pixels = project(np.array(there))
    return pixels


def is_rolling(motion: Any) -> bool:
    """Returns whether a recorded camera motion has a rolling shutter."""
    return motion is not None and bool(motion.get("readout"))


def _turn(vector_rad: Array) -> Array:
    """The rotation matrix (3, 3) of a rotation vector."""
    angle = float(np.linalg.norm(vector_rad))
    if not angle:
        return np.eye(3)
    x, y, z = vector_rad / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)
