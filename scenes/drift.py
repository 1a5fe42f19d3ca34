"""Motion blur of bodies that all move alike during the exposure, such as those on a conveyor belt."""

import numpy as np

from scenes.geometry import Vec3, vec3
from scenes.shot import Camera, Motion

MAX_FRAMES = 65
"""Largest number of instants over which an image is averaged."""


def with_drift(motion: Motion | None, drift_m: Vec3 | None, camera: Camera, center_m: Vec3) -> Motion | None:
    """The motion of the camera relative to bodies that drift.

    A camera that moves against the drift sees them as they are; what does not drift is blurred too.

    Args:
        motion: Motion of the camera itself; None if it stands still.
        drift_m: World vector by which the bodies move during the exposure; None if they stand still.
        camera: The camera at the middle of the exposure.
        center_m: World point at which the length of the drift in pixels decides the number of instants.
    """
    if drift_m is None:
        return motion
    shift = -np.array(drift_m) @ camera.pose.rotation()
    ends = np.array(center_m) + np.outer((-0.5, 0.5), drift_m)
    (start, end), depth_m = camera.project(ends)
    length_px = float(np.linalg.norm(end - start)) if depth_m.min() > 0 else 0.0
    frames = min(1 + 2 * max(int(np.ceil((length_px - 1) / 2)), 1), MAX_FRAMES)
    if motion is None:
        return Motion(vec3(shift), (0.0, 0.0, 0.0), frames)
    return Motion(vec3(shift + motion.shift_m), motion.turn_rad, max(frames, motion.frames))
