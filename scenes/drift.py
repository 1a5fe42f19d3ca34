"""Motion blur of bodies that share one translation during the exposure, such as those on a conveyor belt."""

from dataclasses import replace
from itertools import product

import numpy as np

from scenes.geometry import Array, Vec3, vec3
from scenes.shot import Camera, Motion

BAND_PX = 0.25
"""Largest motion in pixels between consecutive row bands of a rolling shutter."""
MAX_FRAMES = 65
"""Largest number of instants averaged into one image."""
AROUND = np.array([*product((-1.0, 0.0, 1.0), repeat=3)])
"""Directions (27, 3) in which the apparent speed of a drift is evaluated, including the zero vector."""


def with_drift(
    motion: Motion | None, drift_m: Vec3 | None, camera: Camera, bounds: tuple[Vec3, float]
) -> Motion | None:
    """Returns the motion of the camera relative to drifting bodies.

    Moving the camera by the reverse of the drift renders the bodies correctly, but also blurs everything that
    does not drift.

    Args:
        motion: Motion of the camera itself and rolling-shutter readout; None if it has neither.
        drift_m: World vector by which the bodies move during the exposure; None if they do not move.
        camera: The camera at the middle of the exposure.
        bounds: Centre and radius, in metres, of the objects' bounding sphere.

    Returns:
        The motion; None if nothing moves.
    """
    if drift_m is None:
        return motion if motion is not None and (any(motion.shift_m) or any(motion.turn_rad)) else None
    shift = -np.array(drift_m) @ camera.pose.rotation()
    length_px = float(_lengths_px(camera, np.array([bounds[0]]), drift_m)[0])
    frames = min(1 + 2 * max(int(np.ceil((length_px - 1) / 2)), 1), MAX_FRAMES)
    if motion is None:
        return Motion(vec3(shift), (0.0, 0.0, 0.0), frames)
    fastest_px = _lengths_px(camera, np.array(bounds[0]) + bounds[1] * AROUND, drift_m).max()
    return replace(
        motion,
        shift_m=vec3(shift + motion.shift_m),
        frames=max(frames, motion.frames),
        bands=min(motion.bands + bands_for(motion.readout * fastest_px), camera.height),
    )


def bands_for(length_px: float) -> int:
    """The number of row bands needed to render an image motion of `length_px` during one readout."""
    return int(np.ceil(length_px / BAND_PX))


def _lengths_px(camera: Camera, points_m: Array, drift_m: Vec3) -> Array:
    """Image motion (n,), in pixels, of world points (n, 3) that drift; 0 for points behind the camera."""
    start, start_m = camera.project(points_m - np.array(drift_m) / 2)
    end, end_m = camera.project(points_m + np.array(drift_m) / 2)
    return np.where(np.minimum(start_m, end_m) > 0, np.linalg.norm(end - start, axis=1), 0.0)
